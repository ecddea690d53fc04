"""What a tokenizer makes of texts, counted by group: the measures that tokenizers are compared by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.arrow.text import Text
from datapipe.core.tokenizers.tokenizer import Int64s, Tokenizer

UNKNOWN = ("<unk>", "[UNK]", "<UNK>", "<|unk|>")
BROKEN = "\ufffd"  # what stands where bytes are no character
RARE = 10  # uses below which a token is in the tail


def spellings(tokenizer: Tokenizer) -> list[str]:
    """Each token decoded alone: "" where it has no text of its own, U+FFFD in it where it is a part of a character."""
    return [tokenizer.decode(np.array([token], np.int32)) for token in range(tokenizer.size)]


@dataclass
class Amounts:
    """Sums over the texts of a group; used: the tokens seen."""

    tokens: int = 0
    unknown: int = 0
    fragments: int = 0
    used: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))


class Usage:
    """The counts of one tokenizer. Sums of integers: the same in whatever order texts come."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.spelled = spellings(tokenizer)
        self.groups: dict[tuple[str, ...], Amounts] = {}
        self.counts: Int64s = np.zeros(tokenizer.size, np.int64)
        fallback = [tokenizer.id_of(f"<0x{byte:02X}>") for byte in range(256)]
        self.fragment = np.array([BROKEN in text for text in self.spelled], np.bool_)
        self.fragment[[token for token in fallback if token is not None]] = True
        self._unknown = np.zeros(tokenizer.size, np.bool_)
        self._unknown[[token for name in UNKNOWN if (token := tokenizer.id_of(name)) is not None]] = True

    def add(self, text: Text, groups: list[tuple[str, ...]]) -> Int64s:
        """Count texts, each in its group; the tokens of each."""
        ids, ends = self.tokenizer.encode(text)
        starts = np.concatenate([[0], ends[:-1]])[: len(ends)]
        self.counts += np.bincount(ids, minlength=len(self.counts))
        unknown, fragments = (_sums(mask[ids], starts, ends) for mask in (self._unknown, self.fragment))
        for row, group in enumerate(groups):
            own = self.groups.setdefault(group, Amounts(used=np.zeros(len(self.counts), np.bool_)))
            own.tokens += int(ends[row] - starts[row])
            own.unknown += int(unknown[row])
            own.fragments += int(fragments[row])
            own.used[ids[starts[row] : ends[row]]] = True
        return np.asarray(ends - starts, np.int64)

    def vocabulary(self) -> dict[str, Any]:
        """How much of the vocabulary the sample uses, and how uses are spread."""
        order = np.sort(self.counts)[::-1]
        reached, total = np.cumsum(order), int(order.sum())
        share = {
            f"for_{percent}_percent": int(np.searchsorted(reached, total * percent / 100) + 1) if total else 0
            for percent in (50, 90, 99)
        }
        used = int((self.counts > 0).sum())
        rare = int(((self.counts > 0) & (self.counts < RARE)).sum())
        return {"size": len(order), "used": used, "never": len(order) - used, f"below_{RARE}": rare, **share}

    def ranks(self) -> list[tuple[int, int]]:
        """Rank and uses of tokens at ranks that double: the curve of Zipf."""
        order = np.sort(self.counts)[::-1]
        steps = [1 << k for k in range(len(order).bit_length())]
        return [(rank, int(order[rank - 1])) for rank in (*steps, len(order)) if rank <= len(order) and order[rank - 1]]


def _sums(flags: npt.NDArray[np.bool_], starts: Int64s, ends: Int64s) -> Int64s:
    before = np.concatenate([[0], np.cumsum(flags, dtype=np.int64)])
    return np.asarray(before[ends] - before[starts], np.int64)
