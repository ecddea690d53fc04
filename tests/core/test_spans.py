"""Parts of texts: cut, copied, and told in code points, against plain Python."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa

from datapipe.arrow.text import column_of, text_of
from datapipe.core.spans import SPAN_CHARACTERS, SPANS, no_spans, spans_column
from datapipe.kernels.spans import cut_spans

ALPHABET = ["a", "é", "中", "\U0001f469", " ", "\n", "\x00", "e\u0301"]


def test_spans_equal_slices_of_strings() -> None:
    rng = random.Random(5)
    texts = ["".join(rng.choice(ALPHABET) for _ in range(rng.randrange(300))) for _ in range(200)] + ["", "中" * 150]
    rows, starts, ends, expected, left = [], [], [], [], []
    for row, text in enumerate(texts):
        cuts = sorted(rng.sample(range(len(text) + 1), min(len(text), 2 * rng.randrange(4))))
        pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
        expected.append(
            [{"start": a, "end": b, "reason": "r", "of": f"d{row}", "text": text[a:b][:100]} for a, b in pairs]
        )
        left.append(
            "".join(text[a:b] for a, b in zip([0, *[b for _, b in pairs]], [*[a for a, _ in pairs], None], strict=True))
        )
        rows += [row] * len(pairs)
        starts += [len(text[:a].encode()) for a, _ in pairs]
        ends += [len(text[:b].encode()) for _, b in pairs]
    text = text_of(pa.array(texts, pa.large_string()))
    at = [np.array(values, np.int64) for values in (rows, starts, ends)]
    found = spans_column(text, *at, "r", [f"d{row}" for row in rows])
    assert found.type == SPANS
    assert SPAN_CHARACTERS == 100
    assert found.to_pylist() == expected
    assert column_of(*cut_spans(text.offsets, text.data, *at)).to_pylist() == left


def test_no_spans() -> None:
    nothing = np.zeros(0, np.int64)
    text = text_of(pa.array(["a", "b"], pa.large_string()).slice(1))
    assert spans_column(text, nothing, nothing, nothing, "r").to_pylist() == [[]] == no_spans(1).to_pylist()
    assert column_of(*cut_spans(text.offsets, text.data, nothing, nothing, nothing)).to_pylist() == ["b"]
