"""`datapipe train quality` and `datapipe train toxicity`: models, cards, and what is wrong."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from datapipe.arrow.text import text_of
from datapipe.cli.main import datapipe
from datapipe.core.classifier.model_file import read_classifier
from datapipe.core.context import Context
from datapipe.core.registry import operators
from datapipe.io.opening import open_file
from tests.conftest import SAMPLE, Runs, compile_text

BOOKS, WEB = str(SAMPLE / "books" / "books.parquet"), str(SAMPLE / "web" / "web.jsonl.zst")
SMALL = {"fasttext": ["--dim", "8", "--buckets", "4096", "--lr", "0.5", "--max-examples", "250"],
         "logistic": ["--method", "logistic", "--buckets", "4096", "--max-examples", "250"]}  # fmt: skip
GOOD, BAD = ["mild", "kind", "sunny", "calm"], ["grumble", "grouch", "sulky", "calm"]


def invoked(*options: str) -> Result:
    return CliRunner().invoke(datapipe, ["train", *options])


def trained(*options: str) -> str:
    done = invoked(*options)
    assert done.exit_code == 0, done.output
    return done.output


def card_in(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return found


@pytest.fixture(scope="module", params=["fasttext", "logistic"])
def quality(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, str]:
    folder = tmp_path_factory.mktemp(request.param)
    inputs = ["--positive", BOOKS, "--negative", WEB]
    return request.param, folder, trained("quality", *inputs, "--out", str(folder), *SMALL[request.param])


def test_it_tells_books_from_the_web(quality: tuple[str, Path, str]) -> None:
    method, folder, output = quality
    assert sorted(p.name for p in folder.iterdir()) == ["quality.bin", "quality.json", "quality.md"]
    card = card_in(folder, "quality")
    assert (card["method"], card["labels"]) == (method, ["hq", "cc"])
    assert card["held_out"]["labels"]["hq"]["auc"] > 0.95
    for label, texts in card["texts"].items():
        assert 200 < texts["train"] + texts["held_out"] <= 250, label
    (books,) = card["inputs"]["hq"]
    assert books["sha256"] == hashlib.sha256(Path(BOOKS).read_bytes()).hexdigest()
    (file,) = card["files"]
    assert file["sha256"] == hashlib.sha256((folder / "quality.bin").read_bytes()).hexdigest()
    assert card["copies_left_out"] > 50
    assert any("is too good: does a site" in said for said in card["warnings"])
    assert "hq: " in output
    assert "AUC" in output


def test_scores_are_those_of_the_card(quality: tuple[str, Path, str]) -> None:
    _, folder, _ = quality
    classifier = read_classifier(str(folder / "quality.bin"), Context("x", 0, open_file))
    said = ["It is a truth universally acknowledged, that a single man must be in want of a wife, said her mother.",
            "apt-get install the package; see the manual page for options and the configuration file in /etc"]  # fmt: skip
    found = classifier.chances(text_of(pa.array(said, pa.large_string())))[:, classifier.labels.index("hq")]
    assert found[0] > found[1]


def test_the_page_has_all_of_the_card(quality: tuple[str, Path, str]) -> None:
    _, folder, _ = quality
    card, page = card_in(folder, "quality"), (folder / "quality.md").read_text()
    for part in (*card["warnings"], *card["risks"], card["recipe"], "Thresholds of hq", "top 10%", "lang en"):
        assert part in page
    table = card["held_out"]["threshold_tables"]["hq"]
    assert {row.get("top_of_negatives") for row in table} >= {0.05, 0.1, 0.2, 0.5}


def test_equal_texts_give_equal_bytes(quality: tuple[str, Path, str], tmp_path: Path) -> None:
    method, folder, _ = quality
    trained("quality", "--negative", WEB, "--positive", BOOKS, "--out", str(tmp_path), "--quiet", *SMALL[method])
    for ending in ("bin", "json", "md"):
        name = f"quality.{ending}"
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    assert card_in(tmp_path, "quality")["held_out"] == card_in(folder, "quality")["held_out"]


def test_the_recipe_of_a_card_can_be_run(quality: tuple[str, Path, str]) -> None:
    if "quality_classifier" not in operators:
        pytest.skip("the step is not there")
    _, folder, _ = quality
    card = card_in(folder, "quality")
    recipe = f"read: {{jsonl: {WEB}}}\nsteps:\n  {card['recipe']}\nwrite: {{path: out}}\nname: x\n"
    assert compile_text(recipe, folder).stages


def labelled(runs: Runs, multiple: bool = False) -> str:
    random = np.random.default_rng(4)
    rows = []
    for n in range(240):
        bad = n % 3 == 0
        words = random.choice(BAD if bad else GOOD, 8).tolist()
        label: Any = "rude" if bad else "fine"
        if multiple:
            label = ["rude", "loud"][: n % 2 + 1] if bad else []
        rows.append(
            {"id": str(n), "text": f"{' '.join(words)} {n}", "label": label, "lang": "ab"[n % 2], "post": n // 4}
        )
    return str(runs.jsonl("labelled.jsonl", rows))


@pytest.mark.parametrize("method", ["fasttext", "logistic"])
@pytest.mark.parametrize("multiple", [False, True])
def test_categories_have_scores(method: str, multiple: bool, runs: Runs) -> None:
    path, out = labelled(runs, multiple), runs.folder / "out"
    options = ["--toxic", "rude", *(["--toxic", "loud"] if multiple else []), "--group-field", "post", "--epoch", "50"]
    trained("toxicity", path, "--out", str(out), "--held-out", "0.3", *options, *SMALL[method])
    card = card_in(out, "toxicity")
    assert card["labels"] == (["loud", "rude", "clean"] if multiple else ["rude", "clean"])
    assert card["targets"] == card["labels"][:-1]
    assert card["held_out"]["labels"]["rude"]["auc"] > 0.95
    assert ("confusion" in card["held_out"]) is not multiple
    assert [group["name"] for group in card["held_out"]["groups"]["rude"]["lang"]] != []
    classifier = read_classifier(str(out / "toxicity.bin"), Context("x", 0, open_file))
    chances = classifier.chances(text_of(pa.array(["grumble grouch sulky", "mild kind sunny", ""], pa.large_string())))
    rude = chances[:, classifier.labels.index("rude")]
    assert rude[0] > 0.5 > rude[1]


def test_a_run_folder_has_its_labels_still(runs: Runs) -> None:
    labelled(runs, multiple=True)
    runs("name: x\nread: {jsonl: labelled.jsonl}\nwrite: {path: out}\n", out="run")
    trained("toxicity", str(runs.folder / "run"), "--out", str(runs.folder / "out"), *SMALL["logistic"])
    card = card_in(runs.folder / "out", "toxicity")
    assert card["labels"] == ["loud", "rude", "clean"]
    if "toxicity" in operators:
        recipe = f"read: {{jsonl: {runs.folder}/*.jsonl}}\nsteps:\n  {card['recipe']}\nwrite: {{path: o}}\nname: x\n"
        assert compile_text(recipe, runs.folder / "out").stages


def test_toxic_labels_may_become_one(runs: Runs) -> None:
    out = runs.folder / "out"
    trained("toxicity", labelled(runs), "--out", str(out), "--toxic", "rude", "--merge", *SMALL["logistic"])
    assert card_in(out, "toxicity")["labels"] == ["toxic", "clean"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["quality", "--positive", "none.jsonl", "--negative", "a.jsonl"], "none.jsonl"),
        (["quality", "--positive", "blank.jsonl", "--negative", "a.jsonl"], "no row has a text in the field text"),
        (["quality", "--positive", "a.jsonl", "--negative", "a.jsonl"], "were the same texts given for both?"),
        (["quality", "--positive", "a.jsonl", "--negative", "b.jsonl", "--labels", "x"], "two different words"),
        (["toxicity", "a.jsonl"], "--label-field label: no row has it; fields found: cell, id, one"),
        (["toxicity", "a.jsonl", "--label-field", "one"], "all texts have the label same; a classifier needs two"),
        (["toxicity", "a.jsonl", "--label-field", "cell"], "--label-field cell: no row has it"),
        (["toxicity", "a.jsonl", "--merge"], "say which labels are toxic"),
        (["quality", "--positive", "a.jsonl", "--negative", "b.jsonl", "--method", "logistic", "--buckets", "1000"],
         "a power of two"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(options: list[str], said: str, runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        runs.jsonl(
            f"{name}.jsonl", [{"id": str(n), "text": f"{name} word {n}", "one": "same", "cell": " "} for n in range(40)]
        )
    runs.jsonl("blank.jsonl", [{"id": "1", "text": " "}])
    monkeypatch.chdir(runs.folder)
    done = invoked(*options, "--out", "out")
    assert done.exit_code != 0
    assert said in f"{done.output} {done.exception}"
    out = runs.folder / "out"
    assert not out.exists() or not list(out.iterdir())


def test_another_model_is_not_replaced(runs: Runs) -> None:
    path, out = labelled(runs), runs.folder / "out"
    options = ["toxicity", path, "--out", str(out), "--quiet"]
    trained(*options, *SMALL["logistic"])
    done = invoked(*options, *SMALL["fasttext"])
    assert "is a model by logistic; give another folder" in str(done.exception)
    (out / "toxicity.json").unlink()
    assert "without a card" in str(invoked(*options, *SMALL["logistic"]).exception)
    assert "expected a folder" in str(invoked("toxicity", path, "--out", path).exception)
    assert "give a folder that can be written" in str(invoked("toxicity", path, "--out", f"{path}/a").exception)


def test_nothing_half_written_is_left(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    path, out = labelled(runs), runs.folder / "out"

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("datapipe.engine.training.classifier.evaluated", stop)
    assert invoked("toxicity", path, "--out", str(out), *SMALL["logistic"]).exit_code != 0
    assert list(out.iterdir()) == []
