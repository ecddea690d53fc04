"""quality_classifier under a model trained here, beside the library's scores, its own parts, and numpy's Pareto numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datapipe.core.classifier.scoring import good_label, scale_of, scores_of
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.seeds import uniform
from datapipe.core.verdict import Verdict
from datapipe.engine.contract import broken_laws
from datapipe.engine.training.classifier import Training, train_classifier
from datapipe.engine.training.examples import Example
from datapipe.engine.training.fasttext import FastTextSettings, train_fasttext
from datapipe.engine.training.labelled import Read
from datapipe.io.opening import open_file
from datapipe.ops.quality_classifier import QualityClassifier, lomax
from datapipe.plan.retune import retuned
from tests.conftest import Runs, compile_text

GOOD = "A calm river runs past the old stone mill, and the miller tells its story."
BAD = "click here buy cheap shoes login now"
SAYINGS = [
    GOOD,
    BAD,
    "the old mill\nof the river, cheap",
    "中文句子没有空格。第二句也没有。 mill",
    "unknown words alone",
]


def trained(path: Path, labels: dict[str, str]) -> str:
    """A model that has seen so many texts of each label."""
    texts = [text for i in range(30) for text in (f"{line} {i}" for line in labels.values())]
    settings = FastTextSettings(lr=0.5, dim=8, epoch=4, word_ngrams=2, bucket=2000)
    train_fasttext(texts, [[label] for _ in range(30) for label in labels], path, settings, lambda said: None)
    return str(path)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return trained(tmp_path_factory.mktemp("quality") / "dclm.bin", {"cc": BAD, "hq": GOOD})


@pytest.fixture(scope="module")
def degrees(tmp_path_factory: pytest.TempPathFactory) -> str:
    labels = {"0": BAD, "1": "the shoes of the mill", "5": GOOD}
    return trained(tmp_path_factory.mktemp("quality") / "edu.bin", labels)


def judged(parameters: dict[str, Any], texts: list[str | None], seed: int = 0) -> Verdict:
    operator = QualityClassifier.model_validate(parameters)
    operator.setup(Context("t", seed, open_file))
    ids = pa.array([f"d{i}" for i in range(len(texts))])
    return operator.judge(pa.RecordBatch.from_pydict({"id": ids, "text": pa.array(texts, pa.large_string())}))


def library(model: str) -> Any:
    import fasttext

    return fasttext.load_model(model)


def score(model: Any, text: str, label: str) -> float:
    pairs = zip(*model.predict(text.replace("\n", " "), k=9), strict=True)
    return float(dict(pairs)[f"__label__{label}"])


@pytest.mark.parametrize("example", [
    {}, {"min_score": 0.3, "max_score": 0.9}, {"level": "paragraph", "min_score": 0.5, "pareto": 3},
    {"level": "sentence", "min_score": 0.2, "max_score": 0.8}, {"pareto": 9, "missing": "keep", "column": "other"},
    {"level": "sentence", "positive": "__label__cc"}, {"expected": {"hq": 2, "cc": -1}, "min_score": 1.5},
])  # fmt: skip
def test_it_keeps_the_laws(model: str, example: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QualityClassifier, "examples", ({"model": model, **example},))
    assert broken_laws(QualityClassifier) == []


def test_scores_are_the_library_s(model: str, degrees: str) -> None:
    theirs = library(model)
    verdict = judged({"model": model, "min_score": 0.5}, [*SAYINGS])
    expected = [score(theirs, text, "hq") for text in SAYINGS]
    np.testing.assert_allclose(verdict.scores["quality_score"], expected, rtol=0, atol=1e-5)
    assert verdict.keep.tolist() == [chance >= 0.5 for chance in expected]
    assert verdict.columns["quality_score"].to_pylist() == verdict.scores["quality_score"].tolist()
    bad = judged({"model": model, "positive": "cc", "max_score": 0.5}, [*SAYINGS])
    np.testing.assert_allclose(bad.scores["quality_score"], [score(theirs, text, "cc") for text in SAYINGS], atol=1e-5)
    assert set(bad.reason) == {None, "high_score"}

    theirs = library(degrees)
    chances = np.array([[score(theirs, text, label) for label in ("0", "1", "5")] for text in SAYINGS])
    mean = judged({"model": degrees, "expected": True, "min_score": 3}, [*SAYINGS])
    np.testing.assert_allclose(mean.scores["quality_score"], chances @ [0, 1, 5] / chances.sum(axis=1), atol=1e-4)
    assert mean.reason[:2] == [None, "low_score"]
    given = judged({"model": degrees, "expected": {"0": -1, "1": 0, "5": 1}}, [*SAYINGS])
    np.testing.assert_allclose(given.scores["quality_score"], chances @ [-1, 0, 1] / chances.sum(axis=1), atol=1e-4)


def test_texts_without_a_score(model: str) -> None:
    texts = ["", None, " \n\t ", GOOD]
    assert judged({"model": model, "min_score": 0}, ["\x00"]).reason == ["no_score"]
    assert judged({"model": model}, texts).reason == [None] * 4  # nothing is asked
    assert judged({"model": model}, texts).columns["quality_score"].null_count == 3
    for asked in ({"min_score": 0.1}, {"max_score": 1}, {"pareto": 0.01}, {"min_score": 0.1, "level": "sentence"}):
        assert judged({"model": model, **asked}, texts).reason == ["no_score"] * 3 + [None]
        assert judged({"model": model, **asked, "missing": "keep"}, texts).keep.all()


@pytest.mark.parametrize("level", ["paragraph", "sentence"])
def test_parts_below_are_cut(model: str, level: str) -> None:
    between = "\n\n" if level == "paragraph" else " "
    texts = [between.join([GOOD, "Click here buy cheap shoes now.", "The old mill."]), BAD, GOOD]
    verdict = judged({"model": model, "min_score": 0.5, "level": level}, [*texts])
    assert verdict.columns["text"].to_pylist() == [between.join([GOOD, "The old mill."]), "", GOOD]
    assert verdict.reason == [None, "empty", None]
    [span] = verdict.spans.to_pylist()[0]  # type: ignore[union-attr]
    assert texts[0][span["start"] : span["end"]] == f"{between}Click here buy cheap shoes now."
    assert span["reason"] == "low_score"
    alone = judged({"model": model}, [GOOD, "The old mill."]).scores["quality_score"]
    assert verdict.scores["quality_score"][0] == pytest.approx(np.average(alone, weights=[len(GOOD), 13]))
    none = judged({"model": model, "level": level}, [*texts])
    assert none.columns["text"].to_pylist() == texts


def test_a_part_never_decides_of_another(model: str) -> None:
    lines = [GOOD, BAD, "the old mill", "of the river, cheap", "unknown words alone", "cheap"]
    alone = judged({"model": model}, [*lines]).scores["quality_score"]
    left = [line for line, chance in zip(lines, alone, strict=True) if chance >= 0.4]
    assert 0 < len(left) < len(lines)
    texts = ["\n".join(lines), "", "\n".join(lines[::-1])]
    verdict = judged({"model": model, "min_score": 0.4, "level": "sentence"}, [*texts])
    assert verdict.columns["text"].to_pylist() == ["\n".join(left), "", "\n".join(left[::-1])]


def test_the_draw_has_the_published_chance() -> None:
    """P(keep | score) = P(pareto > 1 - score) = (2 - score)^-alpha; of 1e5 draws a share deviates by .0016."""
    draws = uniform(3, [f"id{i}" for i in range(100_000)])
    ours = lomax(draws, 9)
    theirs = np.random.default_rng(1).pareto(9, 100_000)
    for share in (0.01, 0.1, 0.5, 0.9, 0.99):
        assert np.quantile(ours, share) == pytest.approx(np.quantile(theirs, share), rel=0.1)
    for chance in (0.0, 0.2, 0.5, 0.9, 0.99, 1.0):
        assert (ours > 1 - chance).mean() == pytest.approx((2 - chance) ** -9.0, abs=0.0065)
    assert (lomax(draws, 9) == ((1 - draws) ** (-1 / 9) - 1)).all()
    assert np.isfinite(lomax(np.array([0.0, 1 - 2.0**-53]), 9)).all()


def test_pareto_keeps_by_id_and_bounds_hold_beside_it(model: str) -> None:
    texts = [GOOD, BAD] * 200
    verdict = judged({"model": model, "pareto": 9}, texts, seed=4)
    draw = uniform(4, [f"d{i}" for i in range(400)])
    chance = verdict.scores["quality_score"]
    assert (verdict.scores["pareto_draw"] == draw).all()
    assert (verdict.keep == (1 - draw < (2 - chance) ** -9.0)).all()
    assert set(verdict.reason) == {None, "not_drawn"}
    assert verdict.keep.mean() == pytest.approx(((2 - chance) ** -9.0).mean(), abs=0.08)
    assert (judged({"model": model, "pareto": 9}, texts, seed=5).keep != verdict.keep).any()
    both = judged({"model": model, "pareto": 9, "min_score": 0.9}, texts, seed=4)
    assert (both.keep == (verdict.keep & (chance >= 0.9))).all()


def test_the_same_ids_have_the_same_draws_in_any_shards(model: str, runs: Runs) -> None:
    rows = [{"id": f"r{i}", "text": GOOD if i % 2 else SAYINGS[2]} for i in range(300)]
    runs.jsonl("one/a.jsonl", rows)
    for part in range(3):
        runs.jsonl(f"more/{part}.jsonl", rows[2 - part :: 3])
    recipe = (
        "read: {{jsonl: {files}}}\nsteps: [quality_classifier: {{model: {model}, pareto: 2}}]\nwrite: {{path: out}}"
    )
    kept = []
    for out, workers in (("one", 0), ("more", 2)):
        runs(recipe.format(files=f"{out}/*.jsonl", model=model), f"out-{out}", workers)
        kept.append(sorted(row["id"] for row in runs.table("data", f"out-{out}")))
    assert kept[0] == kept[1]
    assert 0 < len(kept[0]) < 300


def test_what_scores_can_answer(model: str) -> None:
    def tunable(**parameters: Any) -> tuple[str, ...]:
        return QualityClassifier.model_validate({"model": model, **parameters}).tunable()

    assert tunable() == ("min_score", "max_score", "missing")
    assert tunable(pareto=9) == ("min_score", "max_score", "pareto", "missing")
    assert tunable(pareto=9, level="sentence") == ("pareto", "missing")


def test_tune_answers_what_was_measured(model: str, runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": "1", "text": GOOD, "taken": 1}])
    recipe = runs(RECIPE.format(model=model, more=", min_score: 0.1"))["recipe"]
    file = str(runs.folder / "recipe.yaml")
    [paths] = retuned(recipe, file, ("quality_classifier.min_score=0.9",)).values()
    assert all(step.changed for path in paths.values() for step in path)
    with pytest.raises(RecipeError, match="only a run can tell; tunable is: min_score, max_score, missing"):
        retuned(recipe, file, ("quality_classifier.pareto=9",))


def test_a_logistic_regression_of_our_own(tmp_path: Path) -> None:
    training = Training("quality", tmp_path, "logistic", held_out=0)
    sides = [Example(f"{text} {i}", (label,), "") for i in range(20) for label, text in (("hq", GOOD), ("cc", BAD))]
    train_classifier(training, sides, Read(), "hq", lambda said: None)
    verdict = judged({"model": str(tmp_path / "quality.bin"), "min_score": 0.5}, [GOOD, BAD, "", "the old mill"])
    assert verdict.reason == [None, "low_score", "no_score", None]
    assert 0 < verdict.scores["quality_score"][1] < verdict.scores["quality_score"][3] < 1


def test_whose_chance_is_meant() -> None:
    assert [good_label(pair) for pair in (("cc", "hq"), ("wiki", "cc"), ("negative", "positive"), ("0", "1"))] == [
        "hq", "wiki", "positive", "1"
    ]  # fmt: skip
    assert good_label(("a", "b")) is None
    assert good_label(("hq", "good")) is None
    assert scale_of(("cc", "hq"), "__label__cc", False).chance == 0
    assert scale_of(("1", "2.5"), None, True).values == (1, 2.5)


class Chances:
    """A classifier of one known text."""

    labels = ("1", "2")

    def chances(self, text: Any) -> Any:
        rows = [[np.nan, np.nan], [0.0, 0.0], [0.2, 0.6]]
        return np.array([rows[size] for size in text.lengths.tolist()])


def test_chances_that_do_not_add_up() -> None:
    from datapipe.arrow.text import text_of

    text = text_of(pa.array(["", "a", "bb"], pa.large_string()))
    found = scores_of(Chances(), text, scale_of(Chances.labels, None, True))
    np.testing.assert_allclose(found, [np.nan, np.nan, 1.75])


RECIPE = """
read: {{jsonl: a.jsonl, columns: {{taken: {{field: taken, type: int}}}}}}
scores: true
steps:
  - quality_classifier: {{model: {model}{more}}}
