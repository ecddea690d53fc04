"""Gopher's repetition measures over Python strings."""

import re
from collections import Counter

from tests.reference.words import words


def again(pieces: list[str]) -> tuple[int, int]:
    counts = Counter(pieces)
    repeats = {piece: n - 1 for piece, n in counts.items()}
    return sum(repeats.values()), sum(n * len(piece) for piece, n in repeats.items())


def top(tokens: list[str], n: int) -> int:
    grams = Counter(" ".join(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
    if not grams:
        return 0
    most = max(grams.values())
    return most * len(next(gram for gram, count in grams.items() if count == most))


def repeats(tokens: list[str], n: int) -> int:
    seen, total, skip = set(), 0, 0
    for i in range(len(tokens) - n + 1):
        if i < skip:
            continue
        gram = "".join(tokens[i : i + n])
        if gram in seen:
            total += len(gram)
            skip = i + n
        seen.add(gram)
    return total


def measures(text: str) -> dict[str, float]:
    size = max(len(text), 1)
    paragraphs, lines = re.split(r"\n{2,}", text.strip()), re.split(r"\n+", text)
    tokens = words(text)
    out = {
        "duplicate_paragraphs": again(paragraphs)[0] / len(paragraphs),
        "duplicate_paragraph_characters": again(paragraphs)[1] / size,
        "duplicate_lines": again(lines)[0] / len(lines),
        "duplicate_line_characters": again(lines)[1] / size,
    }
    out |= {f"top_{n}_gram": top(tokens, n) / size for n in (2, 3, 4)}
    return out | {f"duplicate_{n}_gram": repeats(tokens, n) / size for n in range(5, 11)}
