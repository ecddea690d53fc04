"""The folding kernel against Python's str, on any Unicode."""

import os
import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.arrow.text import column_of, text_of
from datapipe.kernels.fold import LOWER_END, fold_text, lower_table
from tests.reference.fold import SPACE, fold

texts = st.lists(
    st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("aAÄßİΣ .,\t\n\u3000\x00Ⱥ"))), max_size=6
)


def folded(documents: list[str], *flags: bool) -> list[str]:
    text = text_of(pa.array(["before", *documents, "after"], pa.large_string()).slice(1, len(documents)))
    return column_of(*fold_text(text.offsets, text.data, lower_table(), *flags)).to_pylist()


@settings(max_examples=150, deadline=None)
@given(texts, st.booleans(), st.booleans(), st.booleans())
def test_equals_its_twin(documents: list[str], case: bool, space: bool, punctuation: bool) -> None:
    assert folded(documents, case, space, punctuation) == [fold(d, case, space, punctuation) for d in documents]


def test_every_code_point() -> None:
    documents = [f"x{chr(c)}y" for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    assert folded(documents, True, True, True) == [fold(d, True, True, True) for d in documents]
    assert all(c.isspace() for c in SPACE)
    assert all(
        len(chr(c).lower()) > 1 or chr(c).lower() == chr(c)
        for c in range(LOWER_END, 0x110000)
        if not 0xD800 <= c < 0xE000
    )


@pytest.mark.parametrize("text", ["Ⱥ" * 1000, "", " ", "\x00"])
def test_growth_and_nothing(text: str) -> None:
    assert folded([text], True, True, False) == [fold(text, True, True, False)]


def test_without_the_compiler() -> None:
    code = (
        "from tests.kernels.test_fold import folded; from tests.reference.fold import fold\n"
        "t = ['Größe\\u3000ΣİȺ \\U0001f600!', '', 'A  b']\n"
        "assert folded(t, True, True, True) == [fold(x, True, True, True) for x in t]"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": "."}
    )
