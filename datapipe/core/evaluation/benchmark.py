"""Evaluation sets as items of questions and answers, read from JSON lines, a JSON list or plain text."""

from __future__ import annotations

import lzma
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import orjson
import zstandard

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError

# The first of these that an item has is its question; all of these that it has are answers. Passages (SQuAD's `context`)
# are left to who names them: they are Wikipedia's, and would call its articles contaminated.
QUESTION = (
    "question.stem", "question", "question_stem", "prompt", "input", "problem", "query", "instruction", "goal", "ctx",
    "premise", "sentence", "text", "content",
)  # fmt: skip
ANSWER = (
    "answer", "answers", "target", "canonical_solution", "solution", "best_answer", "correct_answer", "correct_answers",
    "code", "output", "response", "completion", "endings", "choices", "question.choices", "options", "option1", "option2",
    "sol1", "sol2", "hypothesis",
)  # fmt: skip
ID = ("id", "task_id", "question_id", "item_id", "qid", "_id", "idx", "key")
_JSON = (".jsonl", ".ndjson", ".json")
_TEXT = (".txt", ".md", ".text")
_PACKED = (".gz", ".zst", ".bz2", ".xz")
_NOT_TEXT = ("label", "labels", "key", "id", "answer_start")
_BROKEN = (OSError, EOFError, zlib.error, zstandard.ZstdError, lzma.LZMAError)


class Part(NamedTuple):
    """A text of an item, and the field it stands in."""

    field: str
    text: str


class Item(NamedTuple):
    """One question of a benchmark; a text without any is a question without answers."""

    benchmark: str
    name: str  # the item's id, or its number (from 1)
    question: Part | None
    answers: tuple[Part, ...]


class Layout(NamedTuple):
    """Which fields hold what; both empty: found by their usual names."""

    question: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()


def read_benchmarks(paths: Sequence[str], layout: Layout, ctx: Context) -> list[Item]:
    """All items of these files; a benchmark is called by its file's name. RecipeError for a file that has none."""
    items: list[Item] = []
    for path, name in zip(paths, _names(paths), strict=True):
        items += _items(path, name, layout, _text(path, ctx))
    return items


def _names(paths: Sequence[str]) -> list[str]:
    """The files' names without extensions; with the folder where two are equal."""
    names = [_stem(path) for path in paths]
    twice = {name for name, n in Counter(names).items() if n > 1}
    return [f"{PurePosixPath(p).parent.name}/{n}" if n in twice else n for p, n in zip(paths, names, strict=True)]


def _stem(path: str) -> str:
    name = PurePosixPath(path).name
    if name.lower().endswith(_PACKED):
        name = name.rpartition(".")[0]
    return name.rpartition(".")[0] or name


def _text(path: str, ctx: Context) -> str:
    try:
        with ctx.open(path) as stream:
            data = stream.read()
    except _BROKEN as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise RecipeError(f"{path}: cannot be read: {reason}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: no text, byte {error.start:,} is not UTF-8; {_EXPECTED}") from None
    if "\0" in text:
        raise RecipeError(f"{path}: no text, it has NUL characters; {_EXPECTED}")
    if not text.strip():
        raise RecipeError(f"{path}: empty; {_EXPECTED}")
    return text


_EXPECTED = "expected JSON lines with questions and answers, or plain text"


def _items(path: str, name: str, layout: Layout, text: str) -> list[Item]:
    kind = next((path.lower().removesuffix(p) for p in _PACKED if path.lower().endswith(p)), path.lower())
    if kind.endswith(_TEXT) or not (kind.endswith(_JSON) or text.lstrip()[0] in "{["):
        return [Item(name, str(n), Part("text", part), ()) for n, part in enumerate(_pieces(text), 1)]
    items = []
    fields: dict[str, None] = {}
    for number, row in enumerate(_rows(path, text), 1):
        if isinstance(row, str):
            row = {"text": row}
        if not isinstance(row, dict):
            raise RecipeError(f"{path}: item {number} is no object but {str(row)[:40]}; {_EXPECTED}")
        fields |= dict.fromkeys(row)
        items.append(_item(name, number, row, layout))
    if not any(item.question or item.answers for item in items):
        wanted = [*layout.question, *layout.answer]
        what = f"none of the fields {', '.join(wanted)}" if any(wanted) else "no question or answer known by its name"
        found = ", ".join(list(fields)[:20])
        raise RecipeError(f"{path}: {what}; it has {found}: name them by fields: {{question: […], answer: […]}}")
    return items


def _pieces(text: str) -> Iterable[str]:
    """Paragraphs, where blank lines part them, or lines."""
    paragraphs = [part for part in re.split(r"\n[^\S\n]*\n", text.replace("\r\n", "\n")) if part.strip()]
    return paragraphs if len(paragraphs) > 1 else [line for line in text.splitlines() if line.strip()]


def _rows(path: str, text: str) -> Iterator[Any]:
    try:
        if text.lstrip().startswith("["):
            yield from orjson.loads(text)
            return
        for line in text.split("\n"):
            if line.strip():
                yield orjson.loads(line)
    except orjson.JSONDecodeError as error:
        head = error.doc[:40] if isinstance(error.doc, str) else ""
        raise RecipeError(f"{path}: not valid JSON: {error.msg} ({head!r}…); {_EXPECTED}") from None


def _item(benchmark: str, number: int, row: Mapping[str, Any], layout: Layout) -> Item:
    name = next((str(row[key]) for key in ID if isinstance(row.get(key), str | int)), str(number))
    if any(layout):
        questions = [Part(field, text) for field in layout.question for text in _strings(_value(row, field))]
    else:
        found = ((field, _strings(_value(row, field))) for field in QUESTION)
        questions = next(([Part(field, "\n".join(texts))] for field, texts in found if texts), [])
    question = Part("+".join(dict.fromkeys(p.field for p in questions)), "\n".join(p.text for p in questions))
    taken = question.field.split("+")
    fields = layout.answer if any(layout) else [field for field in ANSWER if field not in taken]
    answers: dict[str, str] = {}
    for field in fields:
        for text in _strings(_value(row, field)):
            answers.setdefault(text, field)
    return Item(benchmark, name, question if questions else None, tuple(Part(f, text) for text, f in answers.items()))


def _value(row: Any, path: str) -> Any:
    """A field, or `a.b`, one inside another; None where there is none."""
    if path in row:
        return row[path]
    for key in path.split("."):
        row = row.get(key) if isinstance(row, dict) else None
    return row


def _strings(value: Any) -> list[str]:
    """All texts of a value; numbers are none."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, dict):
        return [text for key, inner in value.items() if key not in _NOT_TEXT for text in _strings(inner)]
    return [text for inner in value for text in _strings(inner)] if isinstance(value, list) else []
