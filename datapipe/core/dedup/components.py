"""Connected components of more edges than memory holds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from datapipe.kernels.union_find import add_edges, add_forest, flatten

Nodes = npt.NDArray[np.uint64]
Edges = tuple[Nodes, Nodes]
Positions = npt.NDArray[np.int64]
Span = tuple[int, int]

NODE_BYTES = 40  # a node in memory: 20 while edges come in (name, parent, two slots), 20 more while nodes are sorted
BLOCK = 1 << 20  # nodes that a pass over a file looks at
WIDE = 1 << 32  # from so many on, the number of a node takes 8 bytes


def connected_components(edges: Iterable[Edges], memory: int = 512 << 20) -> tuple[Nodes, Nodes]:
    """Every node of the edges (sorted), and the least node of its component; the same in whatever order edges come.

    edges   blocks (a, b) of uint64: a[i] and b[i] are connected; a == b makes a node
    memory  bytes of working memory, about; what grows with the graph lies in temporary files (TMPDIR), mapped: 16 bytes
            a node for the answer; until it is there, 4 more for its parent, and 16 for each time that a node was met
            after it had left memory

    Edges go into a union-find in memory; when that is full its forest, sorted by node, goes to disk and the next one
    begins. Then the forests' nodes are merged, which numbers them, and the forests are united over these numbers in one
    array on disk. No edge is kept: two documents that share 14 buckets are one node with a parent.
    """
    with _File(np.uint64) as names, _File(np.uint32) as ups, _File(np.uint64) as roots:
        spans = []
        for nodes, parent in _forests(edges, max(4, memory // NODE_BYTES)):
            spans.append((names.length, names.length + len(nodes)))
            names.append(nodes)
            ups.append(parent)
        if len(spans) > 1:
            all_nodes, forest = _united(names, ups, spans, max(1024, memory // (64 * len(spans))))
        else:
            all_nodes, forest = names.mapped(), ups.mapped()
        for at in range(0, len(all_nodes), BLOCK):
            roots.append(all_nodes[forest[at : at + BLOCK]])
        return all_nodes, roots.mapped()


def _forests(edges: Iterable[Edges], capacity: int) -> Iterator[tuple[Nodes, Any]]:
    """Sorted nodes and their parents by position, whenever the union-find is full and at the end."""
    size = 1 << (capacity.bit_length() - 1)
    slots = np.zeros(2 * size, np.uint32)
    nodes, parent = np.empty(size, np.uint64), np.empty(size, np.uint32)
    count = 0
    for a, b in (map(_plain, block) for block in edges):
        at = 0
        while at < len(a):
            at, count = add_edges(a, b, at, slots, nodes, parent, count)
            if at < len(a):
                yield _by_node(nodes[:count], parent[:count])
                slots[:] = 0
                count = 0
    if count:
        yield _by_node(nodes[:count], parent[:count])


def _plain(ends: Nodes) -> Nodes:
    """Of one type, so that the kernel is compiled once: columns of Arrow are read-only, others may be parts of a matrix."""
    plain = np.ascontiguousarray(ends, np.uint64).view()
    plain.flags.writeable = False
    return plain


def _by_node(nodes: Nodes, parent: Any) -> tuple[Nodes, Any]:
    order = np.argsort(nodes).astype(np.uint32)
    position = np.empty(len(order), np.uint32)
    position[order] = np.arange(len(order), dtype=np.uint32)
    ups = position[parent[order]]
    flatten(ups)
    return nodes[order], ups


def _united(names: _File, ups: _File, spans: list[Span], window: int) -> tuple[Nodes, Any]:
    """One forest of those that lie in `spans`."""
    dtype = np.uint32 if names.length < WIDE else np.uint64
    with _File(np.uint64) as merged, _File(dtype) as parent, _File(dtype) as numbers:
        for nodes, where in _merged(names, spans, window):
            for first, rank in where:
                numbers.write(first, rank + merged.length)
            parent.append(np.arange(merged.length, merged.length + len(nodes)))
            merged.append(nodes)
        united = parent.mapped()
        for span in spans:
            add_forest(united, numbers.read(*span), ups.read(*span))
        flatten(united)
        return merged.mapped(), united


def _merged(names: _File, spans: list[Span], window: int) -> Iterator[tuple[Nodes, list[tuple[int, Positions]]]]:
    """Merge what is sorted in each span by pieces: the distinct nodes; for each span where its part begins, and its ranks."""
    left = spans
    while left:
        heads = [names.read(start, min(start + window, end)) for start, end in left]
        limit = min(head[-1] for head in heads)
        heads = [head[: np.searchsorted(head, limit, "right")] for head in heads]
        together = np.concatenate(heads)
        order = np.argsort(together, kind="stable")  # timsort: merges what is sorted already
        ordered = together[order]
        new = np.ones(len(ordered), np.bool_)
        new[1:] = ordered[1:] != ordered[:-1]
        rank = np.empty(len(ordered), np.int64)
        rank[order] = np.cumsum(new) - 1
        ranks = np.split(rank, list(accumulate(map(len, heads)))[:-1])
        yield ordered[new], [(start, ranks[i]) for i, (start, _) in enumerate(left)]
        left = [(start + len(head), end) for (start, end), head in zip(left, heads, strict=True)]
        left = [(start, end) for start, end in left if start < end]


class _File:
    """An array in a temporary file without a name: its space is free when nobody holds it, however the process ends.

    It is written before it is mapped: on a full disk that is an error, and not a signal at some page. What is passed
    through once is read, not mapped: mapped pages count as the process's memory.
    """

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._file = tempfile.TemporaryFile(prefix="datapipe-", buffering=0)  # noqa: SIM115  # closed by `with`
        self.length = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()  # a map stays

    def append(self, values: npt.NDArray[Any]) -> None:
        self.write(self.length, values)

    def write(self, start: int, values: npt.NDArray[Any]) -> None:
        left = np.ascontiguousarray(values, self._dtype).view(np.uint8).data
        self._file.seek(start * self._dtype.itemsize)
        while len(left):  # a system call writes 2 GB at most
            try:
                left = left[self._file.write(left) :]
            except OSError as error:  # of a full disk the system says only that it is full
                error.filename = tempfile.gettempdir()
                raise
        self.length = max(self.length, start + len(values))

    def read(self, start: int, stop: int) -> Any:
        self._file.seek(start * self._dtype.itemsize)
        return np.fromfile(self._file, self._dtype, stop - start)

    def mapped(self) -> Any:
        if not self.length:  # nothing cannot be mapped
            return np.empty(0, self._dtype)
        return np.asarray(np.memmap(self._file, self._dtype, "r+", shape=(self.length,)))
