"""Models of kinds that only KenLM's own package reads: tries, quantised ones, ARPA without all shorter n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from datapipe.core.language_model.kenlm_format import OtherKind
from datapipe.core.language_model.ngram_model import NgramModel, Words

UNKNOWN = "<unk>"


def has_package() -> bool:
    """Whether kenlm is installed; it has no wheel, so that nothing depends on it."""
    return find_spec("kenlm") is not None


class PackageModel:
    """A model by the package, word by word: some 20 times as slow as NgramModel, whose face it has."""

    def __init__(self, path: str) -> None:
        import kenlm

        config = kenlm.Config()
        config.load_method = kenlm.LoadMethod.LAZY  # mapped: processes share it
        try:
            self._kenlm, self._model = kenlm, kenlm.Model(path, config)
        except OSError as error:  # it ends with a sentence on what is wrong, behind a place in C++
            raise ValueError(f"kenlm cannot read it: {str(error).rsplit(chr(39) + '. ', 1)[-1].rstrip(')')}") from None
        self._words = [UNKNOWN]
        self._numbers = {UNKNOWN: 0}

    def numbers(self, words: Sequence[str]) -> Words:
        """A number for each word, the same for the same word; 0 is the unknown one."""
        for word in words:
            if word not in self._numbers:
                self._numbers[word] = len(self._words) if word in self._model else 0
                self._words += [word] * (word in self._model)
        return np.array([self._numbers[word] for word in words], np.uint32)

    def scores(self, words: Words, counts: npt.NDArray[np.int64], single: bool = False) -> npt.NDArray[np.float64]:
        """As NgramModel's."""
        sums = np.zeros(len(counts))
        at = 0
        for i, count in enumerate(counts.tolist()):
            state, following = self._kenlm.State(), self._kenlm.State()
            self._model.BeginSentenceWrite(state)
            total = np.float32(0) if single else np.float64(0)
            for word in [*map(self._words.__getitem__, words[at : at + count].tolist()), "</s>"]:
                total += np.float32(self._model.BaseScore(state, word, following))
                state, following = following, state
            sums[i] = total
            at += count
        return sums


def read_ngram_model(path: str) -> NgramModel | PackageModel:
    """A model by our own tables, or by the package where it is of another kind; ValueError where neither reads it."""
    try:
        return NgramModel(path)
    except OtherKind as error:
        if not has_package():
            raise ValueError(
                f"{error}; or install the package kenlm, which reads this kind: pip install kenlm"
            ) from None
        return PackageModel(path)
