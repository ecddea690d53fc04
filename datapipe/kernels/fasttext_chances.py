"""Sums of a fastText model's rows to the chances of all labels; `fasttext_labels` finds a few best ones.

The library's numbers: 10^-5 is added to a chance (to that of each choice on the way down a tree, where what is below
10^-5 is not followed), and the logistic function is a table of 513 values. Where a score lies on the border of two of
its cells, rounding decides, and answers may differ by 1/256; of random texts that is one in 10,000.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from datapipe.kernels.fasttext_labels import CELLS, LOGISTIC, REACH
from datapipe.kernels.fasttext_model import SOFTMAX, TREE, Model
from datapipe.kernels.jit import kernel

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

ADDED = 1e-5


@kernel
def fill_chances(
    sums: Doubles, counts: Int64s, output: Floats, tree: Int32s, loss: int, logistic: Floats, scores: Doubles,
    nodes: Int64s, paths: Doubles, chances: Doubles,
) -> None:  # fmt: skip
    """Fill chances[text, label] for texts that have rows; scores, nodes and paths are room for one text's."""
    n = chances.shape[1]
    for d in range(len(counts)):
        if counts[d] == 0:
            continue
        for c in range(len(output)):
            scores[c] = 0
            for k in range(sums.shape[1]):
                scores[c] += sums[d, k] * output[c, k]
            scores[c] /= counts[d]
        if len(output) == 0:  # they are products already
            first = int(loss == SOFTMAX)  # of which the first label's score, 0, is left out
            for c in range(sums.shape[1]):
                scores[first + c] = sums[d, c] / counts[d]
        if loss == TREE:
            nodes[0] = 2 * n - 2
            paths[0] = 1
            size = 1
            while size > 0:
                size -= 1
                node = nodes[size]
                path = paths[size]
                if path < ADDED:
                    continue
                if node < n:
                    chances[d, node] = min(path, 1.0)
                    continue
                right = 1 / (1 + math.exp(-scores[node - n]))
                nodes[size] = tree[node - n, 1]
                paths[size] = path * (right + ADDED)
                nodes[size + 1] = tree[node - n, 0]
                paths[size + 1] = path * (1 - right + ADDED)
                size += 2
        elif loss == SOFTMAX:
            most = -np.inf
            for c in range(n):
                most = max(most, scores[c])
            total = 0.0
            for c in range(n):
                chances[d, c] = math.exp(scores[c] - most)
                total += chances[d, c]
            for c in range(n):
                chances[d, c] = min(chances[d, c] / total + ADDED, 1.0)
        else:
            for c in range(n):
                score = np.float32(scores[c])
                if score < -REACH or score > REACH:
                    chances[d, c] = score > 0
                else:
                    chances[d, c] = logistic[int((score + np.float32(REACH)) * np.float32(CELLS / REACH / 2))]
                chances[d, c] = min(chances[d, c] + ADDED, 1.0)


def label_chances(sums: Doubles, counts: Int64s, model: Model) -> Doubles:
    """One row a text, one column a label; NaN for a text that has no rows."""
    n = len(model.labels)
    chances = np.zeros((len(counts), n))
    chances[counts == 0] = np.nan
    fill_chances(
        sums, counts, model.output, model.tree, model.loss, LOGISTIC, np.zeros(n), np.zeros(n + 1, np.int64),
        np.zeros(n + 1), chances,
    )  # fmt: skip
    return chances
