"""The small transformer: its losses are a language model's, it learns, equal runs are equal; DoReMi on it."""

from collections.abc import Mapping

import numpy as np
import pytest

from datapipe.core.mixing.ablation import Ablation
from datapipe.core.mixing.doremi import DoReMi
from datapipe.core.mixing.method import Domains
from datapipe.core.mixing.portions import HELD_OUT
from datapipe.engine.training.mixture.fitting import fitted, judged
from datapipe.engine.training.mixture.model import initial, losses
from datapipe.engine.training.mixture.proxy import TransformerProxy
from datapipe.engine.training.mixture.settings import TransformerSettings
from datapipe.engine.training.mixture.tokens import Corpus

torch = pytest.importorskip("torch")
TINY = TransformerSettings(vocabulary=256, width=16, layers=2, heads=2, context=16, batch=8, steps=40)
WORDS = {"law": "court statute appeal judge plea", "sea": "wave ship salt wind tide"}


def prose(kind: str, count: int, seed: int) -> list[str]:
    random = np.random.default_rng([seed, len(kind), ord(kind[0])])
    return [" ".join(random.choice(WORDS[kind].split(), 30)) for _ in range(count)]


def domains() -> Domains:
    texts = {kind: prose(kind, 20, 1) for kind in WORDS}
    return Domains(texts, {"law": 9000, "sea": 3000}, {"wanted": prose("sea", 4, 2)})


def test_a_token_sees_none_after_it() -> None:
    given = initial(torch, 257, TINY, 3, "cpu")
    for name in ("attended", "narrow"):  # nothing at first: let the layers speak
        given[f"0.{name}"] = torch.randn(given[f"0.{name}"].shape, generator=torch.Generator().manual_seed(1))
    tokens = torch.arange(17)[None] * 7 % 257
    other = tokens.clone()
    other[0, 10] = 99
    one, two = (losses(torch, given, TINY, rows)[0] for rows in (tokens, other))
    assert torch.allclose(one[:9], two[:9])
    assert not torch.allclose(one[10:], two[10:])


def test_an_untrained_model_knows_little() -> None:
    given = initial(torch, 257, TINY, 0, "cpu")
    found = losses(torch, given, TINY, torch.randint(257, (64, 17), generator=torch.Generator().manual_seed(0)))
    assert found.mean().item() == pytest.approx(np.log(257), abs=1.0)


def test_every_token_is_judged_once() -> None:
    """Windows of 16 of 40 tokens: the same as a window at a time, and no token is left over."""
    tokens = np.random.default_rng(0).integers(0, 257, 41)
    found = Corpus(257, {"a": tokens}, {"t": (tokens, 10)})
    trained = fitted(torch, found, {"a": 1.0}, TINY, 0, "cpu")
    windows = [tokens[0:17], tokens[16:33], tokens[32:41]]
    with torch.no_grad():
        total = sum(float(trained.losses(window[None]).sum()) for window in windows)
        assert sum(trained.losses(window[None]).numel() for window in windows) == 40
    assert judged(trained, found)["t"] == pytest.approx(total / 10, rel=1e-5)


def test_it_learns_what_it_is_given_and_equal_runs_are_equal() -> None:
    given, proxy = domains(), TransformerProxy(TINY)
    found = {share: proxy.losses(given, {"sea": share, "law": 1 - share}, 0) for share in (0.1, 0.9)}
    assert found[0.9]["wanted"] < found[0.1]["wanted"] - 0.2
    assert found[0.9][HELD_OUT + "law"] > found[0.1][HELD_OUT + "law"] + 0.2
    assert found[0.9]["wanted"] < 2.5  # of log 257 = 5.5
    torch.manual_seed(12345)  # no global randomness is used
    assert TransformerProxy(TINY).losses(given, {"sea": 0.9, "law": 0.1}, 0) == found[0.9]
    assert proxy.losses(given, {"sea": 0.9, "law": 0.1}, 1) != found[0.9]
    with pytest.raises(ValueError, match="the group air has a weight and no texts"):
        proxy.losses(given, {"air": 1.0}, 0)


def test_doremi_runs_on_it_and_equal_runs_are_equal() -> None:
    given = domains()
    found = DoReMi(TransformerProxy(TINY), rounds=1).learn(given, 0, lambda line: None)
    assert found == DoReMi(TransformerProxy(TINY), rounds=1).learn(given, 0, lambda line: None)
    assert sum(found.weights.values()) == pytest.approx(1)
    # the reference has seen the sea a third as often, so the proxy's excess is of the law
    assert found.weights["law"] > found.weights["sea"]


def test_the_excess_that_is_told_is_that_of_the_two_models() -> None:
    """One step: proxy and reference are both untrained and equal, so nothing is in excess; then the proxy lags."""
    told: list[list[float]] = []

    def update(excess: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        assert tokens.tolist() == [4 * 16, 4 * 16]
        told.append(excess.tolist())
        return np.array([0.5, 0.5])

    reference: Mapping[str, float] = {"law": 0.5, "sea": 0.5}
    TransformerProxy(TINY).contest(domains(), reference, 0, update)
    assert len(told) == TINY.steps
    assert sum(told[0]) > 10 * sum(told[-1])  # the proxy starts far above, and ends where the reference is


def test_ablation_gives_the_target_what_helps_it() -> None:
    found = Ablation(TransformerProxy(TINY), repeats=1).learn(domains(), 0, lambda line: None)
    assert found.weights["sea"] > 0.25
    assert found.facts["worth"]["sea"]["rise"] > 0
