"""Every score of the rule sets' variants equals its plain-Python twin, on fuzzed Unicode."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datapipe.core.context import Context
from datapipe.io.opening import open_file
from datapipe.ops.c4_quality import C4Quality
from datapipe.ops.gopher_quality import GopherQuality
from datapipe.ops.gopher_repetition import MEASURES, GopherRepetition
from datapipe.ops.mc4_quality import Mc4Quality
from tests.ops.test_rule_twins import PIECES, TEXTS, assert_scores, batch
from tests.reference import c4_quality, gopher_quality, repetition

FUZZED = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
REPETITION = ("paper", "dclm", "dolma", "curator", "rpv2", "data_juicer")
QUALITY = ("paper", "dclm", "dolma")


def check_repetition(texts: list[str]) -> None:
    for variant in REPETITION:
        got = GopherRepetition(variant=variant).judge(batch(texts)).scores
        twins = [repetition.measures(text, variant) if text.strip() else {} for text in texts]
        assert_scores(got, [{name: twin.get(name, np.nan) for name in MEASURES} for twin in twins], texts)


def check_quality(texts: list[str]) -> None:
    for variant in QUALITY:
        operator = GopherQuality(variant=variant)
        stop_words = set(operator.stop_words)
        twins = [gopher_quality.spaced(text, stop_words, variant) for text in texts]
        assert_scores(operator.judge(batch(texts)).scores, twins, texts)


def check_c4(texts: list[str]) -> None:
    for variant in ("dclm", "dolma"):
        limits = {"max_word_length": 9} if variant == "dclm" else {}
        verdict = C4Quality(variant=variant, min_words_per_line=2, **limits).judge(batch(texts))
        if variant == "dclm":
            twins = [c4_quality.dclm(text, min_words=2, max_word=9) for text in texts]
        else:
            twins = [c4_quality.dolma(text, min_words=2) for text in texts]
        assert verdict.columns["text"].to_pylist() == [left for left, _ in twins]
        verdict.columns["text"].validate(full=True)
        assert_scores(verdict.scores, [count for _, count in twins], texts)


def check_all(texts: list[str]) -> None:
    for check in (check_repetition, check_quality, check_c4):
        check(texts)


@FUZZED
@given(st.lists(TEXTS, min_size=1, max_size=4), st.integers(1, 3))
def test_scores_equal_their_twins(texts: list[str], times: int) -> None:
    check_all([text * times for text in texts])


def test_scores_equal_their_twins_without_compilation() -> None:
    texts = [" ".join(PIECES[i : i + 30]) + "." for i in range(0, len(PIECES), 20)] + ["", "\n\n", "a b c d e. " * 8]
    code = "import json,sys; from tests.ops.test_variant_twins import check_all; check_all(json.loads(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code, json.dumps(texts)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        check=True,
    )
    check_all(texts)


@FUZZED
@given(st.lists(TEXTS, min_size=1, max_size=4), st.integers(0, 12))
def test_long_lines_are_counted_in_code_points(texts: list[str], least: int) -> None:
    operator = Mc4Quality(long_line_length=least)
    expected = [sum(len(line) >= least for line in text.split("\n")) for text in texts]
    assert operator.judge(batch(texts)).scores["long_lines"].tolist() == expected


@pytest.mark.parametrize("unit", ["word ", "a", "-", "\n", "漢", "カ", "_", "x's", ". ", "a:", "# ", "e\u0301", ". . "])
def test_a_megabyte_of_one_thing_is_measured(unit: str) -> None:
    import time

    rows = batch([unit * (1_000_000 // len(unit.encode()))])
    operators = [GopherRepetition(variant=v) for v in REPETITION] + [GopherQuality(variant=v) for v in QUALITY]
    for operator in [*operators, C4Quality(variant="dclm"), C4Quality(variant="dolma"), Mc4Quality()]:
        operator.judge(rows.slice(0, 0))  # compiled
        began = time.process_time()
        operator.judge(rows)
        assert time.process_time() - began < 5, operator  # a quadratic step over 10^6 takes minutes


def test_a_bad_word_of_a_list_drops_a_document(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "bad.txt").write_text("darn\n句\n")
    operator = Mc4Quality(word_files=(str(tmp_path / "bad.txt"),))
    operator.setup(Context("test", 0, open_file))
    long = "\n".join(["a" * 200] * 3)
    texts = [long, f"{long}\nDarn!", f"{long}\ndarned", f"{long}漢句", "\n".join(["漢" * 200] * 2 + ["漢" * 199])]
    verdict = operator.judge(batch(texts))
    assert verdict.reason == [None, "bad_words", None, "bad_words", "few_long_lines"]
