"""JSON lines: one object a line, plain or compressed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from datapipe.core.reader import BadRecord, Chunk, Piece, Reader
from datapipe.io.compression import with_compressed
from datapipe.io.json_lines import exact, parse
from datapipe.io.lines import Lines, damage_record, line_groups
from datapipe.io.ranges import byte_ranges
from datapipe.io.rows import RecordRows, chunk_of
from datapipe.io.values import head_of

_ROWS = 8192  # of a chunk at most


class JsonlReader(Reader):
    """One JSON object a line, UTF-8; plain files are split between lines, compressed ones are read whole."""

    name: ClassVar[str] = "jsonl"

    def pieces(self, target: int) -> list[Piece]:
        """Byte ranges of about `target` bytes of plain files; compressed files whole."""
        return byte_ranges(self.paths, with_compressed(".jsonl", ".json", ".ndjson"), target)

    def read(self, piece: Piece) -> Iterator[Chunk]:
        """The records of the lines that start in the piece."""
        rows = RecordRows(self)
        for group in line_groups(piece.url, piece.start, piece.end):
            for part in group.portions(_ROWS):
                chunk = _chunk(part, piece.url, rows)
                if chunk.records:
                    yield chunk


def _chunk(group: Lines, url: str, rows: RecordRows) -> Chunk:
    lines = group.lines
    parsed = parse(lines)
    built = rows.build(parsed.records, lambda i: exact(lines[parsed.lines[i]]))
    bad: list[tuple[int, BadRecord]] = []
    for i, fault in built.faults.items():
        line = parsed.lines[i]
        record = BadRecord(url, fault.error, group.offset_of(line), head=head_of(lines[line]), id=fault.id)
        bad.append((parsed.numbers[i], record))
    for number, line, error in parsed.errors:
        if not group.damage:
            bad.append((number, BadRecord(url, error, group.offset_of(line), head=head_of(lines[line]))))
    if group.damage:
        cut = lines[0] if parsed.errors else b""
        bad.append((len(parsed.records), damage_record(url, group.damage, cut)))
    notes = {"lone_surrogates": parsed.surrogates} if parsed.surrogates else {}
    return chunk_of(built, np.asarray(parsed.numbers, np.int64), bad, notes)
