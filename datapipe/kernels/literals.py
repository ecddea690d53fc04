"""Places of many literal words, found in one pass over the bytes: an Aho-Corasick automaton as a dense table.

Made for some thousand cues ("password", "Straße", "-----BEGIN"): 10,000 states of 160 letters are 7 MB, of which a text
mostly visits those near the root; 1.3 ms a MB with 600 words, 2.4 with 2,000. `kernels/keywords.py` is for lists of any
length and only counts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]


class Literals(NamedTuple):
    """The automaton. States from `accepting` on end spellings: `ends[borders[k]:borders[k + 1]]`, k states after it."""

    letters: Bytes  # column of each byte in `following`; bytes in no word share column 0
    following: Int32s  # state * columns + column -> state * columns
    accepting: int  # state * columns
    borders: Int32s
    ends: Int32s
    words: Int32s  # number of the word of each spelling
    sizes: Int32s  # its bytes
    whole: Bytes  # 1 where it counts only between bytes that are no letters of a word


class Places(NamedTuple):
    """Where words stand; bytes from the start of the buffer, in order of their ends."""

    rows: Int64s
    starts: Int64s
    ends: Int64s
    words: Int64s


def literals(words: Sequence[str], whole: Sequence[bool]) -> Literals:
    """Made ready to find these words, in capitals and small letters; a word that is given twice is found twice.

    whole  for each word: it counts only where no letter, digit or low line stands beside it
    """
    forms: list[tuple[bytes, int]] = []
    for number, word in enumerate(words):
        if not word:
            raise ValueError("an empty word is everywhere")
        # Letters beyond ASCII stand in each case; bytes.lower folds the others.
        forms += [
            (f.encode().lower(), number) for f in (word, word.lower(), word.upper(), word.title(), word.capitalize())
        ]
    spellings = sorted(set(forms))
    letters = np.zeros(256, np.uint8)
    used = sorted({byte for form, _ in spellings for byte in form})
    letters[used] = np.arange(1, len(used) + 1)
    for byte in range(65, 91):
        letters[byte] = letters[byte + 32]
    columns = len(used) + 1

    table: list[list[int]] = [[-1] * columns]
    found: list[list[int]] = [[]]
    for spelling, (form, _) in enumerate(spellings):
        state = 0
        for sign in form:
            column = int(letters[sign])
            if table[state][column] < 0:
                table[state][column] = len(table)
                table.append([-1] * columns)
                found.append([])
            state = table[state][column]
        found[state].append(spelling)
    fail = [0] * len(table)
    pending = deque([0])
    while pending:
        state = pending.popleft()
        for column in range(columns):
            child = table[state][column]
            back = table[fail[state]][column] if state else 0
            if child < 0:
                table[state][column] = back
            else:
                fail[child] = back
                found[child] = found[child] + found[back]
                pending.append(child)
    order = sorted(range(len(table)), key=lambda state: bool(found[state]))  # stable: the root stays first
    place = np.zeros(len(table), np.int32)
    place[order] = np.arange(len(table))
    ends = [found[state] for state in order if found[state]]
    return Literals(
        letters,
        np.ascontiguousarray(place[np.array(table, np.int64)][order].ravel() * columns, np.int32),
        (len(table) - len(ends)) * columns,
        np.cumsum([0, *map(len, ends)]).astype(np.int32),
        np.array([spelling for here in ends for spelling in here], np.int32),
        np.array([number for _, number in spellings], np.int32),
        np.array([len(form) for form, _ in spellings], np.int32),
        np.array([whole[number] for _, number in spellings], np.uint8),
    )


@inlined
def letter_ends_at(data: Bytes, i: int, begin: int) -> bool:
    """Whether the character before byte i is a letter, a digit or a low line; signs beyond ASCII are told by their block."""
    if i <= begin:
        return False
    b = data[i - 1]
    if b < 0x80:
        return _word_byte(b)
    if i - 2 >= begin and data[i - 2] == 0xC2:  # U+0080 to U+00BF: no-break space, quotes, signs
        return bool(b == 0xAA or b == 0xB5 or b == 0xBA)
    if i - 3 >= begin:  # U+2000 to U+203F: spaces, dashes, quotes; U+3000 to U+303F: signs of East Asia
        return not bool((data[i - 3] == 0xE2 or data[i - 3] == 0xE3) and data[i - 2] == 0x80)
    return True


@inlined
def letter_starts_at(data: Bytes, i: int, stop: int) -> bool:
    """Whether the character at byte i is a letter, a digit or a low line."""
    if i >= stop:
        return False
    b = data[i]
    if b < 0x80:
        return _word_byte(b)
    if b == 0xC2:
        return bool(data[i + 1] == 0xAA or data[i + 1] == 0xB5 or data[i + 1] == 0xBA)
    return not bool((b == 0xE2 or b == 0xE3) and data[i + 1] == 0x80)


@inlined
def _word_byte(b: int) -> bool:
    return (b >= 97 and b <= 122) or (b >= 65 and b <= 90) or (b >= 48 and b <= 57) or b == 95


@inlined
def _put(
    offsets: Int64s, data: Bytes, row: int, end: int, ended: int, borders: Int32s, ends: Int32s, words: Int32s,
    sizes: Int32s, whole: Bytes, out: Int64s, first: int, count: int,
) -> int:  # fmt: skip
    """Put the words that end before byte `end` of a row, by the number of their state, into the half of `out` from `first` on;
    how many places there are then.
    """
    for spelling in ends[borders[ended] : borders[ended + 1]]:
        start = end - sizes[spelling]
        beside = letter_ends_at(data, start, offsets[row]) or letter_starts_at(data, end, offsets[row + 1])
        if whole[spelling] and beside:
            continue
        if 2 * count < out.shape[1]:
            out[0, first + count] = row
            out[1, first + count] = start
            out[2, first + count] = end
            out[3, first + count] = words[spelling]
        count += 1
    return count


@inlined
def _next_row(offsets: Int64s, row: int, at: int, last: int) -> int:
    """The first row from this one on that has a byte at `at` or after it."""
    while row < last and offsets[row + 1] <= at:
        row += 1
    return row


@kernel
def scan_literals(
    offsets: Int64s,
    data: Bytes,
    letters: Bytes,
    following: Int32s,
    accepting: int,
    borders: Int32s,
    ends: Int32s,
    words: Int32s,
    sizes: Int32s,
    whole: Bytes,
    middle: int,
    out: Int64s,
) -> tuple[int, int]:
    """Fill out[:, k] with row, start, end and word of each place; returns how many there are, also beyond its length.

    Each byte's look-up waits for the one before. So rows before `middle` and those from it on are walked side by side, which
    takes half the time; places of the latter stand in the second half of `out`.
    """
    columns = np.int64(letters.max()) + 1
    rows = len(offsets) - 1
    half = out.shape[1] // 2
    count_a = count_b = 0
    state_a = state_b = np.int32(0)
    a, stop_a, b, stop_b = offsets[0], offsets[middle], offsets[middle], offsets[rows]
    row_a, row_b = _next_row(offsets, 0, a, middle), _next_row(offsets, middle, b, rows)
    while a < stop_a or b < stop_b:
        end_a = offsets[row_a + 1] if a < stop_a else a
        end_b = offsets[row_b + 1] if b < stop_b else b
        both = min(end_a - a, end_b - b)
        for k in range(both):
            state_a = following[state_a + letters[data[a + k]]]
            state_b = following[state_b + letters[data[b + k]]]
            if state_a >= accepting:
                ended = (state_a - accepting) // columns
                count_a = _put(
                    offsets, data, row_a, a + k + 1, ended, borders, ends, words, sizes, whole, out, 0, count_a
                )  # fmt: skip
            if state_b >= accepting:
                ended = (state_b - accepting) // columns
                count_b = _put(
                    offsets, data, row_b, b + k + 1, ended, borders, ends, words, sizes, whole, out, half, count_b
                )  # fmt: skip
        a += both
        b += both
        if b >= stop_b:  # what is left of the first half
            while a < end_a:
                state_a = following[state_a + letters[data[a]]]
                a += 1
                if state_a >= accepting:
                    ended = (state_a - accepting) // columns
                    count_a = _put(
                        offsets, data, row_a, a, ended, borders, ends, words, sizes, whole, out, 0, count_a
                    )  # fmt: skip
        if a >= stop_a:
            while b < end_b:
                state_b = following[state_b + letters[data[b]]]
                b += 1
                if state_b >= accepting:
                    ended = (state_b - accepting) // columns
                    count_b = _put(
                        offsets, data, row_b, b, ended, borders, ends, words, sizes, whole, out, half, count_b
                    )  # fmt: skip
        if a == end_a:
            state_a = np.int32(0)
            row_a = _next_row(offsets, row_a, a, middle)
        if b == end_b:
            state_b = np.int32(0)
            row_b = _next_row(offsets, row_b, b, rows)
    return count_a, count_b


def find_literals(offsets: Int64s, data: Bytes, of: Literals) -> Places:
    """Every place of every word, overlapping ones too."""
    rows = len(offsets) - 1
    if rows < 1:
        return Places(*np.empty((4, 0), np.int64))
    middle = int(np.searchsorted(offsets, offsets[0] + (offsets[-1] - offsets[0]) // 2))
    room = 64 + (int(offsets[-1]) - int(offsets[0])) // 256
    while True:
        out = np.empty((4, 2 * room), np.int64)
        first, second = scan_literals(offsets, data, *of, middle, out)
        if max(first, second) <= room:
            return Places(*np.concatenate([out[:, :first], out[:, room : room + second]], axis=1))
        room = max(first, second)
