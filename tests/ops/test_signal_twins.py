"""Signals and text statistics equal their plain-Python twins, on fuzzed Unicode, batched, sliced and alone."""

import json
import math
import os
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.word_lists import WordTable
from datapipe.io.opening import open_file
from datapipe.kernels.text_stats import MEASURES
from datapipe.ops.data_juicer_stats import STATS, DataJuicerStats
from datapipe.ops.redpajama_signals import RedpajamaSignals
from datapipe.ops.roots_quality import SCORES, THRESHOLDS, RootsQuality
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import parse
from tests.kernels.test_linear import UNITS
from tests.ops.test_rule_twins import CHARACTERS, PIECES, SPACES
from tests.reference import signals, text_stats

STOP = ("the", "and", "of", "Terms", "ΟΔΟΣ", "οδος", "a b", "是", "我们", "na是", "का", "_x_", "x")
FLAGGED = ("lorem ipsum", "the and", "uses cookies", "word", "javascript", "人", "句子", "3", "a")
SIGNS = [
    "ΟΔΟΣ", "Σ", "ΑΣ'Α", "Σ\u0301", "İ", "ǅ", "Ⓐ", "Ⅷ", "e\u0323\u0307", "e\u0307\u0323", "각", "ᾂ", "\u212b", "🎉", "我们",
    "人是", "句子", "lorem-", "ipsum", "dolorem ipsumi", "javascript,", "#", "…", "▶", "”", "word " * 12, "_", "ー", "Г",
]  # fmt: skip
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(PIECES), st.sampled_from(SPACES), st.sampled_from(SIGNS), CHARACTERS, st.sampled_from(".-' \n")
    ),
    max_size=60,
).map("".join)
LANGUAGES = [*THRESHOLDS, None, "xx"]


def ready(operator: Any) -> Any:
    operator.setup(Context("test", 0, open_file))
    return operator


LISTED = ("en", "vi", "zh")
LISTS = {
    "stop_words": {lang: STOP if lang in LISTED else () for lang in LANGUAGES if lang},  # an empty list is none
    "flagged_words": dict.fromkeys(("en", "zh"), FLAGGED),
}
OPERATORS = [
    ready(RedpajamaSignals(**LISTS)),
    ready(DataJuicerStats(**LISTS, lang=None, char_rep_len=3, word_rep_len=2)),
    ready(RootsQuality(**LISTS)),
]


def batch(texts: list[str], langs: list[str | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {"text": pa.array(texts, pa.large_string()), "lang": pa.array(langs, pa.string())}
    )


def answers(operator: Any, rows: pa.RecordBatch) -> dict[str, list[Any]]:
    if isinstance(operator, RedpajamaSignals):
        done = operator.apply(rows)
        done.validate(full=True)
        return {name: done.column(name).to_pylist() for name in done.schema.names if name.startswith("rps_")}
    return {name: values.tolist() for name, values in operator.judge(rows).scores.items()}


def twins(operator: Any, text: str, lang: str | None) -> dict[str, Any]:
    stop = set(STOP) if lang in LISTED else None
    flagged = set(FLAGGED) if lang in LISTS["flagged_words"] else None
    if isinstance(operator, RedpajamaSignals):
        numbers = {f"rps_doc_{name}": value for name, value in signals.measures(text, stop, flagged).items()}
        lines = {f"rps_lines_{name}": value for name, value in signals.line_measures(text).items()}
        return {name: None if math.isnan(value) else value for name, value in numbers.items()} | lines
    if isinstance(operator, DataJuicerStats):
        values = text_stats.measures(text, 3, 2, 0, False, stop, flagged)
        return {name: values[measure] for name, measure in zip(STATS, MEASURES, strict=True)}
    known = THRESHOLDS.get(lang or "", THRESHOLDS[""])
    values = text_stats.measures(text, known.character_run, known.word_run, known.lookup, True, stop, flagged)
    return {name: values[name] for name in SCORES}


def check(texts: list[str], langs: list[str | None]) -> None:
    for operator in OPERATORS:
        got = answers(operator, batch(texts, langs))
        for row, (text, lang) in enumerate(zip(texts, langs, strict=True)):
            twin = twins(operator, text, lang)
            for name, values in got.items():
                where = f"{name} of {text!r} in {lang}"
                ours, theirs = values[row], twin.get(name, [])
                if ours is None or theirs is None:
                    assert ours is theirs, where
                else:
                    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, err_msg=where)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(TEXTS, st.sampled_from(LANGUAGES)), min_size=1, max_size=4))
def test_measures_equal_their_twins(documents: list[tuple[str, str | None]]) -> None:
    check([text for text, _ in documents], [lang for _, lang in documents])


SOME = [" ".join((PIECES + SIGNS)[i : i + 30]) + ".\n" for i in range(0, len(PIECES + SIGNS), 20)] + [
    "",
    "\n\n",
    "a b c " * 8,
]
SOME_LANGS = [LANGUAGES[i % len(LANGUAGES)] for i in range(len(SOME))]


