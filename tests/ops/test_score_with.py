"""score_with: what a function may be and may answer, and that runs with it are like any other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.errors import ContractError, RecipeError
from datapipe.core.scoring.answers import numbers_of
from datapipe.core.scoring.batching import blocks
from datapipe.core.scoring.function import device_of, find
from datapipe.engine.contract import broken_laws
from datapipe.engine.tuning.calibrate import thresholds
from datapipe.io.opening import open_file
from datapipe.ops.score_with import ScoreWith
from tests.conftest import ROOT, Runs, compile_text

TEXTS = ["one", "", None, "two words", " \n", "three words here", "x"]
SCORER = """
import os
from pathlib import Path

seen = []

def length(texts, langs=None, *, factor=1):
    seen.append(list(texts))
    return [factor * len(text) for text in texts]

def touchy(texts):
    seen.append(list(texts))
    if any("bad" in text for text in texts):
        raise ValueError("bad text")
    return [len(text) + len(texts) / 1000 for text in texts]

def hungry(texts):
    seen.append(list(texts))
    if len(texts) > 2:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    return [len(text) for text in texts]

def several(texts):
    return {"long": [len(text) for text in texts], "first": [None if text[0] > "t" else ord(text[0]) for text in texts]}

def few(texts):
    return [1.0] * (len(texts) - 1)

def words(texts):
    return ["much" for text in texts]

class Model:
    def __init__(self, *, device, log, path):
        with open(log, "a") as file:
            file.write(f"{os.getpid()} {device}\\n")
        self.weights = len(Path(path, "weights").read_bytes())
    def __call__(self, texts):
        return [len(text) * self.weights for text in texts]

def made(*, plus=0):
    return lambda texts: [len(text) + plus for text in texts]

