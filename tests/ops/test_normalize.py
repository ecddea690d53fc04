from __future__ import annotations

import sys
import unicodedata
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from datapipe.core.context import Context
from datapipe.core.errors import MissingDependency
from datapipe.ops.normalize import Normalize
from tests.ops.texts import TEXTS, each_way, rows
from tests.reference.clean import clean

FORMS = st.sampled_from(["none", "NFC", "NFD", "NFKC", "NFKD"])
FLAGS = st.booleans()


def made(**parameters: Any) -> Normalize:
    operator = Normalize(**parameters)
    operator.setup(Context("a", 0, lambda path: pytest.fail(path)))
    return operator


def done(operator: Normalize, texts: list[str | None]) -> list[str | None]:
    return operator.apply(rows(texts)).column("text").to_pylist()


@settings(deadline=None)  # the first call compiles
@given(TEXTS, FLAGS, FLAGS, FLAGS, st.integers(1, 3))
def test_the_kernel_equals_its_twin(
    texts: list[str | None], control: bool, newlines: bool, blanks: bool, most: int
) -> None:
    operator = made(form="NFC", control=control, newlines=newlines, whitespace=blanks, max_newlines=most)
    found = each_way(texts, lambda b: operator.apply(b).column("text").to_pylist())
    plain = [None if t is None else clean(t, control, newlines, blanks, most) for t in texts]
    assert found == [None if t is None else unicodedata.normalize("NFC", t) for t in plain]


@settings(deadline=None)
@given(TEXTS, FORMS, FLAGS, FLAGS, FLAGS, st.integers(1, 3))
def test_twice_is_once(
    texts: list[str | None], form: Any, control: bool, newlines: bool, blanks: bool, most: int
) -> None:
    if form == "none" and not (control or newlines or blanks):
        return
    operator = made(form=form, control=control, newlines=newlines, whitespace=blanks, max_newlines=most)
    once = done(operator, texts)
    assert done(operator, once) == once
    if form != "none":
        assert all(t is None or unicodedata.is_normalized(form, t) for t in once)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\x0cd\x85e\u2028f", "a\nb\nc\nd\ne\nf"),
        ("a\n \t \n\u3000\n\n\nb", "a\n\nb"),
        (" \n a \t\xa0 b \n c \n\n", "a b\nc"),
        ("\ufeffa\x00\x07\x9fb\x7f", "ab"),
        ("क्\u200dष \u200c \u200b", "क्\u200dष \u200c \u200b"),
        ("\n \r\n", ""),
        ("e\u0301 ﬁ", "e\u0301 ﬁ"),
    ],
)
def test_the_defaults(text: str, expected: str) -> None:
    assert done(made(), [text]) == [expected]


def test_every_code_point_alone() -> None:
    texts = [f"a{chr(c)}b" for c in range(0x30000) if not 0xD800 <= c < 0xE000]
    assert done(made(), texts) == [clean(t, True, True, True, 2) for t in texts]


def test_nulls_stay_null_and_other_columns_as_they_were() -> None:
    batch = rows(["a ", None, ""])
    after = made().apply(batch)
    assert after.column("text").to_pylist() == ["a", None, ""]
    assert after.column("id").equals(batch.column("id"))
    assert after.schema == batch.schema
    assert after.schema.field("text").type == pa.large_string()


def test_mojibake() -> None:
    pytest.importorskip("ftfy")
    operator = made(mojibake=True)
    assert done(operator, ["schÃ¶n â\x80\x94 l’hiver", "schön", "plain", None]) == [
        "schön — l’hiver",
        "schön",
        "plain",
        None,
    ]


def test_without_ftfy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ftfy", None)
    with pytest.raises(MissingDependency, match=r"normalize: \{mojibake: true\} needs the package ftfy: pip install"):
        made(mojibake=True)


@pytest.mark.parametrize(
    "bad",
    [{"max_newlines": 0}, {"form": "NFX"}, {"control": False, "newlines": False, "whitespace": False}],
)
def test_impossible_parameters_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Normalize(**bad)
