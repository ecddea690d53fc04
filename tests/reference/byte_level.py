"""What `kernels.byte_pairs` must equal: the published patterns by the module regex, and merging by looking at every pair."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import regex

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

_SIGN, _UPPER, _LOWER = r"[^\r\n\p{L}\p{N}]?", r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_WORDS = f"{_SIGN}{_UPPER}*{_LOWER}+%s|{_SIGN}{_UPPER}+{_LOWER}*%s"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = _WORDS % ((r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",) * 2) + r"|\p{N}{1,3}" + _REST
TEKKEN = _WORDS % ("", "") + r"|\p{N}" + _REST


def pieces(pattern: str, text: str, single_digits: bool = False) -> list[str]:
    """The pieces of a text; with `single_digits` every number is cut off first, and the rest is cut by itself."""
    parts = regex.findall(r"\p{N}|\P{N}+", text) if single_digits else [text]
    return [piece for part in parts for piece in regex.findall(pattern, part)]


def merged(symbols: Sequence[int], merges: Mapping[tuple[int, int], tuple[int, int]]) -> list[int]:
    """Tokens of a piece: the pair of the lowest rank first, of equal ones the leftmost; `merges` gives (rank, token)."""
    symbols = list(symbols)
    while pairs := [(merges[pair][0], k) for k, pair in enumerate(pairwise(symbols)) if pair in merges]:
        _, k = min(pairs)
        symbols[k : k + 2] = [merges[symbols[k], symbols[k + 1]][1]]
    return symbols


def encode(
    parts: Sequence[str],
    letters: Sequence[int],
    merges: Mapping[tuple[int, int], tuple[int, int]],
    whole: Mapping[bytes, int],
) -> list[int]:
    """Ids of the pieces of a text; those in `whole` are not merged but taken."""
    ids: list[int] = []
    for part in parts:
        raw = part.encode()
        ids += [whole[raw]] if raw in whole else merged([letters[byte] for byte in raw], merges)
    return ids
