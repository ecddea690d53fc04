"""Connected components against a search over adjacency lists, and against scipy's."""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components as scipy_components

from datapipe.core.dedup import components
from datapipe.core.dedup.components import NODE_BYTES, connected_components

Pairs = list[tuple[int, int]]
TOP = 2**64 - 1


def answer(pairs: Pairs, block: int = 1 << 20, nodes_in_memory: int = 1 << 20) -> dict[int, int]:
    ends = np.array(pairs, np.uint64).reshape(-1, 2)
    blocks = [(ends[at : at + block, 0], ends[at : at + block, 1]) for at in range(0, len(ends), block)]
    nodes, roots = connected_components(blocks, nodes_in_memory * NODE_BYTES)
    assert nodes.dtype == roots.dtype == np.uint64
    assert (nodes[1:] > nodes[:-1]).all()
    return dict(zip(nodes.tolist(), roots.tolist(), strict=True))


def searched(pairs: Pairs) -> dict[int, int]:
    beside: dict[int, set[int]] = defaultdict(set)
    for a, b in pairs:
        beside[a].add(b)
        beside[b].add(a)
    root: dict[int, int] = {}
    for least in sorted(beside):
        pending = [] if least in root else [least]
        while pending:
            node = pending.pop()
            if node not in root:
                root[node] = least
                pending += beside[node]
    return root


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(*[st.sampled_from([0, 1, 2, 3, 5, 1 << 40, 1 << 63, TOP - 1, TOP]) | st.integers(0, 60)] * 2)),
    st.integers(1, 9),
    st.integers(4, 40),
)
def test_equals_a_search(pairs: Pairs, block: int, nodes_in_memory: int) -> None:
    expected = searched(pairs)
    assert answer(pairs, block, nodes_in_memory) == expected
    assert answer([(b, a) for a, b in reversed(pairs)], 1 << 20, nodes_in_memory) == expected


@pytest.mark.parametrize("nodes_in_memory", [1000, 20_000, 1 << 20])
def test_equals_scipy(nodes_in_memory: int) -> None:
    rng = np.random.default_rng(5)
    names = np.unique(rng.integers(0, TOP, 60_000, np.uint64))
    a, b = rng.integers(0, len(names), (2, 50_000))
    _, label = scipy_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(len(names),) * 2), directed=False)
    least = np.full(len(names), TOP, np.uint64)
    np.minimum.at(least, label, names)
    met = np.unique(np.concatenate([a, b]))
    nodes, roots = connected_components([(names[a], names[b])], nodes_in_memory * NODE_BYTES)
    assert np.array_equal(nodes, names[met])
    assert np.array_equal(roots, least[label[met]])


@pytest.mark.parametrize("nodes_in_memory", [50_000, 1 << 21])
@pytest.mark.parametrize("order", ["up", "down", "mixed", "star", "inward"])
def test_a_million_in_one_component(order: str, nodes_in_memory: int) -> None:
    n = 1_000_000
    nodes = np.arange(n, dtype=np.uint64)
    a, b = nodes[:-1], nodes[1:]
    if order == "down":
        a, b = b[::-1], a[::-1]
    elif order == "mixed":
        at = np.random.default_rng(1).permutation(n - 1)
        a, b = a[at], b[at]
    elif order == "star":  # its centre is the last node
        a, b = np.full(n - 1, n - 1, np.uint64), nodes[:-1]
    elif order == "inward":  # 0-9, 1-8, 2-7, …, then each with its neighbour: forests of one link that meet late
        half = n // 2
        a = np.concatenate([nodes[:half], nodes[: half - 1]])
        b = np.concatenate([nodes[::-1][:half], nodes[1:half]])
    found, roots = connected_components([(a, b)], nodes_in_memory * NODE_BYTES)
    assert np.array_equal(found, nodes)
    assert not roots.any()


def test_what_is_said_often_and_of_itself() -> None:
    pairs = [(7, 7), (3, 9), (9, 3), (3, 9), (4, 4), (4, 5)] * 1000
    random.Random(2).shuffle(pairs)
    assert answer(pairs, 13, 4) == {3: 3, 4: 4, 5: 4, 7: 7, 9: 3}
    assert answer([]) == {}
    empty = np.zeros(0, np.uint64)
    assert [len(part) for part in connected_components([(empty, empty)])] == [0, 0]


def test_columns_that_are_parts_of_others_or_read_only() -> None:
    table = np.arange(20, dtype=np.uint64).reshape(10, 2)
    table.flags.writeable = False
    nodes, roots = connected_components([(table[::3, 0], table[::3, 1])])
    assert dict(zip(nodes.tolist(), roots.tolist(), strict=True)) == {
        v: v - v % 2 for v in (0, 1, 6, 7, 12, 13, 18, 19)
    }


def test_numbers_of_eight_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "WIDE", 0)
    pairs = [(i, (i * 7) % 1009) for i in range(1009)]
    assert answer(pairs, nodes_in_memory=64) == searched(pairs)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_an_error_that_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Path("/dev/full").open("r+b", buffering=0))  # noqa: SIM115
    with pytest.raises(OSError, match="No space left") as caught:
        answer([(1, 2)])
    assert caught.value.filename == str(tmp_path)


def test_nothing_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opened = descriptors()
    found = answer([(i, i + 1) for i in range(5000)], nodes_in_memory=100)
    assert set(found.values()) == {0}
    assert list(tmp_path.iterdir()) == []
    assert descriptors() == opened


def descriptors() -> int:
    here = Path("/proc/self/fd")
    return len(list(here.iterdir())) if here.exists() else 0
