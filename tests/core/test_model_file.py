"""What stands where a classifier should, and that the same file is read once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import zstandard

from datapipe.core.classifier.model_file import read_classifier
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.engine.training.fasttext import FastTextSettings, train_fasttext
from datapipe.io.opening import open_file

CONTEXT = Context("t", 0, open_file)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "no such file or directory; expected a classifier"),
        (b"no model at all", "it is not a fastText model"),
        (b"", "it is empty"),
        (b"\n<!doctype html>", "it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a pointer of Git LFS"),
    ],
)
@pytest.mark.parametrize("ending", ["bin", "bin.zst"])
def test_what_is_no_classifier(content: bytes | None, sentence: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"no.{ending}"
    if content is not None:
        path.write_bytes(zstandard.compress(content) if ending == "bin.zst" else content)
    with pytest.raises(RecipeError, match=rf"no\.{ending}: {sentence}"):
        read_classifier(str(path), CONTEXT)


def test_a_file_is_read_once(tmp_path: Path) -> None:
    path, other, packed = (tmp_path / name for name in ("model.bin", "other", "packed.bin.zst"))
    settings = FastTextSettings(dim=4, epoch=1, bucket=100)
    train_fasttext(["a b", "c d"], [["hq"], ["cc"]], path, settings, lambda said: None)
    found = read_classifier(str(path), CONTEXT)
    assert set(found.labels) == {"cc", "hq"}
    assert read_classifier(str(path), CONTEXT) is found
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(1, 1))
    other.replace(path)
    assert read_classifier(str(path), CONTEXT) is not found
    packed.write_bytes(zstandard.compress(path.read_bytes()))
    assert read_classifier(str(packed), CONTEXT).labels == found.labels


def test_a_page_in_the_cache_is_named(tmp_path: Path) -> None:
    url, copy = "https://models.example/a.bin", tmp_path / "a.bin"
    copy.write_bytes(b"<html>")
    context = Context("t", 0, lambda path: copy.open("rb"), local=lambda path: str(copy))
    with pytest.raises(RecipeError, match=r"^https://models.example/a.bin: it is a web page.*; delete .*a\.bin"):
        read_classifier(url, context)
