"""Word lists of many languages in one table: a word or phrase is found by its hash and the number of its language."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.hashing import BASE, Hashes, mixed, slot_of
from datapipe.kernels.jit import inlined

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

_SALT = np.uint64(0xC2B2AE3D27D4EB4F)
_HALF = np.uint64(32)
_ALL = (1 << 64) - 1


class Lexicon(NamedTuple):
    """The table; the number of each language, 0 for one that has no list; by number, the words of its longest phrase."""

    keys: Hashes
    numbers: Mapping[str, int]
    longest: Int64s


def lexicon(lists: Mapping[str, Iterable[tuple[str, ...]]]) -> Lexicon:
    """Of phrases, each as its words; in plain Python, so that building it compiles nothing (a second for 500,000)."""
    numbers: dict[str, int] = {}
    longest = [0]
    entries: set[int] = set()
    for language, phrases in lists.items():
        numbers[language] = number = len(longest)
        most = 0
        for phrase in phrases:
            run = 0
            for word in phrase:
                run = (run * int(BASE) + _hash(word)) & _ALL
            entries.add(_mixed(run ^ number * int(_SALT) & _ALL))
            most = max(most, len(phrase))
        longest.append(most)
    size = 4
    while size < 4 * len(entries):  # sparse: most look-ups miss
        size *= 2
    keys = [0] * size
    for key in sorted(entries):
        slot = key % size
        while keys[slot]:
            slot = (slot + 1) % size
        keys[slot] = key
    return Lexicon(np.array(keys, np.uint64), numbers, np.array(longest, np.int64))


def _hash(word: str) -> int:
    """As `word_hash`."""
    h = 0
    for point in map(ord, word):
        h = (h ^ point + 1) * int(BASE) & _ALL
        h ^= h >> 32
    return h


def _mixed(h: int) -> int:
    """As `hashing.mixed`."""
    for _ in range(2):
        h = (h ^ h >> 32) * 0xD6E8FEB86659FD93 & _ALL
    return h ^ h >> 32 or 1


@inlined
def word_hash(points: Int32s, start: int, stop: int) -> np.uint64:
    """Of code points."""
    h = np.uint64(0)
    for i in range(start, stop):
        h = (h ^ np.uint64(points[i] + 1)) * BASE
        h ^= h >> _HALF
    return h


@inlined
def is_listed(keys: Hashes, run: np.uint64, number: int) -> bool:
    """Is a word, or a run of words (`run = run * BASE + next`), in this language's list?"""
    key = mixed(run ^ np.uint64(number) * _SALT)
    found: bool = keys[slot_of(keys, len(keys), key)] != np.uint64(0)
    return found
