"""A part of the input that stands for all of it: whole pieces, drawn by a hash, gathered into shards of the usual size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from datapipe.core.reader import Piece
from datapipe.core.registry import operators
from datapipe.core.seeds import step_seed, uniform
from datapipe.plan.plan import Plan, Scatter, Shard, Span, StepPlan

# Neighbours are alike, so many small pieces tell more than a few large ones. On 600 MB of documentation, sorted by
# package, 11 % of the bytes tell the number of documents within 3 % in pieces of 32 or 64 kB, within 6 % of 256 kB.
SMALLEST = 1 << 16
MOST = 20_000  # pieces: more of them take seconds to list
LEAST_PIECES = 3  # of a dataset


def piece_size(plan: Plan, input_split: int) -> int:
    """The `input_split` at which a sample of the plan's input is drawn."""
    return min(input_split, max(SMALLEST, weight(plan.inputs()) // MOST))


def default_fraction(plan: Plan, input_split: int) -> float:
    """3 % of the bytes, and at least one shard of the real size: a worker's memory is to be seen."""
    return min(1.0, max(0.03, input_split / max(1, weight(plan.inputs()))))


@dataclass(frozen=True)
class Sample:
    """A plan over a part of another plan's input.

    of      the other plan
    taken   bytes on disk by dataset    whole  the same of all there is
    pieces  how many there are in it
    """

    plan: Plan
    of: Plan
    taken: dict[str, int]
    whole: dict[str, int]
    pieces: int

    def scale(self, dataset: str) -> float:
        """How many times as much there is of a dataset."""
        part = self.fraction([dataset])
        return 1 / part if part else 1.0

    def fraction(self, datasets: Iterable[str]) -> float:
        """The part of some datasets' bytes that was taken; rows that were ordered anew may be of any."""
        names = set(datasets)
        names = names if names <= set(self.whole) else set(self.whole)
        whole = sum(self.whole[name] for name in names)
        return sum(self.taken[name] for name in names) / whole if whole else 1.0

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the input."""
        return self.taken == self.whole


def draw(plan: Plan, fine: Plan, fraction: float, shards: int = 1) -> Sample:
    """A sample of about this part of each dataset; of two fractions, the smaller sample is within the larger one.

    fine    the same recipe with a smaller `input_split`
    shards  at least so many of a dataset, smaller than the real ones: work for all workers
    """
    drawn: list[Shard] = []
    spans: dict[str, tuple[int, int]] = {}
    taken, whole, pieces = {}, {}, 0
    for dataset in dict.fromkeys(shard.dataset for shard in fine.inputs()):
        all_of_it = [shard for shard in fine.inputs() if shard.dataset == dataset]
        chosen = _choose(all_of_it, fraction, fine.seed)
        taken[dataset], whole[dataset] = weight(chosen), weight(all_of_it)
        pieces += len(chosen)
        largest = max(shard.weight for shard in plan.inputs() if shard.dataset == dataset)
        start = len(drawn)
        drawn += _gather(dataset, chosen, min(largest, -(-taken[dataset] // shards)))
        spans[dataset] = (start, len(drawn))
    # Of more and smaller shards the rows may go by groups where they go at once in the run.
    orders = {s.scatter.name: s.scatter for s in (*fine.stages, *plan.stages) if s.scatter}
    part = sum(taken.values()) / max(1, sum(whole.values()))
    scatters = {name: _fewer(order, part, drawn) for name, order in orders.items()}
    spans |= {name: (scatter.shards.start, scatter.shards.stop) for name, scatter in scatters.items()}
    stages = []
    for stage in fine.stages:
        lanes = []
        for lane in stage.lanes:
            ranges = tuple(spans[fine.shards[a].dataset] for a, b in lane.shards if b > a)
            chain = (link.model_copy(update={"step": link.step and _of_sample(link.step, part)}) for link in lane.chain)
            lanes.append(lane.model_copy(update={"shards": ranges, "chain": tuple(chain)}))
        scatter = stage.scatter and scatters[stage.scatter.name]
        asked = tuple(sketch.model_copy(update={"step": _of_sample(sketch.step, part)}) for sketch in stage.sketches)
        stages.append(stage.model_copy(update={"lanes": tuple(lanes), "sketches": asked, "scatter": scatter}))
    small = fine.model_copy(update={"shards": tuple(drawn), "stages": tuple(stages)})
    return Sample(small, plan, taken, whole, pieces)


def _of_sample(step: StepPlan, part: float) -> StepPlan:
    """The step as it is where only a part of the rows comes."""
    operator = operators.get(step.operator).model_validate(step.parameters)
    fewer = operator.of_sample(part) if part < 1 else operator
    return (
        step
        if fewer == operator
        else step.model_copy(update={"parameters": fewer.model_dump(mode="json", by_alias=True)})
    )


def _fewer(order: Scatter, part: float, shards: list[Shard]) -> Scatter:
    """An order to so much fewer shards, which are added."""
    segments = []
    for span in order.segments:
        n = ceil((span.stop - span.start) * part)
        segments.append(Span(name=span.name, start=len(shards), stop=len(shards) + max(1, n)))
        shards += [Shard(dataset=order.name, pieces=())] * max(1, n)
    return order.model_copy(update={"segments": tuple(segments)})


def weight(shards: Iterable[Shard]) -> int:
    """Bytes on disk."""
    return sum(shard.weight for shard in shards)


def _choose(shards: list[Shard], fraction: float, seed: int) -> list[Shard]:
    """Shards in the order of their hashes until they are enough, in their own order.

    Each is as likely as any other, whatever its neighbours: pairs of duplicates are then met with the fraction's square.
    """
    if fraction >= 1:
        return shards
    order = uniform(step_seed(seed, shards[0].dataset), [str(i) for i in range(len(shards))]).argsort()
    enough, held = fraction * weight(shards), 0
    chosen: list[int] = []
    for i in order.tolist():
        if held >= enough and len(chosen) >= LEAST_PIECES:
            break
        chosen.append(i)
        held += shards[i].weight
    return [shards[i] for i in sorted(chosen)]


def _gather(dataset: str, chosen: list[Shard], size: int) -> list[Shard]:
    """The chosen pieces as shards of about `size` bytes."""
    gathered: list[tuple[Piece, ...]] = [()]
    held = 0
    for shard in chosen:
        if gathered[-1] and held + shard.weight > size:
            gathered.append(())
            held = 0
        gathered[-1] += shard.pieces
        held += shard.weight
    return [Shard(dataset=dataset, pieces=pieces) for pieces in gathered if pieces]
