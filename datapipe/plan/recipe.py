"""The recipe's grammar: a closed model of what YAML may say, and the steps with their common keys taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from datapipe.core.condition import Condition
from datapipe.core.errors import did_you_mean
from datapipe.core.sizes import Size
from datapipe.io.formats.choice import AnyFormat
from datapipe.io.formats.parquet import Parquet
from datapipe.plan.explain import explain
from datapipe.plan.kubernetes import Kubernetes
from datapipe.plan.locate import Located, Place

STEP_KEYS = ("where", "action", "label", "by_lang")
_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([smhd])\s*")


def _seconds(value: Any) -> Any:
    if isinstance(value, str):
        match = _SPAN.fullmatch(value)
        if match is None:
            raise ValueError(f"expected a time such as 90s, 30m, 4h or 2d, found {value!r}")
        return float(match[1]) * _SPANS[match[2]]
    return value


# At most 100 days: poll(2) counts milliseconds in 31 bits.
Seconds = Annotated[float, BeforeValidator(_seconds, json_schema_input_type=float | str), Field(gt=0, le=8_640_000)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Write(_Closed):
    """Where a dataset is published."""

    dataset: str | None = Field(None, description="which dataset; not needed in the one-dataset form")
    path: str = Field(description="folder, relative to the recipe; of the first output it is the run folder")
    shard_size: Size = Field(
        128_000_000,
        description="a part holds about this many bytes of text, metadata, tokens and other lists of numbers, uncompressed, "
        "those that the format leaves out among them: with the columns of `pack` a .bin of uint16 is 2/11 of it",
    )
    format: AnyFormat = Field(
        Parquet(),
        description="parquet, jsonl (JSON lines, zstd), huggingface (`load_from_disk`), mds (MosaicML Streaming), megatron "
        "(.bin and .idx), npy (OLMo, Dolma); or one with its parameters, such as {mds: {compression: zstd}}",
    )


class Ledger(_Closed):
    """What the ledger keeps of a dropped document."""

    text: Literal["full", "head", "none"] = Field(
        "head", description="all of the text, its first 500 characters, or none"
    )
    edits: bool = Field(True, description="record which steps edited which documents, in edits/")


class Models(_Closed):
    """How models come to this machine."""

    allow_download: bool = Field(False, description="fetch models that are named by URL, once, into the cache")


class Dataset(_Closed):
    """Rows read from files, or taken from other datasets, and what is done to them."""

    read: dict[str, Any] | None = Field(None, description="one reader and its paths, such as {jsonl: data/*.jsonl.zst}")
    from_: list[str] | None = Field(None, alias="from", description="names of datasets, in order")
    steps: list[Any] = Field(default_factory=list)

    @model_validator(mode="after")
    def _read_or_from(self) -> Dataset:
        if (self.read is None) == (self.from_ is None):
            raise ValueError("expected either `read` or `from`")
        return self


class Needs(_Closed):
    """What one worker needs; schedulers are asked for it."""

    cpus: int = Field(1, ge=1, description="cores of a task on a cluster, or processes of a job array's member")
    gpus: int = Field(0, ge=0, description="GPUs of a task on a Ray cluster, or of a job array's member")
    memory: Size | None = Field(None, description="of a worker, such as 4GB; one that has grown beyond it is replaced")
    time: Seconds | None = Field(None, description="of a job array's member, such as 4h")


class Resources(Needs):
    """What the run asks of a machine or a cluster; it changes no byte of the output."""

    datasets: dict[Name, Needs] = Field(default_factory=dict, description="other needs of the stages of a dataset")
    slurm: dict[str, str | int | bool] = Field(
        default_factory=dict, description="more options of sbatch, such as {partition: cpu, exclusive: true}"
    )
    kubernetes: Kubernetes | None = Field(None, description="image, namespace and volumes of the job's pods")


class Recipe(_Closed):
    """A whole recipe."""

    name: Name = "corpus"
    seed: int = Field(0, ge=-(2**63), lt=2**63, description="all randomness is a hash of (seed, step, id)")
    plugins: list[str] = Field(
        default_factory=list, description="files (relative to the recipe) or modules with operators"
    )
    datasets: dict[Name, Dataset] = Field(min_length=1)
    write: list[Write] = Field(min_length=1)
    models: Models = Models()
    ledger: Ledger = Ledger()
    scores: bool = Field(
        False, description="keep every score of every judged document, in scores/, so that `datapipe tune` can answer"
    )
    audit: list[str] = Field(
        default_factory=list,
        description="further filters, by operator or label, whose keep rates are counted by language, source, domain and "
        "length, in audit/; those of filters with models always are",
    )
    max_error_rate: float = Field(0.01, ge=0, le=1, description="the run fails when more of the rows go to quarantine")
    spill: Literal["none", "lz4", "zstd"] = Field(
        "none",
        description="compression of stage files; none moves 130 MB/s a core where lz4 moves 90, and takes twice the disk",
    )
    task_timeout: Seconds | None = Field(
        3600.0, description="a worker that shows no progress for so long hangs, and is stopped; such as 30m"
    )
    memory: Size | None = Field(
        None,
        description="that one worker holds at a barrier (de-duplication), about; 2GB, or half of `resources.memory` if that "
        "is less. It changes no byte of the output",
    )
    resources: Resources = Resources()
    input_split: Size = Field(64_000_000, description="inputs are cut into tasks of about this many bytes on disk")


@dataclass(frozen=True)
class Step:
    """One entry of `steps`: an operator's name, its parameters, and the keys every step may have."""

    operator: str
    parameters: dict[str, Any]
    place: Place
    where: Condition | None = None
    action: Literal["drop", "tag"] | None = None
    label: str | None = None
    by_lang: dict[str, dict[str, Any]] | None = None


