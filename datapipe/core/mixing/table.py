"""What each stage takes of each group, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from datapipe.core.mixing.allocation import Take
from datapipe.core.mixing.amounts import amount
from datapipe.core.mixing.stages import Stage


def table(stages: Sequence[Stage], takes: Sequence[Take], unit: str) -> list[str]:
    """Aligned lines: stage, group, weight, what there is, what is taken, epochs; a last line for each group of several stages."""
    rows = [("stage", "group", "weight", f"{unit} there", f"{unit} taken", "epochs")]
    for take in takes:
        weight = f"{take.ends:.2%}"
        if abs(take.begins - take.ends) > 1e-12:
            weight = f"{take.begins:.2%} to {weight}"
        missing = " of " + amount(take.wanted) if take.taken < take.wanted * (1 - 1e-6) else ""
        rows.append(
            (
                stages[take.stage].name,
                take.group,
                weight,
                amount(take.size),
                amount(take.taken) + missing,
                f"{take.epochs:.3f}",
            )
        )
    sums: dict[tuple[int, str], list[float]] = {}
    for take in takes:
        own = sums.setdefault((take.pool, take.group), [take.size, 0.0])
        own[1] += take.taken
    whole = sum(taken for _, taken in sums.values())
    if len(stages) > 1:
        for (pool, group), (size, taken) in sorted(sums.items()):
            first = next(stages[take.stage].name for take in takes if take.pool == pool)  # which asks for such rows
            group = group if len({pool for pool, _ in sums}) == 1 else f"{group} of {first}"
            epochs = f"{taken / size:.3f}" if size else "0"
            rows.append(("all", group, f"{taken / whole:.2%}" if whole else "", amount(size), amount(taken), epochs))
    rows.append(("all", "", "", amount(sum(size for size, _ in sums.values())), amount(whole), ""))
    return list(_aligned(rows))


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    wide = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (text.ljust(w) if i < 2 else text.rjust(w) for i, (text, w) in enumerate(zip(row, wide, strict=True)))
        yield "  ".join(cells).rstrip()


def schedule_of(stages: Sequence[Stage], takes: Sequence[Take], unit: str) -> dict[str, Any]:
    """The same as plain values: `unit`, and of each stage its name, its shape and its groups.

    Of a group: `begins` and `ends`, its weights; `taken`, and `size`, what there is.
    """
    return {
        "unit": unit,
        "stages": [
            {
                "name": stage.name,
                "shape": stage.interpolate,
                "groups": {
                    take.group: {"begins": take.begins, "ends": take.ends, "taken": take.taken, "size": take.size}
                    for take in takes
                    if take.stage == number
                },
            }
            for number, stage in enumerate(stages)
        ],
    }
