"""Lines of texts by their numbers, as spans to be cut."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.lines import NEWLINE

Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


def line_spans(offsets: Int64s, data: Bytes, rows: Int64s, line: Int64s) -> tuple[Int64s, Int64s]:
    """Where lines begin and end: bytes from the start of their texts, disjoint.

    A line goes with the newline before it, those at the top of a text with the one after them. rows, line  one entry a
    line, sorted by row and by number; the first line of a text, cut at newlines, is 0.
    """
    newlines = np.flatnonzero(data[offsets[0] : offsets[-1]] == NEWLINE) + offsets[0]
    before = np.searchsorted(newlines, offsets[rows])  # newlines of the texts before
    last = np.searchsorted(newlines, offsets[rows + 1]) - before  # the number of the text's last line
    marks = np.concatenate([newlines, [0]])
    start = np.where(line > 0, marks[before + line - 1], offsets[rows])
    stop = np.where(line < last, marks[np.minimum(before + line, len(newlines))], offsets[rows + 1])
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows)  # of the line among those that go
    top = rank == line
    stop = stop + (top & (line < last))
    start = np.where(top & (line > 0), start + 1, start)
    return start - offsets[rows], stop - offsets[rows]
