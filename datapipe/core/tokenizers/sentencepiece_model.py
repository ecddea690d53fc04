"""Tokenizers of google/sentencepiece: BPE and unigram models by our kernels, the others by the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from datapipe.arrow.text import Text, column_of
from datapipe.core.errors import MissingDependency
from datapipe.core.tokenizers.sentencepiece_file import (
    BPE,
    BYTE,
    NORMAL,
    UNIGRAM,
    UNKNOWN,
    UNUSED,
    USER_DEFINED,
    Description,
    described,
)
from datapipe.core.tokenizers.tokenizer import Encoded, Int32s
from datapipe.kernels import piece_lattice, piece_merges
from datapipe.kernels.byte_pair_tables import merges_of
from datapipe.kernels.kept_pieces import empty_kept
from datapipe.kernels.piece_tables import BORDER, joints_of, trie_of
from datapipe.kernels.piece_text import BEHIND, IN_FRONT, NOWHERE, read_texts, rules_of

TEXTS = 256  # that the library gets at once
SLOTS = 1 << 18  # of what is kept, 21 MB: a seventh faster than 2^16 on text of 30 languages
SPACE = "\u2581"
UNKNOWN_PENALTY = np.float32(10)
BEGIN_ANEW = -100_000.0  # the sum below which the library's unigram models begin from 0 again


def library(wanted_by: str) -> Any:
    """The package; MissingDependency if it is absent."""
    try:
        import sentencepiece
    except ImportError:
        raise MissingDependency("sentencepiece", "tokenize", wanted_by) from None
    return sentencepiece


class SentencePiece:
    """What `SentencePieceProcessor.encode` gives; ValueError for a file that the library does not read.

    slow  why texts go to the library: WORD and CHAR models, white space not escaped, unused pieces of a BPE model
    """

    def __init__(self, content: bytes, wanted_by: str) -> None:
        package = library(wanted_by)
        try:
            self._library = package.SentencePieceProcessor(model_proto=content)
        except (RuntimeError, OSError) as error:
            raise ValueError(str(error)) from None
        self.size = int(self._library.vocab_size())
        self.slow: str | None = None
        self._fast: _Merging | _Adding | None = None
        model = described(content)
        self.slow = _unfit(model)
        if self.slow is None:
            self._reader = _Reader(model)
            self._fast = _Merging(model) if model.model_type == BPE else _Adding(model, _is_older(package))

    def encode(self, text: Text) -> Encoded:
        """The library's ids."""
        return self._by_library(text) if self._fast is None else self._fast.encode(self._reader.read(text))

    def decode(self, ids: Int32s) -> str:
        """The text of these tokens; control symbols are left out."""
        return str(self._library.decode(ids.tolist()))

    def id_of(self, token: str) -> int | None:
        """The id of a piece."""
        found = int(self._library.piece_to_id(token))
        return found if self._library.id_to_piece(found) == token else None

    def _by_library(self, text: Text) -> Encoded:
        ids: list[np.ndarray] = [np.empty(0, np.int32)]
        texts: pa.Array = column_of(text.offsets, text.data)
        for start in range(0, len(text), TEXTS):
            batch = texts[start : start + TEXTS].to_pylist()
            ids += [np.array(one, np.int32) for one in self._library.encode(batch, num_threads=1)]
        return Encoded(np.concatenate(ids), np.cumsum([len(one) for one in ids[1:]], dtype=np.int64))


class _Reader:
    """Text as the model reads it, with a blank for the sign for white space."""

    def __init__(self, model: Description) -> None:
        symbols = {p.text.encode(): k for k, p in enumerate(model.pieces) if p.kind == USER_DEFINED}
        self._rules = rules_of(model.charsmap, symbols)
        self._trie = trie_of(symbols)
        self._blank = NOWHERE if not model.dummy_prefix else BEHIND if model.space_behind else IN_FRONT
        self._collapse = model.collapse

    def read(self, text: Text) -> Text:
        return Text(*read_texts(*text, self._rules, self._trie, self._blank, self._collapse))


