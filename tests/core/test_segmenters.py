"""Words by dictionary, for the languages a recipe names, and for no other row."""

import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datapipe.core import segmenters
from datapipe.core.context import Context
from datapipe.core.errors import MissingDependency
from datapipe.core.operator import Filter
from datapipe.io.opening import open_file
from datapipe.ops.fineweb2_quality import Fineweb2Quality
from datapipe.ops.fineweb_quality import FinewebQuality
from datapipe.ops.gopher_quality import GopherQuality
from datapipe.ops.gopher_repetition import GopherRepetition
from datapipe.ops.length import Length

CHINESE = "我来到北京清华大学，研究𠀀生命起源。AT&T公司2024年成立"
THAI = "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกัน ในเกียรติศักดิ์ (UDHR) และสิทธิ"
ROWS: list[tuple[str, str | None]] = [
    (CHINESE, "zh"), (CHINESE, "ja"), (CHINESE, None), (THAI, "th"), (THAI, "lo"), ("plain words", "zh"), ("", "th")
]  # fmt: skip
BY: dict[str, Any] = {"segmenters": {"zh": "jieba", "th": "icu"}}


def rows(pairs: list[tuple[str, str | None]]) -> pa.RecordBatch:
    texts, languages = zip(*pairs, strict=True)
    return pa.RecordBatch.from_pydict(
        {"text": pa.array(texts, pa.large_string()), "lang": pa.array(languages, pa.string())}
    )


def spoken(words: list[str]) -> list[str]:
    return [word for word in words if any(map(str.isalnum, word))]


def test_words_of_chinese_are_those_of_jieba() -> None:
    rjieba = pytest.importorskip("rjieba")
    pytest.importorskip("icu4py")
    scores = GopherQuality(**BY).judge(rows(ROWS)).scores
    expected = spoken(rjieba.cut(CHINESE))
    assert "清华大学" in expected
    assert scores["words"][0] == len(expected)
    plain = GopherQuality().judge(rows(ROWS)).scores
    for other in (1, 2, 4, 5, 6):
        assert [s[other] for s in scores.values()] == pytest.approx([s[other] for s in plain.values()], nan_ok=True)
    assert plain["words"][0] > scores["words"][0]


def test_words_of_thai_are_those_of_icu() -> None:
    breakers = pytest.importorskip("icu4py.breakers")
    scores = GopherQuality(segmenters={"th": "icu"}).judge(rows(ROWS)).scores
    expected = spoken(list(breakers.WordBreaker(THAI, "th")))
    assert scores["words"][3] == len(expected)
    assert scores["mean_word_length"][3] == pytest.approx(sum(map(len, expected)) / len(expected))


def test_length_counts_them_inside_what_stands_between_white_space() -> None:
    pytest.importorskip("icu4py")
    rjieba = pytest.importorskip("rjieba")
    counted = Length(min_words=3, **BY).judge(rows(ROWS))
    assert counted.scores["words"][0] == len(spoken(rjieba.cut(CHINESE)))
    assert counted.scores["words"][1] == 1
    quoted = Length(min_words=3, **BY).judge(rows([("「我来到北京」 , a-b don't", "zh")])).scores["words"][0]
    assert quoted == len(["我", "来到", "北京", ",", "a-b", "don't"])
    assert counted.scores["words"][4] == len(THAI.split())
    assert counted.failed["too_few_words"].tolist()[:4] == [False, True, True, False]


@pytest.mark.parametrize("cls", [GopherQuality, GopherRepetition, FinewebQuality, Fineweb2Quality, Length])
def test_a_slice_and_a_row_alone_are_judged_as_in_their_batch(cls: type[Filter]) -> None:
    pytest.importorskip("rjieba")
    pytest.importorskip("icu4py")
    operator = cls.model_validate({**BY, **({"min_words": 2} if cls is Length else {})})
    assert operator.columns_read() == ("text", "lang")
    assert cls.model_validate(operator.model_dump(mode="json")) == operator
    whole = operator.judge(rows(ROWS))
    for start in range(len(ROWS)):
        for part in (rows(ROWS).slice(start, 1), rows(ROWS[start : start + 1])):
            for name, score in operator.judge(part).scores.items():
                np.testing.assert_array_equal(score, whole.scores[name][start : start + 1], name)
    assert operator.judge(rows(ROWS).slice(0, 0)).rows == 0


@pytest.mark.parametrize(("segmenter", "package"), [("jieba", "rjieba"), ("icu", "icu4py")])
def test_without_the_package_it_says_what_to_install(
    segmenter: Any, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    segmenters._cutter.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, "icu4py.breakers", None)
    operator = GopherQuality(segmenters={"zh": segmenter})
    with pytest.raises(
        MissingDependency, match=rf"{segmenter} needs the package {package}: pip install 'datapipe\[segm"
    ):
        operator.setup(Context("web.01", 0, open_file))


@pytest.mark.parametrize(
    "parameters",
    [{"segmenters": {"zh": "jieba"}}, {"stop_words": "auto"}, {"signs": "unicode"}],
)
def test_variants_with_words_of_their_own_refuse_them(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="variant dolma"):
        GopherQuality.model_validate({"variant": "dolma", **parameters})
    if "segmenters" in parameters:
        with pytest.raises(ValueError, match="variant paper has words of its own"):
            GopherRepetition.model_validate({"variant": "paper", **parameters})


def test_a_segmenter_is_no_bound_of_length() -> None:
    with pytest.raises(ValueError, match="expected at least one bound"):
        Length(segmenters={"zh": "jieba"})
