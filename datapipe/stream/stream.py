"""The rows of any global step of a published stream, as any rank of any world."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import index, itemgetter
from typing import Any

from datapipe.core.errors import StreamFailed
from datapipe.stream.ahead import ahead
from datapipe.stream.columns import Column, joined
from datapipe.stream.parquet import Reader
from datapipe.stream.published import Published, Segment

Batch = dict[str, Column]
"""Columns of a rank's rows: numbers as arrays of (rows,), lists of a fixed length as (rows, length), both read-only;
strings, ragged lists and structs as Arrow arrays."""

_SAME = {
    "fingerprint": "other data (their files differ)",
    "segments": "other segments",
    "drop_last": "another drop_last, by which epochs have other numbers of steps",
}


class Stream:
    """Global batches of `world * batch_size` rows in the order they were published in; this rank's part of each.

    Of the global step k, rank r has the rows `k * world * batch_size + r * batch_size` and the following ones. A step is
    found by arithmetic and one row group is decoded, whatever step it is. Reading goes on from `step`, as with a file;
    an iteration that reached the end is followed by one from the start.

    path        the folder of a run, or of one of its further outputs; local, or any fsspec URL
    batch_size  rows of one rank and step
    step        steps already done: the first batch is that of global step `step`
    columns     name or names of those to read; None: all
    segments    names of segments (stages of a curriculum): only their rows; None: all
    epochs      how often the rows are gone through, each time in the same order
    drop_last   leave out rows at the end of an epoch that fill no global batch; otherwise ranks get what is left of it,
                in order, down to no rows
    threads     row groups decoded at a time, ahead of the one in use; of remote files so many are under way

    Raises StreamFailed where there is no finished run in Parquet, and while reading where files are missing or changed;
    ValueError for arguments that make no sense.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        batch_size: int,
        rank: int = 0,
        world: int = 1,
        step: int = 0,
        *,
        columns: str | Sequence[str] | None = None,
        segments: str | Sequence[str] | None = None,
        epochs: int = 1,
        drop_last: bool = True,
        threads: int = 2,
    ) -> None:
        batch_size, world = _whole("batch_size", batch_size), _whole("world", world)
        epochs, threads = _whole("epochs", epochs), _whole("threads", threads)
        rank, step = _whole("rank", rank, 0), _whole("step", step, 0)
        if rank >= world:
            raise ValueError(f"rank={rank}: expected 0 to {world - 1}, for the world has {world}")
        published = Published.opened(os.fspath(path))
        if segments is not None and not segments:
            raise ValueError("segments=[]: expected names of segments, or None for all")
        if segments is not None:
            published = published.only([segments] if isinstance(segments, str) else segments)
        self._published = published
        chosen = [columns] if isinstance(columns, str) else columns
        if chosen is not None and not chosen:
            raise ValueError("columns=[]: expected names of columns, or None for all")
        self._reader = Reader(published.root, published.parts, chosen)
        self._batch_size, self._rank, self._world = batch_size, rank, world
        self._drop_last = drop_last
        self._threads = threads
        self._epochs = epochs
        self._sizes = f"world {world} x batch_size {batch_size} = {self.global_batch:,} rows"
        whole, rest = divmod(published.rows, self.global_batch)
        self._epoch_steps = whole + bool(rest and not drop_last)
        if not self._epoch_steps:
            raise ValueError(
                f"{published.root}: {published.rows:,} rows fill no global batch of {self._sizes}"
                + ("; drop_last=False gives what there is" if published.rows else "")
            )
        self.seek(step)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments that are read, by the rows of this stream."""
        return self._published.segments

    @property
    def global_batch(self) -> int:
        """Rows of a step, of all ranks."""
        return self._world * self._batch_size

    @property
    def step(self) -> int:
        """The step whose batch comes next; so many are done."""
        return self._step

    def __len__(self) -> int:
        """Steps of all epochs, done ones included."""
        return self._epochs * self._epoch_steps

    def seek(self, step: int) -> None:
        """Go to a step. ValueError unless it is 0 to `len`."""
        if not 0 <= step <= len(self):
            raise ValueError(
                f"step {step:,}: expected 0 to {len(self):,}, for {self._epochs} epochs of {self._epoch_steps:,}"
            )
        self._step = step
        self._ended = False
        self._reading: object = None

    def rows_of(self, step: int) -> range:
        """Which rows of the published order (of the chosen segments) this rank gets at a step."""
        if not 0 <= step < len(self):
            raise ValueError(f"step {step:,}: expected 0 to {len(self) - 1:,}")
        first = step % self._epoch_steps * self.global_batch + self._rank * self._batch_size
        rows = self._published.rows
        return range(min(first, rows), min(first + self._batch_size, rows))

    def steps_of(self, segment: str) -> range:
        """The steps of the first epoch that give rows of a segment; at its borders a step may hold two segments."""
        found = self._published.segment(segment)
        if not found.rows:
            return range(0)
        stop = -(-(found.first_row + found.rows) // self.global_batch)
        return range(min(found.first_row // self.global_batch, self._epoch_steps), min(stop, self._epoch_steps))

    def state_dict(self, step: int | None = None) -> dict[str, Any]:
        """What `load_state_dict` goes on from, in values of JSON; `step`: after so many steps instead of those done."""
        return {
            "step": self._step if step is None else step,
            "global_batch": self.global_batch,
            "fingerprint": self._published.fingerprint,
            "segments": [segment.name for segment in self.segments],
            "drop_last": self._drop_last,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where a state was taken, by any rank of a world of any size whose global batch has as many rows.

        StreamFailed if the state is of other data, other segments or global batches of another size.
        """
        mine = self.state_dict()
        if (
            not isinstance(state, Mapping)
            or not {*_SAME, "global_batch", "step"} <= state.keys()
            or not isinstance(state["step"], int)
        ):
            raise StreamFailed(f"{self._published.root}: no state of a stream: expected what state_dict gave")
        for key, what in _SAME.items():
            if state[key] != mine[key]:
                raise StreamFailed(f"{self._published.root}: the state is of {what}: {state[key]}, here {mine[key]}")
        if state["global_batch"] != self.global_batch:
            raise StreamFailed(
                f"{self._published.root}: the state counts steps of {state['global_batch']} rows, this stream has "
                f"{self._sizes}; any world and batch_size with that product can go on"
            )
        self.seek(state["step"])

    def __iter__(self) -> Iterator[Batch]:
        """Batches from `step` to the end."""
        if self._ended:
            self.seek(0)
        return self._walk(range(self._step, len(self)))

    def batches(self, steps: Iterable[int]) -> Iterator[Batch]:
        """The batches of these steps, in this order; `step` stays."""
        pieces: list[Batch] = []
        for columns, cuts in ahead(self._reads(steps), self._threads):
            for start, stop, done in cuts:
                pieces.append({name: column[start:stop] for name, column in columns.items()})
                if done:
                    yield {name: joined([piece[name] for piece in pieces]) for name in pieces[0]}
                    pieces = []

    def _walk(self, steps: range) -> Iterator[Batch]:
        """Batches, while `step` goes along."""
        mine = self._reading = object()
        for step, batch in zip(steps, self.batches(steps), strict=True):
            self._step = min(step + steps.step, len(self))
            self._ended = step == steps[-1]  # now: who counts the steps never asks for one more
            yield batch
            if self._reading is not mine:
                raise RuntimeError("the stream was moved while it was read: begin a new iteration after seek")
        self._ended = True

    def _reads(self, steps: Iterable[int]) -> Iterator[tuple[Callable[[], Batch], list[tuple[int, int, bool]]]]:
        """Row groups to read, one after another, and their rows that belong to batches, as in `_cuts`."""
        for (_, part, group), cuts in groupby(self._cuts(steps), itemgetter(0)):
            read = partial(self._reader.read, part, self._reader.footer(part), group)
            yield read, [cut for _, cut in cuts]

    def _cuts(self, steps: Iterable[int]) -> Iterator[tuple[tuple[int, int, int], tuple[int, int, bool]]]:
        """Rows of row groups: epoch, part and group; first row, end, and whether a batch is complete with them."""
        for step in steps:
            rows = self.rows_of(step)
            left = len(rows) or 1  # where a rank has no rows left its batch has none, of the last row group
            first = rows.start if rows else self._published.rows - 1
            for extent in self._published.extents(first, first + left):
                for group, start, stop in self._reader.footer(extent.part).groups(extent.start, extent.stop):
                    left -= stop - start
                    yield (step // self._epoch_steps, extent.part, group), (start, stop if rows else start, not left)


def _whole(name: str, value: int, least: int = 1) -> int:
    """A whole number as Python's own, which JSON takes: numpy's, too, may be given."""
    if not hasattr(value, "__index__") or index(value) < least:
        raise ValueError(f"{name}={value!r}: expected a whole number, {least} or more")
    return index(value)
