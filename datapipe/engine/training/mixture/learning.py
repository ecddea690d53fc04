"""`datapipe train mixture`: a method with several seeds over a sample, judged by a proxy, to a weights file and its card."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from datapipe import __version__
from datapipe.core.errors import RecipeError
from datapipe.core.mixing.bound import bounded, limits
from datapipe.core.mixing.method import Domains, Learned, Proxy
from datapipe.core.mixing.portions import ALL_HELD_OUT, HELD_OUT, natural, uniform
from datapipe.core.mixing.stability import effective_groups, entropy, mean, stability
from datapipe.core.mixing.weights_file import WeightsFile
from datapipe.core.seeds import step_seed
from datapipe.engine.training.mixture.doubts import doubts
from datapipe.engine.training.mixture.methods import AIMED, Asked, built, parameters_of
from datapipe.engine.training.mixture.page import page
from datapipe.engine.training.mixture.sample import Gathered, Inputs, gather

DIGITS = 6  # of weights and figures: what lies below differs between machines
ROUNDING = 1e-4  # a weight rounded up must not be more than the texts allow

Tell = Callable[[str], None]


def train_mixture(asked: Asked, inputs: Inputs, seeds: int, out: Path, tell: Tell) -> WeightsFile:
    """Find weights, write them to `out` and the card for people beside it as .md; the weights file holds the same facts.

    The same texts in any order give the same bytes; a transformer on a GPU may not. RecipeError for what cannot be.
    """
    if asked.method in AIMED and not inputs.targets:
        raise RecipeError(f"--method {asked.method}: give --target, texts as the model is to be good at")
    if out.suffix == ".md" or out.is_dir():
        raise RecipeError(f"--out {out}: expected a file such as weights.json; the card goes beside it as .md")
    built(asked)
    with _writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    tell("reading")
    found = gather(inputs)
    _check_budget(asked, found.domains)
    for name, size in found.domains.available.items():
        tell(f"{name}: {size / 1e6:,.2f} MB, of which {_sample(found.domains, name) / 1e6:,.2f} are looked at")
    method, proxy = built(asked, _proxy_size(asked, found.domains))
    learned = []
    for number in range(seeds):
        try:
            learned.append(method.learn(found.domains, _seed(inputs.seed, number), tell))
        except ValueError as error:
            raise RecipeError(f"--method {asked.method}: {error}") from None
        tell(f"seed {number + 1} of {seeds}: {_shown(learned[-1].weights)}")
    limit = limits(found.domains, asked.max_epochs * (1 - ROUNDING), asked.budget)
    weights = {
        name: round(share, DIGITS) for name, share in bounded(mean([one.weights for one in learned]), limit).items()
    }
    tell("judging")
    losses = judged(proxy, found.judge, weights, [_seed(inputs.seed, number) for number in range(seeds)])
    facts: dict[str, Any] = {
        "versions": {"datapipe": __version__, "numpy": np.__version__},
        "parameters": parameters_of(method),
        "proxy": parameters_of(proxy),
        "seed": inputs.seed,
        "max_epochs": asked.max_epochs,
        "budget_bytes": asked.budget or sum(found.domains.available.values()),
        "budget_given": asked.budget is not None,
        "groups": _groups(found, weights, learned, limit, asked.budget),
        "entropy": entropy(weights),
        "effective_groups": effective_groups(weights),
        "stability": stability(learned),
        "seeds": [_told(one) for one in learned],
        "losses": losses,
        "targets": {name: len(texts) for name, texts in sorted(found.domains.target.items())},
        "inputs": found.files,
        "read": found.read,
    }
    facts["warnings"] = [*found.said, *doubts(asked, facts)]
    by = inputs.by or "source"
    answer = WeightsFile(by=by, unit="bytes", weights=weights, method=asked.method, facts=_rounded(facts))
    _write(answer, out)
    return answer


def judged(proxy: Proxy, domains: Domains, weights: Mapping[str, float], seeds: list[int]) -> dict[str, Any]:
    """Of a proxy for each seed its loss on each target, and the mean over the groups' held-out texts, in nats a byte.

    mixture -> target -> a loss a seed; the mixtures are what was chosen, natural and uniform shares.
    """
    mixtures = {"chosen": weights, "natural": natural(domains), "uniform": uniform(domains)}
    rows: dict[str, dict[str, list[float]]] = {name: {} for name in mixtures}
    for seed in seeds:
        for name, mixture in mixtures.items():
            losses = proxy.losses(domains, mixture, step_seed(seed, "judge"))
            held = [losses[key] for key in sorted(losses) if key.startswith(HELD_OUT)]
            for target in sorted(domains.target):
                rows[name].setdefault(target, []).append(losses[target])
            if held:
                rows[name].setdefault(ALL_HELD_OUT, []).append(float(np.mean(held)))
    return rows


def _rounded(value: Any) -> Any:
    """Numbers of a report, to DIGITS: the last digits of sums differ with the number of threads."""
    if isinstance(value, Mapping):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def _seed(seed: int, number: int) -> int:
    return seed * 1000 + number


def _sample(domains: Domains, name: str) -> int:
    return sum(len(text.encode()) for text in domains.texts[name])


def _proxy_size(asked: Asked, domains: Domains) -> int | None:
    """A proxy repeats its sample about as often as the training will its corpus, and reads one group's sample at least."""
    if asked.budget is None:
        return None
    sizes = [_sample(domains, name) for name in domains.texts]
    epochs = asked.budget / sum(domains.available.values())
    return max(round(sum(sizes) * epochs), sum(sizes) // len(sizes), 1)


def _check_budget(asked: Asked, domains: Domains) -> None:
    total = sum(domains.available.values())
    if asked.budget is not None and asked.budget > asked.max_epochs * total:
        raise RecipeError(
            f"--budget {asked.budget:,} bytes: {asked.budget / total:.2f} epochs of the {total:,} bytes there are, and "
            f"--max-epochs is {asked.max_epochs:g}; give more texts, a smaller budget, or more epochs"
        )
    if asked.budget is None and asked.max_epochs < 1:
        raise RecipeError(f"--max-epochs {asked.max_epochs:g}: below 1 only with a --budget smaller than what there is")


def _groups(
    found: Gathered,
    weights: Mapping[str, float],
    learned: Sequence[Learned],
    limit: Mapping[str, float],
    budget: int | None,
) -> dict[str, dict[str, Any]]:
    """Of each group its shares and sizes.

    most  the bound of its share    at_bound  in how many seeds that decided    free  the mean of its shares before the
    bound; None where the method never left the bounds
    """
    shares, even = natural(found.domains), uniform(found.domains)
    total = budget or sum(found.domains.available.values())
    free = [one.free for one in learned if one.free is not None]
    before = mean(free) if free else dict.fromkeys(weights)
    return {
        name: {
            "weight": weights[name],
            "natural": shares[name],
            "uniform": even[name],
            "most": limit[name],
            "at_bound": sum(_at_bound(one, name, limit[name]) for one in learned),
            "free": before[name],
            "epochs": weights[name] * total / found.domains.available[name],
            "bytes": found.domains.available[name],
            "documents": found.documents[name],
            "sample_bytes": _sample(found.domains, name),
        }
        for name in sorted(weights)
    }


def _at_bound(one: Learned, name: str, most: float) -> bool:
    """Whether a share was cut at its bound, or is as large as that: it might have been larger."""
    return most < 1 and max(one.weights[name], (one.free or one.weights)[name]) >= most


def _told(one: Learned) -> dict[str, Any]:
    return {"weights": dict(one.weights), "history": [dict(row) for row in one.history], "facts": dict(one.facts)}


def _shown(weights: Mapping[str, float]) -> str:
    top = sorted(weights, key=lambda name: (-weights[name], name))
    return ", ".join(f"{name} {weights[name]:.3f}" for name in top[:5]) + (", …" if len(top) > 5 else "")


def _write(answer: WeightsFile, out: Path) -> None:
    """The weights last: where they stand, the card does, too."""
    with _writing(out), tempfile.TemporaryDirectory(prefix=".training-", dir=out.parent) as scratch:
        for target, data in ((out.with_suffix(".md"), page(answer, out.name).encode()), (out, answer.to_bytes())):
            (Path(scratch) / "file").write_bytes(data)
            (Path(scratch) / "file").replace(target)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecipeError(f"--out {out}: {error.strerror}; give a file that can be written") from None
