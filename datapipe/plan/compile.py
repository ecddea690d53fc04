"""From a recipe to a plan: datasets become lanes of steps, global operators and reuse cut them into stages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from datapipe.core.columns import BASE, union
from datapipe.core.dedup.remembering import Remembering
from datapipe.core.errors import RecipeError, RunFailed, did_you_mean
from datapipe.core.fingerprint import fingerprint
from datapipe.core.operator import Global, Operator
from datapipe.plan.audited import check_audit, is_audited
from datapipe.plan.formats import check_format
from datapipe.plan.graph import check_uses, in_order, published_datasets
from datapipe.plan.indexes import plan_index
from datapipe.plan.inputs import build_reader, list_shards
from datapipe.plan.limits import barrier_memory, limits_of
from datapipe.plan.lineage import check_text, with_tokenizer
from datapipe.plan.locate import Located
from datapipe.plan.plan import (
    IndexPlan,
    Lane,
    Link,
    Plan,
    Publication,
    ReaderPlan,
    Resource,
    Shard,
    Sketch,
    Stage,
    StepPlan,
)
from datapipe.plan.plugins import load_all
from datapipe.plan.recipe import Dataset, Recipe, Step, absolute, read_recipe, read_step
from datapipe.plan.resources import file_digest, files_of
from datapipe.plan.stage_key import stage_key
from datapipe.plan.steps import columns_after, plan_step, unique_ids_step
from datapipe.plan.trained import Trained


@dataclass(frozen=True)
class _Open:
    """A lane still growing: nothing has been cut after it."""

    shards: tuple[tuple[int, int], ...]
    rows: pa.Schema
    chain: tuple[Link, ...] = ()
    reader: ReaderPlan | None = None
    input: str | None = None
    ids: bool = False

    def then(self, link: Link) -> _Open:
        return replace(self, chain=(*self.chain, link))


@dataclass
class _Compiler:
    located: Located
    recipe: Recipe
    folder: str
    mark: int
    shards: list[Shard] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    streams: dict[str, list[_Open]] = field(default_factory=dict)
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
            plan = plan.model_copy(update={"audited": is_audited(plan, operator, self.recipe)})
            plan = self.trained.keyed(plan)
            self._take_names(name, step, plan, operator)
            if plan.kind in ("expand", "merge") and any(lane.ids for lane in lanes):
                lanes = [self._cut(name, "duplicate ids", lanes)]  # behind it rows have other addresses
            after = columns_after(lanes[0].rows, plan, operator)
            if isinstance(operator, Global):
                if isinstance(operator, Remembering):
                    plan = plan.model_copy(update={"index": self._index(step, operator, lanes)})
                for number in range(len(operator.rounds())):
                    plan = plan.model_copy(update={"round": number})
                    lanes = [self._cut(name, plan.operator, lanes, plan)]
                    plan = plan.model_copy(update={"artifact": (self.stages[-1].key, plan.label)})
                self.trained.add(plan, operator)
                lanes = [lanes[0].then(Link(step=plan))]
            else:
                lanes = [lane.then(Link(step=plan)) for lane in lanes]
            lanes = [replace(lane, rows=after) for lane in lanes]
        self.streams[name] = lanes

    def share(self, name: str) -> None:
        """Materialise a dataset that several others use, so that its steps run once."""
        lanes = self.streams[name]
        if len(lanes) > 1 or lanes[0].chain or lanes[0].reader:
            self.streams[name] = [self._cut(name, "shared", lanes)]

    def publish(self, name: str) -> str:
        """The key of a stage that holds the dataset's final rows."""
        lanes = self.streams[name]
        if len(lanes) == 1 and lanes[0].input and not lanes[0].chain:
            return lanes[0].input
        lane = self._cut(name, "publish", lanes)
        if lane.chain:  # duplicate ids turned up only at this barrier and are to be taken out
            lane = self._cut(name, "publish", [lane])
        self.streams[name] = [lane]
        assert lane.input is not None
        return lane.input

    def _read(self, name: str, spec: Dataset) -> list[_Open]:
        place = ("datasets", name, "read")
        reader = build_reader(spec.read or {}, place, self.located, self.folder)
        rows = BASE
        for column, dtype in reader.extra_columns().items():
            rows = rows.append(pa.field(column, dtype))
        start = len(self.shards)
        self.shards += list_shards(reader, name, self.recipe.input_split, place, self.located)
        parameters = reader.model_dump(mode="json", by_alias=True)
        plan = ReaderPlan(reader=reader.name, version=reader.version, parameters=parameters, source=name, rows=rows)
        self.sources[name] = frozenset([name])
        return [_Open(((start, len(self.shards)),), rows, reader=plan, ids=reader.duplicate_ids == "quarantine")]

    def _join(self, name: str, spec: Dataset) -> list[_Open]:
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

    def _cut(self, dataset: str, why: str, lanes: list[_Open], question: StepPlan | None = None) -> _Open:
        """End the lanes in a stage; returns the lane that begins after it, with what its barrier found bound to it."""
        sketches = []
        number = len(self.stages)
        if any(lane.ids for lane in lanes):
            sketches.append(Sketch(step=unique_ids_step(f"{dataset}.unique_ids", self.numbers), at="read"))
        if question is not None:
            sketches.append(Sketch(step=question, at="end"))
        frozen = tuple(
            Lane(shards=lane.shards, chain=lane.chain, reader=lane.reader, input=lane.input, ids=lane.ids)
            for lane in lanes
        )
        rows = lanes[0].rows
        inputs = [shard for lane in lanes if lane.reader for a, b in lane.shards for shard in self.shards[a:b]]
        files = sorted(file_digest(path) for path in self.needs)
        key = stage_key(self.recipe, frozen, sketches, self.mark, inputs, files)
        stage = Stage(
            key=key,
            number=number,
            dataset=dataset,
            why=why,
            lanes=frozen,
            sketches=tuple(sketches),
            rows=rows,
            mark=self.mark,
        )
        self.stages.append(stage)
        after = _Open(tuple(span for lane in lanes for span in lane.shards), rows, input=key)
        if sketches and sketches[0].at == "read":
            step = sketches[0].step
            after = after.then(Link(step=step.model_copy(update={"artifact": (key, step.label)})))
        return after

    def _index(self, step: Step, operator: Remembering, lanes: list[_Open]) -> IndexPlan | None:
        if operator.index is None:
            return None
        if operator.index in self.indexes:
            raise self.located.error(
                f"{step.operator}.index: an earlier step extends {operator.index}; give each step an index of its own",
                (*step.place, "index"),
            )
        self.indexes.append(operator.index)
        shards = [shard for lane in lanes for a, b in lane.shards for shard in self.shards[a:b]]
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
                    f"{step.operator} needs the file {path}, which cannot be read: {reason}", step.place
                ) from None
            self.needs.setdefault(path, []).append(plan.label)


