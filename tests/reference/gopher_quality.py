"""Gopher's quality measures over Python strings."""

import math
import re
import statistics

from tests.reference.repetition import LOWER
from tests.reference.words import SYMBOL, words


def measures(text: str, stop_words: set[str]) -> dict[str, float]:
    tokens = words(text)
    counted = [w for w in tokens if not set(w) <= SYMBOL]
    lines = text.splitlines()

    def share(part: int, whole: int) -> float:
        return part / whole if whole else 0.0

    return {
        "words": len(counted),
        "mean_word_length": sum(map(len, counted)) / len(counted) if counted else math.nan,
        "hashes_per_word": share(text.count("#"), len(tokens)),
        "ellipses_per_word": share(text.count("...") + text.count("…"), len(tokens)),
        "bullet_lines": share(sum(line.lstrip().startswith(("•", "-")) for line in lines), len(lines)),
        "ellipsis_lines": share(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)),
        "alphabetic_words": share(sum(any(c.isalpha() for c in w) for w in tokens), len(tokens)),
        "stop_words": len(stop_words & set(tokens)),
    }


def spaced(text: str, stop_words: set[str], variant: str) -> dict[str, float]:
    """The measures of paper, dclm and dolma: words are what stands between white space."""
    tokens = text.split()
    lines = text.split("\n")
    if variant != "dolma":
        lines = [line.strip() for line in lines if line.strip()]
    bullets = ("*", "-") if variant == "dolma" else ("*", "-", "•", "●")
    ends = {"paper": ("...", "…"), "dclm": ("...", ". . .", "…"), "dolma": ("…",)}[variant]
    found = tokens if variant == "dolma" else [token.translate(LOWER) for token in tokens]
    found = [token for token in found if token in stop_words]
    words, n, m = tokens, max(len(tokens), 1), max(len(lines), 1)
    if variant == "dclm":
        words = [
            token
            for token in re.split("[ \n\r\t\v\f\0]+", text)
            if token and (token[0].isalpha() or token[0].isnumeric())
        ]
    length = statistics.median if variant == "dolma" else statistics.fmean
    ellipses = text.count("…") + text.count("...")
    signs = text.count("#")
    if variant == "dclm":
        signs += ellipses + text.count(". . .")
    elif variant == "dolma":
        signs = sum("#" in token or "…" in token for token in tokens)
    return {
        "words": len(words),
        "mean_word_length": length(map(len, tokens)) if tokens else math.nan,
        "hashes_per_word": signs / n,
        "ellipses_per_word": ellipses / n if variant == "paper" else math.nan,
        "bullet_lines": sum(line.startswith(bullets) for line in lines) / m,
        "ellipsis_lines": sum(line.endswith(ends) for line in lines) / m,
        "alphabetic_words": sum(any(c.isalpha() for c in token) for token in tokens) / n,
        "stop_words": len(set(found)) if variant == "paper" else len(found),
    }
