"""A plugin whose operators hang, crash, raise or leak on the documents that ask for it."""

import ctypes
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa

from datapipe import Filter, Global, Verdict, per_document
from datapipe.core.errors import WorkLost
from datapipe.core.reader import Chunk, Piece
from datapipe.io.readers.jsonl import JsonlReader

_KEPT = []


def misbehave(kind: str) -> None:
    """Do what a document asks for."""
    if kind == "raise":
        raise ValueError("a bad document")
    if kind == "hang":
        time.sleep(1000)
    if kind == "lock":
        ctypes.PyDLL(None).pause()  # asleep with the interpreter's lock in hand
    if kind == "regex":
        re.match(r"(a+)+b", "a" * 60)
    if kind == "segv":
        ctypes.string_at(0)
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "lost":
        raise WorkLost("work/some/file", "is gone")
    if kind == "leak":
        _KEPT.append(np.ones(50_000_000, np.uint8))


def _asked(text: str, raises: bool, once: str) -> None:
    if not text.startswith("bad "):
        return
    if once:
        marker = Path(once)
        if marker.exists():
            return
        marker.touch()
    misbehave("raise" if raises else text.split()[1])


@per_document.map("fault")
def fault(text: str, *, raises: bool = False, once: str = "") -> str:
    """Do as the document says, or raise in its place; with `once`, a marker file, only the first time."""
    _asked(text, raises, once)
    return text.upper()


@per_document.expand("split")
def split(text: str, *, raises: bool = False) -> list[str]:
    """Every sentence a document of its own; a document that begins with `bad` does as it says."""
    _asked(text, raises, "")
    return text.split(". ")


@per_document.map("slow")
def slow(text: str, *, seconds: float = 0.1) -> str:
    """The same text, later."""
    time.sleep(seconds)
    return text


@per_document.map("pid", writes={"pid": pa.int64()})
def pid(text: str) -> int:
    """In which process the row was worked on."""
    return os.getpid()


class Nosy(Global):
    """A global operator whose sketch does as the documents say."""

    name: ClassVar[str] = "nosy"

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Addresses."""
        for text in batch.column("text").to_pylist():
            _asked(text, False, "")
        return batch.select(["_addr"])

    def reduce(self, part: pa.Table) -> pa.Table:
        """The same."""
        return part

    def bind(self, artifact: pa.Table) -> Filter:
        """Keeps everything."""
        return KeepAll()


class KeepAll(Filter):
    """Keep every row."""

    name: ClassVar[str] = "keep_all"

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """No reason to drop."""
        return Verdict(batch.num_rows, {})


class StallingReader(JsonlReader):
    """JSON lines from a disk that stalls while the file FILE.stalled exists."""

    name: ClassVar[str] = "stalling"

    def read(self, piece: Piece) -> Iterator[Chunk]:
        """The records, if ever."""
        if Path(piece.url + ".stalled").exists():
            time.sleep(1000)
        yield from super().read(piece)
