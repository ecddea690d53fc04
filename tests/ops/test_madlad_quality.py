"""Sentences are counted as by datamap-rs (tests/bench/make_golden_madlad.py), and the paper's variant differs as told."""

import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings

from datapipe.core.context import Context
from datapipe.io.opening import open_file
from datapipe.ops.madlad_quality import CURSED, RULES, MadladQuality
from tests.ops.texts import TEXTS, each_way, rows

GOLDEN: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "golden_madlad.json").read_text())
WEB = Path(__file__).parents[2] / "sample_data" / "web" / "web.jsonl.zst"
PROSE = "The house at the end of the road is old. "


def counted(texts: list[str], variant: str = "datamap") -> list[list[int]]:
    scores = MadladQuality.model_validate({"variant": variant}).judge(rows(texts)).scores
    sentences = scores["sentences"]
    found = [np.nan_to_num(scores[rule] * sentences).round() for rule in RULES]
    return np.array([sentences, *found]).T.astype(int).tolist()


def test_hand_made_sentences_are_counted_as_by_datamap() -> None:
    made = GOLDEN["hand_made"]
    for row, got in zip(made, counted([row["text"] for row in made]), strict=True):
        assert got == row["counts"], row["text"]


def test_real_documents_are_counted_as_by_datamap() -> None:
    with WEB.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    assert counted([texts[row["id"]] for row in GOLDEN["real"]]) == [row["counts"] for row in GOLDEN["real"]]


@settings(max_examples=100, deadline=None)  # the first call compiles
@given(TEXTS)
def test_lengths_and_characters_equal_the_string_methods(texts: list[str | None]) -> None:
    found = each_way(texts, lambda b: MadladQuality().judge(b).scores["sentences"].tolist())
    for text, n, (_, _, odd, technical, cursed) in zip(
        texts, found, counted([t or "" for t in texts], "paper"), strict=True
    ):
        sentences = [s for s in re.split(r"[.!?]+[^\S\x1c-\x1f]+", text or "") if s.strip()]
        assert n == len(sentences)
        assert odd == sum(not 20 <= len(s) <= 500 for s in sentences)
        assert technical == sum(len(re.findall("[0-9{}+/()>]", s)) > 0.2 * len(s) for s in sentences)
        assert cursed == sum(any(re.search(p, s) for p in CURSED) for s in sentences)


def test_documents_are_dropped_past_a_fifth_by_the_paper_and_at_a_fifth_by_datamap() -> None:
    texts = [PROSE * 4, PROSE * 5, PROSE * 4 + "Download it from here, dear reader."]
    paper, datamap = MadladQuality(), MadladQuality.model_validate({"variant": "datamap"})
    assert paper.judge(rows(texts)).reason == ["too_few_sentences", None, None]
    assert datamap.judge(rows(texts)).reason == ["too_few_sentences", None, "questionable_sentences"]
    assert datamap.judge(rows(texts)).scores["questionable"].tolist() == [0, 0, 0.2]
    assert MadladQuality(max_questionable=0).judge(rows(texts)).reasons(np.arange(3)) == [
        ["too_few_sentences"], [], ["questionable_sentences"],
    ]  # fmt: skip
    assert MadladQuality(min_sentences=None, max_questionable=None).judge(rows(["", *texts])).keep.all()


def test_the_variants_read_patterns_and_lengths_differently() -> None:
    assert counted(["see Vol. 3 of the work"], "paper") == [[2, 0, 2, 0, 0]]
    text = "see Vol.3 of the works"
    assert (counted([text], "paper"), counted([text])) == ([[1, 0, 0, 0, 1]], [[1, 0, 0, 0, 0]])
    assert (counted(["漢" * 15], "paper"), counted(["漢" * 15])) == ([[1, 0, 1, 0, 0]], [[1, 0, 0, 0, 0]])
    assert MadladQuality.model_validate({"variant": "datamap"}).criteria == ("list_case", "cursed")


def test_a_sentence_in_another_language_than_the_document_is_questionable() -> None:
    english, german = PROSE, "Das Haus am Ende der Straße ist schon sehr alt geworden. "
    batch = rows([english * 4 + german, english * 5, german * 5, english * 5, ""], lang=["en", "en", "en", None, "en"])
    operator = MadladQuality(criteria=("document_consistency",))
    assert (operator.columns_read(), MadladQuality().columns_read()) == (("text", "lang"), ("text",))
    assert len(operator.files()) == 1
    operator.setup(Context("test", 0, open_file))
    share = operator.judge(batch).scores["document_consistency"].tolist()
    assert share[:4] == [0.2, 0, 1, 0]
    assert operator.judge(batch).failed["questionable_sentences"].tolist() == [False, False, True, False, False]


def test_counts_are_the_same_without_compilation() -> None:
    texts = [row["text"] for row in GOLDEN["hand_made"]]
    code = (
        "import json,sys; from tests.ops.test_madlad_quality import counted; "
        "print(json.dumps(counted(json.loads(sys.stdin.read()))))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, check=True,
        capture_output=True, text=True, input=json.dumps(texts),
    )  # fmt: skip
    assert json.loads(run.stdout) == counted(texts)


@pytest.mark.parametrize("unit", [".", ". ", "a", "A ", "a'", "_", "\n", "... ", "a b ", "|", ", ..,,", "漢"])
def test_a_megabyte_of_one_thing_takes_no_longer_than_megabytes_do(unit: str) -> None:
    text = unit * (1_000_000 // len(unit.encode()))
    began = time.process_time()
    MadladQuality().judge(rows([text]))
    assert time.process_time() - began < 5  # about 0.2 s; a quadratic step over 10^6 takes minutes
