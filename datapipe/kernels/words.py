"""Words without a model: the chunks between white space, cut at their edges and at a few joints.

The rules follow what spaCy's English tokenizer (datatrove's words) does to real text. From both ends of a chunk,
punctuation comes off one code point at a time (runs of dots in one piece); inside, hyphens between letters,
`and/or`, `a=b`, `end.Next` and symbols cut; `3.14`, `1,000`, `foo_bar`, `AT&T` and links stay whole; `don't` is
`do` and `n't`, `it's` is `it` and `'s`. Known abbreviations, single letters and `e.g.` keep their dot. A run of a
script without spaces (Han, kana, Thai, Lao, Khmer, Myanmar) is a chunk of its own, cut into syllables
(kernels/syllables.py) or where a segmenter says so. The Tibetan tsheg and the Ethiopic wordspace end a word.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import (
    AFTER_DIGIT,
    ALPHA,
    NO_SPACES,
    NUMBER,
    PLAIN,
    PREFIX,
    PUNCTUATION,
    QUOTE,
    SPACE,
    SUFFIX,
    SYMBOL,
    TERMINAL,
    UPPER,
    Classes,
)
from datapipe.kernels.decode import before, class_at
from datapipe.kernels.eight import NONE, TOPS, below, digits, eight_at, length, letters
from datapipe.kernels.hashing import Hashes, hash_of, slot_of, word_table
from datapipe.kernels.jit import inlined
from datapipe.kernels.joints import (
    DOT,
    MINUS,
    PLUS,
    apostrophe_before,
    contraction_start,
    dots_end,
    is_digit,
    is_link,
    joint_size,
)
from datapipe.kernels.scripts import ROLE, ROLE_SHIFT, SEPARATOR
from datapipe.kernels.syllables import syllable

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

ABBREVIATIONS = """Mt Ak Ala Apr Ariz Ark Aug Calif Colo Conn Dec Del Feb Fla Ga Ia Id Ill Ind Jan Jul Jun Kan Kans
Ky La Mar Mass Mich Minn Miss Neb Nebr Nev Nov Oct Okla Ore Pa Sep Sept Tenn Va Wash Wis Adm Bros co Co Corp Dr Gen
Gov Inc Jr Ltd Md Messrs Mo Mont Mr Mrs Ms Prof Rep Rev Sen St vs"""
LONGEST_ABBREVIATION = 6  # bytes

# A word is a row of numbers: where it starts and stops, its code points, and its kind, in which
# ALPHA: it has a letter; SYMBOL, PUNCTUATION: it has nothing else; TERMINAL: it is one such sign.
START, STOP, CHARS, KIND = 0, 1, 2, 3
WIDTH = 4

NO_BREAKS = np.zeros(0, np.uint8)  # no segmenter


@cache
def abbreviations() -> Hashes:
    """The words that keep their dot."""
    return word_table(ABBREVIATIONS.split())


@inlined
def prefix_size(data: Bytes, i: int, stop: int, classes: Classes) -> int:
    """Bytes of the token that comes off the start of a chunk, 0 if none does."""
    kind, size = class_at(data, i, classes)
    if kind & PREFIX:
        return size
    if data[i] == DOT and i + 1 < stop and data[i + 1] == DOT:
        return dots_end(data, i, stop) - i
    if data[i] == PLUS and (i + 1 >= stop or not is_digit(data, i + 1)):
        return 1
    return 0


@inlined
def dot_is_own(data: Bytes, start: int, dot: int, classes: Classes, abbreviated: Hashes) -> bool:
    """Does a dot at the end of a word end a sentence rather than an abbreviation?"""
    last = before(data, dot)
    kind, _ = class_at(data, last, classes)
    if kind & ALPHA:
        if last == start or data[last - 1] == DOT:  # `J.`, `a.`, `e.g.`, `U.S.`
            return False
        if kind & UPPER:
            above, _ = class_at(data, before(data, last), classes)
            return above & UPPER != 0
        if dot - start > LONGEST_ABBREVIATION:
            return True
        known = abbreviated[slot_of(abbreviated, len(abbreviated), hash_of(data, start, dot))] != np.uint64(0)
        return not known
    return kind & (PLAIN | NUMBER | SUFFIX | QUOTE | AFTER_DIGIT) != 0 or data[last] == MINUS  # PLAIN: a vowel sign


@inlined
def suffix_start(data: Bytes, start: int, stop: int, classes: Classes, abbreviated: Hashes) -> int:
    """Where the token that comes off the end of data[start:stop] starts; `stop` if none does."""
    i = before(data, stop)
    kind, _ = class_at(data, i, classes)
    if kind & SUFFIX:
        return i
    if i == start:
        return stop
    if data[i] == DOT:
        if data[i - 1] == DOT:
            while i > start and data[i - 1] == DOT:
                i -= 1
            return i
        return i if dot_is_own(data, start, i, classes, abbreviated) else stop
    if kind & AFTER_DIGIT:
        return i if is_digit(data, i - 1) else stop
    if data[i] | 32 == 115:  # 's
        quote = apostrophe_before(data, start, i)
        if quote >= 0:
            return quote
    return stop


@inlined
def put(words: Int64s, n: int, start: int, stop: int, chars: int, some: int, every: int) -> int:
    """Write word n, of whose code points some and every one are of these classes; return n + 1."""
    words[n, START] = start
    words[n, STOP] = stop
    words[n, CHARS] = chars
    words[n, KIND] = some & ALPHA | every & (SYMBOL | PUNCTUATION) | (some & TERMINAL if chars == 1 else 0)
    return n + 1


@inlined
def measured(words: Int64s, n: int, data: Bytes, start: int, stop: int, classes: Classes) -> int:
    """Write word n; return n + 1."""
    chars = some = 0
    every = -1
    i = start
    while i < stop:
        kind, size = class_at(data, i, classes)
        some |= kind
        every &= kind
        chars += 1
        i += size
    return put(words, n, start, stop, chars, some, every)


@inlined
def segment(data: Bytes, start: int, stop: int, classes: Classes, abbreviated: Hashes, words: Int64s) -> int:
    """Write a row for each word; return how many there are (at most one a byte)."""
    return segment_by(data, start, stop, classes, abbreviated, words, NO_BREAKS)


@inlined
def segment_by(
    data: Bytes, start: int, stop: int, classes: Classes, abbreviated: Hashes, words: Int64s, breaks: Bytes
) -> int:
    """As `segment`; `breaks` is empty, or has for each byte of data what a segmenter says of the word there."""
    n = 0
    i = start
    while i < stop:
        first = i
        kind, size = class_at(data, i, classes)
        if kind & SPACE:
            i += size
            continue
        some = chars = 0
        every = -1
        if kind & NO_SPACES:
            i, chars, some, every = syllable(data, i, stop, classes, breaks)
            n = put(words, n, first, i, chars, some, every)
            continue
        if not kind & PLAIN:
            # What comes off the start of a chunk leaves one that is cut as if it began there.
            size = prefix_size(data, i, stop, classes)
            if size:
                i += size
                n = put(words, n, first, i, 1 if kind & PREFIX else size, kind, kind)
                continue
        elif data[i] < 128:
            # Seven words of ten are found by this alone: a run of ASCII letters and digits, eight at a time.
            alpha = NONE
            while i + 8 <= len(data):
                eight = eight_at(data, i)
                found = letters(eight)
                run = below((found | digits(eight)) ^ TOPS)
                size = length(run)
                if i + size > stop:  # into the next document
                    break
                alpha |= found & run
                i += size
                if size < 8:
                    break
            chars = i - first
            if chars:
                every = PLAIN
                some = ALPHA if alpha else 0
        while i < stop:
            kind, size = class_at(data, i, classes)
            if kind & (PLAIN | NO_SPACES) != PLAIN:
                break
            some |= kind
            every &= kind
            chars += 1
            i += size
        if i >= stop or kind & (SPACE | NO_SPACES):
            if kind & NO_SPACES:
                if kind >> ROLE_SHIFT & ROLE == SEPARATOR:
                    i += size
                    chars += 1
                size = 0
            n = put(words, n, first, i, chars, some, every)
            i += size
            continue

        # A sign inside the chunk or at its end.
        plain = i
        end = i
        while not kind & (SPACE | NO_SPACES):
            end += size
            if end >= stop:
                break
            kind, size = class_at(data, end, classes)
        i = end
        tail = end
        while tail > plain:
            cut = suffix_start(data, first, tail, classes, abbreviated)
            if cut == tail:
                break
            tail = cut
        if tail == plain:  # a word and its comma, mostly
            if chars:
                n = put(words, n, first, tail, chars, some, every)
        elif tail > first:
            n = segment_middle(data, first, tail, classes, words, n)
        while tail < end:
            at = tail
            kind, size = class_at(data, tail, classes)
            if data[tail] == DOT:
                size = dots_end(data, tail, end) - tail
            elif kind & QUOTE and tail + size < end and data[tail + size] | 32 == 115:
                size += 1
            tail += size
            n = measured(words, n, data, at, tail, classes)
    return n


@inlined
def segment_middle(data: Bytes, start: int, stop: int, classes: Classes, words: Int64s, n: int) -> int:
    """The words of a chunk bared of what comes off its ends."""
    split = contraction_start(data, start, stop)
    end = split
    if is_link(data, start, end):
        n = measured(words, n, data, start, end, classes)
        start = end
    i = start
    left = 0
    while i < end:
        kind, size = class_at(data, i, classes)
        if not kind & PLAIN:
            joint = joint_size(data, i, end, kind, size, left, classes)
            if joint < 0:
                size = -joint
            elif joint > 0:
                if start < i:
                    n = measured(words, n, data, start, i, classes)
                n = measured(words, n, data, i, i + joint, classes)
                size = joint
                start = i + joint
        left = kind
        i += size
    if start < end:
        n = measured(words, n, data, start, end, classes)
    if split < stop:
        n = measured(words, n, data, split, stop, classes)
    return n
