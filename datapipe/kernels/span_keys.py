"""128-bit keys of spans: units of a document in a row, in the form in which they are compared."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import Classes
from datapipe.kernels.eight import continuations, eight_at, number, upto_eight_at
from datapipe.kernels.hashing import BASE, Hashes, mixed
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import HALF, stripped
from datapipe.kernels.normal_forms import Forms, put_form
from datapipe.kernels.words import START, STOP

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

# A span is a row of numbers: its document, and its bytes from the end of the unit before it.
DOCUMENT, FROM, TO = 0, 1, 2
OTHER = np.uint64(0xC2B2AE3D27D4EB4F)
LETTER = 3  # bytes of a form for one of text, at most (normal_forms.put_form)


@inlined
def digest_pair(data: Bytes, start: int, stop: int) -> tuple[np.uint64, np.uint64, int]:
    """Two hashes and the code points of a slice, eight bytes a step.

    Of 10^10 different spans no two have the same 128 bits but with probability 1.5e-19; 64 would leave two or three such
    pairs.
    """
    chars = stop - start
    h = np.uint64(chars)
    g = ~h
    i = start
    while i + 8 <= stop:
        eight = eight_at(data, i)
        chars -= number(continuations(eight))
        h = (h ^ eight) * BASE
        g = (g ^ eight) * OTHER
        h ^= h >> HALF
        g ^= g >> HALF
        i += 8
    eight = upto_eight_at(data, i, stop)
    chars -= number(continuations(eight))
    return mixed((h ^ eight) * BASE), mixed((g ^ eight) * OTHER), chars


@kernel
def span_keys(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    forms: Forms,
    counts: Int64s,
    units: Int64s,
    n: int,
    least: int,
    spans: Int64s,
    keys: Hashes,
) -> int:
    """Write a row of `spans` and of `keys` for every n units in a row of at least so many code points; return how many.

    A span is compared as its units' forms with a blank between each two.
    """
    most = room = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
        room = max(room, counts[d])
    letters = np.empty(LETTER * most + room + 8, np.uint8)
    starts = np.empty(room + 1, np.int64)
    rows = unit = 0
    for d in range(len(offsets) - 1):
        w = 0
        for u in range(counts[d]):
            start, stop = stripped(data, units[unit + u, START], units[unit + u, STOP], classes)
            starts[u] = w
            w = put_form(data, start, stop, forms, letters, w)
            letters[w] = 32
            w += 1
        starts[counts[d]] = w
        for u in range(counts[d] - n + 1):
            high, low, chars = digest_pair(letters, starts[u], starts[u + n] - 1)
            if chars - (n - 1) < max(least, 1):
                continue
            keys[rows, 0] = high
            keys[rows, 1] = low
            spans[rows, DOCUMENT] = d
            spans[rows, FROM] = units[unit + u - 1, STOP] - offsets[d] if u else 0
            spans[rows, TO] = units[unit + u + n - 1, STOP] - offsets[d]
            rows += 1
        unit += counts[d]
    return rows
