"""Weights against worked values: proportional, tempered, UniMax, published, said in a recipe."""

import itertools
import json
import re

import numpy as np
import pytest
from pydantic import ValidationError

from datapipe.core.errors import RecipeError
from datapipe.core.mixing.amounts import amount, amount_of
from datapipe.core.mixing.mix import Mix
from datapipe.core.mixing.presets import PRESETS
from datapipe.core.mixing.weights import natural, tempered, uniform, unimax
from datapipe.core.mixing.weights_file import WeightsFile, read_weights


def test_amounts() -> None:
    assert [amount_of(v) for v in ("2T", "500B", "10M", "1.2 K", "3e6", 7, "20GB")] == [
        2 * 10**12, 5 * 10**11, 10**7, 1200, 3 * 10**6, 7, 2 * 10**10,
    ]  # fmt: skip
    assert [amount(v) for v in (2e12, 5.25e11, 1234, 999.6, 7)] == ["2T", "525B", "1.23K", "1K", "7"]
    with pytest.raises(ValueError, match="such as 2T"):
        amount_of("lots")


def test_natural_uniform_and_tempered() -> None:
    sizes = {"a": 900, "b": 100, "c": 0}
    assert natural(sizes) == {"a": 0.9, "b": 0.1, "c": 0}
    assert uniform(sizes) == {"a": 0.5, "b": 0.5, "c": 0}
    half = tempered(sizes, 2)  # square roots: 30 and 10
    assert half == pytest.approx({"a": 0.75, "b": 0.25, "c": 0})
    # mT5 (Xue et al. 2021, section 3.1) takes p ~ n^0.3, a temperature of 1 / 0.3
    assert tempered({"en": 2733, "sw": 1}, 1 / 0.3)["en"] == pytest.approx(2733**0.3 / (2733**0.3 + 1))
    assert natural({"a": 0}) == {"a": 0}


def unimax_by_search(sizes: dict[str, float], budget: float, epochs: float) -> dict[str, float]:
    """The level at which min(level, cap) sums to the budget, by bisection: the paper's property, not its algorithm."""
    caps = {name: size * epochs for name, size in sizes.items()}
    if sum(caps.values()) <= budget:
        taken = caps
    else:
        low, high = 0.0, budget
        for _ in range(200):
            level = (low + high) / 2
            low, high = (level, high) if sum(min(level, cap) for cap in caps.values()) < budget else (low, level)
        taken = {name: min(high, cap) for name, cap in caps.items()}
    return {name: value / sum(taken.values()) for name, value in taken.items()}


def test_unimax_is_uniform_but_for_its_caps() -> None:
    # By hand: 1000 over four is 250 each; d can give 4 * 10 = 40, c 4 * 50 = 200; the other 760 are shared: 380 each.
    assert unimax({"a": 10_000, "b": 500, "c": 50, "d": 10}, 1000, 4) == pytest.approx(
        {"a": 0.38, "b": 0.38, "c": 0.2, "d": 0.04}
    )
    rng = np.random.default_rng(3)
    for groups, epochs in itertools.product((1, 3, 12), (0.5, 1, 4)):
        sizes = {f"g{i}": float(size) for i, size in enumerate(rng.lognormal(3, 2, groups))}
        for budget in (1.0, sum(sizes.values()) / 2, 100 * sum(sizes.values())):
            assert unimax(sizes, budget, epochs) == pytest.approx(unimax_by_search(sizes, budget, epochs), rel=1e-9)


def test_presets_are_whole_and_have_their_source() -> None:
    sums = {name: sum(preset.weights.values()) for name, preset in PRESETS.items()}
    assert sums.pop("gpt3") == 101  # the paper's own rounding
    assert sums.pop("olmo") == pytest.approx(2668, abs=0.5)  # billions of tokens, the total in the table
    assert sums == pytest.approx(dict.fromkeys(sums, 100), abs=0.01)
    assert all("20" in preset.source for preset in PRESETS.values())


def test_a_preset_by_the_names_here() -> None:
    mix = Mix(preset="llama", names={"web": "CommonCrawl", "code": "Github"})
    assert mix.named({}) == pytest.approx({"web": 67 / 71.5, "code": 4.5 / 71.5})
    assert mix.unmapped() == pytest.approx(
        {"C4": 0.15, "Wikipedia": 0.045, "Books": 0.045, "ArXiv": 0.025, "StackExchange": 0.02}
    )
    assert Mix(preset="palm").named({})["Books"] == pytest.approx(0.13)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"weights": {"web": -1}}, "web: expected a weight of 0 or more"),
        ({"weights": {"web": 0}}, "no group has a weight above 0"),
        ({"weights": {"temperature": 0}}, "temperature: expected a number above 0"),
        ({"weights": "naturl"}, "expected natural, uniform"),
        ({"preset": "lama"}, "did you mean llama"),
        ({"preset": "llama", "names": {"web": "CommonCraw"}}, "did you mean CommonCrawl"),
        ({"names": {"web": "C4"}}, "only with preset"),
        ({"preset": "llama", "weights": "natural"}, "expected one of them"),
    ],
)
def test_weights_that_cannot_be_meant(said: dict, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Mix.model_validate(said)


def test_over_sizes() -> None:
    sizes = {"a": 900.0, "b": 100.0, "gone": 0.0}
    assert Mix().over(sizes, None, {})["a"] == pytest.approx(0.9)
    assert Mix(weights={"temperature": 2}).over(sizes, None, {})["a"] == pytest.approx(0.75)
    assert Mix(weights={"unimax": 1}).over(sizes, 400, {})["b"] == pytest.approx(0.25)
    assert Mix(weights={"a": 1, "gone": 3}).over(sizes, None, {}) == {"a": 1, "b": 0, "gone": 0}
    assert Mix(file="w").over(sizes, None, {"w": WeightsFile(weights={"a": 1, "b": 3})}) == {
        "a": 0.25,
        "b": 0.75,
        "gone": 0,
    }
    assert Mix(weights={"temperature": 2, "b": 1}).rule() is None  # two groups, one of an odd name


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"version": 2}, "version: Input should be 1, found 2"),
        ({"weights": {"a": "x"}}, "weights.a: Input should be a valid number, found 'x'"),
        ({"weights": {"a": True}}, "weights.a: Input should be a valid number, found True"),
        ({"weights": {"a": -1}}, "weights.a: Input should be greater than or equal to 0, found -1"),
        ({"weights": {"a": 1e308, "b": 1e308}}, "weights: the weights are too large to be added"),
        ({"weights": {"a": 0}}, "weights: no group has a weight above 0"),
        ({"weight": 1}, "weight: Extra inputs are not permitted"),
        ({"format": "other"}, "w.json is no weights file: expected a JSON object with"),
    ],
)
def test_a_damaged_weights_file_is_one_sentence(wrong: dict[str, object], said: str) -> None:
    whole = {"format": "datapipe weights", "weights": {"a": 1}, **wrong}
    with pytest.raises(RecipeError, match=re.escape(said)) as raised:
        read_weights(json.dumps(whole).encode(), "w.json")
    assert "\n" not in str(raised.value)
    with pytest.raises(RecipeError, match=r"w\.json is no weights file"):
        read_weights(json.dumps(whole).encode()[:20], "w.json")
