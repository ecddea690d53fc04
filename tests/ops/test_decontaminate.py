from __future__ import annotations

import gzip
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.verdict import Verdict
from datapipe.engine.build import open_file
from datapipe.ops.decontaminate import Decontaminate
from tests.conftest import SAMPLE, Runs, compile_text
from tests.ops.texts import rows

QUESTION = (
    "If seven red foxes cross a frozen river at dawn and two of them turn back, how many arrive at the other bank?"
)
ANSWER = "Five foxes arrive, because seven less two that turned back before the ice broke leaves exactly five of them."


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Items as a file of JSON lines, or a text as it is; its path."""

    def written(items: Any, name: str = "fox.jsonl") -> str:
        path = tmp_path / name
        path.write_bytes(items.encode() if isinstance(items, str) else b"".join(orjson.dumps(i) + b"\n" for i in items))
        return str(path)

    return written


def judge(texts: list[str | None], *against: str, **parameters: Any) -> Verdict:
    operator = Decontaminate(against=against, **parameters)
    operator.setup(Context("a", 0, open_file))
    return operator.judge(rows(texts))


def evidence(verdict: Verdict) -> list[list[tuple[int, int, str, str]]]:
    assert verdict.spans is not None
    return [[(s["start"], s["end"], s["reason"], s["of"]) for s in spans] for spans in verdict.spans.to_pylist()]


def test_question_answer_and_both_with_the_place_and_the_item(write: Any) -> None:
    path = write([{"id": "f1", "question": QUESTION, "answer": ANSWER}, {"id": "f2", "question": "Why is it so? " * 4}])
    shouted = QUESTION.upper().replace(",", " --").replace(" ", "\n")
    verdict = judge(
        [f"Été: {QUESTION} Then?", ANSWER, f"{QUESTION}\n{ANSWER}", shouted, "Clean. " * 30, "", None], path
    )
    end = len(QUESTION) - 1  # the question mark is no part of a word
    assert evidence(verdict)[:3] == [
        [(5, 5 + end, "fox", "fox:f1#question")],
        [(0, len(ANSWER) - 1, "fox", "fox:f1#answer")],
        [(0, len(QUESTION) + len(ANSWER), "fox", "fox:f1#question+answer")],
    ]
    assert verdict.keep.tolist() == [False, False, False, False, True, True, True]
    assert verdict.reason[0] == "contaminated"
    assert verdict.scores["item_share"].tolist() == [1, 1, 1, 1, 0, 0, 0]
    assert verdict.scores["hits"][0] == len(QUESTION.split()) - 12


def test_twelve_words_are_no_hit_thirteen_are(write: Any) -> None:
    path = write([{"question": QUESTION}])
    words = QUESTION.split()
    verdict = judge([" ".join(words[3:15]), " ".join(words[3:16]), " ".join([*words[:12], "three", *words[12:]])], path)
    assert verdict.keep.tolist() == [True, False, True]


def test_a_short_question_counts_when_all_of_it_is_there(write: Any) -> None:
    short = "Which metal melts in a warm human hand?"
    path = write([{"question": short, "answer": "gallium"}, {"question": "What is it called?"}])
    texts: list[str | None] = [f"I asked: {short.lower()}", short.replace("warm ", ""), "What is it called?"]
    assert judge(texts, path).keep.tolist() == [False, True, True]
    assert judge(texts, path, min_words=9).keep.tolist() == [
        True,
        True,
        True,
    ]  # nor with its answer: other words follow
    assert judge([f"{short} Gallium!"], path, min_words=9).keep.tolist() == [False]
    assert judge(texts, path, min_words=4).keep.tolist() == [False, True, False]


def test_palm_asks_for_seven_tenths_of_an_item(write: Any) -> None:
    words = [f"w{i}" for i in range(17)]  # ten 8-grams
    path = write([{"question": " ".join(words)}])
    texts: list[str | None] = [" ".join(words[:n]) for n in (13, 14, 17)]  # 6, 7, 10 of them
    verdict = judge(texts, path, variant="palm")
    assert verdict.keep.tolist() == [True, False, False]
    assert verdict.scores["item_share"].tolist() == [0, 0.7, 1]
    assert judge(texts, path, variant="palm", min_share=0.6).keep.tolist() == [False] * 3


def test_fineweb_leaves_questions_alone_and_takes_numbers_for_one(write: Any) -> None:
    path = write(
        [{"question": QUESTION, "answer": ANSWER}, {"question": "Sum?", "answer": "The café took 31.5 and 7 " * 3}]
    )
    across = " ".join([*QUESTION.split()[-8:], *ANSWER.split()[:4]])
    texts: list[str | None] = [QUESTION, ANSWER, across, "the cafe took 2 and 19 " * 3, "the cafe took two and 19 " * 3]
    assert judge(texts, path, variant="fineweb").keep.tolist() == [True, False, False, False, True]
    assert judge(texts, path, ngram=12, questions=False).keep.tolist() == [True, False, False, True, True]


def test_items_of_scripts_without_spaces(write: Any) -> None:
    zh = "小明有十二个苹果，他给了小红五个，又买了八个，请问现在他一共有多少个苹果？"
    th = "นักเรียนสามคนแบ่งส้มสิบห้าผลเท่าๆกันแต่ละคนได้ส้มกี่ผล"
    path = write([{"id": "zh", "question": zh}, {"id": "th", "question": th}])
    texts: list[str | None] = [
        f"前文没有空格{zh}后文也没有。",
        f"ข้อความก่อนหน้า {th} ข้อความ",
        zh[:10],
        zh.replace("，", " , "),
    ]
    verdict = judge(texts, path)
    assert verdict.keep.tolist() == [False, False, True, False]
    assert evidence(verdict)[0] == [(6, 6 + len(zh) - 1, "fox", "fox:zh#question")]


def page(n: int) -> str:
    words = [f"word{i * i % 997}" for i in range(n)]
    return " ".join(w.title() + "," if i % 7 == 0 else w for i, w in enumerate(words))


def test_gpt3_cuts_as_the_janitor_of_lm_eval_does(write: Any) -> None:
    """Pieces by janitor.py (EleutherAI/lm-evaluation-harness), which keeps a character more where a later piece starts."""
    items = [
        " ".join(f"word{i * i % 997}" for i in range(a, b))
        for a, b in ((100, 113), (118, 140), (330, 344), (560, 573), (20, 32))
    ]
    path = write("\n".join(items), "known.txt")
    text = page(600)
    verdict = judge([text], path, variant="gpt3")
    assert verdict.columns["text"].to_pylist() == ["\n\n".join([text[:594], text[1314:2448], text[2959:4293]])]
    cuts = [(s["start"], s["end"]) for s in verdict.spans.to_pylist()[0] if s["reason"] == "cut"]  # type: ignore[union-attr]
    assert cuts == [(594, 1314), (2448, 2959), (4293, len(text))]
    assert {of for *_, of in evidence(verdict)[0]} == {
        "known:1#text",
        "known:2#text",
        "known:3#text",
        "known:4#text",
        None,
    }


def test_windows_are_characters_and_pieces_are_counted(write: Any) -> None:
    path = write([{"question": QUESTION}])
    text = f"{'é' * 300} {QUESTION} {'漢' * 300}"
    verdict = judge([text, QUESTION, None, f"{QUESTION} {'much to read ' * 60}" * 3], path, mode="span", max_pieces=2)
    assert verdict.reason == ["nothing_left", "nothing_left", None, "too_many_pieces"]
    wide = judge([text], path, mode="span", min_piece=0).columns["text"].to_pylist()[0]
    assert wide == "é" * 101 + "\n\n" + "漢" * 102
    bare = judge([text], path, mode="span", min_piece=0, window=0).columns["text"].to_pylist()[0]
    assert bare == "é" * 300 + " " + "\n\n" + "? " + "漢" * 300


def test_the_sample_corpus_holds_its_twenty_planted_items(runs: Runs) -> None:
    planted = orjson.loads((SAMPLE / "eval/contaminated_ids.json").read_bytes())
    recipe = f"""
