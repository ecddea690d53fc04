"""A global operator's question at a shard: as it stands, or with what an earlier round found bound to it."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from datapipe.core.columns import ADDR
from datapipe.core.operator import Expand, Filter, Global, Map, Order
from datapipe.engine import beacon
from datapipe.engine.artifact import answers_about, whole_artifact
from datapipe.engine.build import Operators
from datapipe.engine.by_key import by_key
from datapipe.engine.names import artifact_name
from datapipe.io.store import Store
from datapipe.plan.plan import StepPlan


def answer_at(store: Store, step: StepPlan, shard: int) -> pa.Table:
    """What the artifact bound to a step says of a shard's rows; all of it where it does not speak of rows."""
    assert step.artifact is not None
    name = artifact_name(*step.artifact)
    found = answers_about(store, name, shard)
    return whole_artifact(store, name) if found is None else found


def is_silent(answer: pa.Table) -> bool:
    """Whether an answer speaks of rows, but of none here."""
    return ADDR in answer.schema.names and not answer.num_rows


def question_at(store: Store, operators: Operators, step: StepPlan, shard: int) -> Global | None:
    """The question that a round puts to a shard; None: it has none."""
    if step.artifact is None:
        return operators.question(step)
    answer = answer_at(store, step, shard)
    if is_silent(answer):
        return None
    beacon.at(f"bind of {step.label}")
    bound = operators.question(step.model_copy(update={"round": step.round - 1})).bind(answer)
    assert isinstance(bound, Global)
    return bound


def ask(
    questions: Sequence[Global], batches: Sequence[pa.RecordBatch]
) -> tuple[pa.Table, Map | Filter | Expand | Order]:
    """Ask all rounds of the same rows, without a run folder; returns the last artifact, and it bound."""
    asked = questions[0]
    for question, following in zip(questions, [*questions[1:], None], strict=True):
        sketch = pa.Table.from_batches([asked.sketch(batch) for batch in batches])
        artifact = question.combine([question.reduce(by_key(sketch, question.partition_by))])
        if ADDR in artifact.schema.names:
            artifact = artifact.sort_by(ADDR)
        bound = question.bind(artifact)
        if following is not None:
            assert isinstance(bound, Global)
            asked = bound
    assert not isinstance(bound, Global)
    return artifact, bound
