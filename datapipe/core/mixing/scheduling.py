"""What `mixture` and `curriculum` have in common: they ask the corpus for its sizes, and give its rows an order."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from math import inf
from typing import Any, ClassVar, Literal, Self

import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError, RunFailed, did_you_mean
from datapipe.core.mixing.allocation import CannotBeMet, Take, Terms, allocate, shortfalls, unnamed
from datapipe.core.mixing.amounts import Amount, amount_of
from datapipe.core.mixing.known_sizes import sizes_of_run
from datapipe.core.mixing.mix import Files, Mix
from datapipe.core.mixing.outlook import named_only
from datapipe.core.mixing.presets import PRESETS
from datapipe.core.mixing.rows import Rows, Unit, by_pool
from datapipe.core.mixing.scheduled import WRITES, Scheduled
from datapipe.core.mixing.stages import Stage, check_stages, shares_of
from datapipe.core.mixing.survey import circles_of, combined, groups_in, reduced
from datapipe.core.mixing.table import schedule_of, table
from datapipe.core.mixing.weights_file import WeightsFile, read_weights
from datapipe.core.operator import Global, Order
from datapipe.core.path_parameters import FilePath
from datapipe.core.placed import Segment


class Scheduling(Global):
    """A stream of stages, each with its own mixture; `timeline` says which."""

    orders: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("id", "source")
    compiles: ClassVar[bool] = False  # it has no kernels, and a few rows lack groups that weights name
    partition_by: ClassVar[str] = "key"
    writes: ClassVar[Mapping[str, pa.DataType]] = WRITES

    by: str = Field("source", description="the column whose values are the groups: source, lang, a topic, a bucket")
    unit: Unit = Field(
        "tokens", description="what weights, budgets and epochs count: tokens, bytes (of text), documents"
    )
    tokens: str = Field("n_tokens", description="the column of numbers of tokens; of packed sequences it is `length`")
    budget: float | str | None = Field(
        None,
        description="of the whole stream, such as 2T, 500B or 10M; largest: what takes no group more than max_epochs",
    )
    max_epochs: float | dict[str, float] | None = Field(
        None, description="how often a group may be taken: of all groups, or {web: 1, books: 4}; 1, or what UniMax says"
    )
    shortfall: Literal["refuse", "cap"] = Field(
        "refuse",
        description="where a group is not enough: refuse, or cap it and share the rest among the others by weight",
    )
    others: Literal["refuse", "drop"] = Field("refuse", description="groups that no weight names")
    absent: Literal["refuse", "drop"] = Field("refuse", description="groups with a weight of which there is nothing")
    sizes: dict[str, Amount] | None = Field(
        None, description="what each group has, such as {web: 1.2T}, so that `datapipe check` can say what comes of it"
    )
    sizes_from: FilePath | None = Field(None, description="or the manifest.json of a run that counted it")

    _seed: int = PrivateAttr(0)
    _files: dict[str, WeightsFile] = PrivateAttr(default_factory=dict)

    @abstractmethod
    def timeline(self) -> tuple[Stage, ...]:
        """The stages, in order."""

    @abstractmethod
    def weights_paths(self) -> Mapping[str, str]:
        """What stages call a weights file -> its path."""

    @field_validator("budget", mode="before", json_schema_input_type=float | str | None)
    @classmethod
    def _amount(cls, value: Any) -> Any:
        if value is None or value == "largest":
            return value
        found = amount_of(value)
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < inf:
            raise ValueError(f"expected an amount such as 2T or 10M, or largest, found {value!r}")
        return float(found)

    @field_validator("max_epochs")
    @classmethod
    def _positive(cls, value: Any) -> Any:
        for epochs in value.values() if isinstance(value, dict) else () if value is None else (value,):
            if not 0 < epochs < inf:
                raise ValueError(f"expected numbers above 0, found {epochs:g}")
        return value

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if self.sizes is not None and self.sizes_from is not None:
            raise ValueError("sizes: stand beside sizes_from; expected one of them")
        stages = self.timeline()
        check_stages(stages, self.terms().total)
        for mix in self._mixes():
            if mix.file is not None and mix.file not in self.weights_paths():
                raise ValueError(f"file: {mix.file} is no name among weights_files")
            if self.absent == "refuse" and (left := _told(mix)):
                raise ValueError(f"names: nothing here is {left} of {mix.preset}; map it, or say `absent: drop`")
        return self

    def _mixes(self) -> list[Mix]:
        return [mix for stage in self.timeline() for mix in (stage, stage.begin) if mix is not None]

    def terms(self) -> Terms:
        """What holds for all stages."""
        stages = self.timeline()
        total = "largest" if self.budget is None and stages and stages[0].share is not None else self.budget
        most = [
            mix.weights["unimax"] for mix in self._mixes() if mix.rule() == "unimax" and isinstance(mix.weights, dict)
        ]
        default = max(most, default=1.0)
        own = self.max_epochs if isinstance(self.max_epochs, dict) else {}
        if isinstance(self.max_epochs, float):
            default = self.max_epochs
        return Terms(total, (own, default), self.shortfall, self.others, self.absent)  # type: ignore[arg-type]  # a string is "largest": `_amount`

    def of_sample(self, part: float) -> Self:
        """So much less of a budget, and no shortfall: a sample may lack of a group what the whole has."""
        stages = self.timeline()
        total = sum(stage.budget or 0 for stage in stages) if self.budget is None else self.budget
        budget = total * part if isinstance(total, float) and total > 0 else self.budget
        return self.model_copy(update={"budget": budget, "shortfall": "cap", "absent": "drop"})

    def rows(self) -> Rows:
        """How rows are looked at."""
        return Rows.of(self.by, self.unit, self.tokens, self.timeline())

    def columns_read(self) -> tuple[str, ...]:
        """The id, and what the parameters name."""
        return self.rows().columns()

    def check(self, schema: pa.Schema) -> str | None:
        """Columns of types that can serve."""
        return self.rows().check(schema)

    def sources(self) -> tuple[str, ...]:
        """The datasets that weights and epochs name."""
        if self.by != "source" or self.absent == "drop":
            return ()
        named: list[Mapping[str, float] | None] = [mix.named({}) for mix in self._mixes() if mix.file is None]
        if isinstance(self.max_epochs, dict):
            named.append(self.max_epochs)
        return tuple(dict.fromkeys(name for weights in named for name in weights or {}))

    def check_sources(self, sources: Collection[str]) -> str | None:
        """What weights files name is there, and all that is there is named, but where `absent` or `others` is drop."""
        if self.by != "source":
            return None
        paths = self.weights_paths()
        for name in sorted({mix.file for mix in self._mixes() if mix.file is not None}):
            for group, weight in self._files[name].weights.items():
                if weight > 0 and group not in sources and self.absent == "refuse":
                    hint = did_you_mean(group, sources)
                    return (
                        f"{paths[name]}: {group} has a weight of {weight:.3g}, and no rows read in it come here{hint}"
                    )
        named = [mix.named(self._files) for mix in self._mixes()]
        known = {name for weights in named for name in weights or {}}
        left = sorted(set(sources) - known)
        if not left or self.others == "drop" or any(weights is None for weights in named):
            return None
        return unnamed(left, known)

    def segments(self) -> tuple[Segment, ...]:
        """One for each stage; with known sizes its share is of what there is."""
        stages = self.timeline()
        shares = shares_of(stages)
        if self.sizes is not None and not self.rows().wheres and not self.weights_paths():
            try:
                takes = self.takes(self.sizes, {})
            except CannotBeMet:  # `facts` says so
                takes = []
            whole = sum(self.sizes.values())
            shares = (
                [sum(t.taken for t in takes if t.stage == n) / whole for n in range(len(stages))] if takes else shares
            )
        return tuple(Segment(stage.name, share) for stage, share in zip(stages, shares, strict=True))

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """The schedule by the sizes told, as far as it follows from the recipe; RecipeError where it cannot be met."""
        self._files = files = self._read(ctx)
        units = [(name, file.unit) for name, file in files.items() if file.unit != self.unit]
        remarks = [f"{name}: shares of {unit} are taken as shares of {self.unit}" for name, unit in units]
        presets = {mix.preset: mix for mix in self._mixes() if mix.preset is not None}
        for name, mix in presets.items():
            left = _told(mix)
            without = f"; without {left}, the rest normalised" if left else ""
            remarks.append(f"{name}: {PRESETS[name].source}{without}")
        sizes = sizes_of_run(ctx, self.sizes_from, self.by, self.unit) if self.sizes_from is not None else self.sizes
        stages, rows = self.timeline(), self.rows()
        if sizes is not None and rows.wheres:
            remarks.append("sizes are of all rows of a group; what stages with `where` take is known at the barrier")
        elif sizes is not None:
            try:
                more = {} if self.sizes_from is None else {"others": "drop"}  # that run may have had more sources
                takes = self.model_copy(update=more).takes(sizes, files)
            except CannotBeMet as error:
                raise RecipeError(self._said(error)) from None
            return {
                "remarks": [*remarks, *table(stages, takes, self.unit)],
                "schedule": schedule_of(stages, takes, self.unit),
            }
        said, schedule = named_only(stages, self.terms(), self.unit, files)
        return {"remarks": [*remarks, *said], **({} if schedule is None else {"schedule": schedule})}

    def takes(self, sizes: Mapping[str, float], files: Files) -> list[Take]:
        """What each stage takes of each group; CannotBeMet, with the table, where that is too much."""
        stages, rows, terms = self.timeline(), self.rows(), self.terms()
        pools = [rows.pool_of(stage) for stage in stages]
        takes = allocate(stages, pools, by_pool(sizes, 1 + len(rows.wheres)), terms, files)
        if terms.shortfall == "refuse" and (short := shortfalls(takes, terms, self.unit)):
            advice = "lower the budget, raise max_epochs, or say `shortfall: cap`"
            raise CannotBeMet("\n".join([*short, advice, *table(stages, takes, self.unit)]))
        return takes

    def setup(self, ctx: Context) -> None:
        """Take the step's seed, and read the weights files."""
        self._seed = ctx.seed
        self._files = self._read(ctx)

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Of each row its place on the circle, its group, its size and its scores' ranks."""
        rows = self.rows()
        ranks = {f"rank{n}": pa.array(rank) for n, rank in enumerate(rows.ranks(batch))}
        columns = {ADDR: batch.column(ADDR), "key": pa.array(rows.keys(self._seed, batch)), "group": rows.groups(batch)}
        return pa.RecordBatch.from_pydict({**columns, "size": pa.array(rows.sizes(batch)), **ranks})

    def reduce(self, part: pa.Table) -> pa.Table:
        """A stretch of all circles."""
        return reduced(part, len(self.rows().scores))

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """Sizes and points; RunFailed where the schedule cannot be met."""
        artifact = combined(parts, len(self.rows().scores))
        self._taken(artifact)
        return artifact

    def bind(self, artifact: pa.Table) -> Order:
        """Places by these sizes and points."""
        told = circles_of(artifact, len(self.rows().scores))
        bound = Scheduled(asked=self.model_dump(mode="json", by_alias=True))
        return bound.given(self.rows(), self._seed, self.timeline(), self.segments(), told, self._taken(artifact))

    def _taken(self, artifact: pa.Table) -> Sequence[Take]:
        sizes = {name: float(size) for name, (size, _) in groups_in(artifact).items()}
        if not sizes:
            return ()  # an empty corpus has an empty schedule
        try:
            return self.takes(sizes, self._files)
        except CannotBeMet as error:
            raise RunFailed(f"{self.name}: {self._said(error)}") from None

    def _said(self, error: CannotBeMet) -> str:
        """Without the name of the stage where that is the operator's own."""
        return str(error).removeprefix(f"{self.name}: ")

    def _read(self, ctx: Context) -> dict[str, WeightsFile]:
        found = {}
        for name, path in self.weights_paths().items():
            try:
                with ctx.open(path) as stream:
                    found[name] = read_weights(stream.read(), path)
            except FileNotFoundError:
                raise RecipeError(f"{path} is not there; expected a weights file") from None
            except OSError as error:
                raise RecipeError(
                    f"{path} cannot be read ({error.strerror or error}); expected a weights file"
                ) from None
            if found[name].by != self.by:
                raise RecipeError(f"{path}: weights of {found[name].by}, expected those of {self.by} (`by`)")
        return found


def _told(mix: Mix) -> str:
    """What a preset has beside the groups here."""
    return ", ".join(f"{name} ({share:.1%})" for name, share in mix.unmapped().items())
