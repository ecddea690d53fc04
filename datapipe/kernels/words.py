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
    INFIX,
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

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

DOT, PLUS, MINUS, COMMA, COLON, SLASH, AT = 46, 43, 45, 44, 58, 47, 64
ABBREVIATIONS = """Mt Ak Ala Apr Ariz Ark Aug Calif Colo Conn Dec Del Feb Fla Ga Ia Id Ill Ind Jan Jul Jun Kan Kans
Ky La Mar Mass Mich Minn Miss Neb Nebr Nev Nov Oct Okla Ore Pa Sep Sept Tenn Va Wash Wis Adm Bros co Co Corp Dr Gen
Gov Inc Jr Ltd Md Messrs Mo Mont Mr Mrs Ms Prof Rep Rev Sen St vs"""
LONGEST_ABBREVIATION = 6  # bytes


@cache
def abbreviations() -> Hashes:
    """The words that keep their dot."""
    return word_table(ABBREVIATIONS.split())


@inlined
def is_digit(data: Bytes, i: int) -> bool:
    """Is the byte at i an ASCII digit?"""
    return 48 <= data[i] <= 57


@inlined
def dots_end(data: Bytes, i: int, stop: int) -> int:
    """Where the run of dots that starts at i ends."""
    while i < stop and data[i] == DOT:
        i += 1
    return i


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
        return abbreviated[slot_of(abbreviated, len(abbreviated), hash_of(data, start, dot))] == np.uint64(0)
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
def apostrophe_before(data: Bytes, start: int, i: int) -> int:
    """Where the apostrophe (' or U+2019) that ends at i starts, -1 if there is none."""
    if i > start and data[i - 1] == 39:
        return i - 1
    if i >= start + 3 and data[i - 1] == 0x99 and data[i - 2] == 0x80 and data[i - 3] == 0xE2:
        return i - 3
    return -1


@inlined
def contraction_start(data: Bytes, start: int, stop: int) -> int:
    """Where `n't`, `'m`, `'d`, `'ll`, `'re`, `'ve` starts at the end of a longer word; `stop` if none does."""
    last = data[stop - 1] | 32
    quote = -1
    if last == 109 or last == 100:
        quote = apostrophe_before(data, start, stop - 1)
    elif last == 116:
        quote = apostrophe_before(data, start, stop - 1)
        if quote > start and data[quote - 1] | 32 == 110:
            quote -= 1
        else:
            quote = -1
    elif stop - start > 2:
        other = data[stop - 2] | 32
        if (last == 108 and other == 108) or (last == 101 and (other == 114 or other == 118)):
            quote = apostrophe_before(data, start, stop - 2)
    return quote if quote > start else stop


@inlined
def is_link(data: Bytes, start: int, stop: int) -> bool:
    """Has it `://` or a `@` inside, or starts it with `www.` or a host or file name such as `my-host.org`?"""
    if stop - start > 4 and data[start] == 119 and data[start + 1] == 119 and data[start + 2] == 119:
        if data[start + 3] == DOT:
            return True
    host = stop
    label = start  # where the part after the last dot starts
    for i in range(start, stop):
        b = data[i]
        if i > start and i + 1 < stop:
            if b == AT or (b == COLON and i + 2 < stop and data[i + 1] == SLASH and data[i + 2] == SLASH):
                return True
        if host == stop:
            if b == DOT:
                label = i + 1
            elif b == SLASH:
                host = i
            elif not (is_digit(data, i) or b == MINUS or b == 95 or 65 <= b <= 90 or 97 <= b <= 122):
                host = start
    if label < start + 2 or host - label < 2:
        return False
    for i in range(label, host):
        if not 97 <= data[i] <= 122:
            return False
    return True


@inlined
def is_dash(data: Bytes, i: int, stop: int) -> int:
    """Bytes of the hyphen, tilde, en or em dash at i, 0 if there is none."""
    if data[i] == MINUS or data[i] == 126:
        return 1
    if i + 2 < stop and data[i] == 0xE2 and data[i + 1] == 0x80 and (data[i + 2] == 0x93 or data[i + 2] == 0x94):
        return 3
    return 0


@inlined
def joint_size(data: Bytes, i: int, stop: int, kind: int, size: int, left: int, classes: Classes) -> int:
    """Bytes of the token that cuts a word at i, 0 if nothing does; negative: skip so many bytes uncut."""
    if kind & INFIX:
        return size
    b = data[i]
    if b == DOT and i + 1 < stop and data[i + 1] == DOT:
        return dots_end(data, i, stop) - i
    if left == 0 or i + size >= stop:
        return 0
    right, _ = class_at(data, i + size, classes)
    if b == DOT:
        lower = left & ALPHA != 0 and left & UPPER == 0
        return 1 if (lower or left & QUOTE) and right & (UPPER | QUOTE) else 0
    if b == COMMA:
        return 1 if left & ALPHA and right & ALPHA else 0
    if left & NUMBER and is_digit(data, i - 1) and (b == MINUS or b == PLUS or b == 42 or b == 94):
        if is_digit(data, i + 1) or data[i + 1] == MINUS:
            return 1
    if b == COLON or b == SLASH or 60 <= b <= 62:
        return 1 if left & (ALPHA | NUMBER) and right & ALPHA else 0
    if is_dash(data, i, stop):
        end = i
        run = 0
        while end < stop and is_dash(data, end, stop):
            end += is_dash(data, end, stop)
            run += 1
        if run <= 3 and end < stop and left & (ALPHA | NUMBER):
            right, _ = class_at(data, end, classes)
            if right & ALPHA:
                return end - i
        return i - end
    return 0


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
def segment_middle(
    data: Bytes, start: int, stop: int, classes: Classes, starts: Int64s, stops: Int64s, n: int
) -> int:
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
