"""Tokenizers of Hugging Face's `tokenizers`: byte-level BPE by our kernels, all others by the library."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from datapipe.arrow.text import Text, column_of
from datapipe.core.errors import MissingDependency
from datapipe.core.tokenizers.byte_level import ByteLevel, Cut
from datapipe.core.tokenizers.piece_classes import NUMBERS, piece_classes
from datapipe.core.tokenizers.tokenizer import Encoded, Int32s, Int64s
from datapipe.kernels.classes import Classes
from datapipe.kernels.pretokens import GPT2

TEXTS = 256  # that the library gets at once
Special = Literal["split", "text"]


def library(wanted_by: str) -> Any:
    """The package; MissingDependency if it is absent."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # as many workers as cores: threads below them would fight
    try:
        import tokenizers
    except ImportError:
        raise MissingDependency("tokenizers", "tokenize", wanted_by) from None
    return tokenizers


class HuggingFace:
    """What a `tokenizer.json` describes; ValueError for a file that the library does not read.

    special  a special token that a text spells is that token (`split`, the library's way), or text like all other
    """

    def __init__(self, description: bytes, wanted_by: str, special: Special = "split") -> None:
        tokenizers = library(wanted_by)
        try:
            self._library = tokenizers.Tokenizer.from_str(description.decode())
        except Exception as error:  # noqa: BLE001  # the library raises nothing narrower
            raise ValueError(str(error)) from None
        self._library.no_truncation()
        self._library.no_padding()
        self._library.encode_special_tokens = special == "text"
        self.size = 1 + max(self._library.get_vocab(with_added_tokens=True).values(), default=-1)
        tokens = self._library.get_added_tokens_decoder().values()
        added = [token.content for token in tokens if special == "split" or not token.special]
        self._added = re.compile(b"|".join(re.escape(token.encode()) for token in added)) if added else None
        self.slow: str | None = None
        self._fast: ByteLevel | None = None
        try:
            self._fast = ByteLevel(json.loads(description), classes_of)
        except ValueError as error:
            self.slow = str(error)

    def encode(self, text: Text) -> Encoded:
        """The library's ids; texts that spell an added token go to the library itself."""
        if self._fast is None:
            return self._by_library(text)
        special = self._with_added(text)
        if not special.any():
            return self._fast.encode(text)
        parts = []
        for first, last, own in _runs_of(special):
            part = Text(text.offsets[first : last + 1], text.data)
            parts.append(self._by_library(part) if own else self._fast.encode(part))
        ends = np.cumsum(np.concatenate([np.diff(part.ends, prepend=0) for part in parts]))
        return Encoded(np.concatenate([part.ids for part in parts]), ends)

    def decode(self, ids: Int32s) -> str:
        """The text of these tokens, special ones as they are spelled."""
        return str(self._library.decode(ids.tolist(), skip_special_tokens=False))

    def id_of(self, token: str) -> int | None:
        """The id of a token."""
        found: int | None = self._library.token_to_id(token)
        return found

    def _by_library(self, text: Text) -> Encoded:
        ids: list[np.ndarray] = [np.empty(0, np.int32)]
        texts: pa.Array = column_of(text.offsets, text.data)
        for start in range(0, len(text), TEXTS):
            batch = texts[start : start + TEXTS].to_pylist()
            ids += [np.array(e.ids, np.int32) for e in self._library.encode_batch_fast(batch, add_special_tokens=False)]
        return Encoded(np.concatenate(ids), np.cumsum([len(one) for one in ids[1:]], dtype=np.int64))

    def _with_added(self, text: Text) -> np.ndarray:
        """Which texts spell an added token, or seem to by what stands at the head of the next one."""
        found = np.zeros(len(text), np.bool_)
        if self._added is None or not len(text):
            return found
        at, stop = int(text.offsets[0]), int(text.offsets[-1])
        data = text.data.data
        while (match := self._added.search(data, at, stop)) is not None:
            row = int(np.searchsorted(text.offsets, match.start(), side="right")) - 1
            found[row] = True
            at = int(text.offsets[row + 1])
        return found


def classes_of(cut: Cut) -> Classes:
    """The classes of code points that a way of cutting asks for, by the library's own Unicode."""
    return piece_classes(_runs_beside_digits if cut == Cut(GPT2, 1) else _runs)


def _runs(pattern: str, text: str) -> list[tuple[int, int]]:
    tokenizers = library("tokenize")
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(pattern), "removed", invert=True)
    return [place for _, place in split.pre_tokenize_str(text)]


def _runs_beside_digits(pattern: str, text: str) -> list[tuple[int, int]]:
    """The same where the step Digits cuts off numbers first, by a newer Unicode (17) than the patterns' (16)."""
    if pattern != NUMBERS:
        return _runs(pattern, text)
    digits = library("tokenize").pre_tokenizers.Digits(individual_digits=False)
    return [place for _, place in digits.pre_tokenize_str(text)][1::2]  # the text begins with what is none


def _runs_of(flags: np.ndarray) -> list[tuple[int, int, bool]]:
    """First and end of each run of equal flags."""
    borders: Int64s = np.concatenate([[0], np.flatnonzero(np.diff(flags)) + 1, [len(flags)]])
    return [(a, b, bool(flags[a])) for a, b in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)]
