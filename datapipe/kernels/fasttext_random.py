"""The random numbers of C++ that fastText trains with: `minstd_rand`, and the distributions of GNU's standard library."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel

Floats = npt.NDArray[np.float32]

FACTOR, PRIME = 48271, (1 << 31) - 1  # of minstd_rand: numbers from 1 to PRIME - 1
CHOICES = PRIME - 1


@inlined
def after(state: int) -> int:
    """The next number of minstd_rand, modulo 2^31 - 1 without a division."""
    product = state * FACTOR
    rest = (product & PRIME) + (product >> 31)
    return rest - PRIME if rest >= PRIME else rest


@inlined
def uniform(state: int, reach: float) -> tuple[np.float32, int]:
    """A number from -reach to reach out of two random ones, and the next state."""
    first = after(state)
    second = after(first)
    most = float(CHOICES)
    share = (float(first - 1) + float(second - 1) * most) / (most * most)
    return np.float32(share * (2 * reach) - reach), second


@kernel
def fill_uniform(matrix: Floats, seed: int) -> None:
    """Numbers from -1/columns to 1/columns.

    A tenth of the matrix has a seed, the next tenth the next seed, and so what is left in the end: as in the library with
    ten threads or more, and with any number in fasttext-community 0.11.9. Ten at once take a third of the time.
    """
    numbers = matrix.reshape(-1)
    reach = np.float64(np.float32(1 / matrix.shape[1]))
    tenth = len(numbers) // 10
    states = np.empty(11, np.int64)
    for part in range(11):
        states[part] = max((seed + part) % PRIME, 1)
    for k in range(tenth):
        for part in range(10):
            numbers[part * tenth + k], states[part] = uniform(states[part], reach)
    for k in range(10 * tenth, len(numbers)):
        numbers[k], states[10] = uniform(states[10], reach)


@inlined
def choose(n: int, state: int) -> tuple[int, int]:
    """One of n, and the next state; the numbers at the top that would make some likelier are drawn anew."""
    width = (CHOICES - 1) // n
    while True:
        state = after(state)
        found = (state - 1) // width
        if found < n:
            return found, state
