"""Lines of an ARPA file as n-grams: log10 of the probability, the words, log10 of the back-off if there is one."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.murmur import Bytes, murmur

NEWLINE, SPACE, PLUS, MINUS, POINT, ZERO, CAPITAL_E, SMALL_E = 10, 32, 43, 45, 46, 48, 69, 101
_MOST_DIGITS = 18  # of an int64; a float32 shows nine


@inlined
def _token(data: Bytes, at: int) -> tuple[int, int]:
    """The next token of this line, none where the line ends."""
    while data[at] <= SPACE and data[at] != NEWLINE:
        at += 1
    start = at
    while data[at] > SPACE:
        at += 1
    return start, at


@inlined
def _number(data: Bytes, at: int, stop: int) -> float:
    """The number written there; NaN if it is none."""
    sign = 1.0
    if at < stop and (data[at] == MINUS or data[at] == PLUS):
        sign = -1.0 if data[at] == MINUS else 1.0
        at += 1
    value, digits, power = np.int64(0), 0, 0
    behind = False
    while at < stop and (ZERO <= data[at] < ZERO + 10 or (data[at] == POINT and not behind)):
        if data[at] == POINT:
            behind = True
        else:
            digits += 1
            if digits <= _MOST_DIGITS:
                value = value * 10 + np.int64(data[at] - ZERO)
                power -= behind
            else:
                power += not behind
        at += 1
    if at + 1 < stop and digits and (data[at] == SMALL_E or data[at] == CAPITAL_E):
        at += 1
        falls = data[at] == MINUS
        at += data[at] == MINUS or data[at] == PLUS
        written, digits = np.int64(0), 0
        while at < stop and ZERO <= data[at] < ZERO + 10 and written < 1000:
            written = written * 10 + np.int64(data[at] - ZERO)
            digits += 1
            at += 1
        power += int(-written if falls else written)
    if at != stop or digits == 0:
        return np.nan
    return sign * (np.float64(value) / 10.0**-power if power < 0 else np.float64(value) * 10.0**power)


@kernel
def parse_ngrams(
    data: Bytes, at: int, hashes: npt.NDArray[np.uint64], weights: npt.NDArray[np.float32]
) -> tuple[int, int]:
    """Read lines of n-grams from `at` on, as far as `hashes` (of their words) and `weights` have rows; rows, and the next byte.

    data  whole lines. Stops before a blank line, one of `\\`, and what is no n-gram of this order
    """
    order = hashes.shape[1]
    row = 0
    while row < len(hashes) and at < len(data):
        start, stop = _token(data, at)
        value = _number(data, start, stop)
        if np.isnan(value):
            break
        weights[row, 0] = value
        for n in range(order):
            start, stop = _token(data, stop)
            hashes[row, n] = murmur(data, start, stop)
        if start == stop:
            break
        start, stop = _token(data, stop)
        weights[row, 1] = 0.0
        if start < stop:
            value = _number(data, start, stop)
            start, stop = _token(data, stop)
            if np.isnan(value) or start < stop:
                break
            weights[row, 1] = value
        at = stop + 1
        row += 1
    return row, at
