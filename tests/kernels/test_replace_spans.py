"""Spans that give way to other bytes, beside the twin."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datapipe.kernels.spans import replace_spans
from tests.reference import spans as twin

Spans = list[tuple[int, int, int]]
ROW = st.tuples(
    st.binary(max_size=12),
    st.lists(st.integers(0, 12), max_size=8),
    st.lists(st.binary(max_size=3), min_size=4, max_size=4),
)


def replaced(texts: list[bytes], spans: Spans, new: list[bytes]) -> tuple[list[bytes], list[int]]:
    column = pa.array([b"before", *texts], pa.large_binary()).slice(1)  # a slice: offsets do not begin at 0
    offsets, data = (
        np.frombuffer(buffer, kind) for buffer, kind in zip(column.buffers()[1:], (np.int64, np.uint8), strict=True)
    )
    rows, starts, ends = np.array(spans, np.int64).reshape(-1, 3).T.copy()
    borders = np.cumsum([0, *map(len, new)])
    after, bytes_after, at = replace_spans(
        offsets[1:].copy(), data.copy(), rows, starts, ends, borders, np.frombuffer(b"".join(new), np.uint8).copy()
    )
    signs = bytes_after.tobytes()
    assert after[0] == 0
    assert after[-1] == len(signs)
    return [signs[a:b] for a, b in pairwise(after)], at.tolist()


@settings(max_examples=150, deadline=None)
@given(st.lists(ROW, max_size=5))
@example([(b"aaa", [0, 3], [b"xyz"] * 4), (b"", [0, 0], [b"x"] * 4), (b"abc", [0, 1, 1, 1, 1, 3], [b""] * 4)])
def test_as_its_twin(made: list[tuple[bytes, list[int], list[bytes]]]) -> None:
    """Empty texts, empty spans and spans that touch among them."""
    spans, new = [], []
    for row, (text, cuts, values) in enumerate(made):
        cuts = sorted(min(cut, len(text)) for cut in cuts)
        spans += [(row, a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
        new += values[: len(cuts) // 2]
    texts = [text for text, _, _ in made]
    assert replaced(texts, spans, new) == twin.replace(texts, spans, new)
