"""Datasets become lanes of steps; global operators and reuse cut them into stages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeGuard

import pyarrow as pa

from datapipe.core.columns import BASE, union
from datapipe.core.dedup.remembering import Remembering
from datapipe.core.errors import RecipeError, RunFailed, did_you_mean
from datapipe.core.operator import Global, Operator, Order
from datapipe.plan.audited import is_audited
from datapipe.plan.indexes import plan_index
from datapipe.plan.inputs import build_reader, list_shards
from datapipe.plan.lineage import check_marks, check_text, with_tokenizer
from datapipe.plan.locate import Located
from datapipe.plan.open_lane import OpenLane
from datapipe.plan.ordered import scatters_to
from datapipe.plan.plan import IndexPlan, Link, ReaderPlan, Scatter, Shard, Sketch, Stage, StepPlan
from datapipe.plan.recipe import Dataset, Recipe, Step, read_step
from datapipe.plan.resources import file_digest, files_of
from datapipe.plan.stage_key import stage_key
from datapipe.plan.steps import columns_after, context_of, plan_step, unique_ids_step
from datapipe.plan.trained import Trained


@dataclass
class Compiler:
    """What is known of a recipe so far: lanes still growing by dataset, stages that are cut, shards, labels, files."""

    located: Located
    recipe: Recipe
    folder: str
    mark: int
    shards: list[Shard] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    streams: dict[str, list[OpenLane]] = field(default_factory=dict)
    sources: dict[str, frozenset[str]] = field(default_factory=dict)
    needs: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, Step] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    indexes: list[str] = field(default_factory=list)
    trained: Trained = field(default_factory=Trained)
    numbers: int = 0

    def dataset(self, name: str, spec: Dataset) -> None:
        """Compile one dataset; the ones it is made from are compiled already."""
        place = ("datasets", name)
        lanes = self._read(name, spec) if spec.read is not None else self._join(name, spec)
        inherited = [self.tags[parent] for parent in spec.from_ or []]
        self.tags[name] = {column: label for tags in inherited for column, label in tags.items()}
        for index, entry in enumerate(spec.steps):
            step = with_tokenizer(read_step(entry, (*place, "steps", index), self.located), lanes, self.stages)
            step = self.trained.resolved(step, self.located)
            self.numbers += 1
            plan, operator = plan_step(
                step, name, index, self.numbers, lanes[0].rows, self.located, self.folder,
                self.recipe.models.allow_download,
            )  # fmt: skip
            check_text(plan, lanes, self.stages, step, self.located)
            check_marks(plan, lanes, self.stages, context_of(plan.label), step, self.located)
            orders = max(lane.orders for lane in lanes) if _is_order(operator) else 0
            plan = plan.model_copy(update={"audited": is_audited(plan, operator, self.recipe), "orders": orders})
            plan = self.trained.keyed(plan)
            self._take_names(name, step, plan, operator)
            if plan.kind in ("expand", "merge", "order") and any(lane.ids for lane in lanes):
                lanes = [self._cut(name, "duplicate ids", lanes)]  # behind it rows have other addresses
            after = columns_after(lanes[0].rows, plan, operator)
            if isinstance(operator, Global):
                if operator.orders and (len(lanes) > 1 or not lanes[0].stands):
                    lanes = [self._cut(name, "kept", lanes)]  # a mixture is tried many times: what is before it stays
                if isinstance(operator, Remembering):
                    plan = plan.model_copy(update={"index": self._index(step, operator, name)})
                for number in range(len(operator.rounds())):
                    plan = plan.model_copy(update={"round": number})
                    lanes = [self._cut(name, plan.operator, lanes, plan)]
                    plan = plan.model_copy(update={"artifact": (self.stages[-1].key, plan.label)})
                self.trained.add(plan, operator)
                lanes = [lanes[0].then(Link(step=plan))]
            else:
                lanes = [lane.then(Link(step=plan)) for lane in lanes]
            lanes = [replace(lane, rows=after) for lane in lanes]
            if _is_order(operator):
                size = self.recipe.input_split
                for scatter in scatters_to(self.shards, lanes, plan.label, operator.segments(), size):
                    lanes = [self._cut(name, plan.operator, lanes, scatter=scatter)]
        self.streams[name] = lanes

    def share(self, name: str) -> None:
        """Materialise a dataset that several others use, so that its steps run once."""
        lanes = self.streams[name]
        if len(lanes) > 1 or not lanes[0].stands:
            self.streams[name] = [self._cut(name, "shared", lanes)]

    def publish(self, name: str) -> str:
        """The key of a stage that holds the dataset's final rows."""
        lanes = self.streams[name]
        if len(lanes) == 1 and lanes[0].input and lanes[0].stands:
            return lanes[0].input
        lane = self._cut(name, "publish", lanes)
        if lane.chain:  # duplicate ids turned up only at this barrier and are to be taken out
            lane = self._cut(name, "publish", [lane])
        self.streams[name] = [lane]
        assert lane.input is not None
        return lane.input

    def _read(self, name: str, spec: Dataset) -> list[OpenLane]:
        place = ("datasets", name, "read")
        reader = build_reader(spec.read or {}, place, self.located, self.folder)
        rows = BASE
        for column, dtype in reader.extra_columns().items():
            rows = rows.append(pa.field(column, dtype))
        start = len(self.shards)
        self.shards += list_shards(reader, name, self.recipe.input_split, place, self.located)
        plan = ReaderPlan(
            reader=reader.name,
            version=reader.version,
            parameters=reader.model_dump(mode="json", by_alias=True),
            source=name,
            rows=rows,
        )
        self.sources[name] = frozenset([name])
        return [OpenLane(((start, len(self.shards)),), rows, reader=plan, ids=reader.duplicate_ids == "quarantine")]

    def _join(self, name: str, spec: Dataset) -> list[OpenLane]:
        place = ("datasets", name, "from")
        seen: dict[str, str] = {}
        for parent in spec.from_ or []:
            for source in self.sources[parent]:
                if source in seen:
                    raise self.located.error(
                        f"datasets.{name}.from: the rows of {source} would come twice, by {seen[source]} and by {parent}; "
                        "give the branches one dataset, and its steps a `where`",
                        place,
                    )
                seen[source] = parent
        self.sources[name] = frozenset(seen)
        lanes = [lane for parent in spec.from_ or [] for lane in self.streams[parent]]
        if not lanes:
            raise self.located.error(f"datasets.{name}.from: expected at least one dataset", place)
        rows, clash = union(lane.rows for lane in lanes)
        if clash:
            raise self.located.error(
                f"datasets.{name}.from: the column {clash} has different types in its datasets", place
            )
        return [lane if lane.rows.equals(rows) else replace(lane.then(Link(align=rows)), rows=rows) for lane in lanes]

    def _cut(
        self,
        dataset: str,
        why: str,
        lanes: list[OpenLane],
        question: StepPlan | None = None,
        scatter: Scatter | None = None,
    ) -> OpenLane:
        """End the lanes in a stage; returns the lane that begins after it, with what its barrier found bound to it."""
        sketches = []
        number = len(self.stages)
        if any(lane.ids for lane in lanes):
            sketches.append(Sketch(step=unique_ids_step(f"{dataset}.unique_ids", self.numbers), at="read"))
        if question is not None:
            sketches.append(Sketch(step=question, at="end"))
        frozen = tuple(lane.closed() for lane in lanes)
        rows = lanes[0].rows
        inputs = [shard for lane in lanes if lane.reader for a, b in lane.shards for shard in self.shards[a:b]]
        files = sorted(file_digest(path) for path in self.needs)
        key = stage_key(self.recipe, frozen, sketches, self.mark, inputs, files, scatter)
        stage = Stage(
            key=key,
            number=number,
            dataset=dataset,
            why=why,
            lanes=frozen,
            sketches=tuple(sketches),
            rows=rows,
            mark=self.mark,
            scatter=scatter,
        )
        self.stages.append(stage)
        orders = max(lane.orders for lane in lanes)
        if scatter is not None:
            new = (scatter.shards.start, scatter.shards.stop)
            return OpenLane((new,), rows, input=key, gather=True, orders=orders + (not scatter.coarse))
        after = OpenLane(tuple(span for lane in lanes for span in lane.shards), rows, input=key, orders=orders)
        if sketches and sketches[0].at == "read":
            step = sketches[0].step
            after = after.then(Link(step=step.model_copy(update={"artifact": (key, step.label)})))
        return after

    def _index(self, step: Step, operator: Remembering, dataset: str) -> IndexPlan | None:
        if operator.index is None:
            return None
        if operator.index in self.indexes:
            raise self.located.error(
                f"{step.operator}.index: an earlier step extends {operator.index}; give each step an index of its own",
                (*step.place, "index"),
            )
        self.indexes.append(operator.index)
        shards = [shard for shard in self.shards if shard.dataset in self.sources[dataset]]
        try:
            return plan_index(operator, (piece.url for shard in shards for piece in shard.pieces))
        except RecipeError as error:
            raise self.located.error(f"{step.operator}.index: {error}", (*step.place, "index")) from None

    def _take_names(self, dataset: str, step: Step, plan: StepPlan, operator: Operator) -> None:
        if plan.label in self.labels:
            raise self.located.error(f"two steps are labelled {plan.label}; labels are unique in a recipe", step.place)
        self.labels[plan.label] = step
        for source in operator.sources():
            if source not in self.sources[dataset]:
                hint = did_you_mean(source, self.sources[dataset])
                raise self.located.error(f"{plan.operator}: no rows read in {source} come here{hint}", step.place)
        if problem := operator.check_sources(self.sources[dataset]):
            raise self.located.error(f"{plan.operator}: {problem}", step.place)
        if plan.action == "tag":
            tags = self.tags[dataset]
            if plan.column in tags:
                raise self.located.error(
                    f"{plan.operator}: an earlier step already writes {plan.column}.keep; give one of them a `label`",
                    step.place,
                )
            tags[plan.column] = plan.label
        for path in files_of(plan, operator):
            try:
                file_digest(path)
            except (OSError, RunFailed) as error:
                reason = getattr(error, "strerror", None) or error
                raise self.located.error(
                    f"{step.operator} needs the file {path}, which cannot be read: {reason}",
                    step.place,
                ) from None
            self.needs.setdefault(path, []).append(plan.label)


def _is_order(operator: Operator) -> TypeGuard[Order | Global]:
    return isinstance(operator, Order) or (isinstance(operator, Global) and operator.orders)
