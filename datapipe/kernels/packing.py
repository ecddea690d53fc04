"""Documents to bins of one length: which goes where, and the tokens laid out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import kernel
from datapipe.kernels.queues import NONE, at_least, at_most, pop, push

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

ROW, START, END, SEQUENCE, OFFSET, SEGMENT = range(6)  # columns of a table of pieces


def leaves(length: int) -> int:
    """The size of a tree over the numbers 0 to `length`."""
    return 1 << int(length).bit_length()


@kernel
def best_fit(sizes: Int64s, openers: int, length: int, size: int) -> Int64s:
    """The bin of each piece, taken in order (the longest first): the fullest one that holds it, or a new one.

    openers  only the first so many pieces may have a new bin; of the others those that fit nowhere have -1
    sizes    1 to `length`    size  `leaves(length)`
    Of bins with equal space left, the one that has had it longest.
    """
    n = len(sizes)
    bins = np.empty(n, np.int64)
    tree = np.zeros(2 * size, np.uint8)
    head = np.empty(size, np.int32)
    tail = np.empty(size, np.int32)
    following = np.empty(n, np.int32)
    made = 0
    for i in range(n):
        left = at_least(tree, size, sizes[i])
        if left == NONE and i >= openers:
            bins[i] = NONE
            continue
        if left == NONE:
            bins[i] = made
            made += 1
            left = length
        else:
            bins[i] = pop(tree, head, following, size, left)
        left -= sizes[i]
        if left > 0:
            push(tree, head, tail, following, size, left, bins[i])
    return bins


@kernel
def fit_and_crop(sizes: Int64s, length: int, size: int, buffer: int) -> tuple[Int64s, Int64s, Int64s]:
    """The documents in the order in which they are laid, the bin of each, and how much of it is taken.

    Of the next `buffer` documents the longest that fits into the bin is laid whole; where none fits, the shortest is
    cut to what is left. Of equally long ones the first read.
    """
    n = len(sizes)
    order = np.empty(n, np.int64)
    bins = np.empty(n, np.int64)
    taken = np.empty(n, np.int64)
    tree = np.zeros(2 * size, np.uint8)
    head = np.empty(size, np.int32)
    tail = np.empty(size, np.int32)
    following = np.empty(n, np.int32)
    seen = 0
    made = 0
    left = length
    for i in range(n):
        while seen < n and seen - i < buffer:
            push(tree, head, tail, following, size, sizes[seen], seen)
            seen += 1
        key = at_most(tree, size, left)
        if key == NONE:
            key = at_least(tree, size, left)
        order[i] = pop(tree, head, following, size, key)
        bins[i] = made
        taken[i] = min(key, left)
        left -= taken[i]
        if left == 0:
            made += 1
            left = length
    return order, bins, taken


@kernel
def lay(
    pieces: Int64s,
    length: int,
    tokens: npt.NDArray[np.uint16] | npt.NDArray[np.uint32],
    starts: Int64s,
    leads: Bytes,
    learned: Bytes,
    rules: Int64s,
    ids: npt.NDArray[np.uint16] | npt.NDArray[np.uint32],
    segments: Int32s,
    positions: Int32s,
    mask: Bytes,
) -> None:
    """Fill sequences with their pieces; what no piece covers keeps what it holds (padding).

    pieces   (n, 6): ROW, START, END of the document with its added tokens, SEQUENCE, OFFSET in it, SEGMENT number
    tokens   of document i: `tokens[starts[i]:starts[i + 1]]`, after one added before it where `leads[i]`
    learned  parallel to `tokens`, 0: no loss; empty: all are learned
    rules    BOS and EOS to add (or -1); 1: no loss on the first token of a piece; 1: none on EOS
    """
    bos, eos, skip_first, skip_eos = rules[0], rules[1], rules[2], rules[3]
    for p in range(len(pieces)):
        row, start, end = pieces[p, ROW], pieces[p, START], pieces[p, END]
        place = pieces[p, SEQUENCE] * length + pieces[p, OFFSET]
        n = end - start
        lead = np.int64(leads[row])
        first, last = max(start - lead, 0), min(end - lead, starts[row + 1] - starts[row])
        at = place
        if start < lead:
            ids[at] = bos
            at += 1
        source = starts[row] + first
        body = last - first
        for i in range(body):
            ids[at + i] = tokens[source + i]
        if at + body < place + n:
            ids[at + body] = eos
        segment = pieces[p, SEGMENT]
        for i in range(n):
            segments[place + i] = segment
        for i in range(n):
            positions[place + i] = i
        for i in range(n):
            mask[place + i] = 1
        if len(learned):
            for i in range(body):
                mask[at + i] = learned[source + i]
        if skip_eos:
            for i in range(n):
                if ids[place + i] == eos:
                    mask[place + i] = 0
        if skip_first:
            mask[place] = 0
