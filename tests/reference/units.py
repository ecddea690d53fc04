"""Sentences, lines, paragraphs and the forms they are compared in, by Python's str: what kernels/units.py must find."""

import re
import unicodedata
from itertools import groupby

from datapipe.kernels.classes import SYMBOLS
from tests.reference.words import TERMINAL, points, words

CUT = tuple[int, int]
BLANKS = str.maketrans(dict.fromkeys(points(f"{SYMBOLS} 3002 FF01 FF0E FF1F"), " "))
CCNET = re.compile("[，。、„”“«»１」「《》´∶：？！（）；–—．～’…━〈〉【】％►\x00-\x1f\x7f-\x9f]")


def tokens(text: str) -> list[CUT]:
    found = []
    at = 0
    for word in words(text):
        start = text.index(word, at)
        at = start + len(word)
        found.append((start, at))
    return found


def sentences(text: str) -> list[CUT]:
    """As spaCy's sentencizer, which sees white space other than one blank as a word."""
    found: list[CUT] = []
    start = last = 0
    ended = False
    for n, (a, b) in enumerate(tokens(text)):
        word = text[a:b]
        sign = word in TERMINAL or all(unicodedata.category(c)[0] == "P" for c in word)
        if n == 0:
            start = a
        elif ended and (text[last:a] not in ("", " ") or not sign):
            found.append((start, last))
            start = a
            ended = False
        ended = ended or word in TERMINAL
        last = b
    return [*found, (start, last)] if text.strip() else found


def lines(text: str) -> list[CUT]:
    found = []
    at = 0
    for line in text.split("\n"):
        if line.strip():
            found.append((at, at + len(line)))
        at += len(line) + 1
    return found


def paragraphs(text: str) -> list[CUT]:
    found = []
    at = 0
    rows = []
    for line in text.split("\n"):
        rows.append((bool(line.strip()), at, at + len(line)))
        at += len(line) + 1
    for full, group in groupby(rows, key=lambda row: row[0]):
        if full:
            cuts = list(group)
            found.append((cuts[0][1], cuts[-1][2]))
    return found


CUTS = {"sentence": sentences, "line": lines, "paragraph": paragraphs}


def normal(text: str, form: str) -> str:
    text = text.strip()
    if form == "exact":
        return text
    text = text.lower().replace("ς", "σ")
    if form == "ccnet":
        return CCNET.sub("", re.sub(r"\d", "0", text))
    if form == "datatrove":
        text = re.sub(r"\d+(?:[.,،٫⎖⎗⎘]\d+)?", "0", text).translate(BLANKS)
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
        return " ".join(text.split())
    return text


def spans(text: str, unit: str, form: str, n: int, least: int = 1) -> list[tuple[str, int, int]]:
    """What is compared of each span, and where it starts (with the white space before it) and stops."""
    cuts = CUTS[unit](text)
    forms = [normal(text[a:b], form) for a, b in cuts]
    return [
        (" ".join(forms[i : i + n]), cuts[i - 1][1] if i else 0, cuts[i + n - 1][1])
        for i in range(len(cuts) - n + 1)
        if sum(map(len, forms[i : i + n])) >= max(least, 1)
    ]
