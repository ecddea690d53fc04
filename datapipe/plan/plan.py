"""A plan: stages of lanes of steps, as plain values. Names cross process borders, objects do not."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from datapipe.core.columns import ADDR
from datapipe.core.reader import Piece
from datapipe.io.formats.choice import AnyFormat

SchemaValue = Annotated[
    pa.Schema,
    BeforeValidator(lambda v: pa.ipc.read_schema(pa.BufferReader(base64.b64decode(v))) if isinstance(v, str) else v),
    PlainSerializer(lambda s: base64.b64encode(s.serialize().to_pybytes()).decode(), return_type=str),
]


Kind = Literal["map", "filter", "expand", "merge", "order", "global"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class IndexPlan(_Value):
    """An index that outlives runs: what earlier dumps held, and where this run's goes.

    inputs  what this run reads, each file by a hash of its name: the same dump, run again, takes its own place, also when
            files have come to it
    dump    one name for all of them
    held    folders of the dumps that came before it, in order
    """

    path: str
    inputs: tuple[str, ...]
    dump: str
    held: tuple[str, ...]
    extend: bool


class StepPlan(_Value):
    """One operator at one place.

    label       `web.03.gopher_quality`, unique in the recipe; seeds, ledger and manifest use it
    code        digest of a plugin operator's source ("" for built-in ones: `version` speaks for them)
    column      prefix of the columns that `action: tag` writes
    scores      names of the scores that `action: tag` writes as columns
    artifact    for the bound half of a global operator, and for its later rounds: (stage key, label) of the answer
    round       which of a global operator's questions this is, or the answer to
    index       of a global operator that remembers what earlier runs saw
    trained     models it names that steps of this plan train: (label, key of the stage at whose barrier)
    facts       what the operator says of its files; stands in the manifest
    quarantine  what the step fails goes to quarantine, not to the ledger (duplicate ids)
    audited     whom it keeps is counted, by language, source, domain and length
    orders      how many orders its rows have been through: another one names copies of copies otherwise
    """

    label: str
    operator: str
    version: int
    code: str = ""
    kind: Kind
    number: int
    column: str
    parameters: dict[str, Any]
    where: dict[str, Any] | None = None
    action: Literal["drop", "tag"] = "drop"
    by_lang: dict[str, dict[str, Any]] | None = None
    artifact: tuple[str, str] | None = None
    round: int = 0
    index: IndexPlan | None = None
    scores: tuple[str, ...] = ()
    trained: tuple[tuple[str, str], ...] = ()
    facts: dict[str, Any] = {}
    quarantine: bool = False
    audited: bool = False
    orders: int = 0
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


class Link(_Value):
    """One element of a lane's chain: a step, or (where datasets meet) the columns both sides share."""

    step: StepPlan | None = None
    align: SchemaValue | None = None


class ReaderPlan(_Value):
    """A reader by name, and the schema of the rows it gives once they are stamped."""

    reader: str
    version: int
    parameters: dict[str, Any]
    source: str
    rows: SchemaValue


class Lane(_Value):
    """Shards that run through one chain within a stage: read from inputs, or taken from an earlier stage.

    shards  ranges [start, stop) of shard numbers
    ids     the ids of this lane are checked for duplicates at the end of this stage
    gather  its shards are new: each takes its rows from all shards of the stage `input`, which scattered them
    """

    shards: tuple[tuple[int, int], ...]
    chain: tuple[Link, ...]
    reader: ReaderPlan | None = None
    input: str | None = None
    ids: bool = False
    gather: bool = False


class Span(_Value):
    """A segment of an order: the shards [start, stop) hold its rows."""

    name: str
    start: int
    stop: int


class Scatter(_Value):
    """An order at the end of a stage: its rows go to new shards, which the next stage gathers.

    step      the label of the step that places them
    segments  one after another, their shards too
    coarse    the shards are groups of neighbours, whose rows the next stage scatters once more
    """

    step: str
    segments: tuple[Span, ...]
    coarse: bool = False

    @property
    def name(self) -> str:
        """What the new shards are called as a dataset."""
        return f"{self.step}, groups" if self.coarse else self.step

    @property
    def shards(self) -> range:
        """The new shards."""
        return range(self.segments[0].start, self.segments[-1].stop)


