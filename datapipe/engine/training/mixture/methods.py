"""Methods and proxies by name, with the parameters that a command gives as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.core.mixing.ablation import Ablation
from datapipe.core.mixing.doremi import DoReMi
from datapipe.core.mixing.method import Method, Proxy
from datapipe.core.mixing.ngram_proxy import NgramProxy
from datapipe.core.mixing.regmix import RegMix
from datapipe.core.mixing.source_importance import SourceImportance
from datapipe.core.sizes import size_of
from datapipe.engine.training.mixture.library import device_of, library
from datapipe.engine.training.mixture.proxy import TransformerProxy
from datapipe.engine.training.mixture.settings import TransformerSettings

METHODS: Mapping[str, Any] = {"dsir": SourceImportance, "regmix": RegMix, "doremi": DoReMi, "ablation": Ablation}
PROXIES: Mapping[str, Any] = {"ngram": NgramProxy, "transformer": TransformerSettings}
AIMED = ("dsir", "regmix", "ablation")  # methods that ask for a target
GIVEN = {"proxy", "learner", "given", "max_epochs", "budget"}  # fields of methods with options of their own
OF_PROXY = "proxy."


@dataclass(frozen=True)
class Asked:
    """A method as it is asked for.

    settings    KEY=VALUE of its parameters, and of the proxy's as proxy.KEY
    candidates  mixtures by name, which ablation tries
    """

    method: str
    proxy: str = "ngram"
    settings: Sequence[str] = ()
    max_epochs: float = 4.0
    budget: int | None = None
    candidates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def built(asked: Asked, size: int | None = None) -> tuple[Method, Proxy]:
    """The method, and the proxy that it asks or that judges what it found.

    size  bytes that an n-gram proxy learns from, where its settings do not say. RecipeError for what cannot be.
    """
    if asked.method not in METHODS:
        raise RecipeError(f"--method {asked.method}: unknown{did_you_mean(asked.method, METHODS)}")
    if not isfinite(asked.max_epochs):  # a range lets nan pass
        raise RecipeError(f"--max-epochs {asked.max_epochs:g}: expected a number above 0, such as 4")
    kind = "transformer" if asked.method == "doremi" else asked.proxy
    pairs = dict(_pair(given) for given in asked.settings)
    cls = METHODS[asked.method]
    own = _values(cls, {key: value for key, value in pairs.items() if not key.startswith(OF_PROXY)}, "")
    short = {key.removeprefix(OF_PROXY): value for key, value in pairs.items() if key.startswith(OF_PROXY)}
    of_proxy = _values(PROXIES[kind], short, OF_PROXY)
    if asked.candidates and asked.method != "ablation":
        raise RecipeError(f"--candidate: mixtures are tried by --method ablation, not by {asked.method}")
    try:
        proxy = _proxy(kind, of_proxy, size)
        own |= {"max_epochs": asked.max_epochs, "budget": asked.budget}
        if asked.method in ("regmix", "ablation"):
            own["proxy"] = proxy
        if asked.method == "ablation":
            own["given"] = asked.candidates
        if asked.method == "doremi":
            own["learner"] = proxy
        return cls(**own), proxy
    except ValueError as error:
        raise RecipeError(f"--method {asked.method}: {_plain(error)}") from None


def parameters_of(value: Any) -> dict[str, Any]:
    """A method's or a proxy's parameters, as a report tells them."""
    if isinstance(value, TransformerProxy):
        return {"model": "transformer", **value.settings.model_dump()}
    found = {name: getattr(value, name) for name in _settable(type(value))}
    return {"model": "n-grams", **found} if isinstance(value, NgramProxy) else found


def _proxy(kind: str, values: dict[str, Any], size: int | None) -> Proxy:
    if kind == "ngram":
        return NgramProxy(**{"budget": size, **values})
    settings = TransformerSettings(**values)
    device_of(library(), settings.device)  # said before anything is read, where one is absent
    return TransformerProxy(settings)


def _pair(given: str) -> tuple[str, str]:
    key, sign, value = given.partition("=")
    if not sign or not key or not value:
        raise RecipeError(f"--set {given}: expected KEY=VALUE, such as mixes=64 or proxy.order=5")
    return key, value


def _values(cls: Any, pairs: Mapping[str, str], before: str) -> dict[str, Any]:
    """Typed as the fields are."""
    known = _settable(cls)
    found = {}
    for key, value in pairs.items():
        if key not in known:
            near = did_you_mean(before + key, [before + name for name in known])
            raise RecipeError(f"--set {before}{key}={value}: unknown{near}")
        try:
            read = None if value == "none" else size_of(value) if key == "budget" else value
            found[key] = TypeAdapter(known[key]).validate_python(read)
        except ValueError as error:
            raise RecipeError(f"--set {before}{key}={value}: {_plain(error)}") from None
    return found


def _settable(cls: Any) -> dict[str, Any]:
    """The parameters that --set may change, and their types."""
    if issubclass(cls, BaseModel):
        return {name: info.annotation for name, info in cls.model_fields.items()}
    hints = get_type_hints(cls)
    given = GIVEN if issubclass(cls, Method) else set()
    return {f.name: hints[f.name] for f in fields(cls) if f.init and f.name not in given}


def _plain(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    said = first["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
