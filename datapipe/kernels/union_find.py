"""Union-find over dense numbers in flat arrays; the root of a set is its least member."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.hashing import Hashes, mixed
from datapipe.kernels.jit import inlined, kernel

Numbers = npt.NDArray[np.uint32] | npt.NDArray[np.uint64]
Uint32s = npt.NDArray[np.uint32]


@inlined
def root_of(parent: Numbers, at: np.int64) -> np.int64:
    """The root of `at`; every second link on the way is made to skip one (path halving)."""
    up = np.int64(parent[at])
    while up != at:
        parent[at] = parent[up]
        at = np.int64(parent[up])
        up = np.int64(parent[at])
    return at


@inlined
def number_of(slots: Uint32s, nodes: Hashes, parent: Uint32s, count: np.int64, node: np.uint64) -> np.int64:
    """The number of a node, which is `count` if it is new; then it is a set of its own."""
    mask = np.uint64(len(slots) - 1)
    slot = mixed(node) & mask
    while slots[slot] != 0:  # a number + 1; 0: free
        number = np.int64(slots[slot]) - 1
        if nodes[number] == node:
            return number
        slot = (slot + np.uint64(1)) & mask
    slots[slot] = count + 1
    nodes[count] = node
    parent[count] = count
    return count


@kernel
def add_edges(
    a: Hashes, b: Hashes, start: int, slots: Uint32s, nodes: Hashes, parent: Uint32s, held: int
) -> tuple[int, int]:
    """Unite the ends of edges from `start` on while two more nodes have room; returns the next edge, and the nodes held.

    `nodes` are numbered as they come; the root of a set is its least node. `slots` is an open-addressing table of
    len(slots) > len(nodes) places, a power of two.
    """
    count, last = np.int64(held), np.int64(-1)
    for edge in range(start, len(a)):
        if count + 2 > len(nodes):
            return edge, int(count)
        if last < 0 or nodes[last] != a[edge]:  # the edges of one bucket often begin alike
            last = number_of(slots, nodes, parent, count, a[edge])
            count += last == count
        other = number_of(slots, nodes, parent, count, b[edge])
        count += other == count
        one, two = root_of(parent, last), root_of(parent, other)
        if nodes[one] < nodes[two]:
            parent[two] = one
        else:
            parent[one] = two
    return len(a), int(count)


@kernel
def add_forest(parent: Numbers, numbers: Numbers, forest: Uint32s) -> None:
    """Unite node i of a forest with node forest[i]; in `parent` they are called numbers[i] and numbers[forest[i]]."""
    for at in range(len(forest)):
        if forest[at] != at:
            one = root_of(parent, np.int64(numbers[at]))
            two = root_of(parent, np.int64(numbers[forest[at]]))
            if one < two:
                parent[two] = one
            else:
                parent[one] = two


@kernel
def flatten(parent: Numbers) -> None:
    """Let every node point to its root, where none points to a later node."""
    for at in range(len(parent)):
        parent[at] = parent[parent[at]]
