"""`datapipe train mixture`: a weights file that moves toward the target, and what it says of misuse."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from datapipe.cli.main import datapipe
from datapipe.core.errors import DatapipeError
from datapipe.core.mixing.weights_file import WeightsFile, read_weights
from tests.conftest import SAMPLE, Runs

GROUPS = [
    f"{name}={SAMPLE / path}"
    for name, path in (
        ("books", "books/books.parquet"),
        ("code", "code/code.jsonl.zst"),
        ("dialogue", "dialogue/dialogue.jsonl.zst"),
        ("science", "science/science.jsonl.zst"),
    )
]
NOVEL = ("--target", f"novel={SAMPLE / 'eval' / 'cloze_northanger.jsonl'}")
SMALL = ("--sample", "60kB", "--seeds", "2", "--budget", "1MB")
FEW = ("--set", "mixes=24", "--set", "closer=8", "--set", "draws=2000", "--set", "best=16", "--set", "proxy.order=4")


def train(*options: object) -> Result:
    return CliRunner().invoke(datapipe, ["train", "mixture", *map(str, options)])


def weights(path: Path) -> WeightsFile:
    return read_weights(path.read_bytes(), str(path))


@pytest.mark.parametrize(
    ("method", "own"),
    [("dsir", ()), ("regmix", FEW), ("ablation", ("--set", "repeats=1", "--set", "proxy.order=4"))],
)
def test_it_moves_toward_the_target(tmp_path: Path, method: str, own: tuple[str, ...]) -> None:
    """The target is a novel by the author of most of the books."""
    out = tmp_path / "new" / "weights.json"
    done = train("--method", method, *GROUPS, *NOVEL, *SMALL, *own, "--out", out)
    assert done.exit_code == 0, done.output + str(done.exception)
    found = weights(out)
    assert (found.method, found.by, found.unit) == (method, "source", "bytes")
    groups = found.facts["groups"]
    assert sum(found.weights.values()) == pytest.approx(1)
    assert found.weights["books"] > max(groups["books"]["natural"], 0.25)
    assert all(row["epochs"] <= 4.001 for row in groups.values())
    means = {name: sum(rows["novel"]) / 2 for name, rows in found.facts["losses"].items()}
    assert means["chosen"] < min(means["natural"], means["uniform"])
    card = out.with_suffix(".md").read_text()
    assert f"| books | {found.weights['books']:.4f} |" in card
    assert "## Stability" in card
    assert "books" in done.output
    assert "effective groups" in done.output
    assert sorted(path.name for path in out.parent.iterdir()) == ["weights.json", "weights.md"]


def texts(word: str, count: int) -> list[str]:
    return [f"{word} {n} and {word} again, number {n * n} of {word}" for n in range(count)]


@pytest.fixture
def corpus(runs: Runs) -> Runs:
    rows = [{"text": text, "topic": topic} for topic in ("sea", "law", "sky") for text in texts(topic, 40)]
    runs.jsonl("all.jsonl", rows)
    runs.jsonl("turned.jsonl", rows[::-1])
    runs.jsonl("target.jsonl", [{"text": f"sea {n} or the sea"} for n in range(12)])
    runs.jsonl("empty.jsonl", [])
    return runs


def by_topic(corpus: Runs, name: str, *options: str) -> bytes:
    out = corpus.folder / f"{name}.json"
    target = ("--target", corpus.folder / "target.jsonl", "--by", "topic", "--quiet", "--seeds", "2")
    few = () if "--method" in options else ("--method", "regmix", *FEW)
    done = train(corpus.folder / f"{name}.jsonl", *target, *few, *options, "--out", out)
    assert done.output == ""
    return out.read_bytes()


def test_the_order_of_the_input_decides_nothing(corpus: Runs) -> None:
    one, other = (json.loads(by_topic(corpus, name)) for name in ("all", "turned"))
    assert one["by"] == "topic"
    assert max(one["weights"], key=one["weights"].get) == "sea"
    for found in (one, other):
        del found["facts"]["inputs"]
    assert one == other
    assert json.loads(by_topic(corpus, "all", "--seed", "5"))["weights"] != one["weights"]


def test_a_text_of_the_target_is_not_learnt_from(corpus: Runs) -> None:
    corpus.jsonl("target.jsonl", [{"text": text} for text in texts("sea", 10)])
    groups = json.loads(by_topic(corpus, "all"))["facts"]["groups"]
    assert groups["sea"]["documents"] == groups["law"]["documents"] == 40
    assert groups["sea"]["sample_bytes"] < 0.8 * groups["law"]["sample_bytes"]


def test_what_the_bound_cuts_is_told(corpus: Runs) -> None:
    """The target is sea alone, of which there is a third of the text, and a training of 1.5 times as much as there is."""
    size = (corpus.folder / "all.jsonl").stat().st_size
    found = json.loads(by_topic(corpus, "all", "--method", "dsir", "--max-epochs", "2", "--budget", str(size)))
    facts = found["facts"]
    sea = facts["groups"]["sea"]
    assert sea["at_bound"] == 2
    assert sea["weight"] <= sea["most"] < 0.9 < sea["free"]
    assert facts["stability"]["one_hot"] == ["sea"]
    assert any(line.startswith("collapse: with one seed at least nearly all went to sea") for line in facts["warnings"])
    card = (corpus.folder / "all.md").read_text()
    assert "Cut at the bound (all there is, 2 times" in card
    assert f"sea (in 2 of 2 seeds, {sea['free']:.4f} before it)" in card
    uncut = json.loads(by_topic(corpus, "all", "--method", "dsir"))["facts"]["groups"]
    assert all(row["at_bound"] == 0 for row in uncut.values())


def test_a_target_that_nothing_predicts_is_told(corpus: Runs) -> None:
    corpus.jsonl("target.jsonl", [{"text": f"ΩΨ{n}Ξ ЖЩ{n}Ю"} for n in range(12)])
    said = json.loads(by_topic(corpus, "all", "--method", "ablation"))["facts"]["warnings"]
    assert any(line.startswith("nothing here predicts target: its loss is ") for line in said)


def test_what_was_left_out_is_told(corpus: Runs) -> None:
    corpus.jsonl("target.jsonl", [{"text": text} for text in texts("sea", 10)])
    with (corpus.folder / "all.jsonl").open("a") as file:
        file.write('{"text": "half a rec\n{"text": "without a group"}\n')
    said = json.loads(by_topic(corpus, "all"))["facts"]["warnings"]
    assert any(line.startswith("10 texts of the groups are in a target too, most of them of sea") for line in said)
    assert "1 records of the inputs cannot be read and were left out" in said
    assert "1 rows have no group and were left out" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--method", "magic", "ALL"], "--method magic: unknown; known: ablation, doremi, dsir, regmix"),
        (["--method", "regmx", "ALL"], "did you mean regmix?"),
        (["--method", "dsir", "ALL", "--by", "topic"], "give --target"),
        (["--method", "dsir", "only=ALL", "TARGET"], "one group only, only"),
        (["--method", "dsir", "ALL", "TARGET"], "has no name; give NAME=INPUT"),
        (["--method", "dsir", "ALL", "--by", "kind", "TARGET"], "no row has it; fields found: id, topic"),
        (["--method", "dsir", "ALL", "--by", "text", "--target", "NOTHING"], "no row has a text"),
        (["--method", "dsir", "a=ALL", "b=nowhere.jsonl", "TARGET"], "nowhere.jsonl: no such file"),
        (["--method", "regmix", "ALL", "--by", "topic", "TARGET", "--set", "mixs=9"], "did you mean mixes?"),
        (["--method", "regmix", "ALL", "--by", "topic", "TARGET", "--set", "mixes=9"], "expected 16 or more"),
        (["--method", "regmix", "ALL", "--by", "topic", "TARGET", "--set", "mixes"], "expected KEY=VALUE"),
        (["--method", "regmix", "ALL", "--by", "topic", "TARGET", "--set", "proxy.order=x"], "--set proxy.order=x: "),
        (
            ["--method", "dsir", "ALL", "--by", "topic", "TARGET", "--budget", "1GB"],
            "give more texts, a smaller budget",
        ),
        (["--method", "dsir", "ALL", "--by", "topic", "TARGET", "--max-epochs", "nan"], "--max-epochs nan: expected"),
        (["--method", "dsir", "ALL", "--by", "topic", "TARGET", "--max-epochs", "inf"], "--max-epochs inf: expected"),
        (["--method", "dsir", "ALL", "--by", "topic", "--target", "ALIEN"], "no word of the targets is in any group"),
        (["--method", "dsir", "ALL", "--by", "topic", "--target", "held out=ALL"], "give another name"),
        (
            ["--method", "dsir", "ALL", "--by", "topic", "TARGET", "--set", "smoothing=7"],
            "expected a share from 0 to 1",
        ),
        (
            ["--method", "dsir", "ALL", "--by", "topic", "TARGET", "--set", "share=0"],
            "share is 0, expected one above 0",
        ),
        (
            ["--method", "ablation", "ALL", "--by", "topic", "TARGET", "--set", "more=-1"],
            "more is -1, expected a factor",
        ),
        (["--method", "regmix", "ALL", "--by", "topic", "TARGET", "--set", "proxy.strength=nan"], "strength is nan"),
        (["--method", "dsir", "ALL", "--by", "topic", "TARGET", "--sample", "9"], "fits into --sample 9 bytes"),
        (["--method", "dsir", "ALL", "--by", "topic", "TARGET", "--max-epochs", "0.5"], "below 1 only with a --budget"),
        (["--method", "dsir", "ALL", "--by", "topic", "TARGET", "--candidate", "no.json"], "no.json: No such file"),
        (["--method", "dsir", "ALL", "--by", "topic", "TARGET", "TARGET"], "two are called the same"),
        (["--method", "dsir", "ALL", "--by", "topic", "--target", "ALL"], "all its texts are in a target"),
    ],
)
def test_misuse_is_one_sentence(corpus: Runs, options: list[str], said: str) -> None:
    corpus.jsonl("alien.jsonl", [{"text": "ζήτα και ωμέγα"}])
    paths = {"ALL": "all.jsonl", "NOTHING": "empty.jsonl", "ALIEN": "alien.jsonl"}
    given: list[object] = []
    for option in options:
        name, sign, value = option.rpartition("=")
        if option == "TARGET":
            given += ["--target", corpus.folder / "target.jsonl"]
        elif value in paths:
            given.append(f"{name}{sign}{corpus.folder / paths[value]}")
        else:
            given.append(option)
    done = train(*given, "--out", corpus.folder / "out.json")
    assert isinstance(done.exception, DatapipeError), done.output
    assert done.exception.exit_code == 2
    assert said in str(done.exception)
    assert "\n" not in str(done.exception)
    assert not (corpus.folder / "out.json").exists()


def test_without_torch_doremi_says_what_to_install(corpus: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    done = train(
        "--method", "doremi", corpus.folder / "all.jsonl", "--by", "topic", "--out", corpus.folder / "out.json"
    )
    assert "pip install 'datapipe[mixture]'" in str(done.exception)


def test_doremi(corpus: Runs) -> None:
    pytest.importorskip("torch")
    tiny = [f"proxy.{name}" for name in ("vocabulary=256", "width=16", "heads=2", "steps=20", "context=16", "batch=4")]
    options = [part for one in (*tiny, "rounds=2") for part in ("--set", one)]
    out = corpus.folder / "out.json"
    done = train(
        "--method", "doremi", corpus.folder / "all.jsonl", "--by", "topic", "--seeds", "2", *options, "--out", out
    )
    assert done.exit_code == 0, done.output + str(done.exception)
    found = weights(out)
    assert set(found.weights) == {"sea", "law", "sky"}
    assert found.facts["stability"]["seeds"][0]["changes"]
    assert set(found.facts["losses"]["chosen"]) == {"held out"}
