"""What `kernels.piece_*` must equal: SentencePiece's two algorithms over a whole text, without cuts and without what is kept."""

from collections.abc import Mapping

import numpy as np

SPACE = "\u2581"


def read(text: str, dummy_prefix: bool, collapse: bool, behind: bool = False) -> str:
    """A text as a model without rules of its own reads it."""
    if collapse:
        text = " ".join(part for part in text.split(" ") if part)
    text = text.replace(" ", SPACE)
    if collapse:
        text = text.rstrip(SPACE)  # which an escaped one may be that stood there before
    if not text or not dummy_prefix:
        return text
    return text + SPACE if behind else SPACE + text


def merged(text: str, scores: Mapping[str, float], whole: frozenset[str] = frozenset()) -> list[str]:
    """Pieces of a text: of all neighbours that are a piece together those of the highest score first, then the leftmost."""
    symbols, at = [], 0
    while at < len(text):
        found = max((symbol for symbol in whole if text.startswith(symbol, at)), key=len, default=text[at])
        symbols.append(found)
        at += len(found)
    while True:
        pairs = [
            (-scores[symbols[k] + symbols[k + 1]], k)
            for k in range(len(symbols) - 1)
            if symbols[k] + symbols[k + 1] in scores and not {symbols[k], symbols[k + 1]} & whole
        ]
        if not pairs:
            return symbols
        _, k = min(pairs)
        symbols[k : k + 2] = [symbols[k] + symbols[k + 1]]


def added(text: str, scores: Mapping[str, float], unknown: float, limit: float, doubles: bool) -> list[str]:
    """Pieces of a text whose scores have the highest sum, by float32 from its beginning on; see `kernels.piece_lattice`."""
    longest = max(map(len, scores))
    sums: list[np.float32 | None] = [np.float32(0)] + [None] * len(text)
    starts = [0] * (len(text) + 1)
    for p in range(len(text)):
        here = sums[p]
        assert here is not None
        if here < limit:
            for k in range(p, min(len(text), p + longest) + 1):
                before = sums[k]
                sums[k] = None if before is None else np.float32(before - here)
            here = np.float32(0)
        steps = [(p + n, float(scores[text[p : p + n]])) for n in range(1, longest + 1) if text[p : p + n] in scores]
        if not steps or steps[0][0] != p + 1:
            steps.append((p + 1, unknown))
        for k, step in steps:
            if k > len(text):
                continue
            total = float(here) + step
            if not doubles or step == unknown:
                total = float(np.float32(total))
            before = sums[k]
            if before is None or total > before:
                sums[k], starts[k] = np.float32(total), p
    pieces, k = [], len(text)
    while k:
        pieces.append(text[starts[k] : k])
        k = starts[k]
    return pieces[::-1]


def ids(pieces: list[str], vocabulary: Mapping[str, int], unknown: int, of_byte: list[int]) -> list[int]:
    """Ids of pieces: what is none is spelled in bytes, or unknown, once for a run of them."""
    out: list[int] = []
    for piece in pieces:
        if piece in vocabulary:
            out.append(vocabulary[piece])
        elif of_byte:
            out += [of_byte[byte] for byte in piece.encode()]
        elif not out or out[-1] != unknown:
            out.append(unknown)
    return out
