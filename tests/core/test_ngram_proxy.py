"""The n-gram proxy against a count by hand, and that its losses move as those of a trained model."""

from collections import Counter

import numpy as np
import pytest

from datapipe.core.mixing.method import Domains
from datapipe.core.mixing.ngram_proxy import NgramProxy
from datapipe.core.mixing.portions import HELD_OUT, natural, portions, uniform

NOUNS = {
    "code": ["def", "return", "(x)", "self.", "==", "import"],
    "sea": ["wave", "ship", "salt", "wind", "the", "of"],
}


def prose(kind: str, count: int, seed: int) -> list[str]:
    """Documents of 40 words of one kind, some of them made up."""
    random = np.random.default_rng([seed, len(kind)])
    words = NOUNS[kind] + ["".join(random.choice(list(kind + "aeiou"), 5)) for _ in range(30)]
    return [" ".join(random.choice(words, 40)) for _ in range(count)]


def domains(count: int = 60) -> Domains:
    texts = {kind: prose(kind, count, 1) for kind in NOUNS}
    size = {kind: sum(map(len, found)) for kind, found in texts.items()}
    return Domains(texts, size, {"more sea": prose("sea", count + 5, 1)[-5:]})


def by_hand(train: list[bytes], judged: list[bytes], order: int, strength: float) -> float:
    """Nats a byte of the same model, from counts in dicts."""
    grams: Counter[bytes] = Counter()
    contexts: Counter[tuple[int, bytes]] = Counter()

    def windows(text: bytes, n: int) -> list[bytes]:
        padded = b"\0" + text + b"\0"  # a text's beginning is known, what was before it is not
        return [padded[max(0, i - n + 1) : i + 1] for i in range(1, len(padded))]

    for text in train:
        for n in range(1, order + 1):
            for gram in windows(text, n):
                grams[n, gram] += 1
                contexts[n, gram[:-1]] += 1
    total, places = 0.0, 0
    for text in judged:
        for i in range(len(text) + 1):
            p = 1 / 256
            for n in range(1, order + 1):
                gram = windows(text, n)[i]
                p = (grams[n, gram] + strength * p) / (contexts[n, gram[:-1]] + strength)
            total, places = total - np.log(p), places + 1
    return total / places


@pytest.mark.parametrize("order", [1, 2, 4, 8])
def test_losses_equal_those_of_counts_in_dicts(order: int) -> None:
    given = Domains({"a": ["", "abab", "abba", "é", "b"], "b": ["cab", "cc a"]}, {"a": 11, "b": 7}, {"t": ["abc", "x"]})
    parts = portions(given, 3)
    train = [*parts.train["a"], *parts.train["b"]]
    size = {name: sum(len(text) + 1 for text in parts.train[name]) for name in "ab"}
    found = NgramProxy(order=order, strength=2.0).losses(given, size, 3)
    assert set(found) == {"t", HELD_OUT + "a", HELD_OUT + "b"}
    for name, judged in parts.judged.items():
        assert found[name] == pytest.approx(by_hand(train, list(judged), order, 2.0))
    twice = NgramProxy(order=order, strength=2.0, budget=2 * sum(size.values())).losses(given, size, 3)
    assert twice["t"] == pytest.approx(by_hand(train * 2, [b"abc", b"x"], order, 2.0))


def test_half_a_pass_reads_the_first_half() -> None:
    given = Domains({"a": ["abcdefg", "hijklmn", "opqrstu"]}, {"a": 21}, {"t": ["abc"]})
    first = portions(given, 0).train["a"][0]
    found = NgramProxy(order=3, budget=8).losses(given, {"a": 1.0}, 0)
    assert found["t"] == pytest.approx(by_hand([first], [b"abc"], 3, 32.0))


def test_held_out_loss_falls_with_more_of_its_group() -> None:
    given, proxy = domains(), NgramProxy()
    for kind, other in (("sea", "code"), ("code", "sea")):
        losses = [proxy.losses(given, {kind: w, other: 1 - w}, 0)[HELD_OUT + kind] for w in (0.0, 0.1, 0.3, 0.5)]
        assert losses == sorted(losses, reverse=True)
        assert losses[0] > losses[-1] + 0.3
    wanted = [proxy.losses(given, {"sea": w, "code": 1 - w}, 0)["more sea"] for w in (0.1, 0.5)]
    assert wanted[0] > wanted[1]


def test_more_texts_are_better_than_the_same_again() -> None:
    few, many = (Domains({"sea": prose("sea", n, 1)}, {"sea": 1}, {"t": prose("sea", 200, 1)[150:]}) for n in (10, 100))
    again = NgramProxy(budget=20_000).losses(few, {"sea": 1}, 0)["t"]
    assert NgramProxy(budget=20_000).losses(many, {"sea": 1}, 0)["t"] < again


def test_same_seed_same_losses_and_another_splits_otherwise() -> None:
    given = domains()
    weights = uniform(given)
    proxy = NgramProxy()
    first = proxy.losses(given, weights, 0)
    proxy.losses(given, weights, 1)
    assert first == proxy.losses(given, weights, 0) == NgramProxy().losses(given, weights, 0)
    assert first != proxy.losses(given, weights, 1)


def test_portions_depend_on_the_text_and_hold_out_a_share() -> None:
    given = domains()
    parts = portions(given, 5)
    shuffled = Domains({name: list(reversed(texts)) for name, texts in given.texts.items()}, given.available)
    assert portions(shuffled, 5).train == parts.train
    assert {name: len(texts) for name, texts in parts.held.items()} == {"code": 6, "sea": 6}
    assert not set(parts.held["sea"]) & set(parts.train["sea"])
    lone = portions(Domains({"one": ["x"], "none": [""]}, {"one": 1, "none": 0}), 0)
    assert (dict(lone.train), dict(lone.held)) == ({"one": (b"x",)}, {})


def test_natural_is_by_what_there_is() -> None:
    given = Domains({"a": ["x"], "b": ["y"]}, {"a": 30, "b": 10, "unseen": 99})
    assert natural(given) == {"a": 0.75, "b": 0.25}
    assert uniform(given) == {"a": 0.5, "b": 0.5}


def test_a_weight_without_texts_is_refused() -> None:
    with pytest.raises(ValueError, match="the group air has a weight and no texts"):
        NgramProxy().losses(domains(), {"air": 1.0}, 0)
    with pytest.raises(ValueError, match="order is 9"):
        NgramProxy(order=9)
