"""Calibrated steps as YAML, ready to stand in a recipe."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from datapipe.core.threshold_filter import ThresholdFilter
    from datapipe.engine.tuning.calibrate import ByLang
    from datapipe.plan.calibration import Calibration


def fragment(
    plan: Calibration,
    found: dict[int, ByLang],
    tail: float,
    share: float | None,
    only: Collection[str] | None,
    least: int,
) -> str:
    """The steps with `by_lang` filled in.

    found  the scores of the steps that have thresholds, by their place    tail   what a rule may drop, 0 to 0.5
    share  what a step's rules together are to keep, in place of `tail`    least  documents a language must have
    """
    from datapipe.plan.calibration import written

    lines = ["steps:"]
    few: dict[str, int] = {}
    for index, step in enumerate(plan.steps):
        entry = written(step)
        if index not in found:
            lines.append(f"  - {step.operator}{f': {_flow(entry)}' if entry else ''}")
            continue
        given = entry.pop("by_lang", {})
        lines.append(f"  - {step.operator}:")
        lines += [f"      {key}: {_flow(value)}" for key, value in entry.items()]
        told = []
        for lang, measured in found[index].items():
            if measured.rows < least:
                few[lang] = max(measured.rows, few.get(lang, 0))
                continue
            changed, kept = _derived(plan.operator(step, lang), measured, tail, share, only)
            if not changed:
                continue
            less = (
                f", less than {share:.4g}: its other rules drop the rest" if share is not None and kept < share else ""
            )
            told.append(
                f"        {_key(lang)}: {_flow({**given.pop(lang, {}), **changed})}"
                f"  # {measured.rows:,} documents, {kept:.1%} kept{less}"
            )
        told += [f"        {_key(lang)}: {_flow(changed)}  # as it was" for lang, changed in given.items()]
        lines += ["      by_lang:", *told] if told else []
        if not entry and not told:
            lines[-1] = f"  - {step.operator}"
    missing = ", ".join(f"{lang} {n:,}" for lang, n in sorted(few.items(), key=lambda item: (-item[1], item[0])))
    note = [f"# no thresholds for languages of fewer than {least:,} documents: {missing}"] if few else []
    return "\n".join([*note, *lines])


def _derived(
    step: ThresholdFilter, measured: Any, tail: float, share: float | None, only: Collection[str] | None
) -> tuple[dict[str, float], float]:
    """Thresholds for one language, and the share of its documents that they keep."""
    from datapipe.engine.tuning.calibrate import kept_share, thresholds, widest_tail, with_thresholds

    at = tail if share is None else widest_tail(step, measured, share, only)
    changed = thresholds(step, measured, at, only)
    return changed, kept_share(with_thresholds(step, changed), measured)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z][\w-]*", name) else json.dumps(name)


def _flow(value: Any) -> str:
    """YAML on one line; JSON but for bare keys and plain words."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(str(key))}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
