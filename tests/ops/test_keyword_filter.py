from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from datapipe.core.context import Context
from datapipe.core.verdict import Verdict
from datapipe.engine.build import open_file
from datapipe.ops.keyword_filter import KeywordFilter
from tests.conftest import Runs
from tests.ops.texts import TEXTS, each_way, rows
from tests.reference import keywords


def made(**parameters: Any) -> KeywordFilter:
    operator = KeywordFilter(**parameters)
    operator.setup(Context("a", 0, open_file))
    return operator


def judge(texts: list[str | None], **parameters: Any) -> Verdict:
    return made(**parameters).judge(rows(texts))


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("Buy CHEAP pills", True),
        ("cheaper", False),
        ("dirt-cheap!", True),
        ("cheap\u0301 ", False),
        ("buy   cheap\n things", True),
        ("买便宜货", True),
        ("русский ДОМ стоит", True),
        ("домик", False),
        ("कमल", False),
        ("", False),
        (None, False),
    ],
)
def test_whole_words_in_every_script(text: str | None, hit: bool) -> None:
    verdict = judge([text], words=["cheap", "便宜", "дом", "कम"])
    assert verdict.reason == ["keyword" if hit else None]


def test_phrases_case_and_substrings() -> None:
    texts: list[str | None] = ["the Terms \t\n of  Use apply", "Terms of Useful", "terms of use"]
    assert judge(texts, words=["terms of use"]).keep.tolist() == [False, True, False]
    assert judge(texts, words=["terms of use"], match="substring").keep.tolist() == [False, False, False]
    assert judge(texts, words=["Terms of Use"], case=True).keep.tolist() == [False, True, True]


def test_hits_and_ratio() -> None:
    texts: list[str | None] = ["bad", "bad good good good", "bad bad good good", "..."]
    verdict = judge(texts, words="bad", min_hits=2)
    assert verdict.keep.tolist() == [True, True, False, True]
    assert verdict.scores["hits"].tolist() == [1, 1, 2, 0]
    assert verdict.scores["hit_ratio"].tolist() == [1, 0.25, 0.5, 0]
    assert judge(texts, words="bad", max_ratio=0.25).keep.tolist() == [False, True, False, True]
    assert judge(texts, words="bad", max_ratio=0).keep.tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("one\nbad\ntwo", "one\ntwo"),
        ("bad\none", "one"),
        ("one\nbad", "one"),
        ("one\nbad\n", "one\n"),
        ("one\n\nbad", "one\n"),
        ("one", "one"),
        ("bad", ""),
        ("bad\n \nbad", " "),
        ("", ""),
        (None, None),
    ],
)
def test_lines_are_cut(text: str | None, left: str | None) -> None:
    verdict = judge(["before", text, "bad\nafter"], words=["bad"], cut="line")
    assert verdict.columns["text"].to_pylist() == ["before", left, "after"]
    dropped = bool(text) and not (left or "").strip()
    assert verdict.reason == [None, "nothing_left" if dropped else None, None]


@settings(deadline=None)  # the first call compiles
@given(TEXTS, st.lists(st.sampled_from(["word", "漢", "5", "👍🏽", "Σ", "ab"]), min_size=1), st.integers(1, 2))
def test_cutting_equals_its_twin(texts: list[str | None], words: list[str], least: int) -> None:
    operator = made(words=words, cut="line", min_hits=least)

    def answer(batch):  # type: ignore[no-untyped-def]
        verdict = operator.judge(batch)
        return list(
            zip(verdict.columns["text"].to_pylist(), verdict.scores["hits"].tolist(), verdict.reason, strict=True)
        )

    expected = []
    for text in texts:
        lines = [] if text is None else text.split("\n")
        hits = [keywords.count(line, words, False, True)[0] for line in lines]
        kept = [line for line, n in zip(lines, hits, strict=True) if n < least]
        left = None if text is None else "\n".join(kept)
        gone = len(kept) < len(lines) and not (left or "").strip()
        expected.append((left, float(sum(hits)), "nothing_left" if gone else None))
    assert each_way(texts, answer) == expected


def test_lists_from_files(runs: Runs) -> None:
    Path(runs.folder, "words.txt").write_text("# what nobody wants\nspam  \n\nfree money\n", encoding="utf-8-sig")
    Path(runs.folder, "more.txt.gz").write_bytes(gzip.compress(b"viagra\n"))
    texts = ["a b", "Free\nmoney now", "VIAGRA", "spam\nham", "# what"]
    runs.jsonl("a.jsonl", [{"id": str(i), "text": text} for i, text in enumerate(texts)])
    step = "keyword_filter: {word_files: [words.txt, more.txt.gz]}"
    runs(f"read: {{jsonl: a.jsonl}}\nsteps:\n  - {step}\nwrite: {{path: out}}\n")
    assert [row["id"] for row in runs.table("data")] == ["0", "4"]
    cutting = "keyword_filter: {word_files: words.txt, cut: line}"
    runs(f"read: {{jsonl: a.jsonl}}\nsteps:\n  - {cutting}\nwrite: {{path: other}}\n", out="other")
    assert [row["text"] for row in runs.table("data", "other")] == ["a b", texts[1], "VIAGRA", "ham", "# what"]
    assert [row["reason"] for row in runs.table("ledger", "other")] == []


@pytest.mark.parametrize(
    "bad",
    [{}, {"words": []}, {"words": ["a", " "]}, {"words": ["a"], "min_hits": 0}, {"words": ["a"], "max_ratio": -1}],
)
def test_impossible_parameters_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        KeywordFilter(**bad)


def test_text_is_written_only_where_lines_are_cut() -> None:
    assert made(words=["a"]).columns_written() == {}
    assert list(made(words=["a"], cut="line").columns_written()) == ["text"]
