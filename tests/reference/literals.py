"""What `datapipe.kernels.literals` finds, by looking at every place for every word."""

from __future__ import annotations


def find(texts: list[str], words: list[str], whole: list[bool]) -> list[tuple[int, int, int, int]]:
    """Row, start, end (bytes in the row) and word of every place, sorted."""
    found = []
    for row, text in enumerate(texts):
        for number, word in enumerate(words):
            for form in {fold(f) for f in (word, word.lower(), word.upper(), word.title())}:
                for at in range(len(text) - len(form) + 1):
                    if fold(text[at : at + len(form)]) != form:
                        continue
                    beside = text[at - 1 : at] if at else "", text[at + len(form) : at + len(form) + 1]
                    if whole[number] and any(is_letter(sign) for sign in beside):
                        continue
                    start = len(text[:at].encode())
                    found.append((row, start, start + len(form.encode()), number))
    return sorted(found)


def fold(text: str) -> str:
    """Small letters for capitals, ASCII only."""
    return "".join(sign.lower() if sign.isascii() else sign for sign in text)


def is_letter(sign: str) -> bool:
    """A letter, a digit, a low line; beyond ASCII all but the signs of Latin-1, of general and of CJK punctuation."""
    if not sign:
        return False
    if sign.isascii():
        return sign.isalnum() or sign == "_"
    if sign <= "\u00bf":
        return sign in "ªµº"
    return not ("\u2000" <= sign <= "\u203f" or "\u3000" <= sign <= "\u303f")