datasets:
  web: {{read: {{jsonl: {SAMPLE}/web/web.jsonl.zst}}}}
  books: {{read: {{parquet: {SAMPLE}/books/books.parquet}}}}
  both: {{from: [web, books], steps: [{{decontaminate: {{against: "{SAMPLE}/eval/*.jsonl", mode: MODE}}}}]}}
write: {{dataset: both, path: out}}
"""
    manifest = runs(recipe.replace("MODE", "document"))
    dropped = {row["id"]: row["spans"] for row in runs.table("ledger")}
    assert set(dropped) == {item["doc_id"] for item in planted}
    for item in planted:
        of = f"{item['eval_set']}:{item['item_id']}"
        mine = [s for s in dropped[item["doc_id"]] if s["of"].partition("#")[0] == of]
        assert mine, item
        assert item["start"] <= min(s["start"] for s in mine) <= max(s["end"] for s in mine) <= item["end"] + 1
    assert manifest["steps"][0]["facts"] == {
        "benchmarks": {"cloze_northanger": {"items": 50, "searched": 50}, "elements_qa": {"items": 48, "searched": 48}}
    }
    assert [model["name"] for model in manifest["models"]] == ["cloze_northanger.jsonl", "elements_qa.jsonl"]
    runs(recipe.replace("MODE", "span"), out="spans")
    edits = runs.table("edits", "spans")
    assert {row["id"] for row in edits} == set(dropped)
    for row in edits:
        assert row["bytes_after"] < row["bytes_before"]
        assert {span["reason"] for span in row["spans"]} > {"cut"}


def test_a_megabyte_of_one_item_takes_no_longer_than_megabytes_do(write: Any) -> None:
    path = write([{"id": n, "question": QUESTION, "answer": f"{ANSWER} {n}"} for n in range(60)])  # words of many items
    judge([QUESTION], path, mode="span")  # compiled
    began = time.process_time()
    verdict = judge([QUESTION * 10_000, "漢" * 300_000, "0 " * 500_000, *[QUESTION] * 10_000], path, mode="span")
    assert time.process_time() - began < 10  # 0.5 s; a quadratic step takes minutes
    assert verdict.reason == ["nothing_left", None, None, *["nothing_left"] * 10_000]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ('{"foo": "bar", "n": 1}\n', "it has foo, n: name them by fields"),
        ('{"question": "a"}\n{"question"', "not valid JSON"),
        ("[1, 2]", "item 1 is no object"),
        ("a\0b", "NUL"),
        ('{"question": "too short"}', "no question or answer has 8 words"),
    ],
)
def test_files_that_cannot_be_used_stop_the_recipe(tmp_path: Path, write: Any, content: str, message: str) -> None:
    write(content)
    (tmp_path / "in.jsonl").write_text('{"text": "x"}\n')
    recipe = "read: {jsonl: in.jsonl}\nsteps:\n  - decontaminate: {against: fox.jsonl}\nwrite: {path: out}\n"
    with pytest.raises(RecipeError, match=message) as caught:
        compile_text(recipe, tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/recipe.yaml:3: decontaminate: ")
    assert "\n" not in str(caught.value)
    for wrong in ("none.jsonl", "none/*.jsonl"):
        with pytest.raises(RecipeError, match=r"no such file|no file matches"):
            compile_text(recipe.replace("fox.jsonl", wrong), tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(b"\x7fELF\xff\xfe")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(b"{}" * 1000)[:20])
    for name, message in (("b.jsonl", "not UTF-8"), ("c.jsonl.gz", "cannot be read")):
        with pytest.raises(RecipeError, match=message):
            judge([], str(tmp_path / name))


def test_globs_are_the_files_they_mean(runs: Runs, write: Any) -> None:
    runs.jsonl("in.jsonl", [{"text": QUESTION}])
    runs.jsonl("sets/b.jsonl", [{"question": QUESTION}])
    recipe = "read: {jsonl: in.jsonl}\nsteps:\n  - decontaminate: {against: sets/*.jsonl}\nwrite: {path: out}\n"
    first = compile_text(recipe, runs.folder)
    assert first.steps()[0].parameters["against"] == [str(runs.folder / "sets/b.jsonl")]
    runs.jsonl("sets/a.jsonl", [{"question": ANSWER}])
    second = compile_text(recipe, runs.folder)
    assert [Path(r.path).name for r in second.resources] == ["a.jsonl", "b.jsonl"]
    assert first.fingerprint != second.fingerprint
    runs.jsonl("sets/a.jsonl", [{"question": ANSWER + " Indeed."}])
    assert compile_text(recipe, runs.folder).fingerprint != second.fingerprint


def test_wrong_parameters_say_what_to_do(write: Any) -> None:
    path = write([{"question": QUESTION}])
    for parameters, message in (
        ({"against": []}, "at least 1"),
        ({"against": path, "min_words": 14}, "at most ngram, which is 13"),
        ({"against": path, "variant": "gpt4"}, "palm"),
        ({"against": path, "min_share": 1.5}, "less than or equal to 1"),
    ):
        with pytest.raises(ValidationError, match=message):
            Decontaminate.model_validate(parameters)
