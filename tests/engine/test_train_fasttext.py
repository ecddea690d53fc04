"""A fastText classifier trained here: the library's model, from the same texts, and what is said of bad ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.core.classifier.fasttext import FastText
from datapipe.core.errors import DatapipeError, RecipeError
from datapipe.engine.training import fasttext_corpus
from datapipe.engine.training.fasttext import FastTextSettings, train_fasttext

GOLDEN = Path(__file__).parent / "golden_fasttext.json"
SMALL = FastTextSettings(dim=8, bucket=200, word_ngrams=2, lr=0.5)
ASKED = ("wörd59 wörd58", "wörd3", "wörd40 new wörd41 wörd40", "wörd12 wörd55 wörd7 wörd31")
COMPARED: dict[str, dict[str, Any]] = {
    "plain": {"lr": 0.5},
    "pairs": {"lr": 1.0, "word_ngrams": 2, "bucket": 300, "dim": 20, "epoch": 8},
    "subwords and tree": {"lr": 2.0, "epoch": 9, "loss": "hs", "minn": 2, "maxn": 4, "bucket": 500, "dim": 16},
    "one each": {"lr": 0.3, "loss": "ova", "word_ngrams": 3, "bucket": 300, "dim": 12, "seed": 5},
    "frequent words": {"lr": 0.5, "min_count": 40, "lr_update_rate": 30, "dim": 30},
}
THEIRS = {"min_count": "minCount", "word_ngrams": "wordNgrams", "lr_update_rate": "lrUpdateRate"}


def corpus() -> tuple[list[str], list[list[str]]]:
    """No two words occur equally often, and no two labels do: nothing depends on how equals are sorted."""
    bag = [(i, n) for i in range(60) for n in range(2 * i + 1)]
    bag.sort(key=lambda pair: hashlib.md5(f"{pair}".encode()).digest())
    cuts = [*range(0, len(bag), 14), len(bag)]
    texts = [bag[a:b] for a, b in pairwise(cuts)]
    labels = [["abbbcc"[sum(i for i, _ in text) % 6], *(["d"] if text[0][0] > 40 else [])] for text in texts]
    return [" ".join(f"wörd{i}" for i, _ in text) for text in texts], labels


def train(
    out: Path, texts: Sequence[str], labels: Sequence[Sequence[str]], settings: FastTextSettings
) -> dict[str, Any]:
    return train_fasttext(texts, labels, out, settings, lambda _: None)


def chances(path: Path, texts: Sequence[str]) -> dict[str, list[float]]:
    with path.open("rb") as stream:
        model = FastText(stream)
    return dict(zip(model.labels, model.chances(text_of(pa.array(texts))).T.tolist(), strict=True))


def golden() -> dict[str, Any]:
    """What the library trains, by the package that can train."""
    import fasttext

    texts, labels = corpus()
    path = GOLDEN.with_suffix(".txt")
    lines = (
        " ".join(f"__label__{name}" for name in names) + f" {text}\n" for text, names in zip(texts, labels, strict=True)
    )
    path.write_text("".join(lines))
    found = {}
    for kind, settings in COMPARED.items():
        given = {THEIRS.get(name, name): value for name, value in settings.items()}
        model: Any = fasttext.train_supervised(str(path), thread=1, verbose=0, **given)
        answers = [dict(zip(*model.predict(text, k=-1), strict=True)) for text in ASKED]
        found[kind] = {
            "words": model.get_words(),
            "chances": {name[9:]: [round(float(a[name]), 7) for a in answers] for name in model.get_labels()},
        }
    path.unlink()
    return found


@pytest.mark.parametrize("kind", COMPARED)
def test_the_model_is_the_one_that_the_library_trains(kind: str, tmp_path: Path) -> None:
    texts, labels = corpus()
    facts = train(tmp_path / "model.bin", texts, labels, FastTextSettings(**COMPARED[kind]))
    expected = json.loads(GOLDEN.read_text())[kind]
    found = chances(tmp_path / "model.bin", ASKED)
    assert list(found) == list(expected["chances"])
    for label, values in expected["chances"].items():
        np.testing.assert_allclose(found[label], np.minimum(values, 1), atol=2e-5)
    spread = np.array(list(expected["chances"].values()))
    assert np.ptp(spread, axis=1).max() > 0.1, "the model has learnt something"
    assert facts["words"] == len(expected["words"])
    assert list(facts["labels"]) == list(expected["chances"])


def test_the_library_loads_it_and_answers_alike(tmp_path: Path) -> None:
    import fasttext

    texts, labels = corpus()
    path = tmp_path / "model.bin"
    train(path, texts, labels, FastTextSettings(lr=0.5, dim=20, word_ngrams=2, bucket=300, minn=2, maxn=3))
    model: Any = fasttext.load_model(str(path))
    ours = chances(path, texts)
    for i, text in enumerate(texts):
        theirs = {label: chance for chance, label in model.f.predict(text + "\n", 9, 0.0, "strict")}
        for label, values in ours.items():
            assert abs(values[i] - theirs[f"__label__{label}"]) < 3e-5


def test_the_same_texts_give_the_same_bytes_however_they_are_batched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, labels = corpus()
    first = train(tmp_path / "a.bin", texts, labels, SMALL)
    monkeypatch.setattr(fasttext_corpus, "BATCH", 100)
    second = train(tmp_path / "b.bin", iter(texts), (tuple(names) for names in labels), SMALL)
    data = (tmp_path / "a.bin").read_bytes()
    assert data == (tmp_path / "b.bin").read_bytes()
    assert first["sha256"] == second["sha256"] == hashlib.sha256(data).hexdigest()
    assert first["bytes"] == len(data)
    assert first["losses"] == pytest.approx(second["losses"])
    assert first["loss"] == first["losses"][-1] < first["losses"][0]
    assert first["tokens"] == sum(map(len, labels)) + sum(len(text.split()) + 1 for text in texts)
    assert {p.name for p in tmp_path.iterdir()} == {"a.bin", "b.bin"}
    train(tmp_path / "b.bin", texts, labels, FastTextSettings(dim=8, bucket=200, word_ngrams=2, lr=0.5, seed=2))
    assert data != (tmp_path / "b.bin").read_bytes()


def test_texts_of_every_script_are_learnt(tmp_path: Path) -> None:
    of = {
        "de": "Der Stadtrat beschloss am Dienstag die alte Brücke neu zu bauen",
        "ru": "городской совет решил восстановить старый мост до паводков",
        "ja": "市議会は 火曜日 冬の洪水が 来る前に 古い橋を 建て直すことを 決めました",
        "ar": "قرر المجلس يوم الثلاثاء إعادة بناء الجسر القديم",
        "mix": "🙂 👩‍👩‍👧 e\u0301te\u0301 \ufeffzero\u200bwidth <b> 100%",
    }
    texts, labels = [], []
    for n in range(60):
        for name, text in of.items():
            words = text.split()
            texts.append("\0".join(words[n % len(words) :][:3]) + "\n")
            labels.append([name])
    train(tmp_path / "model.bin", texts, labels, FastTextSettings(dim=10, lr=1.0, bucket=1000, minn=1, maxn=3))
    found = chances(tmp_path / "model.bin", [" ".join(text.split()[1:4]) for text in of.values()])
    for i, name in enumerate(of):
        assert found[name][i] > 0.9


def test_a_text_is_one_line_without_labels_of_its_own(tmp_path: Path) -> None:
    plain = ["good fine", "bad awful", "good day", "bad day"] * 5
    odd = ["good\n__label__bad fine", "\tbad awful </s> good fine", "good\0day __label__", "bad\r\nday </s>"] * 5
    labels = [["good"], ["bad"]] * 10
    first = train(tmp_path / "a.bin", plain, labels, SMALL)
    second = train(tmp_path / "b.bin", odd, labels, SMALL)
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
    assert first["empty"] == second["empty"] == 0
    third = train(tmp_path / "b.bin", ["", *plain, " __label__x \0"], [["good"], *labels, ["bad"]], SMALL)
    assert (third["empty"], third["texts"], third["labels"]) == (2, 20, {"good": 10, "bad": 10})
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()


@pytest.mark.parametrize(
    ("texts", "labels", "sentence"),
    [
        ([], [], "there is no text:"),
        (["a", "b"], [["x"], ["x"]], r"only the label x \(2 texts\)"),
        (
            ["a", " ", "b", "</s> c"],
            [["x"], ["y"], ["x"], ["y"]],
            r"the label y has 0 texts with a word \(2 texts have none\)",
        ),
        (["a", "b"], [["x"], []], "text 2 has no label"),
        (["a", "b"], [["x"]], "text 2 has no label"),
        (["a"], [["x"], ["y"]], "text 2 has no text"),
        (["a", "b"], [["x"], ["y z"]], "text 2 has the label 'y z'"),
        (["a", "b"], [["x"], [""]], "text 2 has the label ''"),
        (["a", "b"], "xy", "text 1 has the labels 'x', not a list of them"),
    ],
)
def test_what_cannot_be_trained_gets_one_sentence(texts: Any, labels: Any, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=sentence):
        train(tmp_path / "model.bin", texts, labels, SMALL)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"loss": "ns"}, "the loss is ns: it is one of hs, ova, softmax"),
        ({"lr": 0.0}, "lr is 0.0"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"dim": 0}, "dim is 0: it is at least 1"),
        ({"epoch": 0}, "epoch is 0"),
        ({"bucket": 1 << 28}, "below 268,435,456"),
        ({"minn": 3}, "minn is 3, more than maxn, 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_settings_that_make_no_sense_get_one_sentence(settings: Any, sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        FastTextSettings(**settings)


def test_a_rate_that_is_too_high_is_said_to_be(tmp_path: Path) -> None:
    texts, labels = corpus()
    for loss in ("softmax", "ova", "hs"):
        with pytest.raises(DatapipeError, match=r"training diverged in epoch .* lower lr than 1e"):
            train(tmp_path / "model.bin", texts, labels, FastTextSettings(lr=1e30, dim=8, loss=loss))
    with pytest.raises(RecipeError, match="no word occurs 1000 times"):
        train(tmp_path / "model.bin", texts, labels, FastTextSettings(min_count=1000))
    assert not list(tmp_path.iterdir())
