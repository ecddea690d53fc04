"""SentencePiece models by their own library."""

from __future__ import annotations

from typing import Any

import numpy as np

from datapipe.arrow.text import Text, column_of
from datapipe.core.errors import MissingDependency
from datapipe.core.tokenizers.tokenizer import Encoded, Int32s

TEXTS = 256  # that the library gets at once


class SentencePiece:
    """A .model file; ValueError for a file that the library does not read."""

    slow: str | None = "a SentencePiece model"

    def __init__(self, content: bytes, wanted_by: str) -> None:
        try:
            import sentencepiece
        except ImportError:
            raise MissingDependency("sentencepiece", "tokenize", wanted_by) from None
        try:
            self._library: Any = sentencepiece.SentencePieceProcessor(model_proto=content)
        except (RuntimeError, OSError):
            raise ValueError("neither a tokenizer.json, nor a .tiktoken file, nor a SentencePiece model") from None
        self.size = int(self._library.get_piece_size())

    def encode(self, text: Text) -> Encoded:
        """The library's ids; control symbols that a text spells are text."""
        ids, ends, n = [np.empty(0, np.int32)], [], 0
        texts = column_of(text.offsets, text.data)
        for start in range(0, len(text), TEXTS):
            batch = texts[start : start + TEXTS].to_pylist()
            for own in self._library.encode(batch, out_type=int, num_threads=1):
                ids.append(np.array(own, np.int32))
                n += len(own)
                ends.append(n)
        return Encoded(np.concatenate(ids), np.array(ends, np.int64))

    def decode(self, ids: Int32s) -> str:
        """The text of these tokens."""
        return str(self._library.decode(ids.tolist()))

    def id_of(self, token: str) -> int | None:
        """The id of a piece."""
        found = int(self._library.piece_to_id(token))
        return found if self._library.id_to_piece(found) == token else None
