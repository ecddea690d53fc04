"""`toxicity` by word lists: languages, categories, bounds, levels, and lists that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.verdict import Verdict
from datapipe.engine.tuning.calibrate import thresholds
from datapipe.io.opening import open_file
from datapipe.ops.toxicity import Toxicity
from tests.ops.texts import rows

LISTS = {"en": ["heck", "darn it"], "de": ["mist"], "ru": ["чёрт"], "zh": ["糟糕"], "th": ["บ้า"]}


def judge(texts: list[str | None], langs: list[str | None], **parameters: Any) -> Verdict:
    operator = Toxicity(**parameters)
    operator.setup(Context("t", 0, open_file))
    return operator.judge(rows(texts, lang=langs))


def test_segmenters_find_whole_words_of_scripts_without_spaces() -> None:
    pytest.importorskip("icu4py")
    pytest.importorskip("rjieba")
    lists = {"th": ["ห่า", "xx"], "zh": ["成人"], "ja": ["xx"]}
    texts: list[str | None] = ["อยู่ห่างจากเมือง", "ห่า", "ไอ้ห่า xx", "未造成人员伤亡", "成人电影", "bull_xx", "ห่าง", None]
    langs: list[str | None] = ["th", "th", "th", "zh", "zh", "ja", None, "th"]
    anywhere = judge(texts, langs, words=lists, max_hits=0).scores["hits"]
    assert anywhere.tolist()[:6] == [1, 1, 2, 1, 1, 1]
    by = {"th": "icu", "zh": "jieba", "ja": "icu"}
    for level in ("document", "sentence"):
        whole = judge(texts, langs, words=lists, max_hits=0, segmenters=by, level=level).scores["hits"]
        assert whole.tolist()[:6] == [0, 1, 2, 0, 1, 1]
        assert np.isnan(whole[6:]).all()
    with pytest.raises(ValidationError, match="segmenters goes with words, not with model"):
        Toxicity(model="m.bin", categories="toxic", segmenters=by)


def test_each_language_has_its_list() -> None:
    cases = [
        ("What the heck, darn  it", "en", 2),
        ("Heckle the mist", "en", 0),
        ("So ein MIST im Mistral", "de", 1),
        ("heck", "de", 0),
        ("вот ЧЁРТ", "ru", 1),
        ("这真糟糕啊", "zh", 1),
        ("คนบ้าจริง", "th", 1),
        ("heck", "fr", None),
        ("heck", None, None),
        ("", "en", None),
        (None, "en", None),
        ("... \x00", "en", None),
    ]
    texts, langs, hits = map(list, zip(*cases, strict=True))
    verdict = judge(texts, langs, words=LISTS, max_hits=0)
    expected = [np.nan if n is None else n for n in hits]
    assert np.array_equal(verdict.scores["hits"], expected, equal_nan=True)
    assert verdict.reason == ["hits" if n else None for n in hits]  # what is not judged stays
    assert np.isnan(verdict.scores["hit_ratio"]).tolist() == [n is None for n in hits]


def test_counts_and_ratios_have_bounds_of_their_own() -> None:
    texts: list[str | None] = ["heck", "heck yes no no", "heck heck heck and " + "so on " * 50, "fine"]
    langs: list[str | None] = ["en"] * 4
    assert judge(texts, langs, words=LISTS, max_hits=2).reason == [None, None, "hits", None]
    assert judge(texts, langs, words=LISTS, max_ratio=0.25).reason == ["hit_ratio", None, None, None]
    both = judge(texts, langs, words=LISTS, max_hits=2, max_ratio=0.2)
    assert both.reason == ["hit_ratio", "hit_ratio", "hits", None]
    assert both.scores["hit_ratio"][:2].tolist() == [1, 0.25]
    assert judge(texts, langs, words=LISTS).keep.all()


def test_categories_are_counted_apart_and_together() -> None:
    lists = {"*": {"mild": ["heck", "darn"], "rude": ["darn", "糟糕"]}}
    verdict = judge(["heck darn", "糟糕", "fine"], ["en", None, "fr"], words=lists, max_hits=1)
    assert {name: values.tolist() for name, values in verdict.scores.items()} == {
        "hits": [2, 1, 0],
        "hit_ratio": [1, 0.5, 0],
        "hits_mild": [2, 0, 0],
        "hits_rude": [1, 1, 0],
    }
    assert verdict.reason == ["hits", None, None]
    assert Toxicity(words=lists).columns_read() == ("text",)
    assert Toxicity(words=LISTS).columns_read() == ("text", "lang")


def test_disguises_are_found_where_asked_for() -> None:
    texts: list[str | None] = ["h3ck", "he\u0441k", "heeeck", "h.e.c.k", "h**k", "h\u200beck", "hack"]
    langs: list[str | None] = ["en"] * len(texts)
    plain = judge(texts, langs, words=LISTS, max_hits=0).keep
    usual = judge(texts, langs, words=LISTS, max_hits=0, obfuscation=True).keep
    masked = judge(texts, langs, words=LISTS, max_hits=0, obfuscation=["masked"]).keep
    assert plain.tolist() == [True, True, True, True, True, False, True]
    assert usual.tolist() == [False, False, False, False, True, False, True]
    assert masked.tolist() == [True, True, True, True, False, False, True]


def test_sentences_with_listed_words_are_cut() -> None:
    texts: list[str | None] = [
        "All is well. What the heck! Good.\nSo ein Mist.",
        "一切都好。真糟糕。再见。",
        "heck.",
        "heck.",
    ]
    langs: list[str | None] = ["en", "zh", "en", "fr"]
    cut = judge(texts, langs, words=LISTS, max_hits=0, level="sentence", do="cut")
    assert cut.columns["text"].to_pylist() == ["All is well. Good.\nSo ein Mist.", "一切都好。再见。", "", "heck."]
    assert cut.reason == [None, None, "nothing_left", None]
    assert np.allclose(cut.scores["share"], [14 / 43, 4 / 12, 1, np.nan], equal_nan=True)
    worst = judge(texts, langs, words=LISTS, max_ratio=0.3, level="sentence")
    assert np.allclose(worst.scores["hit_ratio"], [1 / 3, 1 / 3, 1, np.nan], equal_nan=True)
    assert worst.reason == ["hit_ratio", "hit_ratio", "hit_ratio", None]


def test_lists_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("# mild\nheck\n\nDarn It\n")
    published = tmp_path / "lists.jsonl"
    published.write_text("".join(json.dumps({"lang": k, "words": v}) + "\n" for k, v in LISTS.items()))
    texts: list[str | None] = ["darn it", "darn it"]
    for spec in ({"en": str(tmp_path / "en.txt")}, [str(published)], [str(tmp_path / "en.txt")]):
        assert judge(texts, ["en", "de"], words=spec, max_hits=0).reason == ["hits", None]
    own = Toxicity(words={"en": {"mild": "a.txt", "rude": ["heck"]}, "de": "b.txt"})
    assert own.files() == ("a.txt", "b.txt")
    assert own.model_files() == ()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"en": ["heck", 1]}, "en: 1 is no word; write it in quotes"),
        ({"en": []}, "en: expected a file or a list of words, found []"),
        ({"en": {"mild": 3}}, "en.mild: expected a file or a list of words, found 3"),
    ],
)
def test_words_that_are_none_are_one_mistake(words: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as error:
        Toxicity(words=words)
    assert [found["msg"] for found in error.value.errors()] == [f"Value error, {sentence}"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "No such file"),
        (b"", "no word in it"),
        (b"# only a comment\n \n", "no word in it"),
        (b"heck\n\xff\xfe\n", "not UTF-8 at byte 5"),
        (b"!!\n?\n", "no entry has a letter or an emoji"),
    ],
)
def test_a_list_that_cannot_be_used_is_one_sentence(content: bytes | None, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "en.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecipeError, match=rf"words: .*{sentence}[^\n]*$"):
        Toxicity(words={"en": str(path)}, max_hits=0).facts(Context("t", 0, open_file))
    for spec in ({"english": ["heck"]}, str(path.with_name("listed.txt"))):
        path.with_name("listed.txt").write_text("heck")
        with pytest.raises(RecipeError, match="is no language; expected en, pt-BR or "):
            Toxicity(words=spec).facts(Context("t", 0, open_file))


def test_bounds_follow_from_the_counts() -> None:
    step = Toxicity(words=LISTS, max_hits=0, max_ratio=0.1)
    step.setup(Context("t", 0, open_file))
    texts: list[str | None] = ["heck " * n + "fine " * (10 - n) for n in range(10)]
    measured = step.measure(rows(texts, lang=["en"] * 10))
    assert step.tunable() == ("max_hits", "max_ratio")
    assert thresholds(step, measured, 0.2) == {"max_hits": 8, "max_ratio": 0.8}
