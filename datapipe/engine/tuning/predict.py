"""How much an output would hold under other thresholds: exactly, or between two bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from datapipe.core.verdict import Mask
from datapipe.engine.tuning.rejudge import StepTally
from datapipe.engine.tuning.rows import NOWHERE, JudgedRows, Read
from datapipe.plan.retune import JudgedStep, Paths

Group = tuple[str, str]  # source, language


def _nothing() -> npt.NDArray[np.int64]:
    return np.zeros(2, np.int64)


@dataclass
class Amount:
    """[documents, bytes of their text]: as the run keeps them, as the thresholds asked for do, and undecided ones."""

    now: npt.NDArray[np.int64] = field(default_factory=_nothing)
    then: npt.NDArray[np.int64] = field(default_factory=_nothing)
    unjudged: npt.NDArray[np.int64] = field(default_factory=_nothing)


@dataclass
class Prediction:
    """What one output would hold: at least `then`, at most `then` and `unjudged`.

    inexact  sentences that say why it is not exact; empty: documents and bytes are those of a run at these thresholds
    """

    groups: dict[Group, Amount]
    steps: dict[str, StepTally]
    inexact: list[str]


def predict(paths: Paths, published: Mapping[str, Mapping[str, list[int]]], read: Read) -> Prediction:
    """Judge the rows of one output anew; a row that fails a step with `action: tag` counts as dropped.

    paths      the steps that rows of each source pass      published  source -> language -> [documents, bytes]
    """
    steps = sorted({step.number: step for path in paths.values() for step in path}.values(), key=lambda s: s.number)
    rows = JudgedRows(steps, read)
    groups = {
        (s, lang): Amount(np.array(n), np.array(n)) for s, langs in published.items() for lang, n in langs.items()
    }
    stays = rows.dropped == NOWHERE
    _add(groups, "now", rows, stays & rows.failed[0], -1)
    _add(groups, "then", rows, stays & rows.failed[1], -1)
    freed = (rows.dropped >= 0) & (rows.dropped == rows.last) & ~rows.failed[1]
    decided = np.zeros_like(freed)
    for source, path in paths.items():
        last = max((step.number for step in path if step.decides), default=NOWHERE)
        decided |= (rows.last == last) & (rows.source == rows.names.get(source, -1))
    _add(groups, "then", rows, freed & decided, 1)
    _add(groups, "unjudged", rows, freed & ~decided, 1)
    return Prediction(groups, rows.tallies, _inexact(paths, steps, rows, freed, decided))


def _add(groups: dict[Group, Amount], which: str, rows: JudgedRows, chosen: Mask, sign: int) -> None:
    """Add these rows to an amount of their groups, or take them away."""
    names = list(rows.names)
    keys = rows.source[chosen].astype(np.int64) * len(names) + rows.lang[chosen]
    found, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    sizes = np.zeros(len(found), np.int64)
    np.add.at(sizes, place, rows.size[chosen])
    for key, count, size in zip(found.tolist(), counts.tolist(), sizes.tolist(), strict=True):
        amount = groups.setdefault((names[key // len(names)], names[key % len(names)]), Amount())
        getattr(amount, which)[:] += sign * np.array([count, size])


def _inexact(paths: Paths, steps: list[JudgedStep], rows: JudgedRows, freed: Mask, decided: Mask) -> list[str]:
    said = []
    if n := int((freed & ~decided).sum()):
        numbers = set(rows.dropped[freed & ~decided].tolist())
        droppers = [step.label for step in steps if step.number in numbers]
        said.append(
            f"{n:,} documents that the run dropped would come to later steps, which have never seen them; a run with "
            f"`action: tag` on {', '.join(droppers)} shows them to all steps, and tune is exact there"
        )
    compared: set[str] = set()
    edited: set[str] = set()
    for source, path in paths.items():
        mine = rows.source == rows.names.get(source, -1)
        moved = bool((mine & (rows.failed[0] != rows.failed[1])).any())
        for place, step in enumerate(path):
            if step.kind == "global" and moved and any(earlier.changed for earlier in path[:place]):
                compared.add(step.label)
            if step.kind == "map" and (freed & decided & mine & (rows.last < step.number)).any():
                edited.add(step.label)
    if compared:
        said.append(
            f"{', '.join(sorted(compared))}: compares the documents that are left; its drops are taken as they were"
        )
    if edited:
        said.append(f"{', '.join(sorted(edited))}: may change the bytes of documents that the run dropped before it")
    return said
