"""Units, forms and keys of spans against their plain twins, on any Unicode."""

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.arrow.text import text_of
from datapipe.core.dedup.units import spans_of, units_of
from datapipe.kernels.normal_forms import form_table, put_form
from tests.reference.units import CUTS, normal, spans

FORMS = ("datatrove", "ccnet", "c4", "exact")
PIECES = st.one_of(
    st.characters(codec="utf-8"),
    st.sampled_from(["A b. ", "e.g. ", "。", "！？", "\n", "\n\n", " \n \n", "\r\n", "\t", "\x00", "  ", "\u3000", "\xa0"]),
    st.sampled_from(["Σς", "İ", "각", "각", "é", "12.5", "١٢٫٣", "１", "3.4.5", "a. \u0301 b", "“”", "ﷺ", "ש.", "!a!b. c", '." '])
)  # fmt: skip
TEXTS = st.lists(st.lists(PIECES, max_size=14).map("".join), max_size=5)


def column(documents: list[str]) -> pa.Array:
    return pa.array(["before. x", *documents, "after"], pa.large_string()).slice(1, len(documents))


def cuts(documents: list[str], unit: str) -> list[list[str]]:
    text = text_of(column(documents))
    units = units_of(text, unit)  # type: ignore[arg-type]
    found = iter([text.data[a:b].tobytes().decode() for a, b in units.rows.tolist()])
    return [[next(found) for _ in range(count)] for count in units.counts]


def form_of(text: str, form: str) -> str:
    data = np.frombuffer(text.strip().encode(), np.uint8)
    out = np.empty(3 * len(data) + 8, np.uint8)
    return out[: put_form(data, 0, len(data), form_table(form), out, 0)].tobytes().decode()


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_units_equal_their_twin(documents: list[str]) -> None:
    for unit, cut in CUTS.items():
        assert cuts(documents, unit) == [[d[a:b] for a, b in cut(d)] for d in documents]


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_forms_equal_their_twin(text: str) -> None:
    for form in FORMS:
        assert form_of(text, form) == normal(text, form)


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_every_code_point(form: str) -> None:
    text = "x".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
    assert form_of(text, form) == normal(text, form)


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.sampled_from(FORMS), st.integers(1, 3), st.integers(1, 4))
def test_keys_are_equal_where_forms_are(documents: list[str], form: str, n: int, least: int) -> None:
    for unit in CUTS:
        text = text_of(column(documents))
        found = spans_of(text, units_of(text, unit), form, n, least)  # type: ignore[arg-type]
        expected = [(d, *span) for d, doc in enumerate(documents) for span in spans(doc, unit, form, n, least)]
        at = [(d, len(documents[d][:a].encode()), len(documents[d][:b].encode())) for d, _, a, b in expected]
        assert list(zip(found.document, found.start, found.stop, strict=True)) == at
        forms, keys = defaultdict(set), defaultdict(set)
        for (_, shape, _, _), high, low in zip(expected, found.key.tolist(), found.check.tolist(), strict=True):
            keys[shape].add((high, low))
            forms[high].add(shape)
            forms[low].add(shape)
        assert all(len(same) == 1 for same in (*keys.values(), *forms.values()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Smith went. He said: \"No!\" Then left...  (End.)", ["Mr. Smith went.", 'He said: "No!"', "Then left...  (End.)"]),
        ("你好。再见！真的吗？是", ["你好。", "再见！", "真的吗？", "是"]),
        ("مرحبا. كيف؟ جيد", ["مرحبا.", "كيف؟", "جيد"]),
        ("One.\n- two", ["One.", "- two"]),
        ("One. - two", ["One. -", "two"]),
        (" \n", []),
    ],
)  # fmt: skip
def test_sentences(text: str, expected: list[str]) -> None:
    assert cuts([text], "sentence") == [expected]
