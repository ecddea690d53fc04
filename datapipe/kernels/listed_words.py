"""Words and phrases of long lists, found in one pass over text.

A text is a row of tokens (kernels/listed_tokens.py), hashed as they are read. An entry is the hashes of its tokens and of what
joins them, and one table of open addressing holds every beginning of every entry. Most tokens begin no entry and cost one
look-up in 256 kB (10,000 words), whatever is listed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.eight import NONE
from datapipe.kernels.hashing import BASE, Hashes, mixed, slot_of, table_size
from datapipe.kernels.jit import kernel
from datapipe.kernels.listed_signs import ALONE, HIRAGANA, SIGN, sign_table
from datapipe.kernels.listed_tokens import is_cut, is_free, joint, next_token

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]


class Entries(NamedTuple):
    """What the scan reads; `numbers[i]` is the number under which the i-th entry given is found, -1 where it has no letter.

    whats  of each slot: (entry + 1) << 1 | whether a longer entry goes on
    bare   entries that count only where no letter stands beside them
    """

    signs: Int32s
    sums: Hashes
    powers: Hashes
    keys: Hashes
    whats: Int32s
    bare: Bytes
    numbers: Int64s


class Places(NamedTuple):
    """Where entries stand, in order of row and start; bytes from the start of the buffer."""

    rows: Int64s
    starts: Int64s
    stops: Int64s
    entries: Int64s


@kernel
def build(
    offsets: Int64s, data: Bytes, signs: Int32s, sums: Hashes, powers: Hashes, keys: Hashes, whats: Int32s, bare: Bytes,
    numbers: Int64s,
) -> int:  # fmt: skip
    """Put every beginning of every entry, one a row, into the table; returns the number of distinct entries."""
    found = 0
    for d in range(len(offsets) - 1):
        stop = offsets[d + 1]
        start, i, h, sign = next_token(data, offsets[d], stop, signs, sums, powers)
        numbers[d] = -1
        if start < 0:
            continue
        state = h
        tokens = 1
        kinds = every = sign
        while True:
            slot = slot_of(keys, len(keys), state)
            keys[slot] = state
            start, after, h, sign = next_token(data, i, stop, signs, sums, powers)
            if start < 0:
                break
            whats[slot] |= 1
            state = mixed(state * BASE ^ h ^ joint(data, i, start, signs))
            i = after
            tokens += 1
            kinds |= sign
            every &= sign
        if whats[slot] < 2:
            found += 1
            whats[slot] |= found << 1
            # One letter, or two of hiragana, are parts of other words mostly.
            bare[found - 1] = every & ALONE and not kinds & SIGN and tokens <= (2 if every & HIRAGANA else 1)
        numbers[d] = (whats[slot] >> 1) - 1
    return found


@kernel
def fill(keys: Hashes, whats: Int32s, into: Hashes, moved: Int32s) -> None:
    """Put the slots of a table into another one."""
    for k in range(len(keys)):
        slot = slot_of(into, len(into), keys[k])
        into[slot] = keys[k]
        moved[slot] = whats[k]


@kernel
def scan_entries(
    offsets: Int64s, data: Bytes, signs: Int32s, sums: Hashes, powers: Hashes, keys: Hashes, whats: Int32s, bare: Bytes,
    words: Int64s, out: Int64s,
) -> int:  # fmt: skip
    """Fill words[row] and out[:, k] with row, start, stop and entry of each place; returns how many, also beyond its length.

    An entry inside a longer one is found, too.
    """
    count = 0
    for d in range(len(offsets) - 1):
        begin = offsets[d]
        end = offsets[d + 1]
        i = begin
        last = 0
        stopped = -1
        seen = 0
        while True:
            start, i, h, sign = next_token(data, i, end, signs, sums, powers)
            if start < 0:
                break
            seen += not (sign & SIGN or (start == stopped and is_cut(np.int64(last), np.int64(sign))))
            last = sign
            stopped = i
            slot = slot_of(keys, len(keys), h)
            stop = i
            state = h
            while keys[slot] != NONE:
                what = np.int64(whats[slot])
                if what > 1 and is_free(data, begin, start, stop, end, signs, bare[(what >> 1) - 1] != 0):
                    if count < out.shape[1]:
                        out[0, count] = d
                        out[1, count] = start
                        out[2, count] = stop
                        out[3, count] = (what >> 1) - 1
                    count += 1
                if not what & 1:
                    break
                after, upto, h, sign = next_token(data, stop, end, signs, sums, powers)
                if after < 0:
                    break
                between = joint(data, stop, after, signs)
                if between == NONE:
                    break
                state = mixed(state * BASE ^ h ^ between)
                stop = upto
                slot = slot_of(keys, len(keys), state)
        words[d] = seen
    return count


def entries(listed: Sequence[str]) -> Entries:
    """Made ready to find these words and phrases; those that are folded to the same have one number."""
    table = sign_table()
    encoded = [entry.encode() for entry in listed]
    offsets = np.zeros(len(listed) + 1, np.int64)
    np.cumsum([len(entry) for entry in encoded], out=offsets[1:])
    data = np.frombuffer(b"".join(encoded) + bytes(8), np.uint8)
    offsets.flags.writeable = False
    keys = np.zeros(table_size(len(data) // 2 + 4), np.uint64)
    whats = np.zeros(len(keys), np.int32)
    bare = np.zeros(len(listed), np.uint8)
    numbers = np.zeros(len(listed), np.int64)
    build(offsets, data, *table, keys, whats, bare, numbers)
    return Entries(*table, *_fitted(keys, whats), bare, numbers)


def _fitted(keys: Hashes, whats: Int32s) -> tuple[Hashes, Int32s]:
    """The same table, no larger than it need be."""
    used = np.flatnonzero(keys)
    small = np.zeros(table_size(len(used) + 1), np.uint64)
    moved = np.zeros(len(small), np.int32)
    fill(keys[used], whats[used], small, moved)
    return small, moved


def find_entries(offsets: Int64s, data: Bytes, of: Entries) -> tuple[Int64s, Places]:
    """The number of words of each row, and every place of every entry."""
    words = np.empty(len(offsets) - 1, np.int64)
    room = 64 + (int(offsets[-1]) - int(offsets[0])) // 100
    while True:
        out = np.empty((4, room), np.int64)
        found = scan_entries(offsets, data, *of[:-1], words, out)
        if found <= room:
            return words, Places(*out[:, :found])
        room = found
