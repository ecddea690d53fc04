"""The words of labelled texts, counted in an open table as fastText cuts them; the table is the one it is trained with.

A text is a line: white space of any kind parts words, and </s> ends it. A word that begins with __label__ is passed
over, as it is when a model is applied: the library would take it for a label of the text.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.fasttext_words import EOS, EOS_HASH, FNV_START, FREE, LABEL, SPACES, hashed, same
from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]

DOCUMENT, BYTE, ENTRIES = 0, 1, 2  # where counting stands
WORD, PASSED, LAST = 0, 1, 2  # kinds of what stands between white space


@inlined
def next_word(data: Bytes, at: int, stop: int) -> tuple[int, int, int]:
    """The next word from `at` on: its first byte, the byte after it, its hash; nothing is left if the two are one."""
    while at < stop and data[at] <= 32 and SPACES >> np.int64(data[at]) & 1:
        at += 1
    start = at
    h = FNV_START
    while at < stop:
        byte = np.int64(data[at])
        if byte <= 32 and SPACES >> byte & 1:
            break
        h = hashed(h, byte)
        at += 1
    return start, at, h


@inlined
def kind_of(data: Bytes, start: int, stop: int, h: int) -> int:
    """A word, a label's name, or the end of the line."""
    size = stop - start
    if size == 0 or (h == EOS_HASH and size == len(EOS) and same(data, start, EOS, 0, size)):
        return LAST
    return PASSED if size >= len(LABEL) and same(data, start, LABEL, 0, len(LABEL)) else WORD


@inlined
def slot_of(
    data: Bytes, start: int, stop: int, h: int, slots: Int32s, starts: Int64s, letters: Bytes, hashes: UInt32s
) -> int:
    """The slot of the entry spelled so, or the free one where it belongs."""
    mask = len(slots) - 1
    slot = h & mask
    while slots[slot] != FREE:
        entry = slots[slot]
        at = starts[entry]
        if (
            hashes[entry] == h
            and starts[entry + 1] - at == stop - start
            and same(data, start, letters, at, stop - start)
        ):
            break
        slot = (slot + 1) & mask
    return slot


@kernel
def count_words(
    offsets: Int64s, data: Bytes, end: Bytes, at: Int64s, slots: Int32s, starts: Int64s, letters: Bytes,
    hashes: UInt32s, counts: Int64s, words: Int64s,
) -> bool:  # fmt: skip
    """Count on from `at`, entries and each text's words; False when there is no room for the next word.

    A text's `end` is counted after its last word, and not at all where no word is.
    """
    d = at[DOCUMENT]
    i = at[BYTE]
    entries = at[ENTRIES]
    while d < len(offsets) - 1:
        i = max(i, offsets[d])
        start, stop, h = next_word(data, i, offsets[d + 1])
        kind = kind_of(data, start, stop, h)
        source = data
        if kind == LAST:
            source = end
            start, size, h = 0, len(end), EOS_HASH
        else:
            size = stop - start
        if kind == WORD or (kind == LAST and words[d] > 0):
            slot = slot_of(source, start, start + size, h, slots, starts, letters, hashes)
            entry = slots[slot]
            if entry == FREE:
                if entries == len(counts) or starts[entries] + size > len(letters):
                    break
                entry = entries
                entries += 1
                slots[slot] = entry
                hashes[entry] = h
                counts[entry] = 0
                for k in range(size):
                    letters[starts[entry] + k] = source[start + k]
                starts[entry + 1] = starts[entry] + size
            counts[entry] += 1
            words[d] += kind == WORD
        i = stop
        if kind == LAST:
            d += 1
            i = 0
    at[DOCUMENT] = d
    at[BYTE] = i
    at[ENTRIES] = entries
    return bool(d == len(offsets) - 1)


@kernel
def fill_slots(hashes: UInt32s, slots: Int32s) -> None:
    """Put the entries, in their order, where their hashes say; no two are spelled alike."""
    mask = len(slots) - 1
    for entry in range(len(hashes)):
        slot = np.int64(hashes[entry]) & mask
        while slots[slot] != FREE:
            slot = (slot + 1) & mask
        slots[slot] = entry
