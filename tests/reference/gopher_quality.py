"""Gopher's quality measures over Python strings."""

import math

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
