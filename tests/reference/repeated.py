"""Sentences and phrases a text repeats, by lists of strings: what ops/repeated_sentences.py must cut."""

from collections import Counter

from tests.reference.units import CUT, lines, normal, sentences, tokens
from tests.reference.words import alone


def again(text: str, form: str, words: int, times: int) -> list[CUT]:
    cuts = [(a + x, a + y) for a, b in lines(text) for x, y in sentences(text[a:b])]
    shapes = [normal(text[a:b], form) for a, b in cuts]
    often = Counter(shapes)
    seen: set[str] = set()
    found = []
    for i, (shape, (a, b)) in enumerate(zip(shapes, cuts, strict=True)):
        if shape in seen and often[shape] >= times and len(tokens(text[a:b])) >= words:
            found.append((cuts[i - 1][1], b))
        seen |= {shape} - {""}
    return found


def loops(text: str, longest: int, times: int, least: int) -> list[CUT]:
    cuts = tokens(text)
    words: list[object] = ["".join(c.lower() if len(c.lower()) == 1 else c for c in text[a:b]) for a, b in cuts]
    found = []
    for size in range(1, longest + 1):
        start = 0
        while start + size < len(words):
            end = start + size
            while end < len(words) and words[end] == words[end - size]:
                end += 1
            copies = (end - start) // size
            if copies >= times and end - start >= least:
                stop = start + copies * size
                whole = all(border(text, cuts[k - 1][1]) for k in (start + size, stop))
                if whole and any(c.isalpha() for a, b in cuts[start : start + size] for c in text[a:b]):
                    found.append((cuts[start + size - 1][1], cuts[stop - 1][1]))
                    words[start + size : stop] = [object() for _ in range(stop - start - size)]
                start = end - size + 1
            else:
                start = max(end - size, start) + 1
    return found


def border(text: str, i: int) -> bool:
    return i == len(text) or text[i].isspace() or alone(text[i]) or alone(text[i - 1])


def without(text: str, gone: list[CUT]) -> str:
    return "".join(c for i, c in enumerate(text) if not any(a <= i < b for a, b in gone))
