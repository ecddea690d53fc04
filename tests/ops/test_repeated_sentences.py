"""What a document repeats is cut, its first copy stays: against plain lists, and by example."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from datapipe.ops.repeated_sentences import RepeatedSentences
from tests.conftest import Runs
from tests.reference.repeated import again, loops, without

PIECES = ["a", "b", "A b", "one two", "The cat sat here.", "the CAT sat here.", "Yes.", "你好。", "哈", "كيف؟", "1", "-", ",",
          "!", "x:x:x", "\x00", "İ", "ſ", "e\u0301", "\U0001f600", "don't", ""]  # fmt: skip
GAPS = [" ", " ", " ", "\n", "", "  ", "\u3000", "\r\n"]


def cut(texts: list[str | None], **parameters: object) -> list[str | None]:
    operator = RepeatedSentences.model_validate(parameters)
    column = pa.array(texts, pa.large_string())
    verdict = operator.judge(pa.RecordBatch.from_pydict({"text": column}))
    assert verdict.keep.all()
    left: list[str | None] = verdict.columns.get("text", column).to_pylist()
    assert verdict.spans is not None
    for text, after, spans in zip(texts, left, verdict.spans.to_pylist(), strict=True):
        assert without(text or "", [(s["start"], s["end"]) for s in spans]) == (after or "")
    return left


@pytest.mark.parametrize(
    "parameters",
    [
        {"min_words": 1, "min_loop_words": 2, "min_loop_times": 2},
        {"min_words": 4, "min_times": 3, "normalize": "datatrove", "max_phrase": 3},
        {"min_words": 2, "normalize": "exact", "max_phrase": 5, "min_loop_words": 4},
        {"min_words": 1, "max_phrase": 0},
    ],
)
def test_equals_its_twin(parameters: dict[str, object]) -> None:
    rng = random.Random(11)
    texts: list[str | None] = [None, "", "\n"]
    for _ in range(400):
        few = rng.sample(PIECES, rng.randrange(1, 6))
        texts.append("".join(rng.choice(few) + rng.choice(GAPS) for _ in range(rng.randrange(40))))
    operator = RepeatedSentences.model_validate(parameters)
    sentence = operator.normalize, operator.min_words, operator.min_times
    loop = operator.max_phrase, operator.min_loop_times, operator.min_loop_words
    expected = [t and without(t, again(t, *sentence) + loops(t, *loop)) for t in texts]
    assert cut(texts, **parameters) == expected
    assert sum(a != b for a, b in zip(texts, expected, strict=True)) > 50


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We go to town. Why? We GO to town. Why? No.", "We go to town. Why? Why? No."),
        ("Buy the new shoes now\nBuy the new shoes now\nEnd", "Buy the new shoes now\nEnd"),
        ("So the same words, the same words, the same words, the same words.", "So the same words, the same words."),
        ("very very very good", "very very very good"),
        ("哈" * 12 + "好", "哈好"),
        ("0 0 0 0 0 0 0 0 0 0 0 0", "0 0 0 0 0 0 0 0 0 0 0 0"),
        ("brd ff:ff:ff:ff:ff:ff x", "brd ff:ff:ff:ff:ff:ff x"),
    ],
)
def test_examples(text: str, expected: str) -> None:
    assert cut([text]) == [expected]


def test_a_word_a_million_times() -> None:
    assert cut(["start " + "loop " * 1_000_000 + "end", "x y " * 200_000]) == ["start loop end", "x y "]


def test_why_tells_the_cuts(runs: Runs) -> None:
    runs.jsonl(
        "in.jsonl", [{"id": "x", "text": "It was a cold night. So. It was a cold night. " + "spam and eggs " * 5}]
    )
    runs("read: {jsonl: in.jsonl}\nsteps: [repeated_sentences]\nwrite: {path: out}\n")
    assert [row["text"] for row in runs.table("data")] == ["It was a cold night. So. spam and eggs "]
    said = CliRunner().invoke(datapipe, ["why", str(runs.folder / "out"), "x"]).stdout
    assert "characters 24 to 45: repeated_sentence: ' It was a cold night.'" in said
    assert "characters 59 to 115: repeated_phrase: ' spam and eggs spam" in said
