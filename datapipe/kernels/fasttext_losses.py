"""What fastText learns from one text: output vectors move, and so does the text's own by the gradient that is left.

All numbers are of 32 bits and added up in the library's order, so that weights are equal bit for bit.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from datapipe.kernels.fasttext_labels import CELLS, REACH
from datapipe.kernels.jit import inlined

Floats = npt.NDArray[np.float32]

LOGARITHMS = np.log(((np.arange(CELLS + 1) + 1e-5) / CELLS).astype(np.float32)).astype(np.float32)


@inlined
def dot(hidden: Floats, output: Floats, row: int) -> np.float32:
    """The text's vector times an output vector."""
    total = np.float32(0)
    for k in range(len(hidden)):
        total += hidden[k] * output[row, k]
    return total


@inlined
def learn(alpha: np.float32, hidden: Floats, output: Floats, row: int, grad: Floats) -> None:
    """Move an output vector, and add its old value to the gradient of the text's vector."""
    for k in range(len(hidden)):
        grad[k] += alpha * output[row, k]
        output[row, k] += alpha * hidden[k]


@inlined
def minus_log(x: np.float32, logarithms: Floats) -> float:
    """From a table, as the library reports losses."""
    return 0.0 if x > 1 else -float(logarithms[int(x * np.float32(CELLS))])


@inlined
def decide(
    row: int, yes: bool, rate: np.float32, hidden: Floats, output: Floats, grad: Floats, logistic: Floats,
    logarithms: Floats,
) -> float:  # fmt: skip
    """Learn one yes or no; its loss."""
    x = dot(hidden, output, row)
    chance = x
    if x < -REACH:
        chance = np.float32(0)
    elif x > REACH:
        chance = np.float32(1)
    elif x == x:  # else it is not a number, and stays so
        chance = logistic[int((x + np.float32(REACH)) * np.float32(CELLS / REACH / 2))]
    else:
        return math.nan
    learn(rate * (np.float32(yes) - chance), hidden, output, row, grad)
    return minus_log(chance if yes else np.float32(1 - np.float64(chance)), logarithms)


@inlined
def learn_softmax(
    target: int, rate: np.float32, hidden: Floats, output: Floats, grad: Floats, chances: Floats, logarithms: Floats
) -> float:
    """Learn one label out of all; its loss."""
    most = np.float32(-np.inf)
    for label in range(len(output)):
        chances[label] = dot(hidden, output, label)
        most = max(most, chances[label])
    total = np.float32(0)
    for label in range(len(output)):
        chances[label] = np.float32(math.exp(np.float64(chances[label] - most)))
        total += chances[label]
    if not total < np.inf:
        return math.nan
    for label in range(len(output)):
        chances[label] /= total
        learn(rate * (np.float32(label == target) - chances[label]), hidden, output, label, grad)
    return minus_log(chances[target], logarithms)
