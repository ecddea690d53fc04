"""A plan as a chain of job arrays: one for every phase that many can share."""

from __future__ import annotations

from dataclasses import dataclass

from datapipe.engine.reduce import GROUP_SHARDS, sketch_bytes
from datapipe.plan.plan import Limit, Plan, Stage

GROWTH = (
    20  # sketches may be this many times their inputs on disk: zstd makes 4 of text, short documents much of little
)
MOST = 1000  # members by default: clusters allow arrays of about so many


@dataclass(frozen=True)
class Job:
    """An array of `members`; when all of them have ended well, this phase and all before it are done.

    stages  it works on the first so many; None: on all, and it publishes
    """

    title: str
    members: int
    stages: int | None
    limit: Limit


def chain(plan: Plan, members: int | None = None) -> list[Job]:
    """The arrays that do a plan, each after the one before; none has more than `members`.

    A member ends when its part of the current phase is done and another's is not. So the last one that ends sees its
    phase whole, and the next array begins with the next phase. Too many arrays cost a start each; if there are too few,
    because sketches turn out larger than thought, the one task that ends the chain does the rest.
    """
    most = members or default_members(plan)
    jobs = []
    for stage in plan.stages:
        limit, end = plan.limit(stage.dataset), stage.number + 1
        title = f"stage {end} of {len(plan.stages)}, {stage.dataset}"
        shards = len(stage.numbers())
        jobs.append(Job(title, min(most, shards), end, limit))
        pieces = _pieces(plan, stage)
        if pieces > 1:  # otherwise whoever comes first answers the question on the way
            for sketch in stage.sketches:
                question = f"{title}: {sketch.step.label}"
                jobs += [Job(f"{question}, {part}", min(most, pieces), end, limit) for part in ("gather", "reduce")]
    written = sum(shard.weight for shard in plan.inputs()) * GROWTH
    parts = 3 + max(written // publication.shard_size for publication in plan.publications)  # 3: ledger and so on
    return [*jobs, Job("publish", min(most, parts), None, plan.limit())]


def default_members(plan: Plan) -> int:
    """As many as the largest stage has shards, and no more than clusters allow."""
    return min(MOST, max(len(stage.numbers()) for stage in plan.stages))


def largest(plan: Plan) -> Limit:
    """The most that any stage asks for."""
    limits = [plan.limit(), *(plan.limit(stage.dataset) for stage in plan.stages)]
    return Limit(
        cpus=max(limit.cpus for limit in limits),
        gpus=max(limit.gpus for limit in limits),
        memory=max((limit.memory for limit in limits if limit.memory), default=None),
        time=max((limit.time for limit in limits if limit.time), default=None),
    )


def _pieces(plan: Plan, stage: Stage) -> int:
    """How many groups or partitions a stage's sketches may come to, at most."""
    numbers = stage.numbers()
    size = sum(plan.shards[number].weight for number in numbers)
    return max(-(-size * GROWTH // sketch_bytes(plan.memory)), -(-len(numbers) // GROUP_SHARDS))
