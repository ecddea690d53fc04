"""Twin of kernels/folded_words.py and kernels/overlap.py: lists of words, compared."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from datapipe.core.evaluation.benchmark import Item
from tests.reference.words import alone, syllable

NUMERAL = "a number"


class Word(NamedTuple):
    start: int
    stop: int
    letters: tuple[str, ...]


def lower(c: str) -> str:
    small = c.lower()
    return small if len(small) == 1 else c


def fold(c: str, joined: bool, plain: bool) -> str | None:
    """What a character counts as; "": left out, None: it parts words."""
    category = unicodedata.category(c)
    if c.isspace():
        return None
    if category in ("Cf", "Cc") or c == "\u034f" or 0xFE00 <= ord(c) < 0xFE10 or 0xE0000 <= ord(c) < 0xE1000:
        return ""
    if not (c.isalpha() or c.isnumeric() or category[0] == "M"):
        return "" if joined else None
    if plain and category in ("Mn", "Nd"):
        return NUMERAL if category == "Nd" else ""
    base = unicodedata.normalize("NFD", c)[0] if plain and 0xC0 <= ord(c) < 0x2000 else c
    return lower(base)


def words(text: str, joined: bool = False, plain: bool = False) -> Iterator[Word]:
    i = 0
    while i < len(text):
        start, letters = -1, list[str]()
        while i < len(text):
            if alone(text[i]):
                if letters:
                    break
                start = i if start < 0 else start
                piece = syllable(text[i:])
                i += len(piece)
                for c in piece:
                    add(letters, fold(c, joined, plain) or "")
                if letters:
                    break
                start = -1
                continue
            folded = fold(text[i], joined, plain)
            if folded is None:
                decimal = text[i] in ".," and i + 1 < len(text) and fold(text[i + 1], joined, plain) == NUMERAL
                if letters and not (letters[-1] == NUMERAL and decimal):
                    break
                start = start if letters else -1
            else:
                start = i if start < 0 else start
                add(letters, folded)
            i += 1
        if letters:
            yield Word(start, i, tuple(letters))


def add(letters: list[str], folded: str) -> None:
    if folded and not (folded == NUMERAL and letters[-1:] == [NUMERAL]):
        letters.append(folded)


Gram = tuple[tuple[str, ...], ...]


def units(
    items: Sequence[Item], size: int, least: int, questions: bool, joined: bool, plain: bool
) -> list[tuple[str, set[Gram]]]:
    """`benchmark:item#field` and the n-grams of each question, answer, and both."""

    def spelled(text: str) -> list[tuple[str, ...]]:
        return [word.letters for word in words(text, joined, plain)]

    def grams(all_of: list[tuple[str, ...]]) -> set[Gram]:
        if len(all_of) < size:
            return {tuple(all_of)} if len(all_of) >= least else set()
        return {tuple(all_of[i : i + size]) for i in range(len(all_of) - size + 1)}

    found = []
    for item in items:
        name = f"{item.benchmark}:{item.name}#"
        asked = spelled(item.question.text) if item.question else []
        if item.question and (questions or not item.answers):
            found.append((name + item.question.field, grams(asked)))
        for answer in item.answers:
            said = spelled(answer.text)
            if item.question:
                near = (asked, said) if questions else (asked[-(size - 1) :] if size > 1 else [], said[: size - 1])
                found.append((f"{name}{item.question.field}+{answer.field}", grams([*near[0], *near[1]])))
            found.append((name + answer.field, grams(said)))
    return found


def find(
    text: str, known: list[tuple[str, set[Gram]]], share: float, joined: bool, plain: bool
) -> tuple[int, float, list[tuple[int, int, str]]]:
    """Hits, the largest share, and the runs of hits of one unit."""
    here = list(words(text, joined, plain))
    sizes = sorted({len(gram) for _, grams in known for gram in grams})
    places = [
        (start, end, gram)
        for end in range(1, len(here) + 1)
        for size in sizes
        if (start := end - size) >= 0
        if any((gram := tuple(word.letters for word in here[start:end])) in grams for _, grams in known)
    ]
    held = Counter(
        unit for gram in {gram for *_, gram in places} for unit, (_, grams) in enumerate(known) if gram in grams
    )
    shares = {unit: n / len(known[unit][1]) for unit, n in held.items()}
    hits, runs = 0, list[tuple[int, int, int]]()
    best_share = 0.0
    for start, end, gram in places:
        able = [unit for unit in held if gram in known[unit][1] and shares[unit] >= share]
        if not able:
            continue
        unit = max(able, key=lambda unit: (shares[unit], held[unit], -unit))
        hits += 1
        best_share = max(best_share, shares[unit])
        first, last = here[start].start, here[end - 1].stop
        if runs and runs[-1][2] == unit and first <= runs[-1][1]:
            runs[-1] = (runs[-1][0], last, unit)
        else:
            runs.append((first, last, unit))
    return hits, best_share, [(start, stop, known[unit][0]) for start, stop, unit in runs]
