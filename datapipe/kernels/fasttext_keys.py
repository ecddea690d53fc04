"""Words by a hash of 64 bits: its low half is fastText's own, so that one pass over the bytes gives both.

No byte of a dictionary is compared: two words that share all 64 bits are taken for one, which a corpus of 10^9 different
words and a dictionary of 10^6 will not show.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.kernels.fasttext_words import FNV_PRIME, FNV_START, FREE
from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

KEY_START, KEY_PRIME = np.int64(0x5BD1E995 << 32 | FNV_START), np.int64(0x1B873593 << 32 | FNV_PRIME)
# What a byte changes: the low half as in fastText, the high half by random numbers. Were it by the byte, too, the words
# `.]` and `У` would share all 64 bits, since FNV with signed bytes is that weak.
STEP = np.random.RandomState(1).randint(1, 1 << 31, 256) << 32 | np.arange(256).astype(np.int8).astype(np.uint32)
STEP[[0, 9, 10, 11, 12, 13, 32]] = 0  # ends a word
KEY, ENTRY = 0, 1  # of a slot


@inlined
def entry_of(key: Any, slots: Int64s) -> Any:
    """The dictionary entry of this key, or FREE."""
    mask = len(slots) - 1
    slot = key & mask
    while slots[slot, ENTRY] != FREE and slots[slot, KEY] != key:
        slot = (slot + 1) & mask
    return slots[slot, ENTRY]


def keys_of(starts: Int64s, letters: Bytes) -> Int64s:
    """The key of every entry of a dictionary."""
    keys = np.full(len(starts) - 1, KEY_START)
    lengths = np.diff(starts)
    order = np.argsort(-lengths, kind="stable")  # the longest first: those that go on stand together
    longer = np.cumsum(np.bincount(lengths)[::-1])[::-1]  # longer[k]: how many have k bytes or more
    for k, n in enumerate(longer[1:]):
        at = order[:n]
        keys[at] = (keys[at] ^ STEP[letters[starts[at] + k]]) * KEY_PRIME
    return keys


def slots_by_key(keys: Int64s) -> Int64s:
    """An open table of the dictionary: rows of key and entry.

    Of two equal entries the later counts, as in the library. Frequent words come first in a dictionary and get the slots
    that are looked at first.
    """
    slots = np.zeros((max(4, 1 << (2 * len(keys)).bit_length()), 2), np.int64)
    slots[:, ENTRY] = FREE
    _, last = np.unique(keys[::-1], return_index=True)
    entries = np.sort(len(keys) - 1 - last)[::-1]
    places = keys[entries]
    while len(entries):
        places &= len(slots) - 1
        free = slots[places, ENTRY] == FREE
        slots[places[free], ENTRY] = entries[free]  # of several for one slot the last is written
        left = slots[places, ENTRY] != entries
        entries, places = entries[left], places[left] + 1
    slots[:, KEY] = np.where(slots[:, ENTRY] == FREE, 0, keys[slots[:, ENTRY]])
    return slots


EOS_KEY = keys_of(np.array([0, 4]), np.frombuffer(b"</s>", np.uint8))[0]
