"""How long documents are, in four units, in one pass."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, BREAK, NO_SPACES, NUMBER, SPACE, Classes
from datapipe.kernels.decode import class_at
from datapipe.kernels.jit import kernel
from datapipe.kernels.syllables import WORD_STARTS

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

UNITS = ("characters", "bytes", "words", "lines")


@kernel
def count_units(offsets: Int64s, data: Bytes, classes: Classes, breaks: Bytes, out: Int64s) -> None:
    """Fill out[unit, document]: code points; bytes; words as str.split cuts them; lines as str.splitlines does.

    Where segmenters say so (breaks is empty, or has a mark for each byte), words start inside of chunks, too.
    """
    for d in range(len(offsets) - 1):
        characters = words = lines = 0
        met = 0  # a script without spaces in this chunk
        bare = False
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
            else:
                met |= kind & NO_SPACES
                if outside:
                    words += 1
                    outside = False
                    met = kind & NO_SPACES
                    bare = kind & (ALPHA | NUMBER) == 0  # an opening quote: the next word is the one counted
                elif len(breaks) and breaks[i] == WORD_STARTS and met and kind & (ALPHA | NUMBER):
                    words += not bare
                    bare = False
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
