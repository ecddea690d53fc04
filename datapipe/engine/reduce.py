"""The barrier: partitions of the shards' sketches to answers, answers to one artifact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR
from datapipe.core.operator import Global
from datapipe.engine import beacon
from datapipe.engine.build import Operators
from datapipe.engine.names import artifact_name, partition_name, sketch_name
from datapipe.io.store import Store
from datapipe.plan.plan import Plan, Sketch, Stage

PARTITION_BYTES = 256 << 20  # of sketches a reducer holds; sorting takes about three times as much


def partitions(total_bytes: int) -> int:
    """How many partitions so many bytes of sketches make: a power of two, by the top bits of the key."""
    wanted = max(1, -(-total_bytes // PARTITION_BYTES))
    return 1 << (wanted - 1).bit_length()


def reduce_partition(
    store: Store, plan: Plan, operators: Operators, stage: Stage, label: str, index: int, of: int
) -> dict[str, Any]:
    """Answer one partition: gather its slice of every shard's sketch, less the rows whose ids are duplicates."""
    sketch = _sketch(stage, label)
    operator = operators.of(sketch.step)[""]
    assert isinstance(operator, Global)
    parts = []
    for number, _ in stage.shards():
        beacon.at(f"reduce of {label}: reading shard {number}")
        name = sketch_name(stage.key, number, label)
        if store.exists(name):
            table = store.read_table(name)
            key = table.column(operator.partition_by).to_numpy()
            start, stop = _bounds(key, index, of)
            if stop > start:
                parts.append(table.slice(start, stop - start))
    name = partition_name(stage.key, label, index)
    if not parts and index > 0:
        store.write_json(f"{name}.json", {"rows": 0})
        return {"rows": 0}
    if not parts:  # an empty corpus has an answer too, with the columns that `bind` expects
        parts = [pa.Table.from_batches([operator.sketch(pa.RecordBatch.from_pylist([], schema=stage.rows))])]
    beacon.at(f"reduce of {label}")
    table = _without_duplicate_ids(store, stage, sketch, pa.concat_tables(parts))
    order = np.lexsort((table.column(ADDR).to_numpy(), table.column(operator.partition_by).to_numpy()))
    answer = operator.reduce(table.take(pa.array(order)).combine_chunks())
    beacon.at(f"reduce of {label}: writing")
    if ADDR in answer.schema.names:
        answer = answer.sort_by(ADDR)
    answer = answer.combine_chunks()
    with store.create_arrow(f"{name}.arrow", answer.schema) as writer:
        writer.write_table(answer)
    store.write_json(f"{name}.json", {"rows": answer.num_rows})
    return {"rows": answer.num_rows}


def combine_artifact(
    store: Store, plan: Plan, operators: Operators, stage: Stage, label: str, of: int
) -> dict[str, Any]:
    """Make the artifact of all partitions' answers."""
    sketch = _sketch(stage, label)
    operator = operators.of(sketch.step)[""]
    assert isinstance(operator, Global)
    names = [f"{partition_name(stage.key, label, index)}.arrow" for index in range(of)]
    parts = [store.read_table(name) for name in names if store.exists(name)]
    beacon.at(f"combine of {label}")
    artifact = operator.combine(parts)
    beacon.at(f"combine of {label}: writing")
    with store.create_arrow(artifact_name(stage.key, label), artifact.schema) as writer:
        writer.write_table(artifact)
    return {"rows": artifact.num_rows}


def _sketch(stage: Stage, label: str) -> Sketch:
    return next(sketch for sketch in stage.sketches if sketch.step.label == label)


def _bounds(key: np.ndarray, index: int, of: int) -> tuple[int, int]:
    if of == 1:
        return 0, len(key)
    shift = 64 - (of.bit_length() - 1)
    start = int(np.searchsorted(key, np.uint64(index << shift), "left"))
    stop = len(key) if index == of - 1 else int(np.searchsorted(key, np.uint64((index + 1) << shift), "left"))
    return start, stop


def _without_duplicate_ids(store: Store, stage: Stage, sketch: Sketch, table: pa.Table) -> pa.Table:
    """A row that goes to quarantine for its id must not decide the fate of others (be the kept twin, say)."""
    earlier = [s for s in stage.sketches if s.at == "read"]
    if sketch.at == "read" or not earlier:
        return table
    duplicates = store.read_table(artifact_name(stage.key, earlier[0].step.label)).column(ADDR).to_numpy()
    if not len(duplicates):
        return table
    return table.filter(pa.array(~np.isin(table.column(ADDR).to_numpy(), duplicates)))
