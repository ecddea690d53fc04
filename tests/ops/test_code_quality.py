"""Scores of code equal those of bigcode-dataset and Curator (tests/bench/make_golden_code.py), but for known classes."""

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.core.verdict import Verdict
from datapipe.ops.code_quality import CodeQuality
from tests.ops.texts import TEXTS, each_way, rows

GOLDEN: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "golden_code.json").read_text())
CODE = Path(__file__).parents[2] / "sample_data" / "code" / "code.jsonl.zst"
# Pygments does not count these as comments: `///` of Rust (a string, to it), /* */ of CSS and HTML in Markdown.
OTHERWISE = {"Rust", "CSS", "Markdown"}


def judged(texts: list[str], language: str | list[str], **parameters: Any) -> Verdict:
    languages = [language] * len(texts) if isinstance(language, str) else language
    return CodeQuality.model_validate(parameters).judge(rows(texts, language=languages))


@pytest.fixture(scope="module")
def files() -> tuple[list[str], list[str]]:
    with CODE.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        by_id = {row["id"]: row for row in map(json.loads, lines)}
    return [by_id[r["id"]]["text"] for r in GOLDEN["files"]], [by_id[r["id"]]["language"] for r in GOLDEN["files"]]


def test_hand_made_html_shows_as_much_as_to_beautiful_soup() -> None:
    shown = judged([row["text"] for row in GOLDEN["html"]], "HTML").scores["visible_characters"]
    assert shown.tolist() == [row["visible"] for row in GOLDEN["html"]]


def test_real_files_are_measured_as_by_bigcode(files: tuple[list[str], list[str]]) -> None:
    verdict = judged(*files, comment_languages=None)
    near = of = agree = 0
    for i, (row, language) in enumerate(zip(GOLDEN["files"], files[1], strict=True)):
        assert bool(verdict.scores["xml_header"][i]) == row["xml"]
        if "visible" in row:
            assert verdict.scores["visible_characters"][i] == row["visible"]
            kept = not (verdict.failed["hidden_text"][i] or verdict.failed["little_visible_text"][i])
            assert kept == row["html_kept"]
        ours, theirs = verdict.scores["comments"][i], row.get("comments")
        if theirs is not None and not np.isnan(ours) and language not in OTHERWISE:
            assert abs(ours - theirs) < 0.03, (row["id"], ours, theirs)
            of += 1
            near += abs(ours - theirs) < 0.01
            agree += (0.01 < ours < 0.8) == (0.01 < theirs < 0.8)
    assert of > 400
    assert near >= 0.97 * of  # Python's docstrings as the source has them; the newline after a comment in Shell
    assert agree >= 0.99 * of


def test_real_files_are_measured_as_by_curator(files: tuple[list[str], list[str]]) -> None:
    verdict = judged(*files, variant="curator")
    near = []
    for i, row in enumerate(GOLDEN["files"]):
        assert verdict.scores["lines"][i] == row["curator_lines"]
        assert abs(verdict.scores["letters"][i] - row["curator_letters"]) < 5e-3  # its letters include some marks
        if "curator_comments" in row:
            near.append(abs(verdict.scores["comments"][i] - row["curator_comments"]))
        if "curator_html" in row:
            kept = not (verdict.failed["hidden_text"][i] or verdict.failed["little_visible_text"][i])
            assert kept == (row["curator_html"] >= 0.2)
    assert max(near) < 0.03
    assert sum(error < 0.01 for error in near) >= 0.95 * len(near)


@pytest.mark.parametrize(
    ("language", "code", "comments"),
    [
        ("C", "a /* b */ c // d\n", 11), ("C", 'x = "// no"; y = \'"\'; // é\n', 4), ("C", 'p("a\\"// no"); /* end', 6),
        ("JavaScript", "x = /[/'\"]\\//g; // y", 4), ("js", "a = b / 2; // y / z", 8), ("js", "`a\n// b\n`; // c", 4),
        ("Rust", "fn f<'a>(c: char) { c == '\"' } // x", 4), ("Shell", "#!/bin/sh\necho $# '#' a#b # c", 3),
        ("sh", "x='\\' # y", 3), ("SQL", "select 'it''s -- no' -- c", 4), (".sql", "/* a */ select 1", 7),
        ("Python", "def f():\n    '''Doc.\n    More.'''\n    x = 'no'  # c\n", 12), ("py", 'x = (\n"""no"""\n)', 0),
        ("Python", 'r"""doc"""', 3), ("HTML", "<!-- a --><p>'</p>", 10), ("Lua", "--[[ a\nb ]] c -- d", 15),
        ("C", "/* open", 7), ("C", "/*", 2), ("py", "'", 0), ("py", '"""a', 0),
        ("CSS", "a { b: url('//x') } /* c */", 7), ("Haskell", "{- a -} b -- c'", 12),
    ],
)  # fmt: skip
def test_comments_are_found_by_the_marks_of_the_language(language: str, code: str, comments: int) -> None:
    assert round(judged([code], language, comment_languages=None).scores["comments"][0] * len(code), 6) == comments


