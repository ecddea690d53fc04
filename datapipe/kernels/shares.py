"""A document's languages by its lines: how much of its letters is in which."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

NONE = -1
NEWLINE = 10


class Shares(NamedTuple):
    """Document i has the labels `labels[ends[i]:ends[i + 1]]`, largest share first.

    `first` is its first label, NONE if it has none, and `score` that label's confidence by letters.
    """

    ends: Int64s
    labels: Int32s
    shares: Doubles
    first: Int32s
    score: Doubles


def line_offsets(offsets: Int64s, data: Bytes) -> Int64s:
    """Where the lines of all documents start, and the end of the last; a line's newlines stand at its end.

    Empty lines belong to the line before: half of all lines are empty, and a document may be 50 MB of newlines.
    """
    first, last = offsets[0], offsets[-1]
    newline = data[first:last] == NEWLINE
    cuts = np.flatnonzero(newline[:-1] & ~newline[1:]) + first + 1
    starts = np.sort(np.concatenate([offsets, cuts]), kind="stable")  # merges the two in linear time
    return starts[np.diff(starts, prepend=-1) > 0]


def shares_of(offsets: Int64s, lines: Int64s, letters: Int64s, labels: Int32s, scores: Doubles) -> Shares:
    """Join the lines' labels to documents; letters[line] says what a line counts."""
    n = len(offsets) - 1
    rows = np.searchsorted(offsets, lines[:-1], side="right") - 1  # the last of those that begin here: it is not empty
    total = np.bincount(rows, letters, n)
    counted = (labels != NONE) & (letters > 0)
    rows, letters, labels, scores = rows[counted], letters[counted], labels[counted], scores[counted]

    pairs, pair = np.unique(rows.astype(np.int64) << 32 | labels, return_inverse=True)
    rows, labels = pairs >> 32, (pairs & 0xFFFFFFFF).astype(np.int32)
    shares = np.bincount(pair, letters, len(pairs)) / total[rows]
    chances = np.bincount(pair, letters * scores, len(pairs)) / total[rows]
    order = np.lexsort((labels, -shares, rows))
    labels, shares, chances = labels[order], shares[order], chances[order]

    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])
    first, score = np.full(n, NONE, np.int32), np.zeros(n)
    some = np.flatnonzero(np.diff(ends))
    first[some], score[some] = labels[ends[some]], chances[ends[some]]
    return Shares(ends, labels, shares, first, score)
