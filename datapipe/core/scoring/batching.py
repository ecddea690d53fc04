"""Texts to a scorer in blocks of like length; a block that fails is halved until the failing texts stand alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datapipe.core.errors import DatapipeError
from datapipe.core.verdict import Numbers

Score = Callable[[Sequence[int]], Numbers]  # places of texts to their scores, a row each


def blocks(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Places of texts in blocks of `size`, longest first: like lengths need little padding, and what is too big fails soon."""
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    return [order[at : at + size] for at in range(0, len(order), size)]


@dataclass
class Memory:
    """What is known of a batch that failed, by address.

    The runner halves such a batch and asks anew; so no text is scored twice, and the others keep the very scores they
    had beside the failing one.
    """

    scores: dict[int, Numbers] = field(default_factory=dict)
    errors: dict[int, Exception] = field(default_factory=dict)

    def begin(self, addresses: Sequence[int]) -> None:
        """Forget, unless it is of these rows."""
        if not any(a in self.scores or a in self.errors for a in addresses):
            self.scores.clear()
            self.errors.clear()

    def fill(self, into: Numbers, addresses: Sequence[int]) -> list[int]:
        """Write what is known; the places that are not. Raises the error of a row that failed before."""
        for address in addresses:
            if address in self.errors:
                raise self.errors[address]
        unknown = []
        for place, address in enumerate(addresses):
            if address in self.scores:
                into[place] = self.scores[address]
            else:
                unknown.append(place)
        return unknown


def score_block(block: Sequence[int], score: Score, into: Numbers, failed: dict[int, Exception]) -> None:
    """Score a block into its places; texts that fail alone come into `failed`. A GPU's memory that ran out halves it, too."""
    try:
        into[np.asarray(block)] = score(block)
    except DatapipeError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a function raises is the fate of the rows that make it raise
        failed_alone = len(block) == 1
        if failed_alone:
            failed[block[0]] = error.with_traceback(None)  # a traceback would hold the tensors of the block
    else:
        return
    if not failed_alone:
        _free_gpu()
        middle = len(block) // 2
        score_block(block[:middle], score, into, failed)
        score_block(block[middle:], score, into, failed)


def _free_gpu() -> None:
    """Give back what torch holds for later, if it is there at all."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
