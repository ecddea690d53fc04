import numpy as np
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from datapipe.arrow.text import text_of
from datapipe.kernels.classes import class_table
from datapipe.kernels.counts import UNITS, have_letters
from datapipe.ops.length import Length
from tests.ops.texts import TEXTS, each_way, rows
from tests.reference import counts


@settings(deadline=None)  # the first call compiles
@given(TEXTS)
def test_counts_equal_the_string_methods(texts: list[str | None]) -> None:
    length = Length(min_words=1)
    found = each_way(texts, lambda b: np.array([length.judge(b).scores[u] for u in UNITS]).T.tolist())
    assert found == [counts.units(text or "") for text in texts]


@settings(deadline=None)  # the first call compiles
@given(TEXTS)
def test_letters_are_found(texts: list[str | None]) -> None:
    def answer(batch):  # type: ignore[no-untyped-def]
        text = text_of(batch.column("text"))
        out = np.empty(len(text), np.bool_)
        have_letters(text.offsets, text.data, class_table(), out)
        return out.tolist()

    assert each_way(texts, answer) == [counts.has_letters(text or "") for text in texts]


def test_bounds_are_kept_and_reasons_name_them() -> None:
    verdict = Length(min_words=2, max_words=3).judge(rows(["a", "a b", "a b c", "a b c d", "", None]))
    assert verdict.reason == ["too_few_words", None, None, "too_many_words", "too_few_words", "too_few_words"]


def test_ccnet_keeps_300_code_points_and_drops_299() -> None:
    ccnet = Length(min_characters=300)  # cc_net/process_wet_file.py: `len(raw_content) < min_len` goes
    texts = ["é" * 299, "é" * 300, "漢" * 299, "\n" * 300, "👍🏽" * 150]
    assert ccnet.judge(rows(texts)).keep.tolist() == [False, True, False, True, True]


def test_zero_is_a_bound() -> None:
    assert Length(max_lines=0).judge(rows(["", "\n", "a"])).reason == [None, "too_many_lines", "too_many_lines"]
    assert Length(min_bytes=0).judge(rows([None])).reason == [None]


@pytest.mark.parametrize("bad", [{}, {"min_words": -1}, {"min_words": 3, "max_words": 2}, {"max_word": 3}])
def test_impossible_bounds_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Length.model_validate(bad)