class _Merging:
    """A BPE model."""

    def __init__(self, model: Description) -> None:
        pieces = _spelled(model, NORMAL, USER_DEFINED)
        frozen = {text: k for text, k in pieces.items() if model.pieces[k].kind == USER_DEFINED}
        symbols = {text: k for text, k in pieces.items() if text not in frozen}
        self._size = len(model.pieces)
        for text in [*symbols]:  # a code point may stand in pieces and be none
            for point in text:
                symbols.setdefault(point, len(symbols) - len(frozen) + self._size)
        _, ranks = np.unique([-model.pieces[k].score for k in pieces.values()], return_inverse=True)
        pairs = []
        for (text, k), rank in zip(pieces.items(), ranks.tolist(), strict=True):
            for cut in range(1, len(text)):
                left, right = symbols.get(text[:cut]), symbols.get(text[cut:])
                if left is not None and right is not None:
                    pairs.append((left, right, k, rank))
        table = merges_of([], np.array(pairs, np.int64).reshape(-1, 4))
        last = max([self._size, *symbols.values()]) + 1
        of_point, sizes = np.full(0x110000, last, np.int32), np.ones(last + 1, np.int32)
        for text, k in (symbols | frozen).items():
            sizes[k] = len(text)
            if len(text) == 1:
                of_point[ord(text)] = k
        begins = np.zeros(256, np.uint8)
        begins[[text.encode()[0] for text in frozen]] = 1
        self._model = piece_merges.PieceMerges(joints_of([*pieces]), of_point, table.pairs, table.values, sizes, begins)
        self._frozen = trie_of({text.encode(): k for text, k in frozen.items()})
        self._unknown, self._bytes = _unknown(model)
        self._kept = empty_kept(SLOTS)

    def encode(self, text: Text) -> Encoded:
        return Encoded(
            *piece_merges.encode_texts(
                *text, self._model, self._frozen, self._size, self._unknown, self._bytes, self._kept
            )
        )


class _Adding:
    """A unigram model."""

    def __init__(self, model: Description, older: bool) -> None:
        pieces = _spelled(model, NORMAL, USER_DEFINED)
        normal = [piece.score for piece in model.pieces if piece.kind == NORMAL]
        scores = np.array([piece.score for piece in model.pieces], np.float64)
        for text, k in pieces.items():
            if model.pieces[k].kind == USER_DEFINED:
                scores[k] = _symbol_score(len(text.replace(" ", SPACE).encode()), older)
        spelled = {text.encode(): k for text, k in pieces.items()}
        self._model = piece_lattice.Pieces(
            joints_of([*pieces]),
            *trie_of(spelled),
            scores,
            np.float32(np.float32(min(normal)) - UNKNOWN_PENALTY),
            max(map(len, spelled)),
            *((-np.inf, True) if older else (BEGIN_ANEW, False)),
        )
        self._unknown, self._bytes = _unknown(model)
        self._kept, self._slack = empty_kept(SLOTS), np.zeros(SLOTS)

    def encode(self, text: Text) -> Encoded:
        return Encoded(
            *piece_lattice.encode_texts(*text, self._model, self._unknown, self._bytes, self._kept, self._slack)
        )


def _symbol_score(size: int, older: bool) -> float:
    """The score of a user-defined symbol of so many bytes, in a model whose own scores are 0 at most."""
    if older:  # as many times the highest score, which is looked for from the least positive float32 on
        return float(np.float32(size) * np.float32(2.0**-126)) - 0.1
    return float(np.float32(0.1 * (size - 1)))


def _is_older(package: Any) -> bool:
    """Whether sums of unigram models never begin anew and are compared as doubles: before 0.2.2."""
    return tuple(map(int, package.__version__.split(".")[:3])) < (0, 2, 2)


def _spelled(model: Description, *kinds: int) -> Mapping[str, int]:
    """Pieces of these kinds as text is read; those with a blank never stand in it."""
    return {
        piece.text.replace(SPACE, " "): k
        for k, piece in enumerate(model.pieces)
        if piece.kind in kinds and " " not in piece.text
    }


def _unknown(model: Description) -> tuple[int, Int32s]:
    """The unknown token, and those of the 256 bytes where the model has them."""
    unknown = next(k for k, piece in enumerate(model.pieces) if piece.kind == UNKNOWN)
    of_byte = np.zeros(256 if model.byte_fallback else 0, np.int32)
    if model.byte_fallback:
        for k, piece in enumerate(model.pieces):
            if piece.kind == BYTE:
                of_byte[int(piece.text[1:-1], 16)] = k
    return unknown, of_byte


def _unfit(model: Description) -> str | None:
    """Why our kernels do not do a model."""
    if model.model_type not in (BPE, UNIGRAM):
        return "it is neither a BPE nor a unigram model"
    if not model.escape:
        return "it does not escape white space"
    texts = [piece.text for piece in model.pieces if piece.kind in (NORMAL, USER_DEFINED, UNUSED)]
    if any("\x00" in text or BORDER in text for text in texts):
        return "it has a piece with U+0000 or U+10FFFF"
    taken = {piece.text for piece in model.pieces} - set(texts)
    if len(texts) + len(taken) < len(model.pieces) or any(len(text) == 1 for text in taken):
        return "a piece of it is a control symbol too"
    if model.model_type == BPE and any(piece.kind == UNUSED for piece in model.pieces):
        return "it is a BPE model with unused pieces"
    if model.model_type == UNIGRAM:
        if not any(piece.kind == NORMAL for piece in model.pieces):
            return "it has no pieces with a score"
        if any(piece.score > 0 for piece in model.pieces if piece.kind == NORMAL):
            return "it has scores above 0"
    return None
