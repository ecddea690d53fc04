"""The six kinds of operator. An operator is a value: equal parameters, equal behaviour, everywhere."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.merged import Merged
from datapipe.core.path_parameters import given_paths
from datapipe.core.placed import Placed, Segment
from datapipe.core.registry import operators
from datapipe.core.verdict import Verdict


class Operator(BaseModel):
    """Parameters as a frozen, closed model, and one method over a batch (rows are documents).

    name     what recipes call it           version  bump when output changes; part of the stage key
    reads    columns it needs               writes   columns it adds or replaces, with their types
    examples parameters under which the contract tests try it; needed where a parameter has no default
    audited  a model decides what it drops, so that runs count whom it keeps (table `audit/`)
    compiles its kernels are compiled by the driver, on a few rows; False where `setup` loads what only workers should
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(type(lambda: 0),))

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("text",)
    writes: ClassVar[Mapping[str, pa.DataType]] = {}
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)
    audited: ClassVar[bool] = False
    compiles: ClassVar[bool] = True

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if cls.__dict__.get("name") and not inspect.isabstract(cls):
            operators.add(cls.name, cls)

    def remarks(self) -> tuple[str, ...]:
        """Lines that `datapipe check` prints below the step: what the parameters come to (a planned size, a curve)."""
        return ()

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """What its files hold that reports will need (JSON), told when the recipe is compiled; stands in the manifest.

        `datapipe check` prints those called `remarks`, a list of lines, below the step, as it does `remarks()`.
        The place to refuse files that cannot be used: a RecipeError here stops the run before any work.
        """
        return {}

    def sources(self) -> tuple[str, ...]:
        """The datasets that parameters speak of: each must be among those whose rows come here."""
        return ()

    def check_sources(self, sources: Collection[str]) -> str | None:
        """A sentence if rows read in these datasets, and no others, cannot be worked on, else None; after `facts`."""
        return None

    def columns_read(self) -> tuple[str, ...]:
        """The columns this very operator needs; override when parameters decide."""
        return self.reads

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """The columns this very operator writes; override when parameters decide."""
        return self.writes

    def files(self) -> tuple[str, ...]:
        """Models and lists that must exist before work starts; part of the stage key by their digest."""
        return given_paths(self)

    def model_files(self) -> tuple[str, ...]:
        """Those of `files` that are models: a URL among them is fetched only if the recipe allows downloads."""
        return given_paths(self, models=True)

    def of_sample(self, part: float) -> Self:
        """The operator where only a part of the input comes (a number up to 1), for a forecast: a budget is as much less."""
        return self

    def placed(self, schema: pa.Schema) -> Self:
        """The operator where these columns come to it; override where a parameter left open follows a column's type."""
        return self

    def check(self, schema: pa.Schema) -> str | None:
        """A sentence if these columns cannot be worked on (a threshold on a string column), else None."""
        return None

    def setup(self, ctx: Context) -> None:
        """Load models and tables, once a worker; keep them in private attributes (`PrivateAttr`)."""


class Map(Operator):
    """Same rows, same order, other values."""

    def tallied(self) -> tuple[str, ...]:
        """Columns of numbers it writes whose sums by source and language stand in the manifest, as the step's tallies."""
        return ()

    @abstractmethod
    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch with the declared columns written; same rows, same order."""


class Filter(Operator):
    """Judges; the runner removes, counts and writes the ledger.

    finds_entities  its verdicts have `entities`: runs with it publish the table `pii/`
    """

    finds_entities: ClassVar[bool] = False

    def score_names(self) -> tuple[str, ...] | None:
        """The names of its scores, where they are known without `setup`; None: its verdict on no rows tells them."""
        return None

    @abstractmethod
    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Judge every row by every rule."""


class Expand(Operator):
    """One row to n rows; the runner gives the children addresses and, where n > 1, ids `parent#k`."""

    @abstractmethod
    def expand(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, npt.NDArray[np.int64]]:
        """Return the children and, for each, the row of its parent (not decreasing)."""