class Sketch(_Value):
    """A question that a stage's shards sketch: as read (duplicate ids), or as the stage leaves them."""

    step: StepPlan
    at: Literal["read", "end"]


class Stage(_Value):
    """The steps between two barriers. `key` names its folder and changes with anything that could change its output.

    scatter  its last step is an order: what it leaves is not taken up shard by shard
    """

    key: str
    number: int
    dataset: str
    why: str
    lanes: tuple[Lane, ...]
    sketches: tuple[Sketch, ...]
    rows: SchemaValue
    mark: int
    scatter: Scatter | None = None

    def published(self) -> pa.Schema:
        """The columns that may be published: all but the address."""
        return pa.schema([field for field in self.rows if field.name != ADDR])

    def numbers(self) -> list[int]:
        """The numbers of the stage's shards, in order."""
        return sorted(n for lane in self.lanes for a, b in lane.shards for n in range(a, b))

    def lane(self, number: int) -> Lane:
        """The lane a shard runs in."""
        return next(lane for lane in self.lanes if any(a <= number < b for a, b in lane.shards))


@dataclass(frozen=True, slots=True)
class Shard:
    """An input task: pieces of one dataset, read in order. Its number is the upper part of its rows' addresses.

    No model but a bare value, as its pieces are: there may be 1,000,000 of them.

    dataset   or, of rows that were ordered anew, the step that placed them: then there are no pieces
    expected  bytes that such a shard stands for, about
    """

    dataset: str
    pieces: tuple[Piece, ...]
    expected: int = 0

    @property
    def weight(self) -> int:
        """Bytes on disk."""
        return sum(piece.weight for piece in self.pieces) + self.expected

    @property
    def name(self) -> str:
        """The inputs as a person would name them."""
        if not self.pieces:
            return f"rows placed by {self.dataset}"
        first = self.pieces[0]
        part = (
            ""
            if first.start == 0 and first.end is None
            else f" [{first.start}:{'' if first.end is None else first.end}]"
        )
        more = f" and {len(self.pieces) - 1} more" if len(self.pieces) > 1 else ""
        return f"{first.url}{part}{more}"


class Publication(_Value):
    """A dataset to be written: the rows that stage `stage` leaves."""

    dataset: str
    stage: str
    path: str
    shard_size: int
    format: AnyFormat


class Limit(_Value):
    """What a worker may take in a stage; see the recipe's `resources` and `task_timeout`."""

    cpus: int = 1
    gpus: int = 0
    memory: int | None = None
    time: float | None = None


class Resource(_Value):
    """A model or list that steps need."""

    path: str
    sha256: str
    bytes: int
    steps: tuple[str, ...]


class Plan(_Value):
    """Everything a run needs to know, and nothing it would have to guess."""

    name: str
    file: str
    seed: int
    recipe: dict[str, Any]
    plugins: tuple[tuple[str, str], ...]  # (file or module, digest)
    ledger_text: Literal["full", "head", "none"]
    edits: bool
    scores: bool
    max_error_rate: float
    spill: str | None
    timeout: float | None = None
    memory: int = 2_000_000_000  # that a task at a barrier holds, about
    limits: dict[str, Limit] = {}  # by dataset; "" for all others and for publishing
    shards: tuple[Shard, ...]
    stages: tuple[Stage, ...]
    publications: tuple[Publication, ...]
    resources: tuple[Resource, ...]
    allow_download: bool = False  # of models
    extends: bool = True  # a sample's run leaves the indexes as they are
    fingerprint: str

    def stage(self, key: str) -> Stage:
        """The stage of this key."""
        return next(stage for stage in self.stages if stage.key == key)

    def inputs(self) -> list[Shard]:
        """The shards that are read; others take their rows from them."""
        return [shard for shard in self.shards if shard.pieces]

    def limit(self, dataset: str = "") -> Limit:
        """What a worker may take in the stages of a dataset."""
        return self.limits.get(dataset) or self.limits.get("") or Limit()

    def steps(self) -> list[StepPlan]:
        """All steps as they run, each label once, in the order of the plan."""
        found: dict[str, StepPlan] = {}
        for stage in self.stages:
            for lane in stage.lanes:
                for link in lane.chain:
                    if link.step is not None:
                        found.setdefault(link.step.label, link.step)
        return sorted(found.values(), key=lambda step: step.number)
