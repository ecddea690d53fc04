"""Evaluation sets as they are published: which fields hold what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.evaluation.benchmark import Item, Layout, read_benchmarks
from datapipe.engine.build import open_file


def read(*paths: Path, layout: Layout = Layout()) -> list[Item]:  # noqa: B008  # a value
    return read_benchmarks([str(path) for path in paths], layout, Context("a", 0, open_file))


def parts(item: Item) -> list[tuple[str, str]]:
    return [*([tuple(item.question)] if item.question else []), *map(tuple, item.answers)]


@pytest.mark.parametrize(
    ("row", "name", "expected"),
    [
        ({"id": "g1", "question": "Q", "answer": "A"}, "g1", [("question", "Q"), ("answer", "A")]),
        ({"task_id": "HumanEval/0", "prompt": "P", "entry_point": "f", "canonical_solution": "S", "test": "T"},
         "HumanEval/0", [("prompt", "P"), ("canonical_solution", "S")]),
        ({"input": "I", "target": "T"}, "1", [("input", "I"), ("target", "T")]),
        ({"text": "Do it", "code": "x = 1", "task_id": 7, "test_list": ["t"]}, "7", [("text", "Do it"), ("code", "x = 1")]),
        ({"id": "8-343", "question": {"stem": "S", "choices": [{"text": "a", "label": "A"}, {"text": "b", "label": "B"}]},
          "answerKey": "B"}, "8-343", [("question.stem", "S"), ("question.choices", "a"), ("question.choices", "b")]),
        ({"question": "Q", "best_answer": "b", "correct_answers": ["b", "c"], "incorrect_answers": ["d"]}, "1",
         [("question", "Q"), ("best_answer", "b"), ("correct_answers", "c")]),
        ({"question": "Q", "choices": ["x", "y"], "answer": 1}, "1", [("question", "Q"), ("choices", "x"), ("choices", "y")]),
        ({"id": 3, "context": "C", "question": "Q", "answers": {"text": ["A"], "answer_start": [5]}}, "3",
         [("question", "Q"), ("answers", "A")]),
        ({"ctx": "C", "endings": ["e", "f"], "label": 0}, "1", [("ctx", "C"), ("endings", "e"), ("endings", "f")]),
        ({"question": None, "answer": "A"}, "1", [("answer", "A")]),
        ({"question": "", "prompt": "P"}, "1", [("prompt", "P")]),
    ],
)  # fmt: skip
def test_usual_fields(tmp_path: Path, row: dict[str, Any], name: str, expected: list[tuple[str, str]]) -> None:
    path = tmp_path / "set.v2.jsonl"
    path.write_bytes(orjson.dumps(row))
    [item] = read(path)
    assert (item.benchmark, item.name, parts(item)) == ("set.v2", name, expected)
    path.write_bytes(orjson.dumps([row, row], option=orjson.OPT_INDENT_2))
    assert [parts(item) for item in read(path)] == [expected] * 2


def test_fields_that_a_recipe_names(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text('{"passage": "P", "question": "Q", "meta": {"gold": ["A", "B"]}, "answer": "no"}\n')
    [item] = read(path, layout=Layout(("passage", "question"), ("meta.gold",)))
    assert parts(item) == [("passage+question", "P\nQ"), ("meta.gold", "A"), ("meta.gold", "B")]
    with pytest.raises(
        RecipeError, match=r"none of the fields goal; it has passage, question, meta, answer: name them"
    ):
        read(path, layout=Layout(("goal",)))


def test_plain_text_by_the_paragraph_or_the_line(tmp_path: Path) -> None:
    lines, paragraphs, packed = tmp_path / "l.txt", tmp_path / "p.md", tmp_path / "z.txt.zst"
    lines.write_text("one\n  \ntwo\n".replace("  \n", ""))
    paragraphs.write_bytes("\ufeffone\r\nmore\r\n\r\n{two}\r\n".encode())
    packed.write_bytes(zstandard.compress(b'{"no": "json"}\n'))
    found = [
        (item.benchmark, item.name, item.question and item.question.text) for item in read(lines, paragraphs, packed)
    ]
    assert found == [
        ("l", "1", "one"), ("l", "2", "two"), ("p", "1", "one\nmore"), ("p", "2", "{two}\n"), ("z", "1", '{"no": "json"}'),
    ]  # fmt: skip


def test_equal_names_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    paths = [tmp_path / "arc/test.jsonl", tmp_path / "mmlu/test.jsonl", tmp_path / "mmlu/dev.jsonl"]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text('{"question": "Q"}\n')
    assert [item.benchmark for item in read(*paths)] == ["arc/test", "mmlu/test", "dev"]
