"""Queues by a small number, and the nearest number whose queue is not empty, in steps that grow with its logarithm.

Kernels that pack keep bins by the space they have left, or documents by their length. `tree` is a binary tree over the
numbers, leaf `key` at `size + key`; a node is 1 where a queue below it is not empty. `size` is a power of two.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined

Int32s = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

NONE = -1


@inlined
def push(tree: Bytes, head: Int32s, tail: Int32s, following: Int32s, size: int, key: int, item: int) -> None:
    """Put an item at the end of the queue of its key."""
    following[item] = NONE
    if tree[size + key]:
        following[tail[key]] = item
        tail[key] = item
        return
    head[key] = item
    tail[key] = item
    node = size + key
    while node > 0 and not tree[node]:
        tree[node] = 1
        node >>= 1


@inlined
def pop(tree: Bytes, head: Int32s, following: Int32s, size: int, key: int) -> int:
    """Take the item that has waited longest in the queue of this key, which is not empty."""
    item = int(head[key])
    head[key] = following[item]
    if following[item] == NONE:
        node = size + key
        tree[node] = 0
        while node > 1 and not tree[node ^ 1]:
            node >>= 1
            tree[node] = 0
    return item


@inlined
def at_least(tree: Bytes, size: int, key: int) -> int:
    """The least key from `key` on whose queue is not empty, or NONE."""
    node = size + key
    while not tree[node]:
        while node & 1:  # a right child: nothing greater under its parent
            node >>= 1
        if node == 0:
            return NONE
        node += 1
    while node < size:
        node = 2 * node if tree[2 * node] else 2 * node + 1
    return node - size


@inlined
def at_most(tree: Bytes, size: int, key: int) -> int:
    """The greatest key up to `key` whose queue is not empty, or NONE."""
    node = size + key
    while not tree[node]:
        while node > 1 and not node & 1:
            node >>= 1
        if node <= 1:
            return NONE
        node -= 1
    while node < size:
        node = 2 * node + 1 if tree[2 * node + 1] else 2 * node
    return node - size
