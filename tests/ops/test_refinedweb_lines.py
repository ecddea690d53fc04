"""The corrections equal DCLM's own (tests/bench/make_golden_lines.py), and a plain-Python twin on fuzzed Unicode."""

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from datapipe.core.verdict import Verdict
from datapipe.ops.refinedweb_lines import RefinedwebLines
from tests.ops.texts import PIECE, each_way, rows
from tests.reference import refinedweb_lines as twin

GOLDEN: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "golden_lines.json").read_text())
WEB = Path(__file__).parents[2] / "sample_data" / "web" / "web.jsonl.zst"
PARTS = ("\n", "\n", "\n\n\n", " ", "3", "1,2", "K", "k", " likes", "Views", "items in cart", "Items In Cart",
         "read more...", "Read more", "Sign-in", "sign-in ", "A", "BC", "a", "word", "of it", "_", "İ", "ı",
         "ſ", "\u212a", "Ⅷ", "²", "٣")  # fmt: skip
TEXT = st.lists(st.one_of(st.sampled_from(PARTS), PIECE), max_size=40).map("".join)


def digest(verdict: Verdict, row: int) -> tuple[str, bool]:
    left = verdict.columns["text"][row].as_py()
    return hashlib.sha1(left.encode()).hexdigest(), bool(verdict.keep[row])


def test_hand_made_documents_are_corrected_as_by_dclm() -> None:
    made = GOLDEN["hand_made"]
    verdict = RefinedwebLines().judge(rows([row["text"] for row in made]))
    got = list(zip(verdict.columns["text"].to_pylist(), verdict.keep.tolist(), strict=True))
    assert got == [(row["left"], row["kept"]) for row in made]


def test_real_documents_are_corrected_as_by_dclm() -> None:
    with WEB.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    verdict = RefinedwebLines().judge(rows([texts[row["id"]] for row in GOLDEN["real"]]))
    got = [digest(verdict, i) for i in range(verdict.rows)]
    assert got == [(row["sha1"], row["kept"]) for row in GOLDEN["real"]]


@settings(max_examples=200, deadline=None)  # the first call compiles
@given(st.lists(st.one_of(st.none(), TEXT), max_size=5), st.sampled_from([(2, 2, 10), (0, 1, 3), (3, 5, 0)]))
def test_texts_equal_their_twins(texts: list[str | None], limits: tuple[int, int, int]) -> None:
    least, newlines, most = limits
    operator = RefinedwebLines(min_words_per_line=least, max_newlines=newlines, max_edited_words=most)
    left = each_way(texts, lambda batch: operator.judge(batch).columns["text"].to_pylist())
    assert left == [None if text is None else twin.clean(text, least, newlines, most) for text in texts]
    verdict = operator.judge(rows(texts))
    counted = [twin.words(text or "") for text in texts]
    assert verdict.scores["words"].tolist() == counted
    lost = [(n - twin.words(new or "")) / n if n else np.nan for n, new in zip(counted, left, strict=True)]
    np.testing.assert_array_equal(verdict.scores["removed_words"], lost)


def test_lines_are_counted_by_the_first_rule_they_fail() -> None:
    text = "LOUD WORDS\n123\n3 likes\nword\n \na b Read more...\na b\n\nc d"
    scores = {k: v.tolist()[0] for k, v in RefinedwebLines().judge(rows([text])).scores.items()}
    assert scores.pop("removed_words") == pytest.approx(8 / 14)
    assert scores == {
        "words": 14, "lines": 7, "lines_kept": 3, "uppercase_lines": 1, "numeric_lines": 1, "counter_lines": 1,
        "short_lines": 1, "edited_lines": 1,
    }  # fmt: skip


def test_none_disables_and_phrases_are_ones_own() -> None:
    def left(text: str, **parameters: Any) -> str:
        return RefinedwebLines.model_validate(parameters).judge(rows([text])).columns["text"][0].as_py()

    text = "LOUD WORDS\n\n\n\n12345\n3 likes\nword\nmehr lesen ..."
    off = {"max_uppercase": None, "numeric": False, "counters": False, "min_words_per_line": None, "max_newlines": None}
    assert left(text, **off, cut_at_end=[], cut_anywhere=[], cut_at_start=[]) == text
    assert left("Über uns Mehr lesen", cut_at_end=["mehr lesen"]) == "Über uns"
    assert RefinedwebLines(max_removed_words=None).judge(rows(["WORD", "a b\nC D"])).reason == ["empty", None]
    assert RefinedwebLines(max_removed_words=0).judge(rows(["a b\nC D", "a b"])).reason == ["removed_words", None]


@pytest.mark.parametrize(
    "bad", [{"cut_at_end": [""]}, {"cut_anywhere": ["a\nb"]}, {"max_uppercase": 2}, {"max_newlines": 0}]
)
def test_impossible_parameters_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RefinedwebLines.model_validate(bad)


def corrected(texts: list[str]) -> list[Any]:
    verdict = RefinedwebLines().judge(rows(texts))
    scores = [[None if np.isnan(x) else x for x in score.tolist()] for score in verdict.scores.values()]
    return [verdict.columns["text"].to_pylist(), *scores]


def test_corrections_are_the_same_without_compilation() -> None:
    texts = [row["text"] for row in GOLDEN["hand_made"][::3]]
    code = (
        "import json,sys; from tests.ops.test_refinedweb_lines import corrected; "
        "print(json.dumps(corrected(json.loads(sys.stdin.read()))))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, check=True,
        capture_output=True, text=True, input=json.dumps(texts),
    )  # fmt: skip
    assert json.loads(run.stdout) == corrected(texts)
