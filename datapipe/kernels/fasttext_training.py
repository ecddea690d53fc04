"""fastText's training of a classifier on one thread, text after text (Joulin et al. 2017).

A text's rows are averaged; the loss of its label moves the output vectors, and each of its rows by the gradient over
their number. Compiling it, with the counting of words, takes 4 s.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.fasttext_losses import decide, learn_softmax
from datapipe.kernels.fasttext_model import ONE_VS_ALL, SOFTMAX, TREE
from datapipe.kernels.fasttext_random import choose
from datapipe.kernels.fasttext_rows import average, read_line
from datapipe.kernels.jit import kernel

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float32]
Hashes = npt.NDArray[np.uint64]

DONE, WAITING, RANDOM, EXAMPLES = 0, 1, 2, 3  # tokens that have moved the rate, and those that have not yet
LOSSES = {"hs": TREE, "softmax": SOFTMAX, "ova": ONE_VS_ALL}


@kernel
def train_texts(
    offsets: Int64s, data: Bytes, label_offsets: Int64s, labels: Int32s, slots: Int32s, starts: Int64s, letters: Bytes,
    hashes: UInt32s, end: int, n_words: int, minn: int, maxn: int, word_ngrams: int, bucket: int, loss: int,
    path_starts: Int64s, path_nodes: Int32s, path_sides: Bytes, logistic: Floats, logarithms: Floats, lr: float,
    every: int, total: int, matrix: Floats, output: Floats, hidden: Floats, grad: Floats, chances: Floats,
    rows: Int32s, runs: Hashes, state: Int64s,
) -> float:  # fmt: skip
    """Train on texts one after another until `total` tokens have been seen; the sum of their losses, NaN if it diverges.

    `state` goes from call to call. The rate falls in a line to 0, in steps of more than `every` tokens.
    """
    losses = 0.0
    for d in range(len(offsets) - 1):
        if state[DONE] >= total:
            break
        rate = np.float32(lr * (1.0 - np.float64(np.float32(state[DONE]) / np.float32(total))))
        n, tokens = read_line(
            data, offsets[d], offsets[d + 1], slots, starts, letters, hashes, end, n_words, minn, maxn, word_ngrams,
            bucket, rows, runs,
        )  # fmt: skip
        first = label_offsets[d]
        n_labels = label_offsets[d + 1] - first
        if n > 0:
            inverse = np.float32(1.0 / n)
            average(matrix, rows, n, inverse, hidden)
            for k in range(len(hidden)):
                grad[k] = 0
            if loss == ONE_VS_ALL:
                for label in range(len(output)):
                    yes = False
                    for i in range(first, first + n_labels):
                        yes |= labels[i] == label
                    losses += decide(label, yes, rate, hidden, output, grad, logistic, logarithms)
            else:
                chosen, state[RANDOM] = choose(n_labels, state[RANDOM])
                target = labels[first + chosen]
                if loss == SOFTMAX:
                    losses += learn_softmax(target, rate, hidden, output, grad, chances, logarithms)
                else:
                    for i in range(path_starts[target], path_starts[target + 1]):
                        losses += decide(
                            path_nodes[i], path_sides[i] != 0, rate, hidden, output, grad, logistic, logarithms
                        )
            if losses != losses:
                break
            for k in range(len(hidden)):
                grad[k] *= inverse
            for i in range(n):
                row = rows[i]
                for k in range(len(hidden)):
                    matrix[row, k] += grad[k]
            state[EXAMPLES] += 1
        state[WAITING] += tokens + n_labels
        if state[WAITING] > every:
            state[DONE] += state[WAITING]
            state[WAITING] = 0
    return losses
