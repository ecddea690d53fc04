"""The order that a schedule gives: from a row, and what the corpus told, to its places in the stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import PrivateAttr

from datapipe.core.keys import splitmix
from datapipe.core.mixing.allocation import Take
from datapipe.core.mixing.circle import Circle, Int64s, Keys, Numbers, rounds
from datapipe.core.mixing.quantiles import Quantiles
from datapipe.core.mixing.rows import POOL, Rows, order_by_group
from datapipe.core.mixing.stages import KNOTS, Stage, spread
from datapipe.core.operator import Order
from datapipe.core.placed import Placed, Segment
from datapipe.core.verdict import Verdict

WRITES: Mapping[str, pa.DataType] = {"stage": pa.string(), "epoch": pa.int32()}
Told = Mapping[str, tuple[Circle, list[Quantiles]]]


class Scheduled(Order):
    """Puts rows where their group's stretch of the stream is, in the order of their stage."""

    writes: ClassVar[Mapping[str, pa.DataType]] = WRITES

    asked: dict[str, Any]  # the parameters, so that equal ones make equal operators

    _rows: Rows = PrivateAttr()
    _seed: int = PrivateAttr(0)
    _stages: tuple[Stage, ...] = PrivateAttr(())
    _segments: tuple[Segment, ...] = PrivateAttr(())
    _names: list[str] = PrivateAttr(default_factory=list)
    _circles: list[Circle] = PrivateAttr(default_factory=list)
    _quantiles: list[list[Quantiles]] = PrivateAttr(default_factory=list)
    _stretches: Numbers = PrivateAttr(
        default_factory=lambda: np.zeros((1, 0))
    )  # row s: where stage s begins in each circle
    _together: dict[int, Quantiles] = PrivateAttr(default_factory=dict)  # of stages that are sorted as one
    _takes: dict[tuple[int, int], Take] = PrivateAttr(default_factory=dict)

    def given(
        self,
        rows: Rows,
        seed: int,
        stages: Sequence[Stage],
        segments: Sequence[Segment],
        told: Told,
        takes: Sequence[Take],
    ) -> Scheduled:
        """Take what `place` needs."""
        self._rows, self._seed, self._stages, self._segments = rows, seed, tuple(stages), tuple(segments)
        self._names = list(told)
        self._circles = [circle for circle, _ in told.values()]
        self._quantiles = [quantiles for _, quantiles in told.values()]
        at = {name: n for n, name in enumerate(self._names)}
        taken = np.zeros((len(stages), len(self._names)))
        for take in takes:
            name = f"{take.group}{POOL}{take.pool}" if rows.wheres else take.group
            taken[take.stage, at[name]] = take.taken
            self._takes[take.stage, at[name]] = take
        self._stretches = np.concatenate([np.zeros((1, len(at))), np.cumsum(taken, axis=0)])
        for number, stage in enumerate(stages):
            if stage.order.within == "stage" and (some := np.flatnonzero(taken[number])).size:
                column = self._column(stage)
                parts = [self._quantiles[group][column] for group in some]
                self._together[number] = Quantiles.merged(parts, taken[number, some].tolist())
        return self

    def _column(self, stage: Stage) -> int:
        """Which of the scores a stage is sorted by."""
        return self._rows.scores.index((stage.order.by or "", stage.order.descending))

    def columns_read(self) -> tuple[str, ...]:
        """As the question."""
        return self._rows.columns()

    def segments(self) -> tuple[Segment, ...]:
        """One for each stage."""
        return self._segments

    def copies(self) -> float:
        """The epochs of the group that has most."""
        often = [
            taken / max(1.0, circle.size)
            for taken, circle in zip(self._stretches[-1], self._circles, strict=True)
            if taken
        ]
        return float(max(often, default=1.0))

    def place(self, batch: pa.RecordBatch) -> Placed:
        """Each row as often as its stage takes its group, each time in another round of the group."""
        n = batch.num_rows
        code = pc.fill_null(pc.index_in(self._rows.groups(batch), pa.array(self._names, pa.string())), -1)
        codes = code.to_numpy(zero_copy_only=False).astype(np.int64)
        keys, sizes = self._rows.keys(self._seed, batch), self._rows.sizes(batch)
        lies, whole = np.zeros(n), np.zeros(n)
        for group, rows in enumerate(order_by_group(codes, len(self._names))):
            if len(rows):
                circle = self._circles[group]
                lies[rows], whole[rows] = circle.places(keys[rows], sizes[rows]), circle.size
        stretches = self._stretches[:, codes] if self._names else np.zeros((len(self._stages) + 1, n))
        stretches = np.where(codes < 0, 0.0, stretches)
        times, first = rounds(lies, whole, stretches[:-1], stretches[1:])  # a row for each stage
        parents, stage, epoch = _copies(times, first)
        at = np.zeros(len(parents))
        ranks = self._rows.ranks(batch)
        for number, own in enumerate(self._stages):
            here = np.flatnonzero(stage == number)
            rows = parents[here]
            start, end = stretches[number, rows], stretches[number + 1, rows]
            place = _Copies(codes[rows], keys[rows], lies[rows], whole[rows], epoch[here], start, end)
            found = self._within(number, own, place, [rank[rows] for rank in ranks])
            at[here] = self._spread(number, own, place.codes, found)
        none = np.bincount(parents, minlength=n) == 0
        asked = stretches[-1] > 0
        verdict = Verdict(n, {"no_weight": none & ~asked, "not_sampled": none & asked})
        names = pa.array([own.name for own in self._stages], pa.string()).take(pa.array(stage))
        return Placed(
            verdict, parents, stage, (at * 2.0**53).astype(np.uint64) << np.uint64(11),
            {"stage": names, "epoch": pa.array((epoch + 1).astype(np.int32))},
            self._tallies(codes, sizes, parents, stage),
        )  # fmt: skip

    def _within(self, number: int, stage: Stage, of: _Copies, ranks: Sequence[Keys]) -> Numbers:
        """How far each copy lies in its group's stretch, from 0 to 1."""
        draws = of.draws(number, self._seed)
        if stage.order.way == "interleaved":
            return of.share(of.lies + of.epoch * of.whole)
        if stage.order.by is not None:
            column = self._column(stage)
            if stage.order.within == "stage":
                return self._together[number].places(ranks[column], draws)
            found = np.zeros(len(draws))
            for group, rows in enumerate(order_by_group(of.codes, len(self._names))):
                if len(rows):
                    found[rows] = self._quantiles[group][column].places(ranks[column][rows], draws[rows])
            return found
        # Shuffled within its round: all of a group come before one comes again.
        begins = np.maximum(of.start, of.epoch * of.whole)
        ends = np.minimum(of.end, (of.epoch + 1) * of.whole)
        return of.share(begins + (ends - begins) * draws)

    def _spread(self, number: int, stage: Stage, codes: Int64s, within: Numbers) -> Numbers:
        """From the share of a group's stretch to the share of the stage."""
        if stage.order.way == "grouped":
            wide = self._stretches[number + 1] - self._stretches[number]
            starts = np.concatenate([np.zeros(1), np.cumsum(wide)]) / max(wide.sum(), 1e-300)
            return _below_one(starts[codes] + within * (starts[1:] - starts[:-1])[codes])
        if stage.interpolate is not None:
            places = np.linspace(0, 1, KNOTS)
            for group in np.unique(codes).tolist():
                take = self._takes[number, group]
                rows = codes == group
                within[rows] = np.interp(within[rows], spread(take.begins, take.ends, stage.interpolate), places)
        return _below_one(within)

    def _tallies(self, codes: Int64s, sizes: Int64s, parents: Int64s, stage: Int64s) -> dict[str, Any]:
        """Group -> what there is and what each stage takes: rows, and the size in the unit."""
        out: dict[str, Any] = {}
        groups, stages = len(self._names), len(self._stages)
        known = codes >= 0
        there = _sums(codes[known], sizes[known], groups)
        placed = _sums(codes[parents] * stages + stage, sizes[parents], groups * stages)
        for number, name in enumerate(self._names):
            own = out.setdefault(name.partition(POOL)[0], {"rows": 0, self._rows.unit: 0, "stages": {}})
            own["rows"] += int(there[0][number])
            own[self._rows.unit] += int(there[1][number])
            for s, of in enumerate(self._stages):
                rows, size = (int(sums[number * stages + s]) for sums in placed)
                if rows:
                    cell = own["stages"].setdefault(of.name, {"rows": 0, self._rows.unit: 0})
                    cell["rows"] += rows
                    cell[self._rows.unit] += size
        return {name: own for name, own in out.items() if own["rows"]}


