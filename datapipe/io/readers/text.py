"""Plain text: a file, a line or a block between blank lines is a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from datapipe.core.reader import BadRecord, Chunk, Piece, Reader
from datapipe.io.compression import Damaged, blocks, with_compressed
from datapipe.io.lines import BOM, damage_record, line_groups
from datapipe.io.ranges import byte_ranges, whole_files
from datapipe.io.rows import RecordRows, chunk_of
from datapipe.io.values import head_of, not_utf8

_EXTENSIONS = with_compressed(".txt", ".text", ".md")
_ROWS = 8192
_BYTES = 4 << 20  # of documents in a chunk, about


class _Document(NamedTuple):
    offset: int
    data: bytes
    damage: Damaged | None = None


class TextReader(Reader):
    """UTF-8 text without fields: every document gets its id from its place."""

    name: ClassVar[str] = "text"

    documents: Literal["file", "line", "block"] = Field(
        "file", description="what is a document: the whole file, a line, or what stands between blank lines"
    )

    def pieces(self, target: int) -> list[Piece]:
        """Byte ranges of about `target` bytes where lines are documents and the file is plain; else whole files."""
        if self.documents == "line":
            return byte_ranges(self.paths, _EXTENSIONS, target)
        return whole_files(self.paths, _EXTENSIONS)

    def read(self, piece: Piece) -> Iterator[Chunk]:
        """The documents of the piece; blank ones are none."""
        rows = RecordRows(self)
        waiting: list[_Document] = []
        size = 0
        for document in self._documents(piece):
            waiting.append(document)
            size += len(document.data)
            if size >= _BYTES or len(waiting) == _ROWS:
                yield self._chunk(waiting, piece.url, rows)
                waiting, size = [], 0
        if waiting:
            yield self._chunk(waiting, piece.url, rows)

    def _documents(self, piece: Piece) -> Iterator[_Document]:
        if self.documents == "file":
            return _whole(piece.url)
        return _lines(piece) if self.documents == "line" else _blocks(piece.url)

    def _chunk(self, documents: list[_Document], url: str, rows: RecordRows) -> Chunk:
        field = self.field_of("text")
        records, numbers, bad = [], [], []
        for number, document in enumerate(documents):
            if document.damage:
                bad.append((number, damage_record(url, document.damage, document.data)))
                continue
            try:
                records.append({field: document.data.decode()})
                numbers.append(number)
            except UnicodeDecodeError as error:
                text = f"the document is {not_utf8(error)}"
                bad.append((number, BadRecord(url, text, document.offset, head=head_of(document.data))))
        return chunk_of(rows.build(records), np.asarray(numbers, np.int64), bad, {})


def _whole(url: str) -> Iterator[_Document]:
    parts: list[bytes] = []
    damage = None
    try:
        parts.extend(blocks(url))
    except Damaged as error:
        damage = error
    data = b"".join(parts).removeprefix(BOM)
    if damage or data.strip():
        yield _Document(0, data, damage)


def _lines(piece: Piece) -> Iterator[_Document]:
    for group in line_groups(piece.url, piece.start, piece.end):
        offset = group.offset
        for line in group.lines:
            if not group.damage and line.strip():
                yield _Document(offset, line.removesuffix(b"\r"))
            offset += len(line) + 1
        if group.damage:
            yield _Document(group.offset, b"".join(group.lines), group.damage)


def _blocks(url: str) -> Iterator[_Document]:
    block: list[bytes] = []
    begin = 0
    for group in line_groups(url):
        offset = group.offset
        for line in group.lines:
            if line.strip():
                if not block:
                    begin = offset
                block.append(line)
            elif block:
                yield _Document(begin, _joined(block))
                block = []
            offset += len(line) + 1
        if group.damage:
            yield _Document(begin, _joined(block), group.damage)
            block = []
    if block:
        yield _Document(begin, _joined(block))


def _joined(lines: list[bytes]) -> bytes:
    return b"\n".join(lines).removesuffix(b"\r")
