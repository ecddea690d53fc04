"""`datapipe tune`: what it says is what a run at these thresholds gives, or it says that it does not know."""

from __future__ import annotations

import random
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from datapipe.core.errors import DatapipeError
from tests.conftest import Runs
from tests.tuned import RECIPE, ask, by_group, prepare, published, rerun


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    runs = prepare(Runs(tmp_path_factory.mktemp("tuned")))
    runs(RECIPE)
    return runs


@pytest.mark.parametrize(
    "settings",
    [
        ("gopher_quality.min_words=100",),
        ("gopher_quality.by_lang.es.min_words=300", "gopher_quality.max_avg_word_length=9"),
        ("language_id.keep=[en, zh]", "gopher_repetition.max_top_2_gram=0.05"),
        ("language_id.min_score=0.9", "fineweb_quality.max_short_lines=0.2", "length.min_words=40"),
        ("c4_quality.min_sentences=0", "c4_quality.curly_bracket=false"),  # the last step may be loosened, too
        ("c4_quality.min_sentences=20", "c4_quality.lorem_ipsum=false"),
        ("length.min_words=5", "web.04.gopher_quality.min_stop_words=4"),
        ("c4_quality.min_sentences=null", "length.min_words=0"),
    ],
)
def test_exact_is_what_a_run_gives(tuned: Runs, settings: tuple[str, ...]) -> None:
    found = ask(tuned, *settings)
    assert found["exact"], found["inexact"]
    again = rerun(tuned, RECIPE, settings)
    assert by_group(found, "then") == published(again)
    assert by_group(found, "then") != by_group(found, "now")
    assert by_group(found, "unjudged") == {}
    before = orjson.loads((tuned.folder / "out" / "manifest.json").read_bytes())
    assert by_group(found, "now") == published(before)


def test_any_thresholds_are_exact_or_between_the_bounds(runs: Runs) -> None:
    """Three steps in a row, two sources, languages with thresholds of their own; what is asked for is drawn."""
    draw = random.Random(6)
    for source in ("a", "b"):
        rows = [
            {"id": f"{source}{i}", "lang": draw.choice(["en", "de", None]), "text": _lines(draw)} for i in range(200)
        ]
        runs.jsonl(f"{source}.jsonl", rows)
    recipe = """
name: drawn
scores: true
datasets:
  a: {read: {jsonl: a.jsonl}, steps: [{length: {min_words: 8, max_lines: 20}}, normalize]}
  b: {read: {jsonl: b.jsonl}, steps: [{length: {min_words: 3, action: tag, label: b_length}}]}
  both:
    from: [a, b]
    steps:
      - gopher_repetition: {where: {lang: [en, de]}, max_top_2_gram: 0.5, max_duplicate_lines: 0.4}
      - length: {max_words: 50, label: last, by_lang: {de: {max_words: 40}}}
write: {dataset: both, path: out}
"""
    runs(recipe)
    exact = 0
    for _ in range(12):
        choices = {
            "a.01.length.min_words": draw.randint(1, 20),
            "b_length.min_words": draw.randint(0, 9),
            "gopher_repetition.max_duplicate_lines": draw.choice([0.1, 0.4, 0.6]),
            "gopher_repetition.by_lang.de.max_top_2_gram": draw.choice([0.2, 0.5, None]),
            "last.max_words": draw.randint(20, 80),
            "last.by_lang.de.max_words": draw.randint(20, 80),
        }
        settings = tuple(f"{k}={'null' if v is None else v}" for k, v in choices.items() if draw.random() < 0.4)
        found = ask(runs, *settings)
        dropping = recipe.replace("action: tag, ", "")
        again, low, more = (
            published(rerun(runs, dropping, settings)),
            by_group(found, "then"),
            by_group(found, "unjudged"),
        )
        if found["exact"]:
            exact += 1
            assert again == low, settings
        for group in {*again, *low, *more}:
            n, least = again.get(group, (0, 0))[0], low.get(group, (0, 0))[0]
            assert least <= n <= least + more.get(group, (0, 0))[0], (settings, group)
    assert 3 <= exact < 12


def _lines(draw: random.Random) -> str:
    return "\n".join(" ".join(draw.choices("abcdefghijk", k=draw.randint(1, 9))) for _ in range(draw.randint(0, 14)))


def test_loosening_an_early_step_gives_bounds(tuned: Runs) -> None:
    settings = ("gopher_repetition.max_duplicate_5_gram=0.5", "language_id.min_score=0.4", "c4_quality.min_sentences=9")
    found = ask(tuned, *settings)
    assert not found["exact"]
    assert "action: tag" in found["inexact"][0]
    again = published(rerun(tuned, RECIPE, settings))
    low, more = by_group(found, "then"), by_group(found, "unjudged")
    assert more
    for group in {*low, *more, *again}:
        n, least = again.get(group, (0, 0))[0], low.get(group, (0, 0))[0]
        assert least <= n <= least + more.get(group, (0, 0))[0], group


