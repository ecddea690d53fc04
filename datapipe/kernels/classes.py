"""What the kernels ask of a code point, in 16 bits, in one table looked up in two steps."""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from datapipe.kernels.scripts import DIGITS, ROLE, ROLE_SHIFT, ROLES, SHARED, UNSPACED

Classes = npt.NDArray[np.uint16]

SPACE, BREAK, ALPHA, UPPER, NUMBER, DECIMAL = 1, 2, 4, 8, 16, 32  # as str.isspace, splitlines, isalpha, ...
PLAIN = 64  # never ends a word: letters, marks, numbers, format characters
SYMBOL = 128  # a word of these alone is not counted as a word by datatrove
TERMINAL = 256  # ends a sentence
PREFIX, SUFFIX, INFIX = 512, 1024, 2048  # a token of its own at the start, the end, anywhere in a chunk
QUOTE = 4096
AFTER_DIGIT = 8192  # a token of its own when it ends a number: 5%, 5$, 5+
PUNCTUATION = 16384  # Unicode general category P
NO_SPACES = 32768  # of a script without spaces; the bits from PREFIX to QUOTE then hold a role of kernels/scripts.py

HEAD = 0x1100  # the table begins with one entry for every 256 code points

# Sentence terminals of all scripts as datatrove 0.10.1 lists them (159 code points): first, last.
TERMINALS = """21 2E 3F 589 61D-61F 6D4 700-702 7F9 837 839 83D-83E 964-965 104A-104B 1362 1367-1368 166E 1735-1736
17D4-17D6 17D9-17DA 1803 1809 1944-1945 1AA8-1AAB 1B5A-1B5B 1B5E-1B5F 1B7D-1B7E 1C3B-1C3C 1C7E-1C7F 203C-203D
2047-2049 2E2E 2E3C 2E53-2E54 3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9 AA5D-AA5F AAF0-AAF1
ABEB FE52 FE56-FE57 FF01 FF0E FF1F FF61 10A56-10A57 10F55-10F59 10F86-10F89 11047-11048 110BE-110C1 11141-11143
111C5-111C6 111CD 111DE-111DF 11238-11239 1123B-1123C 112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642
1173C-1173E 11944 11946 11A42-11A43 11A9B-11A9C 11C41-11C42 11EF7-11EF8 11F43-11F44 16A6E-16A6F 16AF5 16B37-16B38
16B44 16E98 1BC9F 1DA88"""

# datatrove's punctuation beyond the terminals: ASCII punctuation, controls, and the list inherited from CCNet,
# fullwidth digit one (FF11) included, a slip of the original that we repeat.
SYMBOLS = """0-8 B-C D-1F 21-2F 3A-40 5B-60 7B-7E 7F-9F AB B4 BB 2013-2014 2019 201C-201E 2026 2236 2501 25BA
3001 3008-300D 3010-3011 FF05 FF08-FF09 FF0C FF11 FF1A-FF1B FF5E"""

BREAKS = "A-D 1C-1E 85 2028-2029"  # where str.splitlines cuts


def _points(ranges: str) -> npt.NDArray[np.int64]:
    """The code points of `A-D 1C` and the like."""
    pairs = [tuple(int(end, 16) for end in part.split("-")) for part in ranges.split()]
    return np.concatenate([np.arange(pair[0], pair[-1] + 1) for pair in pairs])


def _flat() -> Classes:
    """The class of every code point; numpy's string predicates are CPython's own, vectorized (40 ms, not 300)."""
    points = np.arange(0x110000, dtype=np.uint32)
    points[0xD800:0xE000] = ord("?")  # surrogates: never in UTF-8
    points[0] = 1  # numpy reads a NUL as an empty string
    text = points.view("U1")
    flat = np.zeros(0x110000, np.uint16)
    alpha = np.strings.isalpha(text)
    number = np.strings.isnumeric(text)
    flat[alpha] |= ALPHA
    flat[np.strings.isupper(text) & alpha] |= UPPER
    flat[number] |= NUMBER
    flat[np.strings.isdecimal(text)] |= DECIMAL
    flat[np.strings.isspace(text)] |= SPACE
    flat[_points(BREAKS)] |= BREAK
    flat[_points(TERMINALS)] |= TERMINAL | SYMBOL
    flat[_points(SYMBOLS)] |= SYMBOL

    # Signs live in planes 0 and 1; what is no sign and no space is plain.
    category = [unicodedata.category(chr(point)) for point in range(0x20000)]
    sign = np.zeros(0x110000, np.bool_)
    first = np.array([ord(c[0]) for c in category])
    punctuation, symbol = first == ord("P"), first == ord("S")
    sign[:0x20000] = punctuation | symbol
    flat[:0x20000][punctuation] |= PUNCTUATION
    alone = np.array([c in ("So", "Po", "Ps", "Pe", "Pi", "Pf", "Pd") for c in category])
    alone[:128] = False
    flat[:0x20000][alone] |= PREFIX | SUFFIX
    flat[:0x20000][np.array([c == "So" for c in category])] |= INFIX
    currency = np.array([c == "Sc" for c in category])
    flat[:0x20000][currency] |= PREFIX | AFTER_DIGIT
    flat[~sign & (flat & SPACE == 0)] |= PLAIN
    # The ASCII signs as spaCy's English rules place them; - / @ \ ^ | ~ stay with the word they touch.
    for char in ",:;!?()[]{}<>_#*&'\"`":
        flat[ord(char)] |= PREFIX | SUFFIX
    flat[ord("%")] |= PREFIX | AFTER_DIGIT
    flat[ord("=")] |= PREFIX
    flat[ord("+")] |= AFTER_DIGIT
    flat[0xB4] |= PREFIX | SUFFIX
    flat[0xA7] &= ~np.uint16(SUFFIX)  # the section sign goes before, the pilcrow sign stays
    flat[0xB6] &= ~np.uint16(PREFIX | SUFFIX)
    flat[0x2026] |= INFIX  # the ellipsis
    flat[[ord(c) for c in "'\"`´‘’‚“”„»«「」『』（）〔〕【】《》〈〉"]] |= QUOTE

    unspaced = _points(UNSPACED)
    assigned = unspaced[(flat[unspaced] & (PLAIN | ALPHA)) != 0]
    flat[assigned] &= ~np.uint16(PLAIN)
    assigned = np.concatenate([assigned, _points(SHARED)])
    role = np.zeros(0x110000, np.uint16)
    for name, ranges in ROLES.items():
        role[_points(ranges)] = name
    role[flat & DECIMAL != 0] = DIGITS
    flat[assigned] = flat[assigned] & ~np.uint16(ROLE << ROLE_SHIFT) | role[assigned] << ROLE_SHIFT | NO_SPACES
    return flat


@cache
def class_table() -> Classes:
    """The classes above, in two steps."""
    return two_level(_flat())


def two_level(flat: Classes) -> Classes:
    """`table[HEAD + (table[c >> 8] << 8) + (c & 255)]` is the class of c; equal blocks are stored once."""
    blocks: dict[
        bytes, int
    ] = {}  # the first is the one of ASCII, so that a byte below 128 finds its class at HEAD + byte
    where = [blocks.setdefault(block.tobytes(), len(blocks)) for block in flat.reshape(HEAD, 256)]
    return np.concatenate([np.array(where, np.uint16), np.frombuffer(b"".join(blocks), np.uint16)])
