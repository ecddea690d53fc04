"""What a tokenizer does whatever the sample: how it cuts numbers, and which tokens no text ever gives."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from datapipe.arrow.text import text_of
from datapipe.core.tokenizers.tokenizer import Tokenizer
from datapipe.core.tokenizers.usage import Usage

AT_ONCE = 4096  # spellings
NUMBERS = {2: range(10, 100), 3: range(100, 1000), 4: range(1000, 10000), 6: range(100_000, 1_000_000, 997)}


class Glitches(NamedTuple):
    """Tokens that a sample never used.

    unreachable  text that spells them is cut otherwise, special tokens among them
    fragments    parts of characters, of which alone nothing can be said
    """

    never: list[int]
    unreachable: list[int]
    fragments: list[int]


def glitches(usage: Usage) -> Glitches:
    """Of tokens never used, those that cannot be: decoded and encoded again, alone and within a text, they do not come.

    Land and Bartolo 2024 (arXiv:2405.05417) call them unreachable; text within is put behind « as there, and
    a letter, since some pieces only go on a word.
    """
    spelled, never = usage.spelled, np.flatnonzero(usage.counts == 0)
    fragments = never[usage.fragment[never]].tolist()
    asked = never[~usage.fragment[never]].tolist()
    lost = []
    for start in range(0, len(asked), AT_ONCE):
        part = asked[start : start + AT_ONCE]
        found = np.zeros(len(part), np.bool_)
        for before in ("", "«", "a"):
            ids, ends = usage.tokenizer.encode(
                text_of(pa.array([before + spelled[t] for t in part], pa.large_string()))
            )
            rows = np.searchsorted(ends, np.arange(len(ids)), side="right")
            found[rows[ids == np.array(part)[rows]]] = True
        lost += [token for token, is_found in zip(part, found.tolist(), strict=True) if not is_found]
    return Glitches(never.tolist(), lost, fragments)


def number_handling(tokenizer: Tokenizer) -> dict[str, Any]:
    """How numbers are cut: of each length the share that is one token, and whether each digit is a token of its own."""
    whole, single = {}, True
    for length, numbers in NUMBERS.items():
        texts = [f"x {number}" for number in numbers]
        _, ends = tokenizer.encode(text_of(pa.array([*texts, "x 1"], pa.large_string())))
        tokens = np.diff(ends, prepend=0)
        extra = tokens[:-1] - tokens[-1]  # beyond those of one digit
        whole[str(length)] = round(float((extra == 0).mean()), 4)
        single = single and bool((extra == length - 1).all())
    longest = max([1, *(length for length in NUMBERS if whole[str(length)])])
    if single:
        return {"cut": "each digit", "one_token": whole}
    learnt = any(whole[str(length)] not in (0.0, 1.0) for length in NUMBERS)
    return {"cut": f"up to {longest} digits{', as learnt' if learnt else ''}", "one_token": whole}
