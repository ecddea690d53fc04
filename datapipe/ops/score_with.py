"""Scores by any Python callable: a transformer, an embedding with a head, a language model behind an interface."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datapipe.core.columns import ADDR, BASE
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.path_parameters import CodeName, ModelPath
from datapipe.core.scoring.answers import numbers_of
from datapipe.core.scoring.batching import Memory, blocks, score_block
from datapipe.core.scoring.function import Call, check_call, file_of, find, scorer
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Numbers, Verdict

Bound = float | Mapping[str, float] | None
DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


class ScoreWith(ThresholdFilter):
    """Write what a Python function says of each text, and keep what lies between the bounds, if there are any.

    The function gets a list of texts (and a list for each further column, and the recipe's parameters as keywords) and
    gives a number for each: a list, an array, a tensor; None or NaN is no score. For several scores, `to: [edu, fun]`, it
    gives an array (texts, scores) or {edu: numbers, fun: numbers}. A class, or a function all of whose parameters are
    keyword-only, is called once a worker with the parameters; what it gives is then called with texts: the place to load
    a model. Where `device` is among its keywords it is told cpu, mps or cuda:N.

    Texts of like length are scored together, `batch_size` at a time. Which ones follows from the recipe and the input,
    never from the workers, so that runs are equal; but a model that pads may answer some 10^-7 otherwise in other
    company (another batch size, an earlier step that drops more; a shard tried again after its worker died), on other
    processors too. `batch_size: 1` rules company out, and on a CPU may be fastest: nothing is padded. There are as many
    workers as cores, so let a model on the CPU take one thread. A text that is null or blank has no score, and stays.
    """

    name: ClassVar[str] = "score_with"
    audited: ClassVar[bool] = True
    compiles: ClassVar[bool] = False  # a model is for workers
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        "low_score": ("min_score", "score"),
        "high_score": ("max_score", "score"),
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"function": "datapipe.ops.score_with:characters", "min_score": 5},
        {"function": "datapipe.ops.score_with:characters", "columns": ["text", "lang"], "to": "long", "batch_size": 3},
    )

    function: CodeName = Field(description="package.module:function, or a file beside the recipe: FILE.py:function")
    parameters: Mapping[str, Any] = Field(default_factory=dict, description="its keywords, as JSON has values")
    models: Mapping[str, ModelPath] = Field(
        default_factory=dict, description="keywords that are paths, of files or folders: known by what they hold"
    )
    columns: tuple[str, ...] = Field(("text",), min_length=1, description="columns it gets, texts first")
    to: tuple[str, ...] = Field(("score",), min_length=1, description="columns to write: a name for each score")
    min_score: Bound = Field(None, description="lowest score kept; of several scores {edu: 3}; null: no bound")
    max_score: Bound = Field(None, description="highest score kept, likewise")
    batch_size: int = Field(64, ge=1, description="texts scored at a time")
    device: str = Field(
        "auto",
        description="cpu, mps, cuda (workers take GPUs in turn) or cuda:N; auto: cuda where torch finds it, or cpu",
    )
    decimals: int | None = Field(None, ge=0, le=15, description="places to which scores are rounded; null: as they are")

    _score: Call | None = PrivateAttr(None)
    _context: Context | None = PrivateAttr(None)
    _memory: Memory = PrivateAttr(default_factory=Memory)

    @field_validator("columns", "to", mode="before", json_schema_input_type=str | tuple[str, ...])
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _possible(self) -> ScoreWith:
        place, _, attribute = self.function.rpartition(":")
        if not place or not attribute.isidentifier():
            raise ValueError(f"function: {self.function} is neither package.module:function nor FILE.py:function")
        if not DEVICE.fullmatch(self.device):
            raise ValueError(f"device: expected auto, cpu, mps, cuda or cuda:0, found {self.device}")
        if taken := [name for name in self.to if name in BASE.names or self.to.count(name) > 1]:
            raise ValueError(f"to: {taken[0]} is a column every document has, or stands twice; choose another name")
        if both := [name for name in self.models if name in self.parameters] or [
            name for name in ("device",) if name in self.parameters
        ]:
            raise ValueError(f"{both[0]} stands in parameters, and beside them; give it once")
        for low_or_high in ("min_score", "max_score"):
            self._check_bound(low_or_high, getattr(self, low_or_high))
        for name in self.to:
            low, high = self._bound(self.min_score, name), self._bound(self.max_score, name)
            if low is not None and high is not None and low > high:
                raise ValueError(f"min_score {low:g} is more than max_score {high:g}")
        return self

    def columns_read(self) -> tuple[str, ...]:
        """The columns the function gets."""
        return (*self.columns, ADDR)

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """A number for each score."""
        return dict.fromkeys(self.to, pa.float64())

    def score_names(self) -> tuple[str, ...]:
        """`score` alone, or the names of several."""
        return ("score",) if len(self.to) == 1 else self.to

    def files(self) -> tuple[str, ...]:
        """The function's own file, and the models; of a folder all its files."""
        own = file_of(self.function)
        return (*((own,) if own else ()), *self.model_files())

    def model_files(self) -> tuple[str, ...]:
        """The models; of a folder all its files."""
        found: list[str] = []
        for path in super().model_files():
            folder = Path(path)
            held = sorted(str(file) for file in folder.rglob("*") if file.is_file()) if "://" not in path else []
            found += held or [path]
        return tuple(found)

    def check(self, schema: pa.Schema) -> str | None:
        """The first column is one of texts."""
        dtype = schema.field(self.columns[0]).type
        if not (pa.types.is_large_string(dtype) or pa.types.is_string(dtype)):
            return f"columns: {self.columns[0]} is {dtype}, expected texts"
        if taken := [name for name in self.to if name in schema.names]:
            return f"to: an earlier step or the reader makes the column {taken[0]}, which would be lost; choose another name"
        return super().check(schema)

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """The digest of the function's code, which is imported and held against its parameters, but loads no model."""
        found = find(self.function)
        check_call(self.function, found, self.columns, (*self.parameters, *self.models))
        if self.device != "auto" and not found.device:
            raise RecipeError(f"device: {self.function} takes no keyword device, so it would not be told {self.device}")
        return {"code": found.digest}

    def setup(self, ctx: Context) -> None:
        """Build the scorer, unless this worker has an equal one."""
        self._context = ctx
        models = {name: ctx.local(path) for name, path in self.models.items()}
        self._score = scorer(self.function, self.device, ctx.worker, {**self.parameters, **models})

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """Score the texts that are not blank, block after block."""
        columns = [batch.column(name).to_pylist() for name in self.columns]
        rows = [row for row, text in enumerate(columns[0]) if text and not text.isspace()]
        found: Numbers = np.full((batch.num_rows, len(self.to)), np.nan)
        addresses = batch.column(ADDR).to_numpy()[rows].tolist() if rows else []
        found[rows] = self._scores([[column[row] for row in rows] for column in columns], addresses)
        if self.decimals is not None:
            found = np.round(found, self.decimals)
        written = {name: pa.array(found[:, n], mask=np.isnan(found[:, n])) for n, name in enumerate(self.to)}
        return Verdict(batch.num_rows, {}, dict(zip(self.score_names(), found.T, strict=True)), written)

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """low_score and high_score, or low_edu and high_edu where there are several."""
        failed = {}
        for name, score in zip(self.to, self.score_names(), strict=True):
            low, high = self._bound(self.min_score, name), self._bound(self.max_score, name)
            if low is not None:
                failed[f"low_{score}"] = measured.scores[score] < low
            if high is not None:
                failed[f"high_{score}"] = measured.scores[score] > high
        return failed

    def _scores(self, columns: list[list[Any]], addresses: list[int]) -> Numbers:
        assert self._score is not None, "setup was not called"
        assert self._context is not None
        call, progress = self._score, self._context.progress

        def score(block: Any) -> Numbers:
            progress()  # a batch may take longer than a worker may stand still
            answer = call(*([column[place] for place in block] for column in columns))
            return numbers_of(answer, len(block), self.to, self.function)

        found: Numbers = np.full((len(addresses), len(self.to)), np.nan)
        self._memory.begin(addresses)
        unknown = self._memory.fill(found, addresses)
        failed: dict[int, Exception] = {}
        for block in blocks([len(columns[0][place]) for place in unknown], self.batch_size):
            score_block([unknown[n] for n in block], score, found, failed)
        if failed:
            self._memory.errors |= {addresses[place]: error for place, error in failed.items()}
            self._memory.scores |= {a: found[n] for n, a in enumerate(addresses) if n not in failed}
            raise failed[min(failed)]
        return found

    def _check_bound(self, name: str, bound: Bound) -> None:
        if isinstance(bound, Mapping):
            if unknown := [score for score in bound if score not in self.to]:
                raise ValueError(f"{name}: {unknown[0]} is no score; to: names {', '.join(self.to)}")
        elif bound is not None and len(self.to) > 1:
            raise ValueError(f"{name}: of which score? Give {{{self.to[0]}: {bound:g}}}")

    @staticmethod
    def _bound(bound: Bound, name: str) -> float | None:
        return bound.get(name) if isinstance(bound, Mapping) else bound


def characters(texts: list[str], *columns: list[Any]) -> list[int]:
    """The number of characters of each text: the smallest function `score_with` takes."""
    return [len(text) for text in texts]
