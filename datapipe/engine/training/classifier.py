"""`datapipe train quality` and `toxicity`: from labelled texts to a classifier, measured on texts it has not seen."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import orjson

from datapipe.core.classifier.model_file import read_classifier
from datapipe.core.classifier.ngram_file import Settings
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.engine.training.card import card_of, read_me
from datapipe.engine.training.cautions import cautions
from datapipe.engine.training.evaluation import evaluated
from datapipe.engine.training.examples import Chosen, Example, Examples
from datapipe.engine.training.fasttext import FastTextSettings, train_fasttext
from datapipe.engine.training.labelled import CLEAN, Read
from datapipe.engine.training.lines import described
from datapipe.engine.training.ngram_training import train_ngrams
from datapipe.io.opening import open_file

FEW_UPDATES = 50_000  # texts times epochs
Name = Literal["quality", "toxicity"]


@dataclass(frozen=True)
class Training:
    """What is to be trained: see `datapipe train quality --help`."""

    name: Name
    out: Path
    method: Literal["fasttext", "logistic"] = "fasttext"
    held_out: float = 0.1
    seed: int = 0
    max_examples: int | None = None
    balance: bool = False
    fasttext: FastTextSettings = field(default_factory=FastTextSettings)
    ngrams: Settings = Settings("words", 1, 1 << 18, True)  # noqa: RUF009  # a tuple, which nothing changes
    strength: float = 10.0


def train_classifier(
    training: Training, examples: Iterable[Example], read: Read, first: str | None, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Train, measure, write NAME.bin, NAME.md and NAME.json into the folder; the card.

    The same examples give the same bytes, whatever their order. `first` is the label that comes first; otherwise they are
    sorted. Working files, about the size of the texts and with `logistic` of their n-grams, stand beside the model.
    """
    _refuse_another(training)
    try:
        training.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecipeError(f"--out {training.out}: {error.strerror}; give a folder that can be written") from None
    with tempfile.TemporaryDirectory(prefix=".training-", dir=training.out) as scratch:
        folder = Path(scratch)
        tell("reading")
        gathered = Examples(examples, folder)
        chosen = gathered.chosen(training.seed, training.held_out, training.max_examples, training.balance)
        labels = _labels(chosen, first)
        exclusive = all(len(found) == 1 for found in chosen.sets)
        if not exclusive:
            training = replace(training, fasttext=replace(training.fasttext, loss="ova"))
        model = folder / f"{training.name}.bin"
        facts = _trained(training, chosen, labels, exclusive, model, tell)
        targets = labels[:1] if training.name == "quality" else tuple(name for name in labels if name != CLEAN)
        measured = None
        if training.held_out:
            tell(f"measuring on {int(chosen.held.sum()):,} texts")
            classifier = read_classifier(str(model), Context(training.name, training.seed, open_file))
            measured = evaluated(classifier, chosen, exclusive, targets)
        said = [*cautions(chosen, labels, targets, measured), *_undertrained(training, int((~chosen.held).sum()))]
        card = card_of(training.name, labels, targets, chosen, read, measured, said)
        card["method"] = training.method
        card["parameters"] = _parameters(training)
        card["training"] = facts
        card["files"] = [described(str(model))]
        (folder / f"{training.name}.md").write_text(read_me(card))
        (folder / f"{training.name}.json").write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2) + b"\n")
        (training.out / f"{training.name}.json").unlink(missing_ok=True)
        for ending in ("bin", "md", "json"):  # the card last: where it stands, the model is whole
            name = f"{training.name}.{ending}"
            (folder / name).replace(training.out / name)
    return card


def _refuse_another(training: Training) -> None:
    """A model is replaced by one of its kind alone."""
    if training.out.exists() and not training.out.is_dir():
        raise RecipeError(f"--out {training.out}: a file; expected a folder, in which {training.name}.bin will be")
    model, card = (training.out / f"{training.name}.{ending}" for ending in ("bin", "json"))
    if not model.exists():
        return
    try:
        method = orjson.loads(card.read_bytes())["method"]
    except (OSError, ValueError, KeyError, TypeError):
        raise RecipeError(f"{model}: is there, without a card of datapipe train; give another folder") from None
    if method != training.method:
        raise RecipeError(f"{model}: is a model by {method}; give another folder, or remove it")


def _labels(chosen: Chosen, first: str | None) -> tuple[str, ...]:
    """Their order; RecipeError where there are fewer than two, or one has no text to train on."""
    names = sorted({name for found in chosen.sets for name in found}, key=lambda n: (n != first, n == CLEAN, n))
    if len(names) < 2:
        only = f"all texts have the label {names[0]}" if names else "no text has a label"
        raise RecipeError(f"{only}; a classifier needs two")
    used = {name for n in np.unique(chosen.labels[~chosen.held]).tolist() for name in chosen.sets[n]}
    for name in names:
        if name not in used:
            if chosen.contradictions:
                why = "its texts stand with other labels, too; were the same texts given for both?"
            else:
                why = "it has so few texts; give more, or a smaller --held-out"
            raise RecipeError(f"{name}: no text is left to train on: {why}")
    if all(len(found) == len(names) for found in chosen.sets):
        raise RecipeError("all texts have all labels; a classifier needs texts without them")
    return tuple(names)


def _trained(
    training: Training,
    chosen: Chosen,
    labels: tuple[str, ...],
    exclusive: bool,
    model: Path,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    if training.method == "logistic":
        return train_ngrams(chosen, labels, exclusive, training.ngrams, training.strength, model, tell)
    rows = np.flatnonzero(~chosen.held)
    sets = [chosen.sets[n] for n in chosen.labels[rows].tolist()]
    tell(f"training on {len(rows):,} texts")
    facts = train_fasttext(chosen.texts(rows), sets, model, training.fasttext, tell)
    return {name: fact for name, fact in facts.items() if name not in ("file", "bytes", "sha256")}


def _undertrained(training: Training, texts: int) -> list[str]:
    """fastText's defaults are for many texts: of 350 web pages it learnt an AUC of 0.73, with 25 epochs at 0.5 of 0.85."""
    settings = training.fasttext
    if training.method == "logistic" or settings.lr > 0.1 or texts * settings.epoch >= FEW_UPDATES:
        return []
    return [f"{texts:,} texts, {settings.epoch} times: little for fastText at this rate; try --epoch 25 --lr 0.5"]


def _parameters(training: Training) -> dict[str, Any]:
    own: dict[str, Any] = (
        asdict(training.fasttext)
        if training.method == "fasttext"
        else {**training.ngrams._asdict(), "c": training.strength}
    )
    common = {name: getattr(training, name) for name in ("held_out", "seed", "max_examples", "balance")}
    return {**common, **own}
