"""Lines out of a stream of blocks, with their offsets, whole or for a byte range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from datapipe.core.reader import BadRecord
from datapipe.io.compression import BLOCK, Damaged, blocks
from datapipe.io.files import open_input, reading
from datapipe.io.values import head_of

BOM = b"\xef\xbb\xbf"
_GROUP = 4 << 20  # bytes of lines that are handed on together
_NEWLINE = b"\n"


class Lines(NamedTuple):
    """Consecutive lines without their `\\n`; the first starts at byte `offset`, each next one behind the newline.

    damage  the stream broke here, and `lines` holds at most the line that was cut
    """

    offset: int
    lines: list[bytes]
    damage: Damaged | None = None

    def offset_of(self, index: int) -> int:
        """Where the line of this index starts, in bytes."""
        return self.offset + sum(map(len, self.lines[:index])) + index

    def portions(self, rows: int) -> Iterator[Lines]:
        """The same lines in portions of at most this many."""
        if len(self.lines) <= rows:
            yield self
            return
        offset = self.offset
        for at in range(0, len(self.lines), rows):
            portion = Lines(offset, self.lines[at : at + rows], self.damage)
            yield portion
            offset = portion.offset_of(len(portion.lines))


def line_groups(url: str, start: int = 0, end: int | None = None) -> Iterator[Lines]:
    """The lines of a file that start in [start, end), in groups of some MB; a byte order mark is skipped.

    A range is only for plain files. A line longer than a group is held once and joined once.
    """
    offset = _line_start(url, start, end)
    if offset is None:
        return
    stop = None if end is None else _line_start(url, end, None)
    pending: list[bytes] = []  # pieces of one unfinished line
    damage = None
    size = None if stop is None else stop - offset
    source = _gathered(blocks(url, offset, size), size)
    try:
        for block in source:
            if offset == 0 and not pending and block.startswith(BOM):
                block, offset = block[len(BOM) :], len(BOM)  # the mark is no text
            cut = block.rfind(_NEWLINE)
            if cut < 0:
                pending.append(block)
                continue
            lines: list[bytes] = []
            first = 0
            if pending:
                first = block.find(_NEWLINE) + 1
                pending.append(block[: first - 1])
                lines.append(b"".join(pending))
                pending.clear()
            if first <= cut:
                lines += block[first:cut].split(_NEWLINE)
            if cut + 1 < len(block):
                pending.append(block[cut + 1 :])
            group = Lines(offset, lines)
            offset = group.offset_of(len(lines))
            yield group
    except Damaged as error:
        damage = error
    if pending or damage:
        yield Lines(offset, [b"".join(pending)] if pending else [], damage)


def damage_record(url: str, damage: Damaged, cut: bytes = b"") -> BadRecord:
    """What goes to quarantine where a stream breaks: one record, the cut one if there is any."""
    lost = "the record that is cut there is lost" if cut else "no record is cut there"
    error = f"{damage.error}; {damage.offset:,} uncompressed bytes could be read and {lost}"
    return BadRecord(url, error, damage.offset, head=head_of(cut))


def _gathered(source: Iterator[bytes], limit: int | None) -> Iterator[bytes]:
    """The bytes in blocks of some MB, `limit` bytes at most; what came before a damage is given before it is raised."""
    parts: list[bytes] = []
    held = 0
    damage = None
    try:
        for block in source:
            if limit is not None and held + len(block) >= limit:
                parts.append(block[: limit - held])
                break
            parts.append(block)
            held += len(block)
            if held >= _GROUP:
                yield b"".join(parts)
                limit = None if limit is None else limit - held
                parts.clear()
                held = 0
    except Damaged as error:
        damage = error
    if parts:
        yield b"".join(parts)
    if damage:
        raise damage


def _line_start(url: str, at: int, end: int | None) -> int | None:
    """The first line start at or behind byte `at`: 0, or behind a newline; None if there is none before `end`."""
    if at == 0:
        return 0
    with open_input(url, "points") as raw, reading(url):
        raw.seek(at - 1)
        position = at - 1
        while block := raw.read(BLOCK >> 4):
            found = block.find(_NEWLINE)
            if found >= 0:
                start = position + found + 1
                return start if end is None or start < end else None
            position += len(block)
            if end is not None and position >= end:
                return None
        return None if end is not None else position
