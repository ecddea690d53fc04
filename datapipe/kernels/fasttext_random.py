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


@kernel
def fill_uniform(matrix: Floats, seed: int) -> None:
    """Numbers from -1/columns to 1/columns, each of two random numbers.

    A tenth of the matrix has a seed, the next tenth the next seed, and so what is left in the end: as in the library with
    ten threads or more, and with any number in fasttext-community 0.11.9. Eleven at once take half the time.
    """
    numbers = matrix.reshape(-1)
    most = float(CHOICES)
    reach = np.float64(np.float32(1 / matrix.shape[1]))
    tenth = max(len(numbers) // 10, 1)
    states = np.empty(11, np.int64)
    for part in range(11):
        states[part] = max((seed + part) % PRIME, 1)
    for k in range(tenth):
        for part in range(11):
            first = after(states[part])
            second = after(first)
            states[part] = second
            share = (float(first - 1) + float(second - 1) * most) / (most * most)
            if part * tenth + k < len(numbers):
                numbers[part * tenth + k] = np.float32(share * (2 * reach) - reach)


@inlined
def choose(n: int, state: int) -> tuple[int, int]:
    """One of n, and the next state; the numbers at the top that would make some likelier are drawn anew."""
    width = (CHOICES - 1) // n
    while True:
        state = after(state)
        found = (state - 1) // width
        if found < n:
            return found, state
