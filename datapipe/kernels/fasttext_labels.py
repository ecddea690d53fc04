"""Vectors to the k best labels as fastText does it, by its three ways of scoring.

A tree of binary choices (hierarchical softmax) is walked depth first, and what is already worse than the k best so
far is left out: of lid.176's 175 nodes some 20 are seen. Softmax, and one logistic each, score every label.
The library's numbers are kept: 32-bit floats, logarithms of x + 10^-5, a logistic from a table of 513 values.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from datapipe.kernels.fasttext_model import SOFTMAX, TREE, Model
from datapipe.kernels.jit import inlined, kernel

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

NONE = -1
LEAST = np.float32(math.log(1e-5))  # of a path through the tree: the library's threshold of 0
CELLS, REACH = 512, 8.0  # the table of the logistic function: from -8 to 8
_GRID = np.arange(CELLS + 1, dtype=np.float32) * np.float32(2 * REACH / CELLS) - np.float32(REACH)
LOGISTIC = (1 / (1 + np.exp(-_GRID).astype(np.float64))).astype(np.float32)


@inlined
def logarithm(x: float) -> np.float32:
    """As the library's: finite at 0, and a little above 0 at 1."""
    return np.float32(math.log(np.float64(x) + 1e-5))


@inlined
def product(means: Floats, d: int, output: Floats, row: int) -> np.float32:
    """A document's vector times an output row."""
    total = np.float32(0)
    for k in range(means.shape[1]):
        total += means[d, k] * output[row, k]
    return total


@inlined
def enter(label: int, score: np.float32, d: int, labels: Int32s, scores: Floats) -> None:
    """Put a label among the document's best; of equals the last one counts, as in the library for k = 1."""
    at = scores.shape[1] - 1
    if labels[d, at] != NONE and score < scores[d, at]:
        return
    while at > 0 and (labels[d, at - 1] == NONE or scores[d, at - 1] <= score):
        labels[d, at] = labels[d, at - 1]
        scores[d, at] = scores[d, at - 1]
        at -= 1
    labels[d, at] = label
    scores[d, at] = score


@kernel
def best_of_tree(
    means: Floats, counts: Int64s, output: Floats, tree: Int32s, nodes: Int64s, paths: Floats, labels: Int32s,
    scores: Floats,
) -> None:  # fmt: skip
    """Fill labels[document] and scores[document] with the best, best first; `nodes` and `paths` are its stack."""
    n = len(tree) + 1  # labels
    last = labels.shape[1] - 1
    for d in range(len(counts)):
        nodes[0] = 2 * n - 2
        paths[0] = 0
        size = int(counts[d] > 0)
        while size > 0:
            size -= 1
            node = nodes[size]
            path = paths[size]
            if path < LEAST or (labels[d, last] != NONE and path < scores[d, last]):
                continue
            if node < n:
                enter(node, path, d, labels, scores)
                continue
            right = np.float32(1 / (1 + np.float64(math.exp(-product(means, d, output, node - n)))))
            nodes[size] = tree[node - n, 1]
            paths[size] = path + logarithm(float(right))
            nodes[size + 1] = tree[node - n, 0]
            paths[size + 1] = path + logarithm(1 - np.float64(right))
            size += 2


@kernel
def best_of_all(
    means: Floats, counts: Int64s, output: Floats, softmax: bool, logistic: Floats, chances: Floats, labels: Int32s,
    scores: Floats,
) -> None:  # fmt: skip
    """Fill labels[document] and scores[document] with the best, best first; chances[label] is a document's."""
    for d in range(len(counts)):
        if counts[d] == 0:
            continue
        most = np.float32(-np.inf)
        for label in range(len(output)):
            chances[label] = product(means, d, output, label)
            most = max(most, chances[label])
        total = np.float32(0)
        for label in range(len(output)):
            if softmax:
                chances[label] = math.exp(chances[label] - most)
                total += chances[label]
            elif chances[label] < -REACH or chances[label] > REACH:
                chances[label] = np.float32(chances[label] > 0)
            else:
                chances[label] = logistic[int((chances[label] + np.float32(REACH)) * np.float32(CELLS / REACH / 2))]
        for label in range(len(output)):
            chance = chances[label] / total if softmax else chances[label]
            enter(label, logarithm(float(chance)), d, labels, scores)


def best_labels(sums: Doubles, counts: Int64s, model: Model, k: int) -> tuple[Int32s, Doubles]:
    """For each document its k best labels, best first, and their chances; NONE and 0 where there are fewer."""
    n, n_labels = len(counts), len(model.labels)
    shape = (n, min(k, n_labels))
    labels, scores = np.full(shape, NONE, np.int32), np.zeros(shape, np.float32)
    means = (sums / np.maximum(counts, 1)[:, np.newaxis]).astype(np.float32)
    room = np.empty(n_labels + 1, np.float32)
    if model.loss == TREE:
        nodes = np.empty(n_labels + 1, np.int64)
        best_of_tree(means, counts, model.output, model.tree, nodes, room, labels, scores)
    else:
        best_of_all(means, counts, model.output, model.loss == SOFTMAX, LOGISTIC, room, labels, scores)
    # x + 10^-5 under the logarithm makes a certain answer 1.00001.
    return labels, np.where(labels == NONE, 0.0, np.minimum(np.exp(scores), 1.0, dtype=np.float64))
