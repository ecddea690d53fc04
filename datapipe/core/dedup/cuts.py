"""Units cut out of texts: what goes with them, and the text that is left."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.arrow.text import Text, column_of, valid_of
from datapipe.kernels.classes import class_table
from datapipe.kernels.spans import cut_spans
from datapipe.kernels.units import skip_blank

Int64s = npt.NDArray[np.int64]


class Cuts(NamedTuple):
    """Disjoint cuts, sorted: the row of each, its bytes from the start of the text, and which of those asked for it is."""

    row: Int64s
    start: Int64s
    stop: Int64s
    which: Int64s


def disjoint(text: Text, row: Int64s, start: Int64s, stop: Int64s, label: Int64s, whole_lines: bool) -> Cuts:
    """Cuts that may overlap as such that do not: what two ask for goes to the first, neighbours of one label are one.

    A cut begins where the unit before it ends, with the white space between the two. Where nothing is left before, the
    white space after goes, too (`whole_lines`: up to the line of the next unit), for no text begins with it.
    """
    order = np.lexsort((start, row))
    row, label = row[order], label[order]
    base = text.offsets[row]
    start, stop = base + start[order], base + stop[order]  # in the data, where documents stand in a row
    reached = np.maximum.accumulate(stop)
    start[1:] = np.maximum(start[1:], np.where(row[1:] == row[:-1], reached[:-1], 0))
    live = start < stop
    order, row, label, base, start, stop = (values[live] for values in (order, row, label, base, start, stop))
    joined = np.zeros(len(row), np.bool_)
    joined[1:] = (row[1:] == row[:-1]) & (start[1:] == stop[:-1])

    leads = (start == base)[~joined]  # of each group: does it start the text?
    last = np.append(np.flatnonzero(~joined)[1:], len(row))[leads] - 1
    after = np.ascontiguousarray(stop[last])
    skip_blank(text.data, class_table(), whole_lines, after, text.offsets[row[last] + 1])
    stop[last] = after

    new = ~joined
    new[1:] |= label[1:] != label[:-1]
    first = np.flatnonzero(new)
    end = np.append(first[1:], len(row)) - 1 if len(first) else first
    return Cuts(row[first], start[first] - base[first], stop[end] - base[first], order[first])


def without(column: pa.Array, text: Text, cuts: Cuts) -> pa.Array:
    """The column, of which `text` is the view, without these parts."""
    if not len(cuts.row):
        return column
    return column_of(*cut_spans(text.offsets, text.data, cuts.row, cuts.start, cuts.stop), valid_of(column))
