"""A recipe's steps over a trusted sample: every filter measures, and as far as can be none drops."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.core.operator import Filter
from datapipe.core.registry import operators
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.io.compression import plain_name
from datapipe.plan.locate import Located
from datapipe.plan.plugins import load_all
from datapipe.plan.recipe import Step, absolute, read_recipe, read_step
from datapipe.plan.retune import built
from datapipe.plan.steps import kind_of

READERS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".parquet": "parquet", ".csv": "csv", ".tsv": "csv",
           ".txt": "text"}  # fmt: skip
NAME = "calibrate"


@dataclass(frozen=True)
class Calibration:
    """What is to be run, and which of its steps are to be given thresholds.

    recipe  the sample through the steps, with `scores: true`
    steps   the dataset's steps as its recipe has them; `labels` names those that have thresholds, by their place
    """

    recipe: Located
    steps: list[Step]
    labels: dict[int, str]

    def operator(self, step: Step, lang: str = "") -> ThresholdFilter:
        """A step that has thresholds, with those of a language."""
        parameters = {**step.parameters, **(step.by_lang or {}).get(lang, {})}
        below = ("by_lang", lang) if lang else ()
        operator: ThresholdFilter = built(operators.get(step.operator), parameters, step, self.recipe, below)
        return operator


def calibration(located: Located, dataset: str | None, sample: str, out: str) -> Calibration:
    """The steps of one dataset over a sample: a path, or what `read:` takes. RecipeError where nothing has a threshold."""
    recipe = read_recipe(located)
    folder = Path(located.file).resolve().parent
    plugins = [absolute(p, str(folder)) if p.endswith(".py") or "/" in p else p for p in recipe.plugins]
    load_all(plugins)
    name = _dataset(dataset, {n: spec.steps for n, spec in recipe.datasets.items()}, located)
    steps = [
        read_step(entry, ("datasets", name, "steps", index), located)
        for index, entry in enumerate(recipe.datasets[name].steps)
    ]
    entries: list[dict[str, Any]] = []
    labels: dict[int, str] = {}
    for index, step in enumerate(steps):
        if kind_of(operators.get(step.operator)) == "global":
            continue  # a sample has no twins to look for
        label = step.label or f"{NAME}.{len(entries) + 1:02d}.{step.operator}"
        if _has_bounds(step.operator):
            labels[index] = label
        entries.append({step.operator: _measuring(step, written(step), label)})
    data = {
        "name": NAME, "seed": recipe.seed, "plugins": plugins, "read": read_of(sample), "steps": entries,
        "write": {"path": out}, "scores": True, "ledger": {"text": "none", "edits": False},
    }  # fmt: skip
    return Calibration(Located(located.file, data), steps, labels)


def written(step: Step) -> dict[str, Any]:
    """The mapping under a step's name, as its recipe has it."""
    where = None if step.where is None else step.where.model_dump(mode="json", by_alias=True, exclude_none=True)
    common = {"where": where, "action": step.action, "label": step.label, "by_lang": step.by_lang}
    return {**step.parameters, **{key: value for key, value in common.items() if value is not None}}


def read_of(sample: str) -> dict[str, Any]:
    """`read:` for a sample: its own words (`{jsonl: wiki.jsonl, columns: {text: body}}`), or a reader by its ending."""
    if sample.startswith("{"):
        try:
            read = YAML(typ="safe", pure=True).load(sample)
        except YAMLError:
            raise RecipeError(f"{sample}: not valid YAML") from None
        return {k: _here(v) if k in set(READERS.values()) else v for k, v in read.items()}
    path = f"{sample.rstrip('/')}/data/*.parquet" if (Path(sample) / "data").is_dir() else sample  # a run's output
    reader = READERS.get(Path(plain_name(path)).suffix.lower())
    if reader is None:
        raise RecipeError(f"{sample}: how to read it? Say it as a recipe does, such as '{{jsonl: {sample}}}'")
    return {reader: _here(path)}


def _here(paths: Any) -> Any:
    """Paths of the command line are seen from where it is given."""
    if isinstance(paths, list):
        return [_here(path) for path in paths]
    return absolute(paths, str(Path.cwd())) if isinstance(paths, str) else paths


def _dataset(asked: str | None, datasets: dict[str, list[Any]], located: Located) -> str:
    """The dataset whose steps are meant: the only one with thresholds, if it is not said."""
    if asked is not None:
        if asked not in datasets:
            raise RecipeError(f"--dataset {asked}: unknown{did_you_mean(asked, datasets)}")
        return asked
    having = []
    for name, steps in datasets.items():
        found = [read_step(e, ("datasets", name, "steps", i), located).operator for i, e in enumerate(steps)]
        if any(_has_bounds(operator) for operator in found):
            having.append(name)
    if len(having) != 1:
        which = f"{', '.join(having)} have thresholds; say which by --dataset" if having else "no step has a threshold"
        raise RecipeError(f"{located.file}: {which}")
    return having[0]


def _has_bounds(operator: str) -> bool:
    cls = operators.get(operator)
    return issubclass(cls, ThresholdFilter) and bool(cls.bounds)


def _measuring(step: Step, data: dict[str, Any], label: str) -> dict[str, Any]:
    """A step's entry, with a tag in place of drops; a filter that cuts text goes on dropping: a tag would not cut."""
    cls = operators.get(step.operator)
    if issubclass(cls, Filter) and "text" not in cls.writes and step.action is None:
        return {**data, "action": "tag", "label": label}
    return data
