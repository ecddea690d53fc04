"""Texts as tokens of a vocabulary learnt from them, each group a ring that batches are read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from datapipe.core.mixing.portions import Portions
from datapipe.core.tokenizers.huggingface import library

Tokens = npt.NDArray[np.int64]
END = 0  # before each text and after the last
BYTES = 256


@dataclass(frozen=True)
class Corpus:
    """What a seed trains and judges on.

    train   group -> its texts' tokens, one after the other, END before each
    judged  name -> the same of what a loss is asked of, END after the last, and its bytes (a text's end counts as one)
    """

    vocabulary: int
    train: Mapping[str, Tokens]
    judged: Mapping[str, tuple[Tokens, int]]


def corpus(parts: Portions, vocabulary: int) -> Corpus:
    """The portions as tokens."""
    coder = _Bytes() if vocabulary <= BYTES else _Pairs(_even(parts.train), vocabulary)
    train = {name: coder.ring(texts) for name, texts in parts.train.items() if texts}
    judged = {
        name: (np.append(coder.ring(texts), END), sum(len(text) + 1 for text in texts))
        for name, texts in parts.judged.items()
    }
    return Corpus(coder.size, train, judged)


def _even(train: Mapping[str, Sequence[bytes]]) -> list[str]:
    """Whole texts of each group until it has the median group's bytes: no group makes all the tokens."""
    sizes = sorted(sum(map(len, texts)) for texts in train.values())
    enough = sizes[len(sizes) // 2]
    found: list[str] = []
    for name in sorted(train):
        size = 0
        for text in train[name]:
            if size >= enough:
                break
            size += len(text)
            found.append(text.decode())
    return found


class _Bytes:
    """A token a byte; with END, 257."""

    size = BYTES + 1

    def ring(self, texts: Sequence[bytes]) -> Tokens:
        return np.concatenate([np.append(END, np.frombuffer(text, np.uint8).astype(np.int64) + 1) for text in texts])


class _Pairs:
    """Byte-level BPE, learnt by Hugging Face's `tokenizers`: its counts are integers, so nothing depends on threads."""

    def __init__(self, texts: Sequence[str], vocabulary: int) -> None:
        package = library("the transformer that is trained on mixtures")
        self._coder = package.Tokenizer(package.models.BPE())
        self._coder.pre_tokenizer = package.pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = package.trainers.BpeTrainer(
            vocab_size=vocabulary - 1,  # and END
            min_frequency=2,
            initial_alphabet=package.pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        self._coder.train_from_iterator(texts, trainer)
        self.size = self._coder.get_vocab_size() + 1

    def ring(self, texts: Sequence[bytes]) -> Tokens:
        coded = self._coder.encode_batch([text.decode() for text in texts])
        return np.array([token for one in coded for token in (END, *(i + 1 for i in one.ids))], np.int64)
