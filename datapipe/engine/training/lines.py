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
from datapipe.core.language_model.pieces import LONGEST
from datapipe.core.language_model.windows import windows
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
    seen = _Seen()
    lines = size = 0
    for text in _documents(readers, lang, seen):
        for line in map(normal_text, text.split("\n")):
            if not line or line.isspace():
                continue
            size += out.write(f"{line}\n".encode()) - 1
            lines += 1
            if sample is not None:
                for part in windows(line, LONGEST):
                    sample.add(part.encode())
    if not lines:
        what = f" in {lang}" if lang else ""
        why = f"; the first: {seen.why}" if seen.bad else ""
        raise RecipeError(
            f"the input has no text{what}: {seen.documents:,} documents, {seen.bad:,} unreadable records{why}"
        )
    return Corpus(seen.documents, lines, size, seen.bad, [described(url) for url in seen.urls])


def read_lines(stream: BinaryIO, size: int) -> Iterator[list[str]]:
    """The lines of a file, in lists of about `size` bytes."""
    while lines := stream.readlines(size):
        yield [line[:-1].decode() for line in lines]


@dataclass
class _Seen:
    """What has been read: documents, records that could not be, why the first of these could not, and the files."""

    documents: int = 0
    bad: int = 0
    why: str = ""
    urls: dict[str, None] = field(default_factory=dict)


def _documents(readers: Sequence[Reader], lang: str | None, seen: _Seen) -> Iterator[str]:
    for reader, piece in ((r, piece) for r in readers for piece in r.pieces(SPLIT)):
        seen.urls[piece.url] = None
        for chunk in reader.read(piece):
            seen.bad += len(chunk.bad)
            seen.why = seen.why or next((record.error for _, record in chunk.bad), "")
            texts, langs = (chunk.batch.column(name).to_pylist() for name in ("text", "lang"))
            for text, known in zip(texts, langs, strict=True):
                if text and (lang is None or known is None or known == lang):
                    seen.documents += 1
                    yield text


def described(url: str) -> dict[str, Any]:
    """A file as cards tell of it."""
    with open_input(url) as stream:
        digest = hashlib.file_digest(stream, "sha256")  # type: ignore[arg-type]  # every stream has readinto
        return {"file": Path(url).name, "bytes": stream.tell(), "sha256": digest.hexdigest()}
