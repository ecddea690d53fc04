"""Which texts are in Unicode's form NFC already, as nearly all are: a tokenizer that normalises leaves them as they are."""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from datapipe.arrow.text import Text
from datapipe.kernels.classes import Classes, two_level
from datapipe.kernels.row_classes import row_classes

UNSURE, UNASSIGNED = 1, 2
_ASSIGNED = ((0, 0xD800), (0xE000, 0x32400), (0xE0000, 0xE0200))  # beyond them nothing, or private use, or nothing yet
_JAMO = ((0x1161, 0x1176), (0x11A8, 0x11C3))  # vowels and finals, which join the syllable before


def not_nfc(text: Text) -> npt.NDArray[np.bool_]:
    """Which texts are not in NFC, or have a code point that Python's Unicode does not know."""
    found = np.zeros(len(text), np.uint16)
    row_classes(*text, _table(), found)
    changed: npt.NDArray[np.bool_] = found & UNASSIGNED != 0
    for row in np.flatnonzero(found == UNSURE).tolist():
        own = text.data[text.offsets[row] : text.offsets[row + 1]].tobytes().decode()
        changed[row] = not unicodedata.is_normalized("NFC", own)
    return changed


@cache
def _table() -> Classes:
    """UNSURE: marks that may change places, and what is composed with a code point before it, or is another one in NFC."""
    flat = np.full(0x110000, UNASSIGNED, np.uint16)
    for first, end in _ASSIGNED:
        for point in range(first, end):
            char = chr(point)
            if unicodedata.category(char) == "Cn":
                continue
            flat[point] = UNSURE if unicodedata.combining(char) or not unicodedata.is_normalized("NFC", char) else 0
            parts = unicodedata.decomposition(char).split(" ")
            if len(parts) == 2 and parts[0][0] != "<":
                flat[int(parts[1], 16)] = UNSURE
    for first, end in _JAMO:
        flat[first:end] = UNSURE
    return two_level(flat)
