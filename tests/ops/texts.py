"""Fuzzed Unicode, and the law that no document's answer depends on its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

NEWLINES = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\n\n\n"]
SPACES = [" ", "  ", "\t", "\xa0", "\u1680", "\u2003", "\u202f", "\u205f", "\u3000", "\u200b", "\x1f"]
SIGNS = ["\x00", "\x07", "\x7f", "\x9f", "\ufeff", "\u200d", "\u200c", "\xad", "e\u0301", "\u0301", "👩\u200d💻", "👍🏽",
         "אבג", "العربية", "हिन्दी", "漢字", "かな", "ภาษาไทย", "한국어", "\U00020000", "\U0010ffff", "\U000e0100", "\ud7ff",
         "\ue000", "İ", "ẞ", "Ⱥ", "Σ", "ς", "ǅ", "𐐀", "5", "٣", "½", "word", "Word", "."]  # fmt: skip
PIECE = st.one_of(
    st.sampled_from(NEWLINES),
    st.sampled_from(SPACES),
    st.sampled_from(SIGNS),
    st.characters(exclude_categories=("Cs",)),
)
TEXT = st.lists(PIECE, max_size=40).map("".join)
TEXTS = st.lists(st.one_of(st.none(), TEXT), max_size=6)


def rows(texts: list[str | None], **columns: list[Any]) -> pa.RecordBatch:
    """A batch of texts (and ids); other columns by name."""
    base = {
        "id": pa.array([str(i) for i in range(len(texts))], pa.string()),
        "text": pa.array(texts, pa.large_string()),
    }
    return pa.RecordBatch.from_pydict({**base, **{name: pa.array(values) for name, values in columns.items()}})


def each_way(texts: list[str | None], answer: Callable[[pa.RecordBatch], list[Any]]) -> list[Any]:
    """The answers for a batch, after seeing that slices and single documents give the same."""
    whole = answer(rows(texts))
    alone = [answer(rows([text]))[0] for text in texts]
    assert alone == whole
    padded = rows(["é", *texts, "x y\n"])
    assert answer(padded.slice(1, len(texts))) == whole
    return whole
