"""Twin of kernels/listed_words.py: tokens one code point at a time, every entry tried at every token."""

import unicodedata

from datapipe.kernels.classes import UNSPACED, _points
from datapipe.kernels.scripts import HIRAGANA, KATAKANA, KILLER, LEAD, LIGHT, ROLES, STACKER, VOWEL

NO_SPACES = set(_points(UNSPACED).tolist())
ROLE = {role: set(_points(ranges).tolist()) for role, ranges in ROLES.items()}
QUOTES = {"‘": "'", "’": "'", "‐": "-", "‑": "-"}


def fold(char):
    if char == "İ":
        return "i"
    if unicodedata.decomposition(char).startswith(("<wide>", "<narrow>")):
        char = unicodedata.normalize("NFKC", char)
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", char.casefold()).casefold())


def skipped(char):
    point = ord(char)
    selects = point == 0x34F or 0xFE00 <= point < 0xFE10 or 0x1F3FB <= point < 0x1F400 or 0xE0000 <= point < 0xE0200
    return selects or unicodedata.category(char) == "Cf"


def kind(char):
    """skip, space, mark, sign, alone, letter or other; of what it is folded to."""
    if skipped(char):
        return "skip"
    if char.isspace():
        return "space"
    if unicodedata.category(char) == "So":
        return "sign"
    folded = fold(char)
    if len(folded) == 1:
        char = folded
    if unicodedata.category(char)[0] == "M":
        return "mark"
    if char == "ー" or (ord(char) in NO_SPACES and (char.isalpha() or char.isnumeric())):
        return "alone"
    return "letter" if char.isalpha() or char.isnumeric() else "other"


def is_in(char, *roles):
    folded = fold(char)
    point = ord(folded) if len(folded) == 1 else ord(char)
    return any(point in ROLE[role] for role in roles)


def parts(char, other):
    """Would a border between them part what belongs together?"""
    if kind(char) == kind(other) == "letter" or kind(other) == "mark" or is_in(char, STACKER, LEAD):
        return True
    if all(is_in(c, KATAKANA) or fold(c) == "ー" for c in (char, other)):
        return True
    return other not in "ๆໆៗ" and is_in(other, VOWEL, LIGHT, STACKER, KILLER)


def clusters(letters):
    """Every base letter with its marks, in any order."""
    found = []
    for char in letters:
        if unicodedata.category(char)[0] == "M" and found:
            found[-1][1].append(char)
        else:
            found.append((char, []))
    return tuple((base, tuple(sorted(marks))) for base, marks in found)


def tokens(text):
    """(start, stop, letters, kind) of each; places in code points."""
    found = []
    i = 0
    while i < len(text):
        first = kind(text[i])
        if first not in ("letter", "alone", "sign"):
            i += 1
            continue
        start = i
        letters = fold(text[i])
        i += 1
        while i < len(text):
            k = kind(text[i])
            if k == "skip":
                i += 1
            elif k == "mark" or (k == "letter" and first == "letter"):
                letters += fold(text[i])
                i += 1
            else:
                break
        found.append((start, i, clusters(letters), first))
    return found


def joint(between):
    if not between:
        return "touch"
    shown = "".join(QUOTES.get(c, fold(c)) for c in between if kind(c) not in ("space", "skip"))
    if shown in ("", "-") and not (shown and any(map(str.isspace, between))):
        return "blank"
    return None if any(map(str.isspace, between)) or len(between.encode()) > 12 else shown


def spelled(text, some):
    """What must be equal."""
    out = []
    for k, token in enumerate(some):
        if k:
            between = joint(text[some[k - 1][1] : token[0]])
            if between is None:
                return None
            out.append(between)
        out.append(token[2])
    return tuple(out)


def stands_free(text, some, bare):
    start, stop = some[0][0], some[-1][1]
    last = stop - 1
    while last > start and kind(text[last]) in ("mark", "skip"):
        last -= 1
    if start and (parts(text[start - 1], text[start]) or (bare and kind(text[start - 1]) in ("letter", "alone"))):
        return False
    if stop == len(text):
        return True
    return not (parts(text[last], text[stop]) or (bare and kind(text[stop]) in ("letter", "alone")))


def find(text, entries):
    """Words of the text, and (start, stop, entry) of every place of every entry; code points."""
    listed = {}
    for entry in entries:
        some = tokens(entry)
        spelling = spelled(entry, some)
        if some and spelling is not None:
            limit = 2 if all(is_in(entry[t[0]], HIRAGANA) for t in some) else 1
            listed[spelling] = len(some), len(some) <= limit and all(t[3] == "alone" for t in some)
    all_tokens = tokens(text)
    found = []
    for k in range(len(all_tokens)):
        for spelling, (size, bare) in listed.items():
            some = all_tokens[k : k + size]
            if len(some) == size and spelled(text, some) == spelling and stands_free(text, some, bare):
                found.append((some[0][0], some[-1][1]))
    words = 0
    for k, (start, _, _, first) in enumerate(all_tokens):
        touches = k > 0 and all_tokens[k - 1][1] == start
        words += first != "sign" and not (touches and parts(text[all_tokens[k - 1][0]], text[start]))
    return words, sorted(found)