def compile_recipe(located: Located) -> Plan:
    """The plan of a recipe; a RecipeError (exit code 2) for whatever would go wrong later."""
    recipe = read_recipe(located)
    folder = str(Path(located.file).resolve().parent)
    plugins = []
    for index, name in enumerate(recipe.plugins):
        plugins.append(absolute(name, folder) if name.endswith(".py") or "/" in name else name)
        try:
            load_all(plugins[-1:])
        except RecipeError as error:
            raise located.error(str(error), ("plugins", index)) from None
    digests = load_all(plugins)
    smallest = min(write.shard_size for write in recipe.write)
    compiler = _Compiler(located, recipe, folder, mark=max(1024, smallest // 64))
    published = published_datasets(recipe, located)
    uses = check_uses(recipe, located, published)
    for name in in_order(recipe, located):
        compiler.dataset(name, recipe.datasets[name])
        if uses[name] > 1:
            compiler.share(name)
    check_audit(compiler.labels, recipe, located)
    publications: list[Publication] = []
    for name, write in zip(published, recipe.write, strict=True):
        stage = compiler.publish(name)
        path = absolute(write.path, folder)
        check_format(write.format, stage, compiler.stages, ("write", len(publications), "format"), located)
        publications.append(
            Publication(dataset=name, stage=stage, path=path, shard_size=write.shard_size, format=write.format)
        )
    needs = [(path, *file_digest(path), tuple(steps)) for path, steps in sorted(compiler.needs.items())]
    resources = tuple(
        Resource(path=path, sha256=digest, bytes=size, steps=steps) for path, digest, size, steps in needs
    )
    identity = {
        "stages": [stage.key for stage in compiler.stages],
        "writes": [[p.dataset, p.stage, p.shard_size, p.format.model_dump()] for p in publications],
        "paths": [p.path for p in publications[1:]],  # the first one is the run folder itself
    }
    return Plan(
        name=recipe.name,
        file=located.file,
        seed=recipe.seed,
        recipe=located.data,
        plugins=tuple(digests),
        ledger_text=recipe.ledger.text,
        edits=recipe.ledger.edits,
        scores=recipe.scores,
        allow_download=recipe.models.allow_download,
        max_error_rate=recipe.max_error_rate,
        spill=None if recipe.spill == "none" else recipe.spill,
        timeout=recipe.task_timeout,
        memory=barrier_memory(recipe),
        limits=limits_of(recipe, located, compiler.stages),
        shards=tuple(compiler.shards),
        stages=tuple(compiler.stages),
        publications=tuple(publications),
        resources=resources,
        fingerprint=fingerprint(identity),
    )