def test_a_licence_header_is_the_comments_before_all_code_that_name_one() -> None:
    texts = [
        "// Copyright 2020 A\n// All rights.\n\n// About f.\nint f;\n",
        "/* About. */\n/* SPDX-License-Identifier: MIT */\nint f;",
        "int f; // Copyright",
        "/* About. */ int f;",
        "#!/bin/sh\n# licence: none\nls",
    ]
    share = judged(texts, ["C", "C", "C", "C", "sh"]).scores["licence_header"]
    sizes = np.array([len(text) for text in texts])
    assert np.round(share * sizes).tolist() == [34, 47, 0, 0, 15]
    failed = judged(texts[:1], "C", max_licence_header=0.5).failed["licence_header"]
    assert failed.tolist() == [True]
    languages = ["C", "C", "C", "C", "sh", None]
    left = judged([*texts, None], languages, cut_licence_header=True).columns["text"].to_pylist()  # type: ignore[list-item]
    assert left == ["// About f.\nint f;\n", "int f;", texts[2], texts[3], "#!/bin/sh\nls", None]
    assert judged(["/* About. */\n\n# é\n\n/* Copyright é */"], "php", cut_licence_header=True).columns[
        "text"
    ].to_pylist() == ["/* About. */\n\n# é\n\n"]
    assert (CodeQuality().columns_written(), CodeQuality(cut_licence_header=True).columns_written()) == (
        {}, {"text": pa.large_string()},
    )  # fmt: skip


@settings(deadline=None)  # the first call compiles
@given(TEXTS, st.sampled_from(["Python", "JavaScript", "HTML", "Shell", "Lua", "none", ""]))
def test_shapes_equal_the_string_methods(texts: list[str | None], language: str) -> None:
    def answer(batch: Any) -> list[Any]:
        batch = batch.append_column("language", pa.array([language] * batch.num_rows, pa.string()))
        scores = CodeQuality().judge(batch).scores
        return [[None if np.isnan(score[i]) else score[i] for score in scores.values()] for i in range(batch.num_rows)]

    for text, got in zip((text or "" for text in texts), each_way(texts, answer), strict=True):
        sizes = [len(line) for line in text.splitlines()]
        chars = max(len(text), 1)
        assert got[:6] == [
            len(text), len(sizes), max(sizes, default=0), sum(sizes) / len(sizes) if sizes else 0,
            sum(c.isalnum() for c in text) / chars, sum(c.isalpha() for c in text) / chars,
        ]  # fmt: skip


def test_all_reasons_are_given_and_a_variant_has_its_defaults() -> None:
    bad = "<?xml version='1.0'?>" + "-" * 2000
    assert judged([bad], "java").reasons(np.arange(1)) == [
        ["long_line", "long_lines", "few_alphanumeric", "few_comments", "xml_header"]
    ]
    assert judged(["", "x"], "go").reason == ["empty", None]
    curator = CodeQuality.model_validate({"variant": "curator", "min_lines": 1})
    assert (curator.min_lines, curator.max_lines, curator.min_letters, curator.comment_languages) == (
        1,
        20_000,
        0.25,
        None,
    )
    assert CodeQuality(language=None).columns_read() == ("text",)
    assert judged(["a // b"], "C", comment_languages=None, max_comments=0.5).reason == ["many_comments"]


def scores_of(texts: list[str], languages: list[str]) -> dict[str, list[float]]:
    verdict = judged(texts, languages, comment_languages=None)
    return {name: score.tolist() for name, score in verdict.scores.items()}


def test_scores_are_the_same_without_compilation() -> None:
    texts = [row["text"] for row in GOLDEN["html"]] * 2 + [
        "'\\",
        "/[",
        "`é",
        '# "',
        '"""',
        "{- é",
        "<!--",
        "<script",
        "&#",
    ]
    languages = (
        ["HTML"] * len(GOLDEN["html"])
        + ["js"] * len(GOLDEN["html"])
        + ["js", "js", "js", "py", "py", "hs"]
        + ["html"] * 3
    )
    code = (
        "import json,sys; from tests.ops.test_code_quality import scores_of; "
        "print(json.dumps(scores_of(*json.loads(sys.argv[1]))))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, json.dumps([texts, languages])],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert run.stdout.strip() == json.dumps(scores_of(texts, languages))


@pytest.mark.parametrize(
    "unit", ["(/[", "'", '"', "`", "/*", "//", "<", "<script>", "<!--", "&", "\n# licence", "{-", "<a b='", "--[["]
)
def test_a_megabyte_of_one_thing_takes_no_longer_than_megabytes_do(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    began = time.process_time()
    judged([text] * 5, ["js", "py", "html", "sh", "lua"])
    assert time.process_time() - began < 15  # about 1 s; a quadratic step over 10^6 takes minutes
