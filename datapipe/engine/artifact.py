"""An answer of the whole corpus, and the part of it that is about one shard."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR, SHARD_SHIFT
from datapipe.core.operator import Global
from datapipe.core.registry import operators
from datapipe.engine.names import artifact_name
from datapipe.engine.reports import committed
from datapipe.io.arrow_files import create_arrow, read_batches, read_table, schema_of
from datapipe.io.store import Store, open_store
from datapipe.plan.plan import StepPlan

BLOCK = 1 << 20  # rows of a chunk that are looked at at once
BATCH_ROWS = 1 << 16  # a shard reads one batch for its answers: 1 to 4 MB of addresses and ids


def write_artifact(store: Store, name: str, artifact: pa.Table) -> dict[str, Any]:
    """Commit an artifact. One by address is sorted and cut between shards, so that each finds its answers in one batch.

    The memory is that of one batch where the artifact's chunks are sorted and mapped, as partitions' answers are.
    """
    shards: list[int] | None = None
    with create_arrow(store, f"{name}.arrow", artifact.schema) as writer:
        if ADDR in artifact.schema.names:
            shards = []
            for first, batch in _by_shard(artifact):
                shards.append(first)
                writer.write(batch)
        else:
            writer.write_table(artifact)
    report = {"rows": artifact.num_rows, "file": writer.described, "shards": shards}
    store.write_report(f"{name}.json", report)
    return report


def answers_about(store: Store, name: str, shard: int) -> pa.Table | None:
    """The artifact's rows about one shard, sorted by address; None when the artifact is not by address."""
    index, shards, schema = _index(store.root, name)
    if shards is None:
        return None
    at = bisect_right(shards, shard) - 1
    parts = []
    for batch in read_batches(store, f"{name}.arrow", index, schema, at, at + 1) if at >= 0 else ():
        address = batch.column(ADDR).to_numpy()
        first, last = np.uint64(shard << SHARD_SHIFT), np.uint64(((shard + 1) << SHARD_SHIFT) - 1)
        start, stop = np.searchsorted(address, first, "left"), np.searchsorted(address, last, "right")
        parts.append(batch.slice(start, stop - start))
    return pa.Table.from_batches(parts, schema=schema)


def whole_artifact(store: Store, name: str) -> pa.Table:
    """All of an artifact."""
    return read_table(store, f"{name}.arrow", committed(store, name)["file"])


def answer_of(store: Store, step: StepPlan) -> Mapping[str, Any]:
    """What the manifest says of the answer that is bound to a step of a finished run; empty where it has nothing to say."""
    if step.kind != "global" or step.artifact is None:
        return {}
    question = operators.get(step.operator).model_validate(step.parameters)
    assert isinstance(question, Global)
    name = artifact_name(*step.artifact)
    silent = type(question).answer is Global.answer  # a Bloom filter of gigabytes is not read for nothing
    if silent or _index(store.root, name)[1] is not None:  # by address: a row for each document
        return {}
    return question.answer(whole_artifact(store, name))


@lru_cache(maxsize=64)
def _index(root: str, name: str) -> tuple[dict[str, Any], list[int] | None, pa.Schema]:
    """Once a process: an index has 40 bytes a batch and every shard asks for it. Made anew, it is the same."""
    report = committed(open_store(root), name)
    return report["file"], report["shards"], schema_of(report["file"])


def _by_shard(artifact: pa.Table) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Merge sorted chunks to batches that begin and end between shards, each with its first shard."""
    chunks = [_sorted(batch) for batch in artifact.to_batches() if batch.num_rows]
    if not chunks:
        return
    addresses = [chunk.column(ADDR).to_numpy() for chunk in chunks]  # mapped, not copied
    shards = np.unique(np.concatenate([_shards_of(address) for address in addresses]))
    starts = [np.searchsorted(address, shards << np.uint64(SHARD_SHIFT), "left") for address in addresses]
    counts = np.sum([np.diff(start, append=len(a)) for start, a in zip(starts, addresses, strict=True)], axis=0)
    first = held = 0
    for index, count in enumerate(counts.tolist()):
        if held and held + count > BATCH_ROWS:
            yield int(shards[first]), _merged(chunks, starts, first, index)
            first, held = index, 0
        held += count
    yield int(shards[first]), _merged(chunks, starts, first, len(shards))


def _merged(chunks: list[pa.RecordBatch], starts: list[np.ndarray], first: int, end: int) -> pa.RecordBatch:
    parts = []
    for chunk, start in zip(chunks, starts, strict=True):
        stop = int(start[end]) if end < len(start) else chunk.num_rows
        parts.append(chunk.slice(int(start[first]), stop - int(start[first])))
    table = pa.Table.from_batches(parts).sort_by(ADDR).combine_chunks()
    return table.to_batches()[0]


def _shards_of(address: np.ndarray) -> np.ndarray:
    """The distinct shards of sorted addresses, block by block: of 10^9 the shards alone would take 8 GB."""
    blocks = (address[at : at + BLOCK] >> np.uint64(SHARD_SHIFT) for at in range(0, len(address), BLOCK))
    return np.unique(np.concatenate([np.unique(block) for block in blocks]))


def _sorted(batch: pa.RecordBatch) -> pa.RecordBatch:
    address = batch.column(ADDR).to_numpy()
    pieces = (address[at : at + BLOCK + 1] for at in range(0, len(address), BLOCK))
    return batch if all((piece[1:] >= piece[:-1]).all() for piece in pieces) else batch.sort_by(ADDR)
