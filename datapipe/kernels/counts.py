"""How long documents are, in four units, in one pass."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, BREAK, SPACE, Classes
from datapipe.kernels.decode import class_at
from datapipe.kernels.jit import kernel

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

UNITS = ("characters", "bytes", "words", "lines")


@kernel
def count_units(offsets: Int64s, data: Bytes, classes: Classes, out: Int64s) -> None:
    """Fill out[unit, document]: code points; bytes; words as str.split cuts them; lines as str.splitlines does."""
    for d in range(len(offsets) - 1):
        characters = words = lines = 0
        outside = True  # of a word
        kind = BREAK  # of the code point before: an empty text has no last line
        i = offsets[d]
        stop = offsets[d + 1]
        while i < stop:
            kind, size = class_at(data, i, classes)
            characters += 1
            if kind & SPACE:
                outside = True
                if kind & BREAK:
                    lines += 1
                    if data[i] == 13 and i + 1 < stop and data[i + 1] == 10:
                        characters += 1
                        size = 2
            elif outside:
                words += 1
                outside = False
            i += size
        out[0, d] = characters
        out[1, d] = stop - offsets[d]
        out[2, d] = words
        out[3, d] = lines + (kind & BREAK == 0)


@kernel
def have_letters(offsets: Int64s, data: Bytes, classes: Classes, out: npt.NDArray[np.bool_]) -> None:
    """Set out[document] where there is a letter; stops at the first one."""
    for d in range(len(offsets) - 1):
        found = False
        i = offsets[d]
        while i < offsets[d + 1] and not found:
            kind, size = class_at(data, i, classes)
            found = kind & ALPHA != 0
            i += size
        out[d] = found


@kernel
def count_letters(offsets: Int64s, data: Bytes, classes: Classes, out: Int64s) -> None:
    """Fill out[document] with its letters."""
    for d in range(len(offsets) - 1):
        letters = 0
        i = offsets[d]
        while i < offsets[d + 1]:
            kind, size = class_at(data, i, classes)
            letters += kind & ALPHA != 0
            i += size
        out[d] = letters