write: {{path: out}}
"""


def test_a_run_with_two_classifiers_and_the_best_fifth(model: str, degrees: str, runs: Runs) -> None:
    texts = [GOOD, BAD, "the old mill", "cheap mill", ""] * 10
    runs.jsonl("a.jsonl", [{"id": f"{i}", "text": text, "taken": 1} for i, text in enumerate(texts)])
    steps = f"""
  - quality_classifier: {{model: {degrees}, expected: true, column: edu_score, label: edu}}
  - top_fraction: {{fraction: 0.2}}
write:"""
    manifest = runs(RECIPE.format(model=model, more="").replace("\nwrite:", steps))
    kept = runs.table("data")
    assert {row["text"] for row in kept} == {GOOD}
    assert manifest["rows_written"] == 8  # of the 40 that have a score
    assert all(row["quality_score"] > 0.5 and row["edu_score"] > 3 for row in kept)
    assert manifest["steps"][0]["facts"] == {"labels": ["cc", "hq"], "positive": "hq"}
    reasons = [row["reason"] for row in runs.table("ledger")]
    assert (reasons.count("no_score"), reasons.count("low_score")) == (10, 32)


def test_what_is_wrong_is_said_before_work(model: str, degrees: str, runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": "1", "text": "one", "taken": 1}])

    def error(more: str, path: str = model) -> str:
        with pytest.raises(RecipeError) as caught:
            compile_text(RECIPE.format(model=path, more=more), runs.folder)
        return str(caught.value)

    assert "the model has no label 'hp'; known: cc, hq" in error(", positive: hp")
    assert "the model's labels are 0, 1, 5; say whose chance" in error("", degrees)
    assert "the model's labels are cc, hq, not numbers" in error(", expected: true")
    assert "label: names the step; whose chance is the score says `positive: cc`" in error(", label: cc")
    assert "positive and expected exclude each other" in error(", positive: hq, expected: true")
    assert "expected: give a value for cc, too" in error(", expected: {hq: 1}")
    assert "the model has no label 'hp'" in error(", expected: {hp: 1, cc: 0}")
    assert "min_score: 3.0 is no chance" in error(", min_score: 3")
    assert "min_score 0.5 is more than max_score 0.4" in error(", min_score: 0.5, max_score: 0.4")
    assert "column: taken is there already, as int64" in error(", column: taken")
    assert "pareto draws by a chance" in error(", expected: {hq: 1, cc: 0}, pareto: 9")
    assert "`top_fraction: {column: quality_score, fraction: 0.1}`" in error(", top_fraction: 0.1")
    assert "none.bin: no such file" in error("", "none.bin")
    twice = RECIPE.format(model=model, more="").replace("steps:", f"steps:\n  - quality_classifier: {{model: {model}}}")
    with pytest.raises(RecipeError, match="column: quality_score is there already, as double; choose another name"):
        compile_text(twice, runs.folder)
