"""What a small transformer reads: tokens of the sample, batches of the mixture, the device (none of it needs torch)."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import ValidationError

from datapipe.core.errors import MissingDependency, RecipeError
from datapipe.core.mixing.method import Domains
from datapipe.core.mixing.portions import portions
from datapipe.engine.training.mixture.batches import Batches
from datapipe.engine.training.mixture.fitting import pace
from datapipe.engine.training.mixture.library import device_of, library, threads
from datapipe.engine.training.mixture.settings import TransformerSettings
from datapipe.engine.training.mixture.tokens import END, corpus

DOMAINS = Domains(
    {"ä": ["hätte häufig häuser " * 4 + str(i) for i in range(8)], "b": ["to be or not to be", "that is", "日本語"]},
    {"ä": 700, "b": 60},
    {"t": ["häuser", "bee"]},
)


def test_bytes_are_tokens_of_a_vocabulary_of_256() -> None:
    parts = portions(DOMAINS, 0)
    found = corpus(parts, 256)
    assert found.vocabulary == 257
    expected = [END] + [byte + 1 for byte in "häuser".encode()] + [END, ord("b") + 1, ord("e") + 1, ord("e") + 1, END]
    tokens, size = found.judged["t"]
    assert tokens.tolist() == expected
    assert size == len("häuser".encode()) + 3 + 2  # each end counts as a byte
    assert {name: int((ring == END).sum()) for name, ring in found.train.items()} == {"b": 2, "ä": 7}


def test_pairs_are_fewer_tokens_of_the_same_bytes() -> None:
    pytest.importorskip("tokenizers")
    parts = portions(DOMAINS, 0)
    one, other = corpus(parts, 280), corpus(parts, 280)
    assert 257 < one.vocabulary <= 280
    assert len(one.train["ä"]) < sum(len(text) + 1 for text in parts.train["ä"]) / 2
    assert one.judged["t"][1] == corpus(parts, 256).judged["t"][1]
    assert all((one.train[name] == other.train[name]).all() for name in "äb")
    assert max(int(ring.max()) for ring in one.train.values()) < one.vocabulary


def rings() -> dict[str, np.ndarray]:
    return {"a": np.arange(100), "b": np.arange(1000, 1030), "c": np.arange(2000, 2003)}


def test_a_batch_has_the_mix_but_for_less_than_one_sequence() -> None:
    weights = {"a": 0.5, "b": 0.3, "c": 0.2, "absent": 0.4}
    batches = Batches(rings(), weights, size=7, context=4, seed=1)
    assert batches.names == ["a", "b", "c"]
    total = np.zeros(3)
    for _ in range(200):
        tokens, groups = batches.next()
        assert tokens.shape == (7, 5)
        assert (tokens // 1000 == groups[:, None]).all()
        counts = np.bincount(groups, minlength=3)
        assert (abs(counts - 7 * np.array([0.5, 0.3, 0.2])) < 1).all()
        total += counts
    assert total / total.sum() == pytest.approx([0.5, 0.3, 0.2], abs=0.02)


def test_a_group_is_read_in_order_and_round() -> None:
    batches = Batches({"b": rings()["b"]}, {"b": 1.0}, size=2, context=4, seed=9)
    read = np.concatenate([row[:-1] for _ in range(30) for row in batches.next()[0]])
    assert (np.diff(read) % 30 == 1).all()
    assert set(np.bincount(read - 1000).tolist()) == {8}
    short = Batches({"c": rings()["c"]}, {"c": 1.0}, size=1, context=6, seed=9).next()[0]  # longer than the group
    assert (np.diff(short[0]) % 3 == 1).all()


def test_mixtures_of_a_seed_begin_at_the_same_texts() -> None:
    first = {}
    for share in (0.2, 0.8):
        batches = Batches(rings(), {"a": share, "b": 1 - share}, size=8, context=4, seed=3)
        tokens, groups = batches.next()
        first[share] = [tokens[groups == group][0].tolist() for group in (0, 1)]
    assert first[0.2] == first[0.8]
    other = Batches(rings(), {"a": 0.5, "b": 0.5}, size=8, context=4, seed=4).next()[0]
    assert other[0].tolist() != first[0.2][0]


def test_rate_warms_up_and_falls_to_a_tenth() -> None:
    rates = [pace(done, 0.1) for done in np.linspace(0, 1, 101)]
    assert 0 < rates[0] < 0.1
    assert max(rates) == pytest.approx(1.0)
    assert rates[10] == max(rates)
    assert rates[-1] == pytest.approx(0.1)
    assert all(a > b for a, b in pairwise(rates[10:]))
    assert pace(0.5, 1.0) > 0


def with_gpu(present: bool) -> SimpleNamespace:
    return SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: present))


def test_device_is_the_gpu_where_there_is_one() -> None:
    assert device_of(with_gpu(True), "auto") == "cuda"
    assert device_of(with_gpu(False), "auto") == "cpu"
    assert device_of(with_gpu(True), "cpu") == "cpu"
    assert device_of(with_gpu(True), "cuda") == "cuda"
    with pytest.raises(RecipeError, match="PyTorch sees no GPU"):
        device_of(with_gpu(False), "cuda")


def test_threads_are_given_back() -> None:
    asked = []
    stand_in = SimpleNamespace(get_num_threads=lambda: 7, set_num_threads=asked.append)
    with pytest.raises(KeyError), threads(stand_in, 2):
        raise KeyError
    assert asked == [2, 7]


def test_absence_gives_the_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(MissingDependency, match=r"pip install 'datapipe\[mixture\]'"):
        library()


def test_settings_refuse_what_does_not_fit() -> None:
    with pytest.raises(ValidationError, match="width 65 is no multiple of heads 2"):
        TransformerSettings(width=65)
    with pytest.raises(ValidationError, match="greater than or equal to 256"):
        TransformerSettings(vocabulary=100)
    with pytest.raises(ValidationError, match="'auto', 'cpu' or 'cuda'"):
        TransformerSettings(device="tpu")
