"""The table of scores: every judged row, whatever became of it; and the ledger's reasons, all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datapipe.core.context import Context
from datapipe.core.operator import Filter
from datapipe.core.registry import operators
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict
from datapipe.engine.contract_rows import rows_for
from datapipe.io.opening import open_file
from tests.conftest import Runs


def prose(n: int, seed: int) -> str:
    """Sentences of words that do not come again."""
    words = ["".join(chr(97 + (seed + 7 * i * k + k * k) % 26) for k in range(1, 6)) for i in range(n)]
    words[2::9], words[5::9], words[8::9] = (
        [end] * len(words[start::9]) for start, end in ((2, "with"), (5, "have"), (8, "that."))
    )
    return " ".join(words)


TEXTS = ["", "one", "# # # …", "- a\n- b\n- b\n- b\n", prose(50, 1), prose(90, 2), prose(20, 3) + " {", "word " * 80,
         "lorem ipsum { } javascript", "文字 " * 40, "a\n\na\n\na\n\n" * 9]  # fmt: skip
RECIPE = """
name: kept
scores: true
ledger: {text: full}
input_split: 1KB
read: {jsonl: in.jsonl}
steps:
  - gopher_repetition: {max_duplicate_lines: 0.9}
  - gopher_quality: {min_words: 5, where: {id: {not_in: [d4]}}, by_lang: {de: {min_words: 60}}}
  - select: {id: {not_in: [d5]}}
  - c4_quality: {end_mark: false, action: tag}
  - fineweb_quality: {action: tag}
