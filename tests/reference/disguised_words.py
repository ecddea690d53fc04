"""Twin of kernels/disguised_words.py: every listed word is held against every suspect."""

from itertools import groupby
from unicodedata import normalize

from datapipe.kernels.disguised_signs import _ORNAMENTS as ORNAMENTS
from datapipe.kernels.disguised_signs import _STYLES as STYLES
from datapipe.kernels.disguised_signs import ALIKE, MASKS, SIGNS
from tests.reference.listed_words import fold, kind

SHAPE = {
    other: shape for shape, others in ALIKE.items() for char in others for other in (char, char.casefold()[0])
} | SIGNS
SIGN, OTHER, REPEATED, MASKED, SPACED = "leet", "lookalike", "repeated", "masked", "spaced"


def is_in(char, ranges):
    return any(start <= ord(char) < stop for start, stop in ranges)


def bared(word):
    """The letters of a word, folded, without ornaments."""
    letters = (
        c if "가" <= c <= "힣" else "".join(d for d in fold(c) if not is_in(d, ORNAMENTS))
        for c in normalize("NFC", word)
    )
    return "".join(letters)


def read(char):
    """(class, base letter) of a sign."""
    if char in SIGNS:
        return "leet", char
    if char in MASKS:
        return "mask", char
    same = normalize("NFKC", char).casefold().strip("()")
    if is_in(char, STYLES) and len(same) == 1 and same.isascii() and same.isalpha():
        return "styled", same
    if is_in(char, ORNAMENTS) or kind(char) == "skip":
        return "nothing", ""
    if kind(char) in ("letter", "mark"):
        return "plain", char if "가" <= char <= "힣" else fold(char)[0]
    return "break", ""


def stands_for(sign, letter):
    """The disguise, "" where there is none, None where it is another letter."""
    sort, base = sign
    if sort == "mask":
        return MASKED
    if base == letter:
        return OTHER if sort == "styled" else ""
    if SHAPE.get(base, base) != SHAPE.get(letter, letter):
        return None
    if sort == "leet":
        return SIGN
    return None if base.isascii() == letter.isascii() else OTHER


def held_against(signs, word):
    """The disguises in which signs are this word; None if they are another."""
    lengths = [len(list(same)) for _, same in groupby(signs)]
    run = [length for length in lengths for _ in range(length)]
    used = set()
    at = 0
    for sign, length in zip(signs, run, strict=True):
        how = stands_for(sign, word[at]) if at < len(word) else None
        if how is not None:
            at += 1
        else:
            how = stands_for(sign, word[at - 1]) if at else None
            if how in (None, MASKED) or length < 3:
                return None
            used.add(REPEATED)
        used.add(how)
    return used - {""} if at == len(word) else None


def find(text, listed, wanted):
    """(start, stop, word) of every place; code points."""
    words = {bared(word) for word in listed}
    words = {w for w in words if len(w) >= 3 and len(set(w)) > 1 and {read(c)[0] for c in w} <= {"plain", "leet"}}
    read_text = [(*read(char), i) for i, char in enumerate(text)]
    runs = []
    for breaks, run in groupby(read_text, lambda sign: sign[0] == "break"):
        signs = [sign for sign in run if sign[0] != "nothing"]
        while (signs and signs[0][0] == "mask") or (signs and text[signs[0][2]] == "!"):
            signs = signs[1:]
        while signs and (signs[-1][0] == "mask" or text[signs[-1][2]] == "!"):
            signs = signs[:-1]
        if signs and not breaks:
            runs.append(signs)
    found = []

    def try_all(signs, how):
        shown = [sign[:2] for sign in signs]
        plain = sum(sort in ("plain", "styled") for sort, _ in shown)
        for word in words:
            masks = sum(sort == "mask" for sort, _ in shown)
            number_first = len(shown) == 3 and "0" <= text[signs[0][2]] <= "9"
            if len(shown) < 3 or number_first or 2 * plain < len(shown) or (masks and len(word) < 4):
                continue
            used = held_against(shown, word)
            if used is not None and used | how and used | how <= set(wanted):
                found.append((signs[0][2], signs[-1][2] + 1, word))

    row = []
    between = ""

    def end_row():
        if len(row) >= 3:
            try_all(row, {SPACED})
            if between == " ":
                try_all(row[1:], {SPACED})
                try_all(row[:-1], {SPACED})

    for signs in runs:
        sorts = {sort for sort, _, _ in signs}
        bases = [base.isascii() for sort, base, _ in signs if sort == "plain"]
        tripled = any(k[0] == "plain" and len(list(g)) > 2 for k, g in groupby(sign[:2] for sign in signs))
        strange = {"leet", "plain"} <= sorts or "styled" in sorts or len(set(bases)) == 2 or tripled or "mask" in sorts
        letters = [sign for sign in signs if sign[0] != "mask"]
        if len(letters) == 1 and not strange:
            gap = text[row[-1][2] + 1 : letters[0][2]] if row else ""
            parts = len(gap) == 1 and (" " <= gap < "\x80" or gap == "·" or "\u2000" <= gap < "\u2070")
            if parts and (len(row) == 1 or gap == between):
                between = gap
                row.append(letters[0])
                continue
            end_row()
            row = letters
            between = ""
            continue
        end_row()
        row = []
        between = ""
        if strange:
            try_all(signs, set())
    end_row()
    return sorted(found)
