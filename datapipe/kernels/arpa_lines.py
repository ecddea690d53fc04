"""n-grams as lines of an ARPA file: log10 of the probability, the words, log10 of the back-off."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.ngram_counts import word_at
from datapipe.kernels.wide_keys import Rows

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

DECIMALS = 7  # what the float32 of language models has room for, near 1
SCALE = 10**DECIMALS
NUMBER = 24  # bytes that a number needs at most, with the tab beside it
TAB, NEWLINE, SPACE, MINUS, POINT, ZERO = 9, 10, 32, 45, 46, 48


@inlined
def _write_log(out: Bytes, w: int, value: float) -> int:
    """log10 of a probability or weight with seven decimals; 0 as `0`."""
    scaled = np.int64(np.rint(np.log10(value) * SCALE))
    if scaled == 0:
        out[w] = ZERO
        return w + 1
    if scaled < 0:
        out[w] = MINUS
        w += 1
        scaled = -scaled
    whole = scaled // SCALE
    digits = 1
    power = 10
    while whole >= power:
        digits += 1
        power *= 10
    for k in range(digits - 1, -1, -1):
        out[w + k] = ZERO + whole % 10
        whole //= 10
    w += digits
    out[w] = POINT
    part = scaled % SCALE
    for k in range(DECIMALS, 0, -1):
        out[w + k] = ZERO + part % 10
        part //= 10
    return w + 1 + DECIMALS


@kernel
def arpa_lines(
    rows: Rows, values: npt.NDArray[np.float64], start: int, stop: int, order: int, bits: int, offsets: Int64s,
    data: Bytes, highest: bool, out: Bytes,
) -> tuple[int, int]:  # fmt: skip
    """Write the lines of these n-grams as far as they fit; the next row, and the bytes written.

    values         probability and back-off        offsets, data  the words as bytes, by their numbers
    highest        n-grams of the highest order have no back-off
    """
    w = 0
    i = start
    while i < stop:
        need = 2 * NUMBER + order
        for k in range(order):
            word = word_at(rows[i, 0], rows[i, 1], order, bits, k)
            need += offsets[word + 1] - offsets[word]
        if w + need > len(out):
            break
        w = _write_log(out, w, min(values[i, 0], 1.0))
        out[w] = TAB
        w += 1
        for k in range(order):
            if k:
                out[w] = SPACE
                w += 1
            word = word_at(rows[i, 0], rows[i, 1], order, bits, k)
            for b in range(offsets[word], offsets[word + 1]):
                out[w] = data[b]
                w += 1
        if not highest:
            out[w] = TAB
            w = _write_log(out, w + 1, values[i, 1])
        out[w] = NEWLINE
        w += 1
        i += 1
    return i, w
