"""A scorer for `score_with`: which of two kinds of text each document is nearer to, by the word vectors of wordllama."""

from pathlib import Path

import numpy as np
import wordllama


class Nearness:
    """Cosine to the mean of the texts `like`, less that to the mean of the texts `unlike`: from -2 to 2.

    Made once a worker. The package ships its vectors, so nothing is fetched.
    """

    def __init__(self, *, like: list[str], unlike: list[str]) -> None:
        folder = Path(wordllama.__file__).parent
        self._model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
        self._direction = self._units(like).mean(axis=0) - self._units(unlike).mean(axis=0)

    def __call__(self, texts: list[str]) -> list[float]:
        """A score for each text, which does not depend on the others: each product is of one row."""
        return [float(unit @ self._direction) for unit in self._units(texts)]

    def _units(self, texts: list[str]) -> np.ndarray:
        vectors = self._model.embed(texts).astype(np.float64)
        return np.nan_to_num(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
