"""`datapipe train tokenizer`: the same model as the step trains, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from datapipe.cli.main import datapipe
from tests.conftest import Runs
from tests.core.test_tokenizer_training import texts

RECIPE = """
name: tokens
seed: 9
datasets:
  web:
    read: {jsonl: [en.jsonl, ru.jsonl]}
    steps:
      - train_tokenizer: {vocab_size: 400, sample: 30kB, temperature: 2, label: tokenizer}
write: {dataset: web, path: out}
"""


@pytest.fixture
def corpus(runs: Runs) -> Runs:
    for lang, seed in (("en", 1), ("ru", 2)):
        runs.jsonl(f"{lang}.jsonl", [{"text": text, "lang": lang} for text in texts(seed)[: 50 * seed]])
    return runs


def train(corpus: Runs, *options: str) -> Result:
    return CliRunner().invoke(datapipe, ["train", "tokenizer", *options, "--out", str(corpus.folder / "own")])


def test_it_is_what_the_step_trains(corpus: Runs) -> None:
    given = f"web={corpus.folder}/*.jsonl"
    options = ("--vocab-size", "400", "--sample", "30kB", "--temperature", "2", "--seed", "9")
    done = train(corpus, given, *options)
    assert done.exit_code == 0, done.output
    corpus(RECIPE)
    step = corpus.folder / "out" / "models" / "tokenizer"
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        assert (corpus.folder / "own" / name).read_bytes() == (step / name).read_bytes()
    ours, theirs = (json.loads((folder / "card.json").read_bytes()) for folder in (corpus.folder / "own", step))
    assert ours.pop("corpus")["documents"] == 150
    assert ours == theirs
    assert "web en: 0.0" in done.output
    assert sorted(path.name for path in (corpus.folder / "own").iterdir()) == sorted(
        path.name for path in step.iterdir()
    )


def test_it_extends(corpus: Runs) -> None:
    assert train(corpus, f"{corpus.folder}/en.jsonl", "--vocab-size", "300", "--quiet").output == ""
    base = corpus.folder / "own" / "tokenizer.json"
    again = (f"{corpus.folder}/ru.jsonl", "--extend", str(base), "--vocab-size", "400")
    done = train(corpus, *again)
    assert "tokens a byte before" in done.output
    card = json.loads((corpus.folder / "own" / "card.json").read_bytes())
    assert card["extends"]["added"] == 100


def test_nothing_stays_of_a_model_of_another_kind(corpus: Runs) -> None:
    given = f"{corpus.folder}/en.jsonl"
    options = ("--vocab-size", "400", "--quiet")
    for kind, beside in (("sentencepiece_bpe", True), ("byte_level_bpe", False)):
        assert train(corpus, given, "--kind", kind, *options).exit_code == 0
        assert (corpus.folder / "own" / "tokenizer.model").exists() == beside


def test_input_without_documents_and_a_file_for_a_folder(corpus: Runs) -> None:
    (corpus.folder / "empty.jsonl").write_bytes(b"")
    assert "no text: 0 documents" in str(train(corpus, f"{corpus.folder}/empty.jsonl").exception)
    (corpus.folder / "own").write_bytes(b"mine")
    assert "a file; expected a folder" in str(train(corpus, f"{corpus.folder}/en.jsonl").exception)
    assert (corpus.folder / "own").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--special", "eos="], "a token is empty"),
        (["--special", "end=x"], "expected a role and its token, such as eos=</s>, found end=x"),
        (["--kind", "bpe"], "'bpe' is not one of"),
        (["--sample", "much"], "expected a size such as 128MB"),
        (["--source-weight", "books=2"], "no input is called that"),
        (["--lang-weight", "de"], "expected a name and a number"),
        (["--extend", "nowhere"], "nowhere"),
        (["--vocab-size", "90000"], "or more text"),
        (["--special", "eos=<a>", "--special", "eos=<b>"], "eos is given twice, as <a> and <b>"),
        (["--lang-weight", "en=0"], "the sample has no text to learn from"),
        (["--extend", "."], "a folder; name the tokenizer.model or tokenizer.json in it"),
    ],
)
def test_what_cannot_be(corpus: Runs, options: list[str], said: str) -> None:
    done = train(corpus, f"{corpus.folder}/en.jsonl", *options)
    assert done.exit_code in (1, 2)
    assert said in done.output + str(done.exception)
    assert not isinstance(done.exception, FileNotFoundError)
    assert not list(Path(corpus.folder).glob("own/*"))
