"""Comma- and tab-separated files."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from datapipe.core.reader import BadRecord, Chunk, Piece, Reader
from datapipe.io.compression import BLOCK, plain_name, with_compressed
from datapipe.io.lines import damage_record
from datapipe.io.ranges import whole_files
from datapipe.io.rows import Record, RecordRows, chunk_of
from datapipe.io.streams import BlockStream
from datapipe.io.values import head_of, not_utf8

_ROWS = 8192
_CHARACTERS = 4 << 20  # of rows in a chunk, about
_LONGEST = 1 << 28  # characters of a field: an open quote swallows no more
_TABS = (".tsv", ".tab")


class _Malformed(NamedTuple):
    """A row that cannot be cut into fields."""

    error: str
    line: str  # its first


_Row = list[str] | _Malformed


class CsvReader(Reader):
    """Fields by the names of the header; a quoted field may hold line ends; empty fields of named columns are null."""

    name: ClassVar[str] = "csv"

    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="between fields; unset: a tab in .tsv and .tab, else a comma"
    )
    quote: str = Field('"', min_length=1, max_length=1, description="around fields; doubled inside one")
    header: bool | tuple[str, ...] = Field(
        True, description="true: the first row names the fields; a list: these are the names; false: they are 0, 1, 2 …"
    )

    def pieces(self, target: int) -> list[Piece]:
        """Whole files, for a line end inside quotes cannot be told from one outside."""
        return whole_files(self.paths, with_compressed(".csv", *_TABS))

    def read(self, piece: Piece) -> Iterator[Chunk]:
        """The rows of the file, numbered from 0 behind the header; one with another number of fields is bad."""
        csv.field_size_limit(_LONGEST)
        stream = BlockStream(piece.url)
        text = io.TextIOWrapper(
            io.BufferedReader(stream, BLOCK), encoding="utf-8-sig", errors="surrogateescape", newline=""
        )
        delimiter = self.delimiter or ("\t" if plain_name(piece.url).endswith(_TABS) else ",")
        source = _rows(text, delimiter, self.quote)
        names, source = self._names(source)
        build = _Builder(self, piece.url, names, delimiter)
        waiting: list[_Row] = []
        size = 0
        for row in source:
            if len(waiting) == _ROWS or size >= _CHARACTERS:
                yield build.chunk(waiting)
                waiting, size = [], 0
            waiting.append(row)
            size += len(row.line) if isinstance(row, _Malformed) else sum(map(len, row))
        if stream.damage:
            whole = stream.ended_line and not (waiting and isinstance(waiting[-1], _Malformed))
            cut = b"" if whole or not waiting else build.shown(waiting.pop())
            yield build.chunk(waiting, damage_record(piece.url, stream.damage, cut))
        elif waiting:
            yield build.chunk(waiting)

    def _names(self, source: Iterator[_Row]) -> tuple[list[str], Iterator[_Row]]:
        """The names of the fields, and the rows behind the header."""
        if isinstance(self.header, tuple):
            return list(self.header), source
        first = next(source, None)
        if first is None:
            return [], source
        if isinstance(first, _Malformed):  # no names, so every row will be bad, and this one first
            return [], chain([first], source)
        if not self.header:
            return [str(i) for i in range(len(first))], chain([first], source)
        seen: Counter[str] = Counter()
        names = []
        for name in first:
            seen[name] += 1
            names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
        return names, source


class _Builder:
    """Rows of one file to chunks."""

    def __init__(self, reader: CsvReader, url: str, names: list[str], delimiter: str) -> None:
        self._rows = RecordRows(reader)
        self._url = url
        self._names = names
        self._delimiter = delimiter
        fields = {target.field for target in self._rows.targets if target.column != "text"}
        self._nullable = sorted(fields & set(names) - {reader.field_of("text")})
        self._done = 0

    def chunk(self, rows: list[_Row], damage: BadRecord | None = None) -> Chunk:
        """The next rows of the file, and the damage behind them."""
        clean = _is_utf8("".join(chain.from_iterable(row for row in rows if not isinstance(row, _Malformed))))
        records: list[Record] = []
        numbers: list[int] = []
        bad: list[tuple[int, BadRecord]] = []
        for number, row in enumerate(rows):
            error = self._wrong(row, clean)
            if error:
                bad.append((number, self._bad(number, error, row)))
            else:
                records.append(self._record(row))
                numbers.append(number)
        built = self._rows.build(records)
        for index, fault in built.faults.items():
            number = numbers[index]
            bad.append((number, self._bad(number, fault.error, rows[number], fault.id)))
        if damage:
            bad.append((len(rows), damage))
        self._done += len(rows)
        return chunk_of(built, np.asarray(numbers, np.int64), bad, {})

    def shown(self, row: _Row) -> bytes:
        """The row as it may have stood in the file."""
        line = row.line if isinstance(row, _Malformed) else self._delimiter.join(row)
        return line.encode("utf-8", "surrogateescape")

    def _wrong(self, row: _Row, clean: bool) -> str | None:
        if isinstance(row, _Malformed):
            return f"the row is malformed: {row.error}; expected fields separated by {self._delimiter!r}, quotes doubled inside"
        if len(row) != len(self._names):
            return f"the row has {len(row)} fields; expected {len(self._names)}, as the header has"
        if clean:
            return None
        try:
            self.shown(row).decode()
        except UnicodeDecodeError as error:
            return f"the row is {not_utf8(error)}"
        return None

    def _record(self, row: _Row) -> Record:
        record: dict[str, Any] = dict(zip(self._names, row, strict=True))
        for name in self._nullable:
            record[name] = record[name] or None
        return record

    def _bad(self, number: int, error: str, row: _Row, key: str | None = None) -> BadRecord:
        return BadRecord(self._url, error, row=self._done + number, head=head_of(self.shown(row)), id=key)


class _Lines:
    """The file's lines, which can be taken back as long as their row is not whole."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream = stream
        self._again: list[str] = []  # lines to give once more, the next one last
        self.taken: list[str] = []  # lines given since the last whole row

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._stream)
        self.taken.append(line)
        return line

    def take_back_all_but_first(self) -> str:
        """The line that began a malformed row; those behind it are given again."""
        first, *others = self.taken
        self._again += reversed(others)
        self.taken = []
        return first


def _rows(stream: Iterator[str], delimiter: str, quote: str) -> Iterator[_Row]:
    """The rows that are not blank; a malformed one as what is wrong with it.

    A quote that nothing closes would swallow the rest of the file: only its own line is bad, the next begins a row.
    """
    lines = _Lines(stream)
    source = csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True)
    while True:
        try:
            row = next(source)
        except StopIteration:
            return
        except csv.Error as error:
            line = lines.take_back_all_but_first()
            yield _Malformed(str(error), line)
            source = csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True)
        else:
            lines.taken = []
            if row:
                yield row


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
