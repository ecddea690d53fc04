"""Parts of texts: cut them out, replace them, copy them, and say where they lie in code points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel

Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@inlined
def _copy(out: Bytes, at: int, data: Bytes, first: int, last: int) -> int:
    """Where the bytes end that were put at `at`. A loop: assigned slices take four times as long to compile."""
    for i in range(first, last):
        out[at] = data[i]
        at += 1
    return at


@kernel
def replace_spans(
    offsets: Int64s,
    data: Bytes,
    span_row: Int64s,
    span_start: Int64s,
    span_end: Int64s,
    new_offsets: Int64s,
    new_data: Bytes,
) -> tuple[Int64s, Bytes, Int64s]:
    """The texts with new bytes in the place of these spans, and where in its row each of the new ones starts.

    Spans are bytes from the start of row `span_row`; sorted by row and start, disjoint.
    """
    n = len(offsets) - 1
    out_offsets = np.zeros(n + 1, np.int64)
    starts = np.empty(len(span_row), np.int64)
    size = offsets[n] - offsets[0]
    for i in range(len(span_row)):
        size += new_offsets[i + 1] - new_offsets[i] - (span_end[i] - span_start[i])
    out = np.empty(size, np.uint8)
    at = 0
    span = 0
    for row in range(n):
        begin, end = offsets[row], offsets[row + 1]
        here = begin
        while span < len(span_row) and span_row[span] == row:
            at = _copy(out, at, data, here, begin + span_start[span])
            here = begin + span_end[span]
            starts[span] = at - out_offsets[row]
            at = _copy(out, at, new_data, new_offsets[span], new_offsets[span + 1])
            span += 1
        at = _copy(out, at, data, here, end)
        out_offsets[row + 1] = at
    return out_offsets, out, starts


def cut_spans(
    offsets: Int64s, data: Bytes, span_row: Int64s, span_start: Int64s, span_end: Int64s
) -> tuple[Int64s, Bytes]:
    """The texts without these spans: bytes from the start of row `span_row`; sorted by row and start, disjoint."""
    nothing = np.zeros(len(span_row) + 1, np.int64), np.zeros(0, np.uint8)
    return replace_spans(offsets, data, span_row, span_start, span_end, *nothing)[:2]


@kernel
def code_points_at(offsets: Int64s, data: Bytes, span_row: Int64s, position: Int64s) -> Int64s:
    """How many code points lie before each byte position of a row; sorted by row, positions of a row in any order."""
    found = np.zeros(len(position), np.int64)
    row = -1
    at = 0
    count = 0
    for i in range(len(position)):
        begin = offsets[span_row[i]]
        wanted = begin + position[i]
        if span_row[i] != row or wanted < at:
            row = span_row[i]
            at = begin
            count = 0
        while at < wanted:
            if data[at] & 0xC0 != 0x80:
                count += 1
            at += 1
        found[i] = count
    return found


@kernel
def copy_spans(
    offsets: Int64s, data: Bytes, span_row: Int64s, span_start: Int64s, span_end: Int64s, most: int
) -> tuple[Int64s, Bytes]:
    """The first `most` code points of each span, as texts of their own."""
    out_offsets = np.zeros(len(span_row) + 1, np.int64)
    for i in range(len(span_row)):
        begin = offsets[span_row[i]]
        at = begin + span_start[i]
        count = 0
        while at < begin + span_end[i]:
            if data[at] & 0xC0 != 0x80:
                if count == most:
                    break
                count += 1
            at += 1
        out_offsets[i + 1] = out_offsets[i] + at - begin - span_start[i]
    out = np.empty(out_offsets[-1], np.uint8)
    for i in range(len(span_row)):
        first = offsets[span_row[i]] + span_start[i]
        _copy(out, out_offsets[i], data, first, first + out_offsets[i + 1] - out_offsets[i])
    return out_offsets, out
