"""`datapipe tune`: what it says is what a run at these thresholds gives, or it says that it does not know."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from datapipe.core.errors import DatapipeError
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import parse
from datapipe.plan.overrides import apply_overrides
from tests.conftest import SAMPLE, Quiet, Runs

STEPS = """
      - normalize
      - language_id: {keep: [de, en, es, zh], min_score: 0.6}
      - gopher_repetition: {max_duplicate_5_gram: 0.3}
      - gopher_quality:
          where: {lang: [de, en, es]}
          min_alpha_words_ratio: 0.6
          min_stop_words: null
          by_lang: {en: {min_stop_words: 2}, de: {max_avg_word_length: 12}}
      - fineweb_quality: {max_duplicate_line_characters: 0.1}
      - c4_quality: {end_mark: false, where: {lang: [en]}, min_sentences: 4}
"""
RECIPE = f"""
name: tuned
seed: 3
scores: true
input_split: 100KB
datasets:
  web:
    read: {{jsonl: web.jsonl}}
    steps: {STEPS}
  more:
    read: {{jsonl: more.jsonl}}
    steps: [{{length: {{min_words: 20}}}}]
  both:
    from: [web, more]
write: {{dataset: both, path: out}}
"""


def web_rows() -> list[dict[str, Any]]:
    packed = (SAMPLE / "web" / "web.jsonl.zst").read_bytes()
    lines = zstandard.ZstdDecompressor().stream_reader(packed).read().splitlines()
    return [orjson.loads(line) for line in lines][:600]


def prepare(runs: Runs) -> Runs:
    runs.jsonl("web.jsonl", [{"id": row["id"], "text": row["text"]} for row in web_rows()])
    runs.jsonl("more.jsonl", [{"id": f"m{i}", "text": "word " * i, "lang": "xx"} for i in range(60)])
    return runs


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    runs = prepare(Runs(tmp_path_factory.mktemp("tuned")))
    runs(RECIPE)
    return runs


def rerun(runs: Runs, recipe: str, settings: tuple[str, ...]) -> dict[str, Any]:
    located = parse(recipe, str(runs.folder / "recipe.yaml"))
    apply_overrides(located, settings)
    return Driver(compile_recipe(located), str(runs.folder / "again"), InProcess(), Quiet()).run(fresh=True)


def ask(runs: Runs, *settings: str, out: str = "out", more: tuple[str, ...] = ()) -> dict[str, Any]:
    words = [word for setting in settings for word in ("--set", setting)]
    done = CliRunner().invoke(datapipe, ["tune", str(runs.folder / out), *words, "--json", *more])
    if done.exception:
        raise done.exception
    (output,) = orjson.loads(done.stdout)["outputs"]
    found: dict[str, Any] = output
    return found


def by_group(found: dict[str, Any], which: str) -> dict[tuple[str, str], tuple[int, int]]:
    cells = {(g["group"]["source"], g["group"]["lang"]): g[which] for g in found["groups"]}
    return {key: (cell["documents"], cell["bytes"]) for key, cell in cells.items() if cell["documents"]}


def published(manifest: dict[str, Any]) -> dict[tuple[str, str], tuple[int, int]]:
    groups = manifest["outputs"][0]["groups"]
    return {(source, lang): tuple(n) for source, langs in groups.items() for lang, n in langs.items() if n[0]}


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


def test_what_compares_documents_makes_it_inexact(runs: Runs) -> None:
    rows = [{"id": f"{i}", "text": f"word number {i % 6} " * (1 + i % 6)} for i in range(30)]
    runs.jsonl("in.jsonl", rows)
    runs("scores: true\nread: {jsonl: in.jsonl}\nsteps: [{length: {min_words: 7}}, exact_dedup]\nwrite: {path: out}")
    found = ask(runs, "length.min_words=10")
    assert found["then"]["documents"] < found["now"]["documents"]
    assert "recipe.01.exact_dedup" not in found["inexact"][0]
    assert "recipe.02.exact_dedup: compares" in found["inexact"][0]
    assert ask(runs, "length.max_words=500")["exact"]  # no row moves


def test_without_edits_only_documents_are_exact(runs: Runs) -> None:
    runs.jsonl("in.jsonl", [{"id": f"{i}", "text": "a  b\n" * i} for i in range(9)])
    recipe = "scores: true\nread: {jsonl: in.jsonl}\nwrite: {path: out}\nsteps: [{length: {min_words: 4}}, normalize]\n"
    runs(recipe)
    settings = ("length.min_words=9",)
    found = ask(runs, *settings)
    assert found["exact"]
    assert by_group(found, "then") == published(rerun(runs, recipe, settings))  # bytes that normalize cut, too
    runs(recipe + "ledger: {edits: false}")
    found = ask(runs, *settings)
    assert "edits: false" in found["inexact"][0]


def test_branches_are_judged_apart(runs: Runs) -> None:
    runs.jsonl("in.jsonl", [{"id": f"{i}", "text": "w " * i} for i in range(1, 41)])
    recipe = """
scores: true
datasets:
  all: {read: {jsonl: in.jsonl}, steps: [{length: {max_words: 38}}]}
  short: {from: [all], steps: [{length: {max_words: 20}}]}
  long: {from: [all], steps: [{length: {min_words: 11}}, normalize]}
write: [{dataset: short, path: out}, {dataset: long, path: out2}]
"""
    runs(recipe)
    words = ["--set", "short.01.length.max_words=30", "--set", "long.01.length.min_words=31", "--json"]
    done = CliRunner().invoke(datapipe, ["tune", str(runs.folder / "out"), *words])
    short, long = orjson.loads(done.stdout)["outputs"]
    assert (short["now"]["documents"], short["then"]["documents"], short["exact"]) == (20, 30, True)
    assert (long["now"]["documents"], long["then"]["documents"], long["exact"]) == (28, 8, True)
    done = CliRunner().invoke(
        datapipe, ["tune", str(runs.folder / "out"), "--set", "long.01.length.min_words=1", "--json"]
    )
    long = orjson.loads(done.stdout)["outputs"][1]
    assert long["then"]["documents"] == 38
    assert "long.02.normalize: may change the bytes" in long["inexact"][0]


PLUGIN = """
import numpy as np
import pyarrow.compute as pc
from datapipe import ThresholdFilter, Verdict

class Capitals(ThresholdFilter):
    name = "capitals"
    bounds = {"shouting": ("max_share", "share")}
    max_share: float | None = 0.5

    def measure(self, batch):
        text = batch.column("text")
        capitals = pc.count_substring_regex(text, "[A-Z]").to_numpy(zero_copy_only=False)
        characters = pc.utf8_length(text).fill_null(0).to_numpy(zero_copy_only=False)
        return Verdict(batch.num_rows, scores={"share": capitals / np.maximum(characters, 1)})
"""


def test_a_plugin_can_be_tuned(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    (runs.folder / "capitals.py").write_text(PLUGIN)
    runs.jsonl("in.jsonl", [{"id": f"{i}", "text": "A" * i + "b" * (20 - i)} for i in range(20)])
    recipe = "scores: true\nplugins: [capitals.py]\nread: {jsonl: in.jsonl}\nsteps: [capitals]\nwrite: {path: out}"
    runs(recipe)
    monkeypatch.chdir("/")
    found = ask(runs, "capitals.max_share=0.25")
    assert (found["now"]["documents"], found["then"]["documents"], found["exact"]) == (11, 6, True)


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
