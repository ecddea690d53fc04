"""A fastText model's rows times its outputs: what is left to do for a text is to add a few numbers a word.

Everything after the sum of a text's rows is linear up to the scores of labels or of a tree's nodes, so the products can
be taken before the sum. Two labels by softmax need one number a row, the difference of their scores: 2 million rows of
100 numbers, 800 MB, become 8 MB, which fit a processor's cache.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import kernel

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

BLOCK = 1024  # rows at a time


class Rows(Protocol):
    """Vectors, however they are held."""

    def __len__(self) -> int: ...

    def __getitem__(self, which: slice, /) -> Floats: ...


@kernel
def multiply(block: Doubles, outputs: Doubles, products: Doubles) -> None:
    """products[c] = block[0] * outputs[c, 0] + block[1] * outputs[c, 1] + …, always in this order.

    A library's matrix product may add in another order on another machine or for another number of rows.
    """
    for c in range(len(outputs)):
        for i in range(block.shape[1]):
            products[c, i] = 0
        for k in range(len(block)):
            weight = outputs[c, k]
            for i in range(block.shape[1]):
                products[c, i] += block[k, i] * weight


def projected(rows: Rows, outputs: Doubles) -> Floats:
    """Of each row its products with the outputs."""
    table = np.empty((len(rows), len(outputs)), np.float32)
    products = np.zeros((len(outputs), BLOCK))
    for i in range(0, len(rows), BLOCK):
        block = rows[i : i + BLOCK].T.astype(np.float64, order="C")
        multiply(block, outputs, products)
        table[i : i + BLOCK] = products[:, : block.shape[1]].T
    return table
