"""What a corpus tells a schedule: of each group its size, points of its circle, and of its scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.mixing.circle import MOST_BITS, Circle, Int64s, Keys, arc_bits, arcs
from datapipe.core.mixing.quantiles import Quantiles
from datapipe.core.mixing.rows import order_by_group

DOCUMENTS, ARCS, SAMPLE = 0, 1, 2  # what a row of a partition's answer is
GROUP, POINT, SCORE = 0, 1, 2  # what a row of the artifact is; scores of the n-th column are SCORE + n
EXACT = 1 << MOST_BITS  # documents of a group, at most, that a partition tells one by one
SCORED = 1 << 16  # documents of a greater one whose scores stand for all: quantiles to 0.2 %

ANSWER = pa.schema(
    {"kind": pa.int16(), "group": pa.string(), "key": pa.uint64(), "size": pa.int64(), "rows": pa.int64()}
)


def reduced(part: pa.Table, scores: int) -> pa.Table:
    """A partition, sorted by `key`: documents of groups that have few here, arcs of the others and a sample of their scores."""
    key, size = part.column("key").to_numpy(), part.column("size").to_numpy()
    ranks = [part.column(f"rank{n}").to_numpy() for n in range(scores)]
    out = []
    for name, rows in _by_group(part):
        if len(rows) <= EXACT:
            out.append(_answer(DOCUMENTS, name, key[rows], size[rows], [rank[rows] for rank in ranks]))
            continue
        starts, sizes = arcs(key[rows], size[rows], MOST_BITS)
        none = [np.zeros(len(starts), np.uint64)] * scores
        arc = _answer(ARCS, name, starts, sizes, none)
        out.append(arc.set_column(4, "rows", pa.array(_rows_in(key[rows], starts))))
        if scores:
            some = rows[:SCORED]
            out.append(_answer(SAMPLE, name, key[some], size[some], [rank[some] for rank in ranks]))
    return pa.concat_tables(out).combine_chunks() if out else _answer(DOCUMENTS, "", key, size, ranks)


def combined(parts: Sequence[pa.Table], scores: int) -> pa.Table:
    """The artifact: of each group its size and documents, then the points of its circle, then those of its scores."""
    found: dict[str, list[pa.Table]] = {}
    for part in parts:
        for name, rows in _by_group(part):
            found.setdefault(name, []).append(part.drop_columns(["group"]).take(pa.array(rows)))
    bits = arc_bits(len(found))
    told = [ANSWER.empty_table()]
    for name in sorted(found):
        told += _told(name, pa.concat_tables(found.pop(name)), bits, scores)
    return pa.concat_tables(told).combine_chunks()


def _by_group(part: pa.Table) -> Iterator[tuple[str, Int64s]]:
    """The rows of each group, in their order."""
    group = part.column("group").combine_chunks().dictionary_encode()
    codes = group.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return zip(group.dictionary.to_pylist(), order_by_group(codes, len(group.dictionary)), strict=True)


def _told(name: str, own: pa.Table, bits: int, scores: int) -> Iterator[pa.Table]:
    """What the artifact says of one group."""
    order = ["key", "size", *(f"rank{n}" for n in range(scores))]  # ids that occur twice have one key
    own = own.take(pc.sort_indices(own, [(column, "ascending") for column in order]))
    kind = own.column("kind").to_numpy()
    key, size = own.column("key").to_numpy(), own.column("size").to_numpy()
    ranks = [own.column(f"rank{n}").to_numpy() for n in range(scores)]
    lies = kind != SAMPLE
    rows = int(own.column("rows").to_numpy()[lies].sum())
    exact = rows <= 1 << bits  # so there are no arcs: these have more in one partition
    yield _told_rows(GROUP, name, np.array([64 if exact else bits], np.uint64), np.array([size[lies].sum()]), rows)
    if exact:
        starts, sizes = key, size
    else:
        starts, sizes = arcs(key[lies], size[lies], bits)
    yield _told_rows(POINT, name, starts, sizes, 0)
    scored = np.flatnonzero(kind != ARCS)
    scored = scored if exact else scored[:SCORED]
    for number, rank in enumerate(ranks):
        yield _told_rows(SCORE + number, name, rank[scored], size[scored], 0)


def _answer(kind: int, name: str, key: Keys, size: Int64s, ranks: Sequence[Keys]) -> pa.Table:
    columns = {f"rank{n}": pa.array(rank) for n, rank in enumerate(ranks)}
    return pa.table({**_columns(kind, name, key, size), "rows": pa.array(np.ones(len(key), np.int64)), **columns})


def _told_rows(kind: int, name: str, key: Keys, size: Int64s, rows: int) -> pa.Table:
    return pa.table(
        {**_columns(kind, name, key, size), "rows": pa.array(np.full(len(key), rows, np.int64))}, schema=ANSWER
    )


def _columns(kind: int, name: str, key: Keys, size: Int64s) -> dict[str, pa.Array]:
    n = len(key)
    return {
        "kind": pa.array(np.full(n, kind, np.int16)), "group": pa.repeat(pa.scalar(name, pa.string()), n),
        "key": pa.array(key, pa.uint64()), "size": pa.array(size, pa.int64()),
    }  # fmt: skip


def _rows_in(keys: Keys, starts: Keys) -> Int64s:
    """How many keys lie from each start to the next."""
    return np.diff(np.append(np.searchsorted(keys, starts), len(keys))).astype(np.int64)


def groups_in(artifact: pa.Table) -> dict[str, tuple[int, int]]:
    """Group -> its size and its documents."""
    own = artifact.filter(pc.equal(artifact.column("kind"), GROUP))
    columns = (own.column(name).to_pylist() for name in ("group", "size", "rows"))
    return {name: (size, rows) for name, size, rows in zip(*columns, strict=True)}


def circles_of(artifact: pa.Table, scores: int) -> dict[str, tuple[Circle, list[Quantiles]]]:
    """Group -> its circle, and where its scores lie, one for each column."""
    kind = artifact.column("kind").to_numpy()
    key, size = artifact.column("key").to_numpy(), artifact.column("size").to_numpy()
    bounds = np.append(np.flatnonzero(kind == GROUP), len(kind))  # the rows of a group stand together
    out = {}
    names = artifact.column("group")
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        bits = int(key[start])
        rows = {n: start + np.flatnonzero(kind[start:end] == n) for n in range(POINT, SCORE + scores)}
        circle = Circle(key[rows[POINT]], size[rows[POINT]], bits)
        quantiles = [Quantiles.of(key[at], size[at], bits == 64) for n, at in rows.items() if n >= SCORE]
        out[names[start].as_py()] = (circle, quantiles)
    return out