def recipe_name(located: Located) -> str:
    """What a recipe is called; its one dataset, too, in the short form."""
    named = located.data.get("name") if isinstance(located.data, dict) else None
    return str(named or re.sub(r"[^A-Za-z0-9_-]", "-", Path(located.file).stem) or "corpus")


def read_recipe(located: Located) -> Recipe:
    """Check a recipe's frame; the short form becomes a dataset called by the recipe's name."""
    data = located.data
    if not isinstance(data, dict):
        raise located.error("expected a mapping with `read`, `steps` and `write`, or with `datasets` and `write`")
    data = {"name": recipe_name(located), **data}
    short = {key: data.pop(key) for key in ("read", "steps", "from") if key in data}
    moved: tuple[Place, Place] | None = None
    if short:
        if "datasets" in data:
            raise located.error(
                f"{next(iter(short))}: stands beside `datasets`; put it into a dataset", (next(iter(short)),)
            )
        data["datasets"] = {str(data["name"]): short}
        moved = (("datasets", str(data["name"])), ())
    known = set(Recipe.model_fields) | {"read", "steps", "from"}
    for key in data:
        if key not in known:
            raise located.error(f"{key}: unknown{did_you_mean(str(key), known)}", (key,))
    if "datasets" not in data:
        raise located.error("nothing to read: expected `read` (one dataset) or `datasets`")
    if "write" not in data:
        raise located.error("nothing to write: expected `write: {path: …}`")
    one = not isinstance(data["write"], list)
    if one:
        data["write"] = [data["write"]]
    if moved is not None:
        for place in list(located.lines):
            located.lines.setdefault((*moved[0], *place), located.lines[place])
    if one:
        for place in [p for p in located.lines if p[:1] == ("write",)]:
            located.lines.setdefault(("write", 0, *place[1:]), located.lines[place])
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise explain(error, Recipe, located, hide=2 if moved else 0) from None


def read_step(entry: Any, place: Place, located: Located) -> Step:
    """Take an entry of `steps` apart: `name`, or `name: {parameters and common keys}`."""
    if isinstance(entry, str):
        return Step(entry, {}, place)
    if not isinstance(entry, dict) or len(entry) != 1:
        found = f"a mapping of {len(entry)} keys" if isinstance(entry, dict) else repr(entry)
        raise located.error(f"a step is an operator's name, or `- name: {{parameters}}`; found {found}", place)
    ((name, value),) = entry.items()
    place = (*place, name)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise located.error(f"{name}: expected its parameters as a mapping, found {value!r}", place)
    common = {key: value[key] for key in STEP_KEYS if key in value}
    parameters = {key: v for key, v in value.items() if key not in STEP_KEYS}
    where = None
    if "where" in common:
        try:
            where = Condition.model_validate(common["where"])
        except ValidationError as error:
            raise explain(error, Condition, located, (*place, "where"), f"{name}.where") from None
    if common.get("action") not in (None, "drop", "tag"):
        raise located.error(f"{name}.action: expected drop or tag, found {common['action']!r}", (*place, "action"))
    label = common.get("label")
    if label is not None and not (isinstance(label, str) and re.fullmatch(r"[A-Za-z0-9_.-]+", label)):
        raise located.error(
            f"{name}.label: expected a word of letters, digits, _ . -; found {label!r}", (*place, "label")
        )
    by_lang = common.get("by_lang")
    if by_lang is not None and not (isinstance(by_lang, dict) and all(isinstance(v, dict) for v in by_lang.values())):
        raise located.error(f"{name}.by_lang: expected {{language: {{parameters}}}}", (*place, "by_lang"))
    return Step(str(name), parameters, place, where, common.get("action"), label, by_lang)


def absolute(path: str, folder: str) -> str:
    """A path of the recipe seen from anywhere; URLs stay as they are."""
    return path if "://" in path else str((Path(folder) / path).resolve())
