"""What a KenLM model says of lines of text, in the pieces of its SentencePiece model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.core.errors import MissingDependency, RecipeError
from datapipe.core.language_model.normal_text import normal_text
from datapipe.core.language_model.pieces import load_pieces
from datapipe.core.language_model.windows import WINDOW, windows

TOGETHER = 1 << 18  # characters that are cut into pieces in one call
Scores = npt.NDArray[np.float64]  # a row a line: the sum of log10 probabilities, and how many there are


class Scorer:
    """The models of one language.

    lm      path of an ARPA file, or of one by kenlm's build_binary, which processes share in memory
    pieces  bytes of the SentencePiece model
    """

    def __init__(self, lm: str, pieces: bytes, wanted_by: str) -> None:
        package = kenlm(wanted_by)
        config = package.Config()
        config.show_progress = False
        config.arpa_complain = package.ARPALoadComplain.NONE
        config.load_method = package.LoadMethod.LAZY  # mapped, and read where it is asked
        try:
            self._model = package.Model(lm, config)
        except (OSError, RuntimeError) as error:
            raise RecipeError(f"{lm}: kenlm cannot read it: {' '.join(str(error).split())}") from None
        self._state = package.State
        self._pieces = load_pieces(pieces, wanted_by)
        self._unknown = self._pieces.unk_id()
        # Numbers, looked up here, take a fifth less time than pieces as strings.
        self._names = [self._pieces.id_to_piece(number) for number in range(self._pieces.get_piece_size())]

    def lines(self, lines: Sequence[str]) -> Scores:
        """Each line by itself, with <s> and </s> around it; (0, 0) for one without pieces."""
        scores, lengths = [], []
        for start, stop in _portions(lines):
            normal = [normal_text(line) for line in lines[start:stop]]
            if max(map(len, normal)) > WINDOW:
                found = [self._score(line) for line in normal]
            else:
                found = [self._known(pieces) for pieces in self._cut(normal)]
            for score, length in found:
                scores.append(score)
                lengths.append(length)
        return np.array([scores, lengths], np.float64).T

    def as_ccnet(self, text: str) -> tuple[float, int]:
        """The whole text as CCNet scores it: its lines joined without a space, and scored as one.

        Beyond WINDOW a piece in 100,000 may be another: SentencePiece's own sums are of float32, over the whole line there.
        """
        return self._score(normal_text(text), np.float32)

    def _known(self, pieces: list[str]) -> tuple[float, int]:
        return (self._model.score(" ".join(pieces)), len(pieces) + 1) if pieces else (0.0, 0)

    def _score(self, line: str, sum_of: Callable[[float], Any] = float) -> tuple[float, int]:
        """A line of any length. kenlm's own sum is of float32, which with a million words is no longer exact."""
        if len(line) <= WINDOW:
            return self._known(self._cut([line])[0])
        before, after = self._state(), self._state()
        self._model.BeginSentenceWrite(before)
        total, length = sum_of(0.0), 0
        for part in chain(map(self._of_window, windows(line, WINDOW)), [["</s>"]]):
            for piece in part:
                total = sum_of(total + self._model.BaseScore(before, piece, after))
                before, after = after, before
            length += len(part)
        return (float(total), length) if length > 1 else (0.0, 0)

    def _of_window(self, part: str) -> list[str]:
        return self._cut([part])[0]

    def _cut(self, lines: list[str]) -> list[list[str]]:
        """Pieces of each line, none of them long."""
        names, unknown = self._names, self._unknown
        return [
            self._pieces.encode(line, out_type=str) if unknown in numbers else [names[number] for number in numbers]
            for line, numbers in zip(lines, self._pieces.encode(lines, out_type=int, num_threads=1), strict=True)
        ]


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


def kenlm(wanted_by: str) -> Any:
    """The package, or the command that installs it."""
    try:
        import kenlm as package
    except ImportError:
        raise MissingDependency("kenlm", "perplexity", wanted_by) from None
    return package