class Merge(Operator):
    """Rows of a shard to others that hold several of them, or parts of several: documents to sequences.

    The runner cuts a shard's rows, in order, into windows: a window ends with the row at which its weights come to
    `window`, so windows depend on the rows alone. What goes on has the base columns (without text) and `writes`; a new
    row's id is made of the step's label, the shard and a number, its language is the one that all its rows share.

    unit  what weights count; the manifest's tallies have it: `tokens_dropped`
    """

    unit: ClassVar[str] = "weight"
    window: int

    @abstractmethod
    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Which rows no new row could take in; they are dropped before windows are cut."""

    @abstractmethod
    def weights(self, batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
        """What each row counts for in a window; called on rows before they are judged, too."""

    @abstractmethod
    def merge(self, window: pa.RecordBatch) -> Merged:
        """The rows that a window of kept rows becomes; it has the columns read, `_addr`, id, source and lang."""


class Order(Operator):
    """Rows of all shards to new shards, in another order: what a trainer reads first comes first.

    The stream is cut into segments, one after another (the stages of a curriculum); the runner cuts each into shards by
    the places of its rows, sorts them, and gives them new addresses. A row may have no place (it is dropped, by the
    verdict's reason), or several (copies, ids `id#2`, `id#3`, …).
    """

    @abstractmethod
    def segments(self) -> tuple[Segment, ...]:
        """The stretches of the stream, in order; known when the recipe is compiled."""

    @abstractmethod
    def place(self, batch: pa.RecordBatch) -> Placed:
        """Where each row goes, by the row alone and what `bind` gave."""

    def copies(self) -> float:
        """About how many places a row has at most: it is given so few rows at once that all of theirs fit in memory."""
        return 1.0


class Global(Operator):
    """A question to the whole corpus: sketch every shard, reduce partitions, bind the answer as a local operator.

    The sketch has an `_addr` column, so that a row which turns out to be a duplicate id can be taken out again.
    `partition_by` names its uint64 column whose top bits choose the partition; equal keys meet in one `reduce`.

    publishes  its last artifact is a table of files (`name`, `data`): the run publishes them as `models/LABEL/NAME`
    orders     its answer is bound as an `Order`; `segments` says of which
    """

    partition_by: ClassVar[str] = ADDR
    publishes: ClassVar[bool] = False
    orders: ClassVar[bool] = False

    def segments(self) -> tuple[Segment, ...]:
        """Those of the order that its answer will be bound as, where it `orders`."""
        return ()

    def gathers(self) -> int | None:
        """The most bytes of its sketches, however large the corpus; None if they grow with it. Estimates go by it."""
        return None

    def rounds(self) -> tuple[Global, ...]:
        """The questions asked one after another, each at its own barrier; `bind` of one gives the next one, bound.

        A later question is asked only of shards about which the artifact before has rows. Unbound it sketches nothing;
        its `reduce` and `combine` run unbound, so what they need is in its sketch.
        """
        return (self,)

    @abstractmethod
    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """What these rows tell the corpus: one sketch row or more per row, `_addr` and `partition_by` among the columns."""

    @abstractmethod
    def reduce(self, part: pa.Table) -> pa.Table:
        """Answer one partition: all sketch rows whose key falls in it, in address order. Runs in parallel."""

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """The artifact from the parts' (memory-mapped) answers; those with `_addr` are found by row and need no more."""
        return pa.concat_tables(parts)

    def answer(self, artifact: pa.Table) -> Mapping[str, Any]:
        """What the manifest says of its last artifact (JSON), such as the threshold found; not asked of those by `_addr`.

        Those called `remarks`, a list of lines, are printed below the funnel.
        """
        return {}

    @abstractmethod
    def bind(self, artifact: pa.Table) -> Map | Filter | Expand | Order | Global:
        """The answer as a local operator, or as the next round's question.

        Of an artifact with `_addr` it gets its own shard's rows, sorted by address.
        """
