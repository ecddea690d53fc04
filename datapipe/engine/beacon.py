"""Where a worker stands, in memory it shares with its pool: told without a message, and still there when it is dead."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import pyarrow as pa

from datapipe.core.columns import ADDR, CHILD_BIT, SHARD_SHIFT, row_of

LABEL = 480  # bytes; a label is a step's name, or holds a path, of which the end says more than the beginning
NOWHERE = (1 << 64) - 1  # an address that no row has
_RECORD = struct.Struct(f"=QQQ?{LABEL}s")  # one write of 0.2 µs; a message through a pipe takes 20
SIZE = _RECORD.size


class Place(NamedTuple):
    """What a beacon says: the `beat`-th sign of progress, what is done, on rows of which addresses.

    step  an operator works on these rows: it may be asked to take them one by one, or to leave some out
    """

    beat: int
    label: str
    first: int = NOWHERE
    last: int = NOWHERE
    step: bool = False

    def __str__(self) -> str:
        if not self.label:
            return "before its first step"
        if self.first == NOWHERE:
            return f"in {self.label}"
        if self.first & CHILD_BIT:  # made by an expansion: such a row has an address, and no number in the input
            return f"in {self.label}, rows of the addresses {self.first}–{self.last}"
        if self.first == self.last:
            return f"in {self.label}, row {row_of(self.first)} (address {self.first})"
        rows = f"rows {row_of(self.first)}–{row_of(self.last)}"
        return f"in {self.label}, {rows} (first address {self.first})"


class _Beacon:
    """The beacon of this process; without memory it is dark (in the driver, in tests, with `--workers 0`)."""

    memory: Any = None
    beat = 0


def install(memory: Any) -> None:
    """Let this process tell in `memory`, SIZE writable bytes, where it stands."""
    _Beacon.memory = memory


def at(label: str, first: int = NOWHERE, last: int = NOWHERE, *, step: bool = False) -> None:
    """Say what begins now, on the rows of which addresses; it is also the sign that what came before has ended."""
    if _Beacon.memory is not None:
        _Beacon.beat += 1
        _RECORD.pack_into(_Beacon.memory, 0, _Beacon.beat, first, last, step, label.encode()[-LABEL:])


def beat() -> None:
    """Say that work goes on where it was last said to be."""
    if _Beacon.memory is not None:
        _Beacon.beat += 1
        struct.pack_into("=Q", _Beacon.memory, 0, _Beacon.beat)


def at_rows(label: str, batch: pa.RecordBatch, *, step: bool = False) -> None:
    """`at` for the rows of a batch, which are in the order of their addresses."""
    if _Beacon.memory is not None and batch.num_rows:
        addresses = batch.column(ADDR)
        at(label, addresses[0].as_py(), addresses[-1].as_py(), step=step)


def at_row(label: str, shard: int, row: int) -> None:
    """`at` for the row of a shard that comes next."""
    address = shard << SHARD_SHIFT | row
    at(label, address, address)


def seen(memory: Any) -> Place:
    """What the beacon in this memory says; trustworthy once the worker is dead."""
    beat, first, last, step, label = _RECORD.unpack_from(memory)
    return Place(beat, label.rstrip(b"\0").decode(errors="ignore"), first, last, step)
