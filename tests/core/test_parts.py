"""Parts of texts that are judged and cut: what is left keeps its lines, and what was cut is told."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.arrow.text import text_of
from datapipe.core.cutting import cut_units
from datapipe.core.parts import parts_of
from tests.ops.texts import TEXT

SENTENCES = st.lists(
    st.sampled_from(["One.", " Two two!", "三。", "\n", "\n\n", " \n ", "  ", "\u3000", "é", "?", TEXT]), max_size=12
)
TEXTS = st.lists(
    SENTENCES.flatmap(lambda pieces: st.tuples(*(p if not isinstance(p, str) else st.just(p) for p in pieces))).map(
        "".join
    ),
    max_size=4,
)


PLAIN = st.lists(st.lists(st.sampled_from(["One.", " Two!", "\n", "\n\n "]), max_size=12).map("".join), max_size=2)


def cut(
    texts: list[str], level: str, seed: int
) -> list[tuple[list[tuple[int, int, bool]], str, list[tuple[int, int]]]]:
    """Of each text its parts (code points, and whether they went by lot), what is left, and the spans."""
    column = pa.array(["kept", *texts], pa.large_string()).slice(1)
    parts = parts_of(text_of(column), level)  # type: ignore[arg-type]
    gone = np.array([random.Random(seed + i).random() < 0.5 for i in range(len(parts.row))], np.bool_)
    left = cut_units(column, parts.text, parts.units, {"lot": gone}, whole_lines=level != "sentence")
    out = []
    share = parts.share(gone)
    for row, text in enumerate(texts):
        own, raw, base = np.flatnonzero(parts.row == row), text.encode(), int(parts.text.offsets[row])
        places = [[len(raw[: n - base].decode()) for n in pair] for pair in parts.units.rows[own].tolist()]
        found = [(*place, bool(gone[i])) for place, i in zip(places, own, strict=True)]
        sizes = [(stop - start, went) for start, stop, went in found]
        if found:
            assert share[row] == sum(n for n, went in sizes if went) / sum(n for n, _ in sizes)
        else:
            assert np.isnan(share[row])
        spans = [(span["start"], span["end"]) for span in left.spans[row].as_py()]
        assert bool(left.empty[row]) == (bool(found) and all(went for *_, went in found))
        out.append((found, left.column[row].as_py(), spans))
    return out


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from(["sentence", "line", "paragraph"]), st.integers(0, 1000))
def test_what_is_left_is_the_text_without_its_spans(texts: list[str], level: str, seed: int) -> None:
    for text, (parts, left, spans) in zip(texts, cut(texts, level, seed), strict=True):
        borders = [0, *(place for span in spans for place in span), len(text)]
        assert left == "".join(text[a:b] for a, b in zip(borders[::2], borders[1::2], strict=True))
        for start, stop, gone in parts:
            covered = sum(max(0, min(stop, b) - max(start, a)) for a, b in spans)
            assert covered == (stop - start if gone else 0)
        if not any(gone for *_, gone in parts):
            assert left == text


@settings(max_examples=150, deadline=None)
@given(st.one_of(TEXTS, PLAIN), st.integers(0, 1000))
def test_sentences_of_two_lines_stay_apart_and_of_one_line_together(texts: list[str], seed: int) -> None:
    for text, (parts, left, spans) in zip(texts, cut(texts, "sentence", seed), strict=True):
        rest = np.cumsum([any(a <= i < b for a, b in spans) for i in range(len(text) + 1)])  # cut before each place
        kept = [(start, stop) for start, stop, gone in parts if not gone]
        for (_, stop), (start, _) in pairwise(kept):
            between = left[stop - int(rest[stop - 1]) : start - int(rest[start])]
            assert ("\n" in between) == ("\n" in text[stop:start]), (text, left)


def test_the_highest_of_a_text_s_parts() -> None:
    texts = pa.array(["One. Two.\nThree.", None, "", "Four.", " \n"], pa.large_string())
    parts = parts_of(text_of(texts), "sentence")
    values = parts.highest(np.array([0.1, np.nan, 0.7, np.nan]))
    assert np.array_equal(values, [0.7, np.nan, np.nan, np.nan, np.nan], equal_nan=True)