a_number = 3
"""


@pytest.fixture
def scorers(tmp_path: Path) -> Path:
    path = tmp_path / "scorers.py"
    path.write_text(SCORER)
    return path


def batch_of(texts: list[str | None], **more: list[Any]) -> pa.RecordBatch:
    columns = {ADDR: pa.array(np.arange(len(texts), dtype=np.uint64)), "text": pa.array(texts, pa.large_string())}
    return pa.RecordBatch.from_pydict({**columns, **{name: pa.array(values) for name, values in more.items()}})


def made(scorers: Path, function: str, **parameters: Any) -> ScoreWith:
    operator = ScoreWith.model_validate({"function": f"{scorers}:{function}", **parameters})
    operator.facts(Context("t", 0, open_file))
    operator.setup(Context("t", 0, open_file))
    return operator


def seen(scorers: Path) -> list[list[str]]:
    module = next(m for n, m in sys.modules.items() if n.startswith(f"datapipe_plugin_{scorers.stem}"))
    found: list[list[str]] = module.seen
    return found


def test_scores_bounds_and_blank_texts(scorers: Path) -> None:
    operator = made(scorers, "length", parameters={"factor": 2}, min_score=5, max_score=20, batch_size=2, to="size")
    verdict = operator.judge(batch_of(TEXTS))
    assert verdict.scores["score"].tolist() == pytest.approx([6, np.nan, np.nan, 18, np.nan, 32, 2], nan_ok=True)
    assert verdict.columns["size"].to_pylist() == [6, None, None, 18, None, 32, 2]
    assert verdict.reason == [None, None, None, None, None, "high_score", "low_score"]
    # Longest first, two at a time, and never a text without a word.
    assert seen(scorers) == [["three words here", "two words"], ["one", "x"]]


def test_several_scores_have_bounds_of_their_own(scorers: Path) -> None:
    operator = made(scorers, "several", to=["first", "long"], min_score={"long": 4}, max_score={"first": 112})
    verdict = operator.judge(batch_of(TEXTS))
    assert verdict.columns["first"].to_pylist() == [111, None, None, 116, None, 116, None]
    assert list(verdict.failed) == ["high_first", "low_long"]
    assert verdict.reason == ["low_long", None, None, "high_first", None, "high_first", "low_long"]
    assert operator.score_names() == ("first", "long")
    array = numbers_of(np.arange(6).reshape(3, 2), 3, ("a", "b"), "f")
    assert array.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_further_columns_and_functions_that_make_scorers(scorers: Path) -> None:
    operator = made(scorers, "length", columns=["text", "lang"])
    assert operator.columns_read() == ("text", "lang", ADDR)
    assert operator.judge(batch_of(["a", "bc"], lang=["en", None])).scores["score"].tolist() == [1, 2]
    assert made(scorers, "made", parameters={"plus": 1}).judge(batch_of(["a"])).scores["score"].tolist() == [2]


def test_a_row_that_fails_stands_alone_and_the_others_are_scored_once(scorers: Path) -> None:
    texts = [f"text {n}" + " word" * n for n in range(9)] + ["a bad one"]
    operator = made(scorers, "touchy", batch_size=4)
    with pytest.raises(ValueError, match="bad text"):
        operator.judge(batch_of(texts))
    calls = len(seen(scorers))
    halves = [batch_of(texts).slice(0, 5), batch_of(texts).slice(5)]
    first = operator.judge(halves[0]).scores["score"]
    with pytest.raises(ValueError, match="bad text"):
        operator.judge(halves[1])
    last = operator.judge(halves[1].slice(0, 4)).scores["score"]
    assert len(seen(scorers)) == calls  # all was known
    assert np.concatenate([first, last]).astype(int).tolist() == [len(text) for text in texts[:9]]


def test_memory_that_runs_out_halves_the_block(scorers: Path) -> None:
    texts = ["a" * n for n in range(1, 9)]
    assert made(scorers, "hungry", batch_size=8).judge(batch_of(texts)).scores["score"].tolist() == list(range(1, 9))
    assert max(map(len, seen(scorers)[1:])) == 4


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        ([1.0, 2.0], ContractError, "f gave 2 scores for 3 texts; expected a number for each"),
        (np.zeros((3, 2)), ContractError, r"f gave an array of shape \(3, 2\) for 3 texts"),
        (1.0, ContractError, "expected a number for each"),
        (["a", "b", "c"], TypeError, "f gave 'a'; expected numbers"),
        ([1, "b", 2], TypeError, "expected numbers"),
        ([[1], [2, 3], [4]], TypeError, "lists of different lengths"),
        ({"other": [1, 2, 3]}, ContractError, "f gave no score, but other"),
    ],
)
def test_answers_that_are_none(answer: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        numbers_of(answer, 3, ("score",), "f")


def test_answers_of_all_kinds() -> None:
    assert numbers_of([1, None, 2.5], 3, ("s",), "f")[:, 0].tolist() == pytest.approx([1, np.nan, 2.5], nan_ok=True)
    assert numbers_of((True, False), 2, ("s",), "f").tolist() == [[1], [0]]
    assert numbers_of(np.float32(2), 1, ("s",), "f").tolist() == [[2]]
    assert numbers_of((n / 2 for n in range(2)), 2, ("s",), "f").tolist() == [[0], [0.5]]
    assert numbers_of([], 0, ("s",), "f").shape == (0, 1)
    assert blocks([3, 9, 3, 1], 3) == [[1, 0, 2], [3]]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{function: nothing}", "neither package.module:function nor FILE.py:function"),
        ("{function: scorers.py:nothing}", "has nothing of that name"),
        ("{function: scorers.py:a_number}", "a_number: it is int, not callable"),
        ("{function: other.py:f}", "other.py: no such file"),
        ("{function: broken.py:f}", "No module named 'no_such_package'; install it: pip install no_such_package"),
        ("{function: 'no_such_package.x:f'}", "pip install no_such_package"),
        ("{function: scorers.py:length, parameters: {facto: 2}}", "unexpected keyword argument 'facto'"),
        ("{function: scorers.py:Model, parameters: {log: l}}", "missing a required argument: 'path'"),
        ("{function: scorers.py:touchy, columns: [text, id]}", "too many positional arguments"),
        ("{function: scorers.py:length, to: text}", "text is a column every document has"),
        (
            "{function: scorers.py:length}\n  - score_with: {function: 'cmath:exp'}",
            "makes the column score, which would be lost",
        ),
        ("{function: scorers.py:several, to: [a, b], min_score: 1}", "of which score"),
        ("{function: scorers.py:several, to: [a, b], min_score: {c: 1}}", "c is no score"),
        ("{function: scorers.py:length, min_score: 2, max_score: 1}", "min_score 2 is more than max_score 1"),
        ("{function: scorers.py:length, device: gpu}", "expected auto, cpu, mps, cuda or cuda:0, found gpu"),
        ("{function: scorers.py:length, device: cuda}", "takes no keyword device"),
        ("{function: scorers.py:Model, parameters: {log: l}, models: {path: gone}}", "needs the file"),
    ],
)
def test_mistakes_are_told_before_work_starts(step: str, said: str, runs: Runs, scorers: Path) -> None:
    runs.jsonl("a.jsonl", [{"text": "one"}])
    (runs.folder / "broken.py").write_text("import no_such_package\n")
    with pytest.raises(RecipeError, match=r"recipe\.yaml:[34]: score_with") as caught:
        compile_text(f"read: {{jsonl: a.jsonl}}\nsteps:\n  - score_with: {step}\nwrite: {{path: out}}\n", runs.folder)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_scorer_with_the_vectors_of_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scorer of pipelines/score.yaml keeps the laws, and its scores are cosines."""
    wordllama = pytest.importorskip("wordllama")
    kinds = {"like": ["Water falls as rain.", "Plants need light."], "unlike": ["Buy now! Free shipping."]}
    example = {"function": f"{ROOT}/pipelines/plugins/nearness.py:Nearness", "parameters": kinds, "batch_size": 5}
    monkeypatch.setattr(ScoreWith, "examples", ({**example, "min_score": 0.1},))
    assert broken_laws(ScoreWith) == []
    operator = ScoreWith.model_validate(example)
    operator.setup(Context("t", 0, open_file))
    texts = ["Rain falls, and plants grow.", "Free shipping of all that you buy now", "Kontoauszug"]
    model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)

    def cosine(one: str, other: str) -> float:
        a, b = model.embed([one])[0].astype(float), model.embed([other])[0].astype(float)
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))

    expected = [
        np.mean([cosine(text, own) for own in kinds["like"]]) - np.mean([cosine(text, own) for own in kinds["unlike"]])
        for text in texts
    ]
    assert operator.judge(batch_of(texts)).scores["score"] == pytest.approx(expected, abs=1e-6)
    assert expected[0] > 0 > expected[1]


def test_the_code_of_a_module_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "no_package_here").mkdir()
    (tmp_path / "no_package_here" / "own.py").write_text("def f(texts): return [1] * len(texts)")
    monkeypatch.syspath_prepend(tmp_path)
    found = find("no_package_here.own:f")
    assert len(found.digest) == 16
    assert (found.makes, found.device) == (False, False)


def test_devices() -> None:
    assert device_of("cpu", 3) == "cpu"
    assert device_of("cuda:1", 3) == "cuda:1"
    with pytest.raises(ValidationError):
        ScoreWith(function="a:b", device="cuda:")


def test_thresholds_follow_from_scores(scorers: Path) -> None:
    operator = made(scorers, "length", min_score=1)
    measured = operator.measure(batch_of(["a" * n for n in range(1, 101)]))
    assert thresholds(operator, measured, 0.1) == {"min_score": 10}
    assert operator.tunable() == ("min_score", "max_score")