def test_tagged_steps_answer_exactly_both_ways(runs: Runs) -> None:
    """With tags every step sees every row: the thresholds can be chosen after the run."""
    prepare(runs)
    drops = RECIPE.replace("      - c4_quality: {end_mark: false, where: {lang: [en]}, min_sentences: 4}\n", "")
    tags = (
        drops.replace("gopher_repetition: {", "gopher_repetition: {action: tag, ")
        .replace(
            "          where: {lang: [de, en, es]}", "          where: {lang: [de, en, es]}\n          action: tag"
        )
        .replace("fineweb_quality: {", "fineweb_quality: {action: tag, ")
    )
    assert tags.count("action: tag") == 3
    runs(tags)
    settings = ("gopher_repetition.max_duplicate_5_gram=0.6", "gopher_quality.min_words=10",
                "gopher_quality.min_alpha_words_ratio=0.5", "fineweb_quality.max_short_lines=0.3")  # fmt: skip
    found = ask(runs, *settings)
    assert found["exact"], found["inexact"]
    assert by_group(found, "then") == published(rerun(runs, drops, settings))
    assert by_group(found, "now") == published(rerun(runs, drops, ()))


def test_tables_for_people(tuned: Runs) -> None:
    out = str(tuned.folder / "out")
    done = CliRunner().invoke(datapipe, ["tune", out, "--set", "gopher_quality.min_words=200", "--by", "lang"])
    assert "kept now" in done.stdout
    assert "both: exactly" in done.stdout
    assert "web.04.gopher_quality: of " in done.stdout
    assert "too few words" in done.stdout
    done = CliRunner().invoke(datapipe, ["tune", out, "--set", "language_id.min_score=0.1"])
    assert "both: between" in done.stdout
    assert "not exact:" in done.stdout
    listed = CliRunner().invoke(datapipe, ["tune", out]).stdout
    assert "web.06.c4_quality\n  min_sentences=4, lorem_ipsum=True, curly_bracket=True\n" in listed
    assert "by_lang.de: min_words=50" in listed


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("gopher_qualty.min_words=3", "did you mean gopher_quality?"),
        ("gopher_quality.min_wrds=3", "did you mean min_words?"),
        ("gopher_quality.min_words=abc", "expected a valid integer"),
        ("gopher_quality.min_words=200000", "is more than max_words"),
        ("web.03.gopher_quality.min_words=3", "did you mean web.04.gopher_quality?"),
        ("c4_quality.end_mark=true", "web.06.c4_quality.end_mark: changes what is measured"),
        ("gopher_quality.stop_words=[a]", "changes what is measured"),
        ("gopher_quality.where={lang: [en]}", "cannot be tuned"),
        ("normalize.max_newlines=3", "only a run can tell"),
        ("language_id.by_lang.de.min_score=0.2", "only a run can tell"),
        ("seed=4", "only thresholds of steps"),
        ("gopher_quality.min_words", "expected key=value"),
    ],
)
def test_misuse_is_explained(tuned: Runs, setting: str, said: str) -> None:
    with pytest.raises(DatapipeError) as error:
        ask(tuned, setting)
    assert said in str(error.value)


def test_a_run_without_scores_says_how_to_get_them(runs: Runs) -> None:
    runs.jsonl("in.jsonl", [{"id": "a", "text": "a b c"}])
    runs("read: {jsonl: in.jsonl}\nsteps: [{length: {min_words: 2}}]\nwrite: {path: out}")
    assert not (runs.folder / "out" / "scores").exists()
    with pytest.raises(DatapipeError, match="add `scores: true` to its recipe"):
        ask(runs, "length.min_words=1")


def test_a_lost_part_is_told(runs: Runs) -> None:
    runs.jsonl("in.jsonl", [{"id": "a", "text": "a b c"}])
    runs("scores: true\nread: {jsonl: in.jsonl}\nsteps: [{length: {min_words: 2}}]\nwrite: {path: out}")
    next((runs.folder / "out" / "scores").glob("*")).unlink()
    with pytest.raises(DatapipeError, match="gone; `datapipe run` writes it anew"):
        ask(runs, "length.min_words=1")


def test_scores_that_tell_another_verdict_are_not_believed(tuned: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator was changed since: a prediction by its new rules would be no run's."""
    from datapipe.ops.fineweb_quality import FinewebQuality

    bounds = {**FinewebQuality.bounds, "short_lines": ("max_short_lines", "newlines_per_word")}
    monkeypatch.setattr(FinewebQuality, "bounds", bounds)
    with pytest.raises(DatapipeError, match=r"web\.05\.fineweb_quality: by their scores"):
        ask(tuned, "c4_quality.min_sentences=3")


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(DatapipeError, match="not a run folder"):
        ask(Runs(tmp_path), "length.min_words=1")
