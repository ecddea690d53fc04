"""Words without a model: the chunks between white space, cut at their edges and at a few joints.

The rules follow what spaCy's English tokenizer (datatrove's words) does to real text. From both ends of a chunk,
punctuation comes off one code point at a time (runs of dots in one piece); inside, hyphens between letters,
`and/or`, `a=b`, `end.Next` and symbols cut; `3.14`, `1,000`, `foo_bar`, `AT&T` and links stay whole; `don't` is
`do` and `n't`, `it's` is `it` and `'s`. Known abbreviations, single letters and `e.g.` keep their dot. A code
point of a script without spaces (Han, kana, Thai, Lao, Khmer, Myanmar) is a word of its own.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import (
    AFTER_DIGIT,
    ALPHA,
    NUMBER,
    PLAIN,
    PREFIX,
    QUOTE,
    SPACE,
    SUFFIX,
    UPPER,
    Classes,
)
from datapipe.kernels.decode import before, class_at
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

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

ABBREVIATIONS = """Mt Ak Ala Apr Ariz Ark Aug Calif Colo Conn Dec Del Feb Fla Ga Ia Id Ill Ind Jan Jul Jun Kan Kans
Ky La Mar Mass Mich Minn Miss Neb Nebr Nev Nov Oct Okla Ore Pa Sep Sept Tenn Va Wash Wis Adm Bros co Co Corp Dr Gen
Gov Inc Jr Ltd Md Messrs Mo Mont Mr Mrs Ms Prof Rep Rev Sen St vs"""
LONGEST_ABBREVIATION = 6  # bytes


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
    return kind & (NUMBER | SUFFIX | QUOTE | AFTER_DIGIT) != 0 or data[last] == MINUS


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
def segment(
    data: Bytes, start: int, stop: int, classes: Classes, abbreviated: Hashes, starts: Int64s, stops: Int64s
) -> int:
    """Write where each word starts and stops; return how many there are (at most one a byte)."""
    n = 0
    i = start
    while i < stop:
        kind, size = class_at(data, i, classes)
        if kind & SPACE:
            i += size
            continue
        first = i
        plain = kind
        while not kind & SPACE:
            plain &= kind
            i += size
            if i >= stop:
                break
            kind, size = class_at(data, i, classes)
        if plain & PLAIN:  # four chunks of five
            starts[n] = first
            stops[n] = i
            n += 1
            continue

        head = first
        while head < i:
            size = prefix_size(data, head, i, classes)
            if size == 0:
                break
            starts[n] = head
            head += size
            stops[n] = head
            n += 1
        tail = i
        while tail > head:
            cut = suffix_start(data, head, tail, classes, abbreviated)
            if cut == tail:
                break
            tail = cut
        if tail > head:
            plain = PLAIN
            at = head
            while at < tail and plain:
                kind, size = class_at(data, at, classes)
                plain &= kind
                at += size
            if plain:  # a word and its comma, mostly
                starts[n] = head
                stops[n] = tail
                n += 1
            else:
                n = segment_middle(data, head, tail, classes, starts, stops, n)
        while tail < i:
            kind, size = class_at(data, tail, classes)
            if data[tail] == DOT:
                size = dots_end(data, tail, i) - tail
            elif kind & QUOTE and tail + size < i and data[tail + size] | 32 == 115:
                size += 1
            starts[n] = tail
            tail += size
            stops[n] = tail
            n += 1
    return n


@inlined
def segment_middle(data: Bytes, start: int, stop: int, classes: Classes, starts: Int64s, stops: Int64s, n: int) -> int:
    """The words of a chunk bared of what comes off its ends."""
    split = contraction_start(data, start, stop)
    end = split
    if is_link(data, start, end):
        starts[n] = start
        stops[n] = end
        n += 1
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
                    starts[n] = start
                    stops[n] = i
                    n += 1
                starts[n] = i
                stops[n] = i + joint
                n += 1
                size = joint
                start = i + joint
        left = kind
        i += size
    if start < end:
        starts[n] = start
        stops[n] = end
        n += 1
    if split < stop:
        starts[n] = split
        stops[n] = stop
        n += 1
    return n
