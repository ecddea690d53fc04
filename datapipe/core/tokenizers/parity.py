"""The parity premium: tokens of a text in one language over tokens of the same text in another."""

from __future__ import annotations

from typing import Any

import numpy as np
import xxhash

from datapipe.core.errors import RecipeError
from datapipe.core.tokenizers.tokenizer import Int64s

MOST = 20_000_000  # versions that are held, 16 bytes and 8 for each tokenizer


class Parity:
    """Versions of texts, linked by a key; Petrov et al. 2023 (arXiv:2305.15425) define the premium for a pair of texts.

    Here it is that of all texts together: the sum of tokens in a language over the sum in the other, over the keys that
    both have.
    """

    def __init__(self) -> None:
        self._langs: dict[str, int] = {}
        self._parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._rows = 0

    def add(self, keys: list[str | None], langs: list[str], tokens: list[Int64s]) -> None:
        """Take the versions that have a key; `tokens` has an array for each tokenizer."""
        rows = [row for row, key in enumerate(keys) if key is not None]
        self._rows += len(rows)
        if self._rows > MOST:
            raise RecipeError(
                f"--parallel: more than {MOST:,} versions of texts; a sample of them tells the premium as well"
            )
        hashes = np.array([xxhash.xxh3_64_intdigest((keys[row] or "").encode()) for row in rows], np.uint64)
        codes = np.array([self._langs.setdefault(langs[row], len(self._langs)) for row in rows], np.int64)
        self._parts.append((hashes, codes, np.stack([own[rows] for own in tokens], axis=1)))

    def premiums(self, base: str) -> dict[str, Any]:
        """language → texts in common, and the premium under each tokenizer; RecipeError if there is no text in `base`."""
        if base not in self._langs:
            known = ", ".join(sorted(self._langs)[:8])
            raise RecipeError(f"--relative-to {base}: no text with a key is in it; languages: {known or 'none'}")
        keys, codes, tokens = (np.concatenate([part[k] for part in self._parts]) for k in range(3))
        found = {}
        own = {code: _by_key(keys[codes == code], tokens[codes == code]) for code in (self._langs[base],)}
        base_keys, base_sums = own[self._langs[base]]
        for lang, code in sorted(self._langs.items()):
            mine, sums = _by_key(keys[codes == code], tokens[codes == code])
            _, here, there = np.intersect1d(mine, base_keys, assume_unique=True, return_indices=True)
            below = base_sums[there].sum(axis=0)
            ratio = [
                round(a / b, 4) if b else None
                for a, b in zip(sums[here].sum(axis=0).tolist(), below.tolist(), strict=True)
            ]
            found[lang] = {"texts": len(here), "premium": ratio}
        return found


def _by_key(keys: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keys, each once, and the sums of their rows."""
    unique, place = np.unique(keys, return_inverse=True)
    sums = np.zeros((len(unique), tokens.shape[1]), np.int64)
    np.add.at(sums, place, tokens)
    return unique, sums