write: {path: out}
"""


@pytest.fixture
def kept(runs: Runs) -> Runs:
    rows = [{"id": f"d{i}", "text": text, "lang": "de" if i % 2 else "en"} for i, text in enumerate(TEXTS * 3)]
    runs.jsonl("in.jsonl", rows)
    runs(RECIPE)
    return runs


def judged(name: str, text: str, **parameters: Any) -> tuple[list[str], dict[str, float]]:
    operator = operators.get(name).model_validate(parameters)
    verdict = operator.judge(pa.RecordBatch.from_pydict({"text": pa.array([text], pa.large_string())}))
    (reasons,) = verdict.reasons(np.array([0]))
    return reasons, {score: float(values[0]) for score, values in verdict.scores.items()}


def test_the_ledger_holds_every_reason_and_every_score(kept: Runs) -> None:
    steps = {"kept.01.gopher_repetition": {"max_duplicate_lines": 0.9}, "kept.02.gopher_quality": {"min_words": 5}}
    rows = [row for row in kept.table("ledger") if row["operator"] != "select"]
    assert len(rows) > 9
    assert any(len(row["reasons"]) > 1 for row in rows)
    for row in rows:
        parameters = dict(steps[row["step"]])
        if row["operator"] == "gopher_quality" and row["lang"] == "de":
            parameters["min_words"] = 60
        reasons, scores = judged(row["operator"], row["text"], **parameters)
        assert row["reasons"] == reasons
        assert row["reason"] == reasons[0]
        assert dict(row["scores"]) == {k: None if np.isnan(v) else v for k, v in scores.items()}


def test_every_judged_row_has_its_scores(kept: Runs) -> None:
    scores, ledger = kept.table("scores"), kept.table("ledger")
    by_step: dict[str, set[str]] = {}
    for row in scores:
        by_step.setdefault(row["step"], set()).add(row["id"])
    everything = {f"d{i}" for i in range(len(TEXTS) * 3)}
    gone = {label: {row["id"] for row in ledger if row["step"] == label} for label in [*by_step, "kept.03.select"]}
    first, second, tag, last = sorted(by_step)
    assert by_step[first] == everything
    assert by_step[second] == everything - gone[first] - {"d4"}  # outside `where` nothing is judged
    assert "kept.03.select" not in by_step  # no scores, nothing to tune
    assert by_step[tag] == by_step[last] == everything - gone[first] - gone[second] - gone["kept.03.select"]
    failed = {(row["step"], row["id"]): row["failed"] for row in scores}
    for row in ledger:
        if row["operator"] != "select":
            assert failed[row["step"], row["id"]] == row["reasons"]
            (mine,) = (s for s in scores if (s["step"], s["id"]) == (row["step"], row["id"]))
            assert mine["scores"] == row["scores"]
            assert mine["bytes"] == row["bytes"]
    published = {row["id"]: row for row in kept.table("data")}
    for row in scores:
        if row["step"] == last:
            tags = published[row["id"]]
            assert row["failed"] == tags["fineweb_quality.reasons"]
            assert dict(row["scores"]) == {k: tags[f"fineweb_quality.{k}"] for k, _ in row["scores"]}


def test_workers_give_the_same_bytes(kept: Runs, digests: Callable[[Path], dict[str, str]]) -> None:
    kept(RECIPE, out="more", workers=2)
    one, two = digests(kept.folder / "out"), digests(kept.folder / "more")
    assert one == two
    assert any(name.startswith("scores/") for name in one)


def test_scores_go_when_they_are_no_longer_asked_for(kept: Runs) -> None:
    manifest = kept(RECIPE.replace("scores: true", "scores: false"))
    assert manifest["tables"]["scores"] == []
    assert not list((kept.folder / "out").glob("scores/*"))
    manifest = kept(RECIPE)
    assert manifest["tables"]["scores"][0]["rows"] == len(kept.table("scores"))


def test_rules_that_never_fire_are_counted(kept: Runs) -> None:
    manifest = kept(RECIPE)
    quality = next(step for step in manifest["steps"] if step["operator"] == "gopher_quality")
    assert quality["rules"]["too_many_words"] == 0
    assert quality["judged"] == quality["rows_in"] - 1
    assert "too_many_words" not in quality["reasons"]


@pytest.mark.parametrize(
    ("name", "parameters", "changes"),
    [
        ("gopher_quality", {}, {"min_words": 3, "min_stop_words": None, "max_symbol_word_ratio": 0}),
        ("gopher_repetition", {}, {"max_top_2_gram": 0, "max_duplicate_lines": None}),
        ("fineweb_quality", {}, {"keep_unpunctuated": True, "max_short_lines": 0.1}),
        (
            "c4_quality",
            {"end_mark": False, "min_words_per_line": 1},
            {"min_sentences": 1, "lorem_ipsum": False, "curly_bracket": False},
        ),
        ("length", {"min_words": 3}, {"max_lines": 2, "min_words": None}),
        ("language_id", {}, {"keep": ["de"], "min_score": 0.1}),
        ("sample", {"fraction": 0.5}, {"fraction": 0.2}),
        ("keyword_filter", {"words": ["line"]}, {"min_hits": 5, "max_ratio": 0.1}),
        ("url_filter", {"soft_words": ["www", "com"]}, {"max_soft_words": 3}),
    ],
)
def test_tunable_parameters_change_no_measure(name: str, parameters: dict[str, Any], changes: dict[str, Any]) -> None:
    verdicts = []
    for given in (parameters, {**parameters, **changes}):
        operator = operators.get(name).model_validate(given)
        assert isinstance(operator, ThresholdFilter)
        assert set(changes) <= set(operator.tunable())
        operator.setup(Context("a.01", 7, open_file))
        verdicts.append((operator, operator.measure(rows_for(operator)), operator.judge(rows_for(operator))))
    (_, old, before), (other, new, after) = verdicts
    assert all(np.array_equal(old.scores[score], new.scores[score], equal_nan=True) for score in new.scores)
    rejudged = Verdict(old.rows, {**old.failed, **other.rules(old)})
    rows = np.arange(old.rows)
    assert rejudged.reasons(rows) == after.reasons(rows)
    assert before.reasons(rows) != after.reasons(rows)


def test_every_filter_with_thresholds_of_numbers_names_its_bounds() -> None:
    """A rule set that measures can be tuned: whoever writes one is asked to say its bounds."""
    for name in operators.names():
        cls = operators.get(name)
        if issubclass(cls, ThresholdFilter):
            assert issubclass(cls, Filter)
            assert cls.bounds or cls.choices, name
