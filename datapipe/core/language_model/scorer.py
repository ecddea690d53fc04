"""What an n-gram model says of lines of text, in the pieces of its SentencePiece model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.core.errors import RecipeError
from datapipe.core.language_model.kenlm_package import read_ngram_model
from datapipe.core.language_model.ngram_model import Words
from datapipe.core.language_model.normal_text import normal_text
from datapipe.core.language_model.windows import WINDOW, windows

TOGETHER = 1 << 18  # characters that are cut into pieces in one call
Scores = npt.NDArray[np.float64]  # a row a line: the sum of log10 probabilities, and how many there are


class Scorer:
    """The models of one language.

    lm      path of an ARPA file, or of one by kenlm's build_binary, which processes share in memory
    pieces  the SentencePiece model, loaded
    """

    def __init__(self, lm: str, pieces: Any) -> None:
        try:
            self._model = read_ngram_model(lm)
        except (OSError, ValueError) as error:
            raise RecipeError(f"{lm}: {error}") from None
        self._pieces = pieces
        self._unknown = self._pieces.unk_id()
        names = [self._pieces.id_to_piece(number) for number in range(self._pieces.get_piece_size())]
        self._numbers = self._model.numbers(names)  # the model's, by SentencePiece's

    def lines(self, lines: Sequence[str], single: bool = False) -> Scores:
        """Each line by itself, with <s> and </s> around it; (0, 0) for one without pieces.

        single  sums of float32, as kenlm's are. Newlines inside are taken out, without a space: so CCNet scores documents.
        Beyond WINDOW a piece in 100,000 may be another than SentencePiece's of the whole, whose own sums are of float32.
        """
        # No list for each line: Python's collector went through all of them, for a third of the time.
        parts: list[str] = []
        line: list[int] = []
        for i, text in enumerate(map(normal_text, lines)):
            if len(text) > WINDOW:
                parts.extend(windows(text, WINDOW))
                line.extend([i] * (len(parts) - len(line)))
            elif text:
                parts.append(text)
                line.append(i)
        counts = np.zeros(len(lines), np.int64)
        words = [np.zeros(0, np.uint32)]
        for start, stop in _portions(parts):
            encoded = self._pieces.encode(parts[start:stop], out_type=int, num_threads=1)
            np.add.at(counts, line[start:stop], list(map(len, encoded)))
            words.append(self._words(parts[start:stop], encoded))
        scores = self._model.scores(np.concatenate(words), counts, single)
        return np.column_stack([scores, counts + 1]) * (counts > 0)[:, None]

    def _words(self, parts: list[str], encoded: list[list[int]]) -> Words:
        """The model's words of these pieces; a character without a piece may be a word, too."""
        pieces = np.fromiter(chain.from_iterable(encoded), np.int64)
        words = self._numbers[pieces]
        without = pieces == self._unknown
        if without.any():
            odd = [
                surface
                for part, numbers in zip(parts, encoded, strict=True)
                if self._unknown in numbers
                for surface, number in zip(self._pieces.encode(part, out_type=str), numbers, strict=True)
                if number == self._unknown
            ]
            words[without] = self._model.numbers(odd)
        return words


def _portions(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Runs of lines with about TOGETHER characters."""
    start = size = 0
    for i, line in enumerate(lines, 1):
        size += len(line)
        if size >= TOGETHER or i == len(lines):
            yield start, i
            start, size = i, 0


def perplexity(log10: Any, words: Any) -> Any:
    """10^(-sum of log10 p / words), as facebookresearch/cc_net, cc_net/perplexity.py has it; NaN of no words."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return 10.0 ** (-np.asarray(log10) / np.asarray(words, np.float64))
