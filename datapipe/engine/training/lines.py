"""Documents of any reader as normalised lines on disk, and a sample of them that does not depend on their order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import xxhash

from datapipe.core.errors import RecipeError
from datapipe.core.language_model.normal_text import normal_text
from datapipe.core.reader import Reader
from datapipe.io.files import open_input
from datapipe.plan.calibration import read_of
from datapipe.plan.inputs import build_reader
from datapipe.plan.locate import Located

SPLIT = 64_000_000  # bytes of an input that are read as one piece


@dataclass
class Sample:
    """Lines of the least hashes, of about `size` bytes together: the same whatever order they come in."""

    size: int
    seed: int
    _kept: list[tuple[int, bytes]] = field(default_factory=list)
    _bytes: int = 0
    _limit: int = 1 << 64

    def add(self, line: bytes) -> None:
        """Take a line, or leave it."""
        key = xxhash.xxh3_64_intdigest(line, seed=self.seed)
        if key < self._limit:
            self._kept.append((key, line))
            self._bytes += len(line)
            if self._bytes > 2 * self.size:
                self._shrink()

    def lines(self) -> list[bytes]:
        """What was kept, by hash."""
        self._shrink()
        return [line for _, line in self._kept]

    def _shrink(self) -> None:
        self._kept.sort()
        total = 0
        for n, (key, line) in enumerate(self._kept):
            total += len(line)
            if total > self.size:  # and so go all others of this hash: those to come would go, too
                del self._kept[n:]
                self._kept = [kept for kept in self._kept if kept[0] < key]
                self._limit = key
                break
        self._bytes = sum(len(line) for _, line in self._kept)


@dataclass(frozen=True)
class Corpus:
    """What was read: documents, lines that are not blank, their bytes, records that could not be read, and the files."""

    documents: int
    lines: int
    size: int
    bad: int
    files: list[dict[str, Any]]


def open_inputs(inputs: Sequence[str], text_field: str | None) -> list[Reader]:
    """Readers of files, patterns, run folders, or of what a recipe's `read` takes."""
    readers = []
    for given in inputs:
        read = read_of(given)
        if text_field is not None:
            read["columns"] = {**read.get("columns", {}), "text": text_field}
        readers.append(build_reader(read, (), Located("train", {}), str(Path.cwd())))
    return readers


def write_lines(readers: Sequence[Reader], lang: str | None, out: BinaryIO, sample: Sample | None) -> Corpus:
    """Write each line of the documents, normalised, but blank ones; rows of another language than `lang` are left out."""
    documents = lines = size = bad = 0
    urls: dict[str, None] = {}
    for reader in readers:
        for piece in reader.pieces(SPLIT):
            urls[piece.url] = None
            for chunk in reader.read(piece):
                bad += len(chunk.bad)
                for text in _texts(chunk.batch, lang):
                    documents += 1
                    for line in text.split("\n"):
                        data = normal_text(line).encode()
                        if data and not data.isspace():
                            out.write(data + b"\n")
                            if sample is not None:
                                sample.add(data)
                            lines += 1
                            size += len(data)
    if not lines:
        what = f" in {lang}" if lang else ""
        raise RecipeError(f"the input has no text{what}: {documents:,} documents, {bad:,} unreadable records")
    return Corpus(documents, lines, size, bad, [described(url) for url in urls])


def read_lines(stream: BinaryIO, size: int) -> Iterator[list[str]]:
    """The lines of a file, in lists of about `size` bytes."""
    while lines := stream.readlines(size):
        yield [line[:-1].decode() for line in lines]


def _texts(batch: Any, lang: str | None) -> Iterator[str]:
    for text, known in zip(batch.column("text").to_pylist(), batch.column("lang").to_pylist(), strict=True):
        if text and (lang is None or known is None or known == lang):
            yield text


def described(url: str) -> dict[str, Any]:
    """A file as cards tell of it."""
    with open_input(url) as stream:
        digest = hashlib.file_digest(stream, "sha256")  # type: ignore[arg-type]  # every stream has readinto
        return {"file": Path(url).name, "bytes": stream.tell(), "sha256": digest.hexdigest()}