class _Copies:
    """Copies of rows in one stage: of each its group, its key, its circle and the stretch of that."""

    def __init__(
        self, codes: Int64s, keys: Keys, lies: Numbers, whole: Numbers, epoch: Int64s, start: Numbers, end: Numbers
    ) -> None:
        self.codes, self.keys, self.lies, self.whole = codes, keys, lies, whole
        self.epoch, self.start, self.end = epoch, start, end

    def share(self, places: Numbers) -> Numbers:
        """Of the stretch that lies before these places."""
        return np.asarray((places - self.start) / np.maximum(self.end - self.start, 1e-300))

    def draws(self, stage: int, seed: int) -> Numbers:
        """A number in [0, 1) for each copy, by its id, its stage and its round."""
        salt = splitmix(np.array([seed], np.uint64) + np.uint64(stage + 1))
        mixed = splitmix(self.keys + salt * (self.epoch.astype(np.uint64) * np.uint64(2) + np.uint64(1)))
        return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _copies(times: Int64s, first: Int64s) -> tuple[Int64s, Int64s, Int64s]:
    """Parent, stage and round of each copy, by parent, then stage, then round; `times` and `first` by stage and row."""
    stages = len(times)
    flat = times.T.ravel()
    cells = np.repeat(np.arange(len(flat)), flat)
    within = np.arange(len(cells)) - np.repeat(np.cumsum(flat) - flat, flat)
    return cells // stages, cells % stages, first.T.ravel()[cells] + within


def _below_one(places: Numbers) -> Numbers:
    return np.asarray(np.clip(places, 0.0, np.nextafter(1.0, 0.0)))


def _sums(cells: Int64s, sizes: Int64s, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and sizes of each cell; sums of whole numbers below 2^53 are exact."""
    return np.bincount(cells, minlength=count), np.bincount(cells, sizes, minlength=count).astype(np.int64)
