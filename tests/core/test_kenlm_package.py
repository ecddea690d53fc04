"""Models of kinds that only KenLM's package reads: by the package where it is installed, else said so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datapipe.core.language_model import kenlm_package
from datapipe.core.language_model.kenlm_package import PackageModel, read_ngram_model
from datapipe.core.language_model.ngram_model import NgramModel
from tests.core.test_ngram_model import ARPA

PRUNED = ARPA.replace("<s> a b\n", "<s> a a\n")  # a trigram whose last two words are no bigram, as SRILM prunes
SENTENCES = ["a b", "b a μ", "", "x a b a", "a a"]


def scores(model: PackageModel | NgramModel, single: bool) -> list[float]:
    words = [sentence.split() for sentence in SENTENCES]
    numbers = model.numbers([word for sentence in words for word in sentence])
    return model.scores(numbers, np.array([len(sentence) for sentence in words]), single).tolist()


def test_without_the_package_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "en.arpa"
    path.write_text(PRUNED)
    monkeypatch.setattr(kenlm_package, "has_package", lambda: False)
    with pytest.raises(
        ValueError, match=r"build_binary probing .*; or install the package kenlm, .*: pip install kenlm"
    ):
        read_ngram_model(str(path))


def test_the_package_reads_what_our_tables_do_not_hold(tmp_path: Path) -> None:
    kenlm = pytest.importorskip("kenlm")  # it has no wheel
    for text, kind in ((ARPA, NgramModel), (PRUNED, PackageModel)):
        path = tmp_path / "en.arpa"
        path.write_text(text)
        model, library = read_ngram_model(str(path)), kenlm.Model(str(path))
        assert type(model) is kind
        assert scores(model, True) == [library.score(sentence) for sentence in SENTENCES]
        assert np.allclose(scores(model, False), scores(model, True), rtol=1e-6)
