"""FineWeb's measures over Python strings."""

from tests.reference.gopher_repetition import again
from tests.reference.words import TERMINAL, words


def measures(text: str, short: int) -> dict[str, float]:
    lines = [line for line in text.split("\n") if line.strip()]
    n = max(len(lines), 1)
    return {
        "lines": len(lines),
        "punctuated_lines": sum(line[-1] in TERMINAL for line in lines) / n,
        "short_lines": sum(len(line) <= short for line in lines) / n,
        "duplicate_line_characters": again(lines)[1] / max(len(text.replace("\n", "")), 1),
        "newlines_per_word": text.count("\n") / len(words(text)) if words(text) else 0.0,
    }
