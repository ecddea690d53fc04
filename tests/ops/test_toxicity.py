"""`toxicity` by classifiers whose chances are known: levels, cuts, bounds, categories, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.verdict import Verdict
from datapipe.engine.contract import broken_laws
from datapipe.engine.tuning.calibrate import thresholds, with_thresholds
from datapipe.io.opening import open_file
from datapipe.ops.toxicity import Toxicity
from tests.ops.texts import each_way, rows
from tests.ops.toy_classifiers import chance_of, toy_classifier

WORDS = {
    "heck": {"toxic": 6, "threat": -6},
    "черт": {"toxic": 6, "threat": -6},
    "糟糕": {"toxic": 6, "threat": -6},
    "run": {"toxic": -6, "threat": 5},
    "nice": {"toxic": -6, "threat": -6},
}
TEXTS = [
    "heck heck",
    "nice nice",
    "nice nice. heck\nrun! nice nice nice nice\n\n糟糕。 nice",
    "",
    None,
    " \n\x00",
    "nice run run",
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return toy_classifier(tmp_path_factory.mktemp("toy") / "toy.bin", WORDS, ("toxic", "threat"))


def made(**parameters: Any) -> Toxicity:
    operator = Toxicity(**parameters)
    operator.setup(Context("t", 0, open_file))
    return operator


def judge(texts: list[Any], **parameters: Any) -> Verdict:
    return made(**parameters).judge(rows(texts))


def near(values: Any, *expected: float | None) -> bool:
    wanted = [np.nan if value is None else value for value in expected]
    return np.allclose(values, wanted, rtol=0, atol=0.01, equal_nan=True)


def test_it_keeps_the_laws(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"model": model, "categories": ["toxic", "threat"], "max_score": 0.5}
    laws = [own, {**own, "level": "paragraph", "max_share": 0.5}, {**own, "level": "sentence", "do": "cut"}]
    monkeypatch.setattr(Toxicity, "examples", (*laws, {"models": {"toxic": model}, "level": "line"}))
    assert broken_laws(Toxicity) == []


def test_every_category_has_its_chance_and_its_bound(model: str) -> None:
    both = {"model": model, "categories": ["toxic", "threat"]}
    texts = ["heck heck", "nice run", "run heck run", "", None, "\t \x00", "nice heck"]
    verdict = judge(texts, **both, max_score=0.6)
    assert near(verdict.scores["toxic"], chance_of(6), chance_of(-6), chance_of(-6, 6, -6), None, None, None, 0.5)
    assert near(verdict.scores["threat"][:3], chance_of(-6), chance_of(-6, 5), chance_of(5, -6, 5))
    assert near(verdict.scores["score"][:3], chance_of(6), chance_of(-6, 5), chance_of(5, -6, 5))
    assert verdict.reason == ["toxic", None, "threat", None, None, None, None]
    verdict = judge(texts, **both, max_score={"threat": 0.5})
    assert verdict.reason == [None, None, "threat", None, None, None, None]
    assert judge(texts, **both).keep.all()


def test_the_categories_of_one_model_are_those_of_several(model: str) -> None:
    one = judge(TEXTS, model=model, categories={"toxic": "toxic", "menace": "__label__threat"}, max_score=0.5)
    several = judge(TEXTS, models={"toxic": model, "menace": model}, categories={"menace": "threat"}, max_score=0.5)
    assert one.scores.keys() == several.scores.keys() == {"toxic", "menace", "score"}
    assert all(np.array_equal(one.scores[name], several.scores[name], equal_nan=True) for name in one.scores)
    assert one.reason == several.reason == ["toxic", None, None, None, None, None, "menace"]


def test_the_worst_part_decides(model: str) -> None:
    texts = ["nice " * 20 + "\nheck", "nice " * 20 + "heck", "nice. черт! nice"]
    document = {"model": model, "categories": "toxic", "max_score": 0.6}
    assert judge(texts, **document).keep.all()
    verdict = judge(texts, **document, level="line")
    assert verdict.reason == ["toxic", None, None]
    assert near(verdict.scores["toxic"], chance_of(6), chance_of(*[-6] * 20, 6), chance_of(-6))


def test_a_share_of_the_characters_decides(model: str) -> None:
    texts = ["ok\nheck\n糟糕\nnice nice", "heck", "nice", None, ""]
    own = {"model": model, "categories": "toxic", "max_score": 0.6, "level": "line"}
    assert judge(texts, **own, max_share=0.4).keep.tolist() == [True, False, True, True, True]
    verdict = judge(texts, **own, max_share=0.3)
    assert verdict.reason == ["toxic_share", "toxic_share", None, None, None]
    assert near(verdict.scores["share"], 6 / 17, 1, 0, None, None)  # in characters: 糟糕 are two of 17


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("nice nice\nheck heck\nrun", "nice nice\nrun"),
        ("heck\nnice", "nice"),
        ("nice\n\nheck", "nice"),
        ("nice\n\nheck\nnice heck", "nice\nnice heck"),
        ("heck nice", "heck nice"),
        ("  nice", "  nice"),
        ("черт\n糟糕\r\n nice\n", " nice\n"),
        ("heck\nheck", ""),
        ("unknown\nheck", "unknown"),
        ("", ""),
        (None, None),
    ],
)
def test_lines_are_cut(model: str, text: str | None, left: str | None) -> None:
    verdict = judge([text], model=model, categories="toxic", max_score=0.6, level="line", do="cut")
    assert verdict.columns["text"].to_pylist() == [left]
    assert verdict.reason == ["nothing_left" if text and not left else None]


def test_what_is_cut_is_told(model: str) -> None:
    text = "nice nice nice.\nheck heck\nrun run\nnice nice nice nice nice.\nrun"
    verdict = judge([text], model=model, categories=["toxic", "threat"], max_score=0.6, level="line", do="cut")
    (spans,) = verdict.spans.to_pylist()  # type: ignore[union-attr]
    found = [(text[s["start"] : s["end"]], s["reason"]) for s in spans]
    assert found == [("\nheck heck", "toxic"), ("\nrun run", "threat"), ("\nrun", "threat")]
    assert near(verdict.scores["share"], 19 / 59)
    too_much = {"model": model, "categories": "toxic", "max_score": 0.6, "level": "line", "do": "cut", "max_share": 0.1}
    assert judge([text, "nice nice " * 9 + "\nheck"], **too_much).reason == ["toxic_share", None]


def test_sentences_of_every_script(model: str) -> None:
    own = {"model": model, "categories": "toxic", "max_score": 0.6, "level": "sentence", "do": "cut"}
    texts = ["nice nice ! heck heck . nice .", "今天 nice 。 糟糕 糟糕 。 nice 。", "черт черт ! nice"]
    left = ["nice nice ! nice .", "今天 nice 。 nice 。", "nice"]
    assert judge(texts, **own).columns["text"].to_pylist() == left
    assert each_way(TEXTS, lambda batch: made(**own).judge(batch).columns["text"].to_pylist()) is not None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("nice\nheck heck . nice", "nice\nnice"),
        ("nice\nheck . heck . nice\n\nrun . heck", "nice\nnice\n\nrun ."),
        ("nice\nheck .\nnice", "nice\nnice"),
        ("nice . heck\nheck . nice", "nice .\nnice"),
        ("heck . nice\n heck\nheck . nice ", "nice\nnice "),
        ("heck .  heck . nice . heck .\n", "nice .\n"),
    ],
)
def test_lines_stay_lines_when_sentences_are_cut(model: str, text: str, left: str) -> None:
    verdict = judge([text], model=model, categories="toxic", max_score=0.6, level="sentence", do="cut")
    assert verdict.columns["text"].to_pylist() == [left]


def test_bounds_follow_from_scores_where_nothing_is_cut(model: str) -> None:
    step = made(model=model, categories=["toxic", "threat"], max_score=0.9)
    measured = step.measure(rows([text for text in TEXTS if text]))
    assert thresholds(step, measured, 0) == {"max_score": 0.998}
    lower = with_thresholds(step, {"max_score": 0.45})
    assert {rule: mask.tolist() for rule, mask in lower.rules(measured).items()} == {
        "toxic": [True, False, False, False, False],
        "threat": [False, False, False, False, True],
    }
    assert step.tunable() == ("max_score",)
    cutting = made(model=model, categories="toxic", max_score=0.5, level="line", do="cut")
    assert cutting.tunable() == ("max_share",)
    assert thresholds(cutting, cutting.measure(rows(TEXTS)), 0.1) == {}


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "expected one of words, model, models, found none"),
        ({"model": "m", "models": {"toxic": "m"}}, "found model and models"),
        ({"model": "m"}, "categories: say which of the model's labels"),
        ({"models": {}}, "models: expected {category: file}"),
        ({"models": {"toxic": "m"}, "categories": "toxic"}, "each of models is one"),
        (
            {"models": {"toxic": "m"}, "categories": {"toxik": "1"}},
            "no category is called 'toxik'; did you mean toxic?",
        ),
        ({"models": {"toxic": "m"}, "max_score": {"nsfw": 0.5}}, "no category is called 'nsfw'; known: toxic"),
        ({"model": "m", "categories": "toxic", "max_score": 40}, "40.0 is no chance, 0 to 1"),
        ({"model": "m", "categories": "toxic", "max_score": {"toxic": -1}}, "-1.0 is no chance"),
        ({"model": "m", "categories": "score"}, "another score is called score"),
        ({"model": "m", "categories": "toxic", "max_hits": 0}, "max_hits goes with words, not with model"),
        ({"model": "m", "categories": "toxic", "obfuscation": True}, "obfuscation goes with words"),
        ({"words": {"*": ["a"]}, "max_score": 0.5}, "max_score goes with model or models, not with words"),
        ({"words": {"*": ["a"]}, "max_ratio": 2}, "less than or equal to 1"),
        ({"model": "m", "categories": "toxic", "max_score": 0.5, "do": "cut"}, "do: cut is of parts: add level"),
        ({"model": "m", "categories": "toxic", "level": "line", "max_share": 0.5}, "which parts are out of bounds"),
    ],
)
def test_what_cannot_be_meant_is_refused(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as error:
        Toxicity(**parameters)
    assert sentence in str(error.value)


def test_a_model_is_asked_for_its_labels(model: str, tmp_path: Path) -> None:
    context = Context("t", 0, open_file)
    assert Toxicity(model=model, categories="toxic").facts(context) == {"labels": {model: ["toxic", "threat"]}}
    with pytest.raises(RecipeError, match=r"toy.bin has no label 'toxik'; did you mean toxic\?$"):
        Toxicity(model=model, categories="toxik").facts(context)
    (tmp_path / "no.bin").write_bytes(b"PK\3\4" * 9)
    with pytest.raises(RecipeError, match=r"no.bin: it is not a fastText model"):
        Toxicity(models={"toxic": str(tmp_path / "no.bin")}).facts(context)
    assert Toxicity(models={"toxic": model, "b": "c"}).model_files() == (model, "c")
