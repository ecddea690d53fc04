"""A long line in parts."""

from __future__ import annotations

from collections.abc import Iterator

WINDOW = 1 << 16  # characters of a line that SentencePiece is asked for at once: it takes some 300 bytes for each


def windows(line: str, size: int) -> Iterator[str]:
    """Parts of at most `size` characters that end before spaces, which no SentencePiece piece goes across.

    So the pieces of the parts are those of the line, but where there is no space for so long.
    """
    start = 0
    while len(line) - start > size:
        space = line.rfind(" ", start + 1, start + size + 1)
        stop = space if space > 0 else start + size
        yield line[start:stop]
        start = stop
    yield line[start:]
