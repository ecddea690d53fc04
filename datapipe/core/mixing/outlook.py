"""What can be said of a schedule while sizes are not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datapipe.core.mixing.allocation import Terms
from datapipe.core.mixing.amounts import amount
from datapipe.core.mixing.mix import Files
from datapipe.core.mixing.stages import Stage, shares_of
from datapipe.core.mixing.weights import Weights

UNKNOWN = "sizes are not known; with `sizes` (or `sizes_from`) this says what each group gives, and in how many epochs"


def named_only(
    stages: Sequence[Stage], terms: Terms, unit: str, files: Files
) -> tuple[list[str], dict[str, Any] | None]:
    """Lines for `datapipe check`, and the schedule as `table.schedule_of` has it where all weights are named.

    Without a budget what is taken is told as shares of the stream: its unit is "share".
    """
    shares = shares_of(stages)
    sized = stages[0].share is None if terms.total is None else terms.total != "largest"
    whole = 1.0
    if sized:
        whole = float(terms.total) if terms.total is not None else sum(stage.budget or 0 for stage in stages)
    lines, out = [UNKNOWN], []
    before: Weights | None = {}
    known = True
    for stage, share in zip(stages, shares, strict=True):
        said = f"{stage.name}: {amount(share * whole)} {unit}" if sized else f"{stage.name}: {share:.1%} of the stream"
        ends = stage.named(files)
        begins = stage.begin.named(files) if stage.begin is not None else before if stage.interpolate else ends
        if ends is None or begins is None:
            lines.append(f"{said}, weights by size ({stage.rule() or 'to begin with'})")
            known, before = False, ends
            continue
        weights = ", ".join(f"{name} {_weight(begins, ends, name)}" for name in ends if ends[name] or begins.get(name))
        lines.append(f"{said}, {weights}")
        groups = {
            name: {
                "begins": begins.get(name, 0.0),
                "ends": ends.get(name, 0.0),
                "taken": share * whole * (begins.get(name, 0.0) + ends.get(name, 0.0)) / 2,
                "size": None,
            }
            for name in sorted({*begins, *ends})
        }
        out.append({"name": stage.name, "shape": stage.interpolate, "groups": groups})
        before = ends
    return lines, {"unit": unit if sized else "share", "stages": out} if known else None


def _weight(begins: Weights, ends: Weights, name: str) -> str:
    end = f"{ends[name]:.1%}"
    return end if abs(begins.get(name, 0.0) - ends[name]) < 1e-12 else f"{begins.get(name, 0.0):.1%} to {end}"
