"""Plain line files cut into byte ranges; a line belongs to the range in which it starts."""

from __future__ import annotations

from collections.abc import Iterable

from datapipe.core.reader import Piece
from datapipe.io.compression import codec_of
from datapipe.io.files import expand


def whole_files(paths: Iterable[str], extensions: tuple[str, ...]) -> list[Piece]:
    """Every file as one piece."""
    return [Piece(file.url, file.size, file.version) for file in expand(paths, extensions)]


def byte_ranges(paths: Iterable[str], extensions: tuple[str, ...], target: int) -> list[Piece]:
    """Plain files in pieces of `target` bytes, compressed and small ones whole."""
    pieces: list[Piece] = []
    for file in expand(paths, extensions):
        if file.size <= target or codec_of(file.url) is not None:
            pieces.append(Piece(file.url, file.size, file.version))
            continue
        starts = range(0, file.size, target)
        for start in starts:
            end = start + target if start != starts[-1] else None
            weight = target if end else file.size - start
            pieces.append(Piece(file.url, weight, file.version, start, end))
    return pieces
