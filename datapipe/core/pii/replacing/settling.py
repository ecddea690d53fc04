"""Changes until nothing is left to change: what a replacement brings about at its borders is part of the same change.

Digits that a removal brings together, a word beside a tag, a made-up value that is something else, too: changed texts
are looked at again, what is found there is mapped back to the text before, and overlapping changes become one. Every
round covers more of the text or takes a simpler replacement, so it comes to an end. Texts without hits are seen once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple, Protocol

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.recognizer import Hit, Page

PATIENT = 8  # rounds; beyond them tags, which letters and digits end at, take the place of all that changes still
WIDER = 16  # rounds; beyond them a change reaches out to both sides, twice as far in each further one


class Change(NamedTuple):
    """What becomes of a hit; new: what takes its place, None where the text stays (bytes from the page's start)."""

    row: int
    start: int
    end: int
    type: str
    score: float
    action: str
    new: str | None


class Decide(Protocol):
    """What becomes of a hit; `masked`: a tag, whatever the recipe says."""

    def __call__(self, page: Page, hit: Hit, masked: bool = False) -> Change: ...


def settled(page: Page, changes: list[Change], finder: Finder, decide: Decide) -> list[Change]:
    """The changes, widened and joined until a look at the changed texts finds nothing to change."""
    by_row: dict[int, list[Change]] = {}
    for change in changes:
        by_row.setdefault(change.row, []).append(change)
    open_rows = [row for row, theirs in by_row.items() if any(change.new is not None for change in theirs)]
    turn = 0
    while open_rows:
        texts = [_Edited(page, row, by_row[row]) for row in open_rows]
        after, found = finder.find(_text([one.after for one in texts]), [page.langs[row] for row in open_rows])
        again: dict[int, list[Hit]] = {}
        for hit in found:
            seen = decide(after, hit)
            if seen.new is not None and seen.new.encode() != after.data[hit.start : hit.end]:
                again.setdefault(hit.row, []).append(hit)
        for number, hits in again.items():
            edited = texts[number]
            base = after.offsets[number]
            for hit in hits:
                edited.widen(hit._replace(start=hit.start - base, end=hit.end - base), decide, turn)
            by_row[edited.row] = edited.changes
        open_rows = [texts[number].row for number in again]
        turn += 1
    return [change for row in sorted(by_row) for change in by_row[row]]


class _Edited:
    """A text after its changes, and the way back from places in it."""

    def __init__(self, page: Page, row: int, changes: list[Change]) -> None:
        self.row = row
        self.changes = changes
        self._page = page
        self._first, self._last = page.offsets[row], page.offsets[row + 1]
        self._made = [change for change in changes if change.new is not None]
        parts: list[bytes] = []
        self._starts: list[int] = []  # of what the changes left, in the text after them
        self._ends: list[int] = []
        here = self._first
        size = 0
        for change in self._made:
            new = (change.new or "").encode()
            parts += [page.data[here : change.start], new]
            size += change.start - here
            self._starts.append(size)
            size += len(new)
            self._ends.append(size)
            here = change.end
        self.after = b"".join([*parts, page.data[here : self._last]])

    def widen(self, hit: Hit, decide: Decide, turn: int) -> None:
        """Take a hit in the text after into the changes."""
        first, stop = bisect_right(self._ends, hit.start), bisect_left(self._starts, hit.end)
        touched = self._made[first:stop]
        start = self._first + hit.start if first == 0 else self._made[first - 1].end + hit.start - self._ends[first - 1]
        end = self._first + hit.end if stop == 0 else self._made[stop - 1].end + max(0, hit.end - self._ends[stop - 1])
        if touched:
            start = min(start, touched[0].start)
        simpler = turn >= PATIENT or (len(touched) == 1 and (start, end) == touched[0][1:3])
        if turn >= WIDER:
            start, end = self._reach(start, end, 32 << (turn - WIDER))
        # also what earlier hits of this round have joined already, which is not in `_made`
        inside = [one for one in self.changes if one.start < end and one.end > start]
        start, end = min([start, *(one.start for one in inside)]), max([end, *(one.end for one in inside)])
        rivals = [hit, *(Hit(*one[:5]) for one in inside)]
        best = max(rivals, key=lambda one: (one.score, one.end - one.start, one.type))
        new = decide(self._page, Hit(self.row, start, end, best.type, best.score), simpler)
        if new.new is None:  # the best of them is only reported: the one that changes the text counts
            new = decide(self._page, Hit(self.row, start, end, hit.type, hit.score), simpler)
        self.changes = sorted([*(one for one in self.changes if one not in inside), new], key=lambda one: one.start)

    def _reach(self, start: int, end: int, far: int) -> tuple[int, int]:
        start, end = max(self._first, start - far), min(self._last, end + far)
        while start > self._first and self._page.data[start] & 0xC0 == 0x80:
            start -= 1
        while end < self._last and self._page.data[end] & 0xC0 == 0x80:
            end += 1
        return start, end


def _text(parts: list[bytes]) -> Text:
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(part) for part in parts], dtype=np.int64)])
    return Text(offsets, np.frombuffer(b"".join(parts), np.uint8))
