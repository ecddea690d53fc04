"""Labelled texts: each once, none with two labels, and the same parts whatever the order of the input."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from datapipe.core.errors import RecipeError
from datapipe.engine.training.examples import Chosen, Example, Examples, flags_of
from datapipe.engine.training.labelled import Labelling, Read, labelled_rows
from tests.conftest import Runs

MANY = [Example(f"text {n}", ("a" if n % 3 else "b",), str(n), group=f"g{n // 10}") for n in range(600)]


def chosen(examples: list[Example], folder: Path, *, seed: int = 1, held: float = 0.2, most: int | None = None,
           balance: bool = False) -> Chosen:  # fmt: skip
    return Examples(examples, folder).chosen(seed, held, most, balance)


def parts(found: Chosen) -> list[tuple[str, bool, tuple[str, ...]]]:
    texts = found.texts(np.arange(len(found)))
    return [(t, bool(h), found.sets[n]) for t, h, n in zip(texts, found.held, found.labels, strict=True)]


@pytest.mark.parametrize("options", [{}, {"most": 50}, {"balance": True}, {"held": 0.0}])
def test_the_order_of_the_input_changes_nothing(options: dict, tmp_path: Path) -> None:
    shuffled = MANY[:]
    random.Random(3).shuffle(shuffled)
    first, second = (parts(chosen(some, tmp_path, **options)) for some in (MANY, shuffled))
    assert first == second
    assert first != sorted(first)


def test_a_group_is_held_out_as_one(tmp_path: Path) -> None:
    group = {example.text: example.group for example in MANY}
    found = parts(chosen(MANY, tmp_path))
    held, trained = ({group[text] for text, h, _ in found if h is side} for side in (True, False))
    assert not held & trained
    assert 60 < sum(h for _, h, _ in found) < 180
    alone = parts(chosen([Example(e.text, e.labels, e.id) for e in MANY], tmp_path))
    assert 90 < sum(h for _, h, _ in alone) < 150
    assert parts(chosen(MANY, tmp_path, seed=2)) != found


def test_copies_count_once_and_contradictions_not_at_all(tmp_path: Path) -> None:
    examples = [
        Example("good\nwords ", ("a",), "1", lang="en"),
        Example("good words", ("a",), "2", lang="de"),  # one line of the same words
        Example("both", ("a",), "3"),
        Example("both", ("b",), "4"),
        Example("bad words", ("b",), "5"),
    ]
    for some in (examples, examples[::-1]):
        found = chosen(some, tmp_path, held=0.0)
        assert sorted(parts(found)) == [("bad words", False, ("b",)), ("good words", False, ("a",))]
        assert (found.copies, found.contradictions) == (1, 1)
        assert (found.named, found.contradicting) == ((("1", "2"),), (("3", "4"),))
        assert sorted(found.langs.tolist()) == ["", "de"]


def test_labels_are_limited_and_balanced(tmp_path: Path) -> None:
    def counts(found: Chosen) -> list[int]:
        return flags_of(found, ("a", "b")).sum(0).tolist()

    assert counts(chosen(MANY, tmp_path)) == [400, 200]
    limited = chosen(MANY, tmp_path, most=150)
    assert (counts(limited), limited.left_out) == ([150, 150], 300)
    assert counts(chosen(MANY, tmp_path, balance=True)) == [200, 200]
    assert counts(chosen(MANY, tmp_path, most=30, balance=True)) == [30, 30]


def test_portions_hold_all_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datapipe.engine.training.examples.AT_ONCE", 100)
    found = chosen([*MANY, Example("é 漢字 " * 40, ("a",), "long")], tmp_path)
    rows = np.arange(len(found))
    taken = [
        text.data[a:b].tobytes().decode()
        for _, text in found.portions(rows)
        for a, b in zip(text.offsets[:-1], text.offsets[1:], strict=True)
    ]
    assert taken == list(found.texts(rows))


@pytest.mark.parametrize(
    ("labelling", "value", "labels"),
    [
        (Labelling(), "x y", ("x_y",)),
        (Labelling(), 1, ("1",)),
        (Labelling(), True, ("true",)),
        (Labelling(), ["b", "a", "b"], ("a", "b")),
        (Labelling(), [], ("clean",)),
        (Labelling(toxic=("a", "b")), ["b", "z"], ("b",)),
        (Labelling(toxic=("a", "b")), "z", ("clean",)),
        (Labelling(toxic=("a", "b"), merge=True), ["a", "b"], ("toxic",)),
    ],
)
def test_labels_of_a_row(labelling: Labelling, value: object, labels: tuple[str, ...]) -> None:
    assert labelling.labels_of(value) == labels


def test_rows_are_cut_into_sentences_that_stay_together(runs: Runs, tmp_path: Path) -> None:
    rows = [{"id": str(n), "text": f"One {n}. Two {n}!\nThree {n}", "meta": {"kind": "ab"[n % 2]}} for n in range(50)]
    path = runs.jsonl("a.jsonl", [*rows, {"id": "x", "text": "no label"}, {"id": "y", "meta": {"kind": "a"}}])
    read = Read()
    found = list(labelled_rows([str(path)], None, Labelling("meta.kind", level="sentence"), read))
    assert [example.text for example in found[:3]] == ["One 0.", "Two 0!", "Three 0"]
    assert len({example.group for example in found}) == 50
    assert read.counts() == {"rows": 51, "without_text": 0, "without_label": 1, "unreadable": 1}
    parted = parts(chosen(found, tmp_path))
    for n in range(50):
        assert len({held for text, held, _ in parted if text.rstrip(".!").split()[1] == str(n)}) == 1


def test_fields_that_are_absent_are_named(runs: Runs) -> None:
    path = str(runs.jsonl("a.jsonl", [{"id": "1", "text": "words", "kind": "x", "tags": {"a": 1}}]))
    with pytest.raises(RecipeError, match="--label-field label: no row has it; fields found: id, kind, tags"):
        list(labelled_rows([path], None, Labelling(), Read()))
    with pytest.raises(RecipeError, match=r"--label-field tags: \{\"a\":1\} is no label"):
        list(labelled_rows([path], None, Labelling("tags"), Read()))
    with pytest.raises(RecipeError, match="--toxic y: no row has this label; known: x"):
        list(labelled_rows([path], None, Labelling("kind", ("y",)), Read()))
    with pytest.raises(RecipeError, match="--group-field post: no row has it"):
        list(labelled_rows([path], None, Labelling("kind", group="post"), Read()))
    with pytest.raises(
        RecipeError,
        match=r"no row has a text in the field body, which --text-field names; .*\(other fields: text, kind, tags\)",
    ):
        list(labelled_rows([path], "body", Labelling("kind"), Read()))
