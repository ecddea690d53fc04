"""The file of hashed n-grams, and the classifier it is."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from datapipe.arrow.text import Text, text_of
from datapipe.core.classifier.model_file import read_classifier
from datapipe.core.classifier.ngram_classifier import NgramClassifier
from datapipe.core.classifier.ngram_file import NgramModel, Settings, read_ngram_model, write_ngram_model
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.io.opening import open_file
from tests.reference.word_ngrams import buckets, chance

SETTINGS = Settings("words", 2, 1 << 8, True)
CONTEXT = Context("x", 1, open_file)
TEXTS = ["Some words", "", "and MORE words, of all", "漢字 かな", "some words"]


def texts(some: list[str]) -> Text:
    return text_of(pa.array(some, pa.large_string()))


def model(labels: tuple[str, ...], exclusive: bool) -> NgramModel:
    random = np.random.default_rng(5)
    columns = 1 if exclusive else len(labels)
    weights = random.normal(size=(SETTINGS.buckets, columns)).astype(np.float32)
    return NgramModel(SETTINGS, labels, exclusive, weights, random.normal(size=columns))


@pytest.mark.parametrize(("labels", "exclusive"), [(("hq", "cc"), True), (("a", "b", "clean"), False)])
@pytest.mark.parametrize("ending", ["bin", "bin.gz"])
def test_a_file_gives_what_was_written(labels: tuple[str, ...], exclusive: bool, ending: str, tmp_path: Path) -> None:
    written = model(labels, exclusive)
    path = tmp_path / "m.bin"
    write_ngram_model(path, written)
    if ending == "bin.gz":
        path = tmp_path / "m.bin.gz"
        path.write_bytes(gzip.compress((tmp_path / "m.bin").read_bytes()))
    classifier = read_classifier(str(path), CONTEXT)
    assert classifier.labels == labels
    found = classifier.chances(texts(TEXTS))
    assert found.shape == (5, len(labels))
    assert np.isnan(found[1]).all()
    assert not np.isnan(np.delete(found, 1, 0)).any()
    np.testing.assert_array_equal(found[0], found[4])  # in any case of letters
    for text, row in zip(TEXTS[2:], found[2:], strict=True):
        hashed = buckets(text, True, 2, SETTINGS.buckets)
        for column in range(written.weights.shape[1]):
            expected = chance(hashed, written.weights[:, column].tolist(), float(written.intercepts[column]), True)
            assert row[column] == pytest.approx(expected, rel=1e-12)
        if exclusive:
            assert row.sum() == 1


def test_chances_do_not_depend_on_the_texts_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_ngram_model(tmp_path / "m", model(("hq", "cc"), True))
    classifier = read_classifier(str(tmp_path / "m"), CONTEXT)
    whole = classifier.chances(texts(TEXTS))
    monkeypatch.setattr("datapipe.core.classifier.ngram_classifier.AT_ONCE", 7)
    np.testing.assert_array_equal(classifier.chances(texts(TEXTS)), whole)
    np.testing.assert_array_equal(np.concatenate([classifier.chances(texts([text])) for text in TEXTS]), whole)
    assert classifier.chances(texts([])).shape == (0, 2)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.bin"
    write_ngram_model(path, model(("hq", "cc"), True))
    whole = path.read_bytes()
    for data, said in (
        (whole[:-1], "the file was cut or changed"),
        (whole + b"\0", "the file was cut or changed"),
        (whole[:20], "header of the model is damaged"),
        (whole[:12] + b"?" + whole[13:], "header of the model is damaged"),
        (whole[:8] + b"\xff" * 4 + whole[12:], "header of the model is damaged"),
    ):
        path.write_bytes(data)
        with pytest.raises(RecipeError, match=said):
            read_classifier(str(path), CONTEXT)
    path.write_bytes(b"neither")
    with pytest.raises(RecipeError, match=r"m\.bin"):
        read_classifier(str(path), CONTEXT)
    with pytest.raises(ValueError, match="no model of hashed n-grams"):
        read_ngram_model(io.BytesIO(b"neither"))


def test_weights_are_shared_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "m.bin"
    write_ngram_model(path, model(("hq", "cc"), True))
    with path.open("rb") as stream:
        found = read_ngram_model(stream)
    assert not found.weights.flags.owndata
    assert not found.weights.flags.writeable
    assert NgramClassifier(io.BytesIO(path.read_bytes())).labels == ("hq", "cc")