def test_measures_equal_their_twins_without_compilation() -> None:
    code = "import json,sys; from tests.ops.test_signal_twins import check; check(*json.loads(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code, json.dumps([SOME, SOME_LANGS])],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        check=True,
    )
    check(SOME, SOME_LANGS)


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_a_slice_and_a_document_alone_are_measured_as_in_their_batch(operator: Any) -> None:
    whole = answers(operator, batch(SOME, SOME_LANGS))
    for start, stop in [(2, 5), (1, 2), (len(SOME) - 1, len(SOME)), (3, 3)]:
        sliced = batch(SOME, SOME_LANGS).slice(start, stop - start)
        for part in (sliced, batch(SOME[start:stop], SOME_LANGS[start:stop])):
            for name, values in answers(operator, part).items():
                assert str(values) == str(whole[name][start:stop])


def test_lists_come_from_the_recipe_or_from_files_and_a_language_without_one_is_not_judged(tmp_path: Any) -> None:
    file = tmp_path / "flagged.txt"
    file.write_text("# no word\nbad\nvery bad\n")
    operator = ready(RootsQuality(stop_words={"en": ("the",)}, flagged_words={"en": str(file)}))
    assert operator.files() == (str(file),)
    verdict = operator.judge(batch(["the bad " * 20] * 3, ["en", "de", None]))
    assert verdict.scores["flagged_words"].tolist()[0] == 0.5
    assert np.isnan(verdict.scores["flagged_words"][1:]).all()
    assert verdict.failed["flagged_words"].tolist() == [True, False, False]


def test_lists_of_the_package_join_when_rows_of_their_language_come() -> None:
    packaged = {"de": ("und", "die"), "fr": ("et",)}
    table = WordTable({"de": ("der",)}, Context("test", 0, open_file), packaged=lambda lang: packaged.get(lang, ()))
    assert table.numbers(pa.array(["de", None, "en"])).tolist() == [1, 0, 0]
    assert table.numbers(pa.array(["fr", "de"])).tolist() == [2, 1]
    assert np.count_nonzero(table.lexicon.keys) == 2


def test_thresholds_are_those_of_the_language_unless_the_recipe_says_its_own() -> None:
    rows = batch(["one two three four five six seven eight nine"] * 3, ["eu", "en", "xx"])
    assert ready(RootsQuality()).judge(rows).failed["too_few_words"].tolist() == [False, True, True]
    assert ready(RootsQuality(min_words=9)).judge(rows).failed["too_few_words"].tolist() == [False] * 3
    assert "too_few_words" not in ready(RootsQuality(min_words=None)).judge(rows).failed


def test_none_disables_a_bound_and_zero_is_one() -> None:
    rows = batch(["", "ab"], ["en", "en"])
    assert "text_len_too_low" not in ready(DataJuicerStats(min_text_len=None)).judge(rows).failed
    assert ready(DataJuicerStats(min_text_len=0, max_text_len=0)).judge(rows).failed["text_len_too_high"].tolist() == [
        False,
        True,
    ]
    with pytest.raises(ValueError, match="min_text_len 10 is more than max_text_len 5"):
        DataJuicerStats(max_text_len=5)
    with pytest.raises(ValueError, match="stop_words has no list for lang en"):
        DataJuicerStats(stop_words={"de": ("und",)})


def test_the_path_of_a_list_is_relative_to_the_recipe(tmp_path: Any) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a bad word", "lang": "en"}\n')
    (tmp_path / "bad.txt").write_text("bad\n")
    recipe = """
read: {jsonl: a.jsonl}
steps: [{roots_quality: {flagged_words: {en: %s}, stop_words: {en: [the, of]}}}]
write: {path: out}
"""
    plan = compile_recipe(parse(recipe % "bad.txt", str(tmp_path / "recipe.yaml")))
    (step,) = (step for step in plan.steps() if step.operator == "roots_quality")
    assert step.parameters["flagged_words"] == {"en": str(tmp_path / "bad.txt")}
    assert step.parameters["stop_words"] == {"en": ["the", "of"]}
    with pytest.raises(RecipeError, match=r"needs the file .*none.txt"):
        compile_recipe(parse(recipe % "none.txt", str(tmp_path / "recipe.yaml")))


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
@pytest.mark.parametrize("unit", [*UNITS, "Σ", "\u0301\u0323", "the "])
def test_a_megabyte_of_one_thing_takes_no_longer_than_megabytes_do(operator: Any, unit: str) -> None:
    rows = batch([unit * (1_000_000 // len(unit.encode()))], ["en"])
    answers(operator, rows.slice(0, 0))  # compiled
    began = time.process_time()
    answers(operator, rows)
    assert time.process_time() - began < 5  # 0.1 s; a quadratic step over 10^6 takes minutes
