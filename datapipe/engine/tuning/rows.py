"""What a run's side tables tell of the rows whose scores it kept: judged how, dropped where, how large in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.columns import ADDR
from datapipe.engine.tuning.rejudge import StepTally, rejudge
from datapipe.plan.retune import JudgedStep

Read = Callable[[str, list[str]], Iterator[pa.RecordBatch]]  # a side table's name and columns -> its rows
Ints = npt.NDArray[np.int64]
NOWHERE, QUARANTINE = -1, -2  # in place of the number of a step


class JudgedRows:
    """The rows of one output, by the place of their address among all addresses, sorted: 40 bytes a row.

    failed   by the thresholds of then (0), of now (1)     last  number of the last step that judged it
    dropped  number of the step that dropped it            size  bytes of its text in the end
    """

    def __init__(self, steps: list[JudgedStep], read: Read) -> None:
        self.tallies = {step.label: StepTally() for step in steps if step.after is not None}
        self.names: dict[str, int] = {}  # sources and languages; their codes are in `source` and `lang`
        self._steps = {step.label: step for step in steps}
        parts = [np.unique(batch.column(ADDR).to_numpy()) for batch in read("scores", [ADDR])]
        self._address = np.unique(np.concatenate([np.zeros(0, np.uint64), *parts]))
        n = len(self._address)
        self.failed = np.zeros((2, n), np.bool_)
        self.last, self.dropped = np.full((2, n), NOWHERE, np.int32)
        self.source, self.lang = np.zeros((2, n), np.int32)
        self.size = np.zeros(n, np.int64)
        for batch in read("scores", [ADDR, "source", "lang", "step", "bytes", "failed", "scores"]):
            labels = batch.column("step")
            for label in pc.unique(labels).to_pylist():
                if label in self._steps:  # of another output, else
                    self._judge(self._steps[label], batch.filter(pc.equal(labels, label)))
        self._follow(read)

    def _judge(self, step: JudgedStep, batch: pa.RecordBatch) -> None:
        at = np.searchsorted(self._address, batch.column(ADDR).to_numpy())
        was, now = rejudge(step, batch, self.tallies.setdefault(step.label, StepTally()))
        self.failed[0, at] |= was
        self.failed[1, at] |= now
        later = self.last[at] < step.number
        at = at[later]
        self.last[at] = step.number
        self.source[at] = self._codes(batch.column("source"))[later]
        self.lang[at] = self._codes(batch.column("lang"))[later]
        self.size[at] = pc.fill_null(batch.column("bytes"), 0).to_numpy()[later]

    def _follow(self, read: Read) -> None:
        for batch in read("ledger", [ADDR, "step"]):
            at, number, _ = self._known(batch)
            self.dropped[at] = number
        for batch in read("quarantine", [ADDR, "step"]):
            at, _, _ = self._known(batch, others=True)
            self.dropped[at] = QUARANTINE
        for batch in read("edits", [ADDR, "step", "bytes_after"]):
            at, number, known = self._known(batch)
            after = number > self.last[at]
            # A row's edits stand in the order of steps: the last one holds.
            self.size[at[after]] = known.column("bytes_after").to_numpy()[after]

    def _known(self, batch: pa.RecordBatch, others: bool = False) -> tuple[Ints, Ints, pa.RecordBatch]:
        """The rows that were judged, and entered by a step of this output or (`others`) by none of a recipe's steps."""
        steps = batch.column("step").dictionary_encode()
        numbers = [self._number(label, others) for label in steps.dictionary.to_pylist()]
        unread = NOWHERE if not others else QUARANTINE
        number = np.array([*numbers, unread])[pc.fill_null(steps.indices, len(numbers)).to_numpy()]
        address = batch.column(ADDR).to_numpy()
        at = np.searchsorted(self._address, address)
        known = number != NOWHERE
        known[known] = np.append(self._address, np.uint64(0))[at[known]] == address[known]
        return at[known], number[known], batch.filter(pa.array(known))

    def _number(self, label: str, others: bool) -> int:
        if label in self._steps:
            return self._steps[label].number
        return QUARANTINE if others and label.endswith(".unique_ids") else NOWHERE

    def _codes(self, column: pa.Array) -> npt.NDArray[np.int32]:
        found = pc.fill_null(column, "").dictionary_encode()
        codes = [self.names.setdefault(name, len(self.names)) for name in found.dictionary.to_pylist()]
        of_rows: npt.NDArray[np.int32] = np.array(codes, np.int32)[found.indices.to_numpy()]
        return of_rows
