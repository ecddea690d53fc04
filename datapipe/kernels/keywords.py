"""Many words found in one pass: an Aho-Corasick automaton over code points.

Its edges lie in one open-addressing table, so that 10,000 words take 3 MB and a million fit; a dense matrix over bytes
would take 20 MB and 2 GB. Where whole words are wanted, the automaton knows: no suffix link leads into the middle of a
word, and the scan waits for the next word after a mismatch, so that most letters cost no look-up.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, HEAD, NUMBER, PLAIN, class_table
from datapipe.kernels.classes import SPACE as WHITE
from datapipe.kernels.fold import LOWER_END, lower_table
from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

# What a code point is; in the table of signs its symbol in the automaton (0: in no word) stands above these bits.
LETTER = 1  # a letter, digit or mark of a script that parts its words
SPACE = 2
ALONE = 4  # a letter of a script without spaces: a word of its own
BITS = 3

SYMBOL_BITS = 21  # of an edge's key, below its state; every code point fits
FREE = -1
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_ONE = np.uint64(1)


class Automaton(NamedTuple):
    """State 0 is the root; `ends` counts the words that end in a state."""

    signs: Int32s
    first: Int32s
    keys: Int64s
    targets: Int32s
    fail: Int32s
    ends: Int32s
    whole: bool


@cache
def kinds() -> Int32s:
    """LETTER, SPACE or ALONE of every code point; 40 ms, once a process."""
    table = class_table()
    points = np.arange(0x110000)
    classes = table[HEAD + (table[points >> 8].astype(np.int64) << 8) + (points & 255)]
    plain, letter = classes & PLAIN != 0, classes & (ALPHA | NUMBER) != 0
    # Marks (Devanagari vowels, combining accents) stand in planes 0 and 1, and as variation selectors in plane 14.
    doubtful = np.flatnonzero(plain & ~letter & ((points < 0x20000) | (points >> 8 == 0xE01)))
    letter[[p for p in doubtful.tolist() if unicodedata.category(chr(p))[0] == "M"]] = True
    found = np.zeros(0x110000, np.int32)
    found[letter & plain] = LETTER
    found[letter & ~plain] = ALONE
    found[classes & WHITE != 0] = SPACE
    return found


def automaton(words: Iterable[str], case: bool, whole: bool) -> Automaton:
    """Made ready to find these words; any run of white space in a word stands for any run in the text.

    case   capitals are other letters than small ones        whole  a word is found only between non-letters
    """
    lower = np.arange(0x110000, dtype=np.int32)
    if not case:
        lower[:LOWER_END] = lower_table()
    one_spaced = "\n".join(" ".join(word.split()) for word in words)
    folded = _text(lower[_points(one_spaced)])
    spelled = sorted(set(folded.split("\n")) - {""})
    points = _points("".join(spelled))
    letters = np.unique(points)
    symbol = np.zeros(0x110000, np.int32)
    symbol[letters] = np.arange(1, len(letters) + 1)
    symbol = symbol[lower]
    kind = kinds()
    symbol[kind == SPACE] = symbol[ord(" ")]
    signs = symbol << BITS | kind

    offsets = np.zeros(len(spelled) + 1, np.int64)
    np.cumsum([len(word) for word in spelled], out=offsets[1:])
    flat = signs[points]
    size = 4
    while size < 2 * len(flat):
        size *= 2
    keys, targets = np.full(size, FREE, np.int64), np.zeros(size, np.int32)
    fail, ends = np.zeros(len(flat) + 1, np.int32), np.zeros(len(flat) + 1, np.int32)
    states = build(offsets, flat, whole, keys, targets, fail, ends)
    first = np.zeros(len(letters) + 1, np.int32)
    at_root = np.flatnonzero((keys != FREE) & (keys >> SYMBOL_BITS == 0))
    first[keys[at_root]] = targets[at_root]
    return Automaton(signs, first, keys, targets, fail[:states].copy(), ends[:states].copy(), whole)


def _points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _text(points: Int32s) -> str:
    return points.tobytes().decode("utf-32-le", "surrogatepass")


@inlined
def edge(keys: Int64s, state: int, symbol: int) -> np.uint64:
    """The slot of the edge, or the free one where it would lie."""
    mask = np.uint64(len(keys) - 1)
    key = np.int64(state) << SYMBOL_BITS | np.int64(symbol)
    slot = (np.uint64(key) * _GOLDEN >> _HALF) & mask
    while keys[slot] != key and keys[slot] != FREE:
        slot = (slot + _ONE) & mask
    return slot


@kernel
def build(offsets: Int64s, flat: Int32s, whole: bool, keys: Int64s, targets: Int32s, fail: Int32s, ends: Int32s) -> int:
    """Fill the tables with the words `flat[offsets[i]:offsets[i + 1]]`, one letter of all words after the other.

    So every state's suffix link leads to a state with a smaller number, which is complete. Returns the states made.
    """
    n = len(offsets) - 1
    here = np.zeros(n, np.int32)
    states = 1
    depth = 0
    growing = n > 0
    while growing:
        growing = False
        for word in range(n):
            at = offsets[word] + depth
            if at >= offsets[word + 1]:
                continue
            growing = True
            symbol = flat[at] >> BITS
            slot = edge(keys, here[word], symbol)
            if keys[slot] == FREE:
                # A suffix may start here unless that is the middle of a word.
                middle = whole and depth > 0 and flat[at] & flat[at - 1] & LETTER != 0
                link = 0
                up = fail[here[word]]
                while depth > 0 and not (up == 0 and middle):
                    back = edge(keys, up, symbol)
                    if keys[back] != FREE:
                        link = targets[back]
                        break
                    if up == 0:
                        break
                    up = fail[up]
                keys[slot] = np.int64(here[word]) << SYMBOL_BITS | symbol
                targets[slot] = states
                fail[states] = link
                ends[states] = ends[link]
                states += 1
            here[word] = targets[slot]
            if at + 1 == offsets[word + 1]:
                ends[here[word]] += 1
        depth += 1
    return states


@inlined
def point_at(data: Bytes, i: int) -> tuple[np.int64, int]:
    """Code point and byte length of what starts at i."""
    b = np.int64(data[i])
    if b < 0x80:
        return b, 1
    if b < 0xE0:
        return (b & 31) << 6 | (np.int64(data[i + 1]) & 63), 2
    if b < 0xF0:
        return (b & 15) << 12 | (np.int64(data[i + 1]) & 63) << 6 | (np.int64(data[i + 2]) & 63), 3
    high = (b & 7) << 18 | (np.int64(data[i + 1]) & 63) << 12
    return high | (np.int64(data[i + 2]) & 63) << 6 | (np.int64(data[i + 3]) & 63), 4


@kernel
def count_words_found(
    offsets: Int64s,
    data: Bytes,
    signs: Int32s,
    first: Int32s,
    keys: Int64s,
    targets: Int32s,
    fail: Int32s,
    ends: Int32s,
    whole: bool,
    out: Int64s,
) -> None:
    """Fill out[0, document] with the words found, overlapping ones too, and out[1, document] with all words."""
    for d in range(len(offsets) - 1):
        hits = words = state = 0
        waiting = 0  # found, if the word of the text ends here, too
        before = 0
        i = offsets[d]
        stop = offsets[d + 1]
        while i < stop:
            point, size = point_at(data, i)
            i += size
            sign = signs[point]
            if sign & before & SPACE:
                continue
            inside = sign & before & LETTER != 0
            if not inside:
                hits += waiting
                words += sign & LETTER
            words += (sign & ALONE) // ALONE
            waiting = 0
            before = sign
            symbol = sign >> BITS
            if symbol == 0:
                state = 0
                continue
            slot = _ONE
            while state != 0:
                slot = edge(keys, state, symbol)
                if keys[slot] != FREE:
                    break
                state = int(fail[state])
            # By hand, not in a function of these five arrays: LLVM would not inline it, and the scan ran at 28 MB/s.
            if state != 0:
                state = int(targets[slot])
            elif not (whole and inside):  # nothing begins in the middle of a word
                state = int(first[symbol])
            if whole:
                waiting = ends[state]
            else:
                hits += ends[state]
        out[0, d] = hits + waiting
        out[1, d] = words


def count_found(offsets: Int64s, data: Bytes, words: Automaton) -> tuple[Int64s, Int64s]:
    """For each document: words found, and all its words (a letter of a script without spaces is one)."""
    out = np.empty((2, len(offsets) - 1), np.int64)
    count_words_found(offsets, data, *words, out)
    return out[0], out[1]
