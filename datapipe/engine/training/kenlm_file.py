"""The file that kenlm's build_binary makes of an ARPA file (`probing`, version 5): mapped at once, shared by processes."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from datapipe.engine.training.external_sort import BLOCK, MappedRows
from datapipe.kernels.arpa_lines import SCALE
from datapipe.kernels.kenlm_tables import SIGN, Entries, insert_ngrams, insert_words

MAGIC = b"mmap lm http://kheafield.com/code format version 5\n\0"
ROOM = np.float32(1.5)  # slots for each n-gram
ENTRY, LONGEST, VOCABULARY = 16, 12, 12  # bytes of an entry: of n-grams, of the longest ones, of words


class KenlmFile:
    """Takes the orders of a model one after another, from 1 on; layout after kpu/kenlm, lm/binary_format.cc and lm/vocab.hh."""

    def __init__(self, path: Path, sizes: Sequence[int], bits: int, spellings: Sequence[bytes]) -> None:
        self._bits, self._sizes, self._spellings = bits, sizes, spellings
        head = _header(sizes)
        words = len(head) + 8  # after the vocabulary's own version and size
        self._tables = [words, words + VOCABULARY * _slots(sizes[0])]  # where each begins: words, unigrams, bigrams, …
        self._tables.append(self._tables[-1] + 8 * (sizes[0] + 1))
        for n, size in enumerate(sizes[1:], 2):
            self._tables.append(self._tables[-1] + _slots(size) * (LONGEST if n == len(sizes) else ENTRY))
        with path.open("wb+") as file:
            file.truncate(self._tables[-1])
            self._map = mmap.mmap(file.fileno(), self._tables[-1])
        self._map[: len(head)] = head
        self._map[len(head) : words] = struct.pack("<2I", 0, sizes[0])
        self._path = path
        self._numbers = np.zeros((len(spellings), 1), np.uint32)

    def add(self, order: int, grams: MappedRows) -> None:
        """The n-grams of the next order, with probability and back-off."""
        if order == 1:
            self._add_words(grams)
            return
        highest = order == len(self._sizes)
        entries = self._entries(order, (LONGEST if highest else ENTRY) // 4)
        shorter = self._entries(order - 1, 2 if order == 2 else ENTRY // 4)
        for start, stop in grams.blocks():
            weights = _weights(grams.values[start:stop])
            weights[:, 0] |= SIGN
            insert_ngrams(grams.rows, start, stop, weights, order, self._bits, self._numbers, entries, shorter)
        self._map.madvise(mmap.MADV_DONTNEED)  # the file keeps what was written

    def close(self) -> None:
        """Write the words at the end; the file is whole."""
        self._map.flush()
        with self._path.open("ab") as file:
            file.write(b"".join(word + b"\0" for word in self._words))

    def _add_words(self, grams: MappedRows) -> None:
        numbers = grams.rows[:, 1].astype(np.int64)
        self._words = [self._spellings[number] for number in numbers.tolist()]
        self._numbers[numbers, 0] = np.arange(len(numbers))
        for start, stop in grams.blocks(BLOCK):
            self._entries(1, 2)[start:stop] = _weights(grams.values[start:stop])
        hashes = np.array([murmur(word) for word in self._words], np.uint64)
        insert_words(hashes, self._entries(0, VOCABULARY // 4))

    def _entries(self, table: int, width: int) -> Entries:
        start, stop = self._tables[table : table + 2]
        return np.frombuffer(self._map, np.uint32, (stop - start) // 4, start).reshape(-1, width)


def _weights(values: np.ndarray) -> Entries:
    """Bits of log10 of probability and back-off, with the decimals that the ARPA file has; no back-off is -0."""
    logs = np.rint(np.log10(np.minimum(values, [1.0, np.inf])) * SCALE) / SCALE
    found: Entries = (logs.astype(np.float32) + np.float32(0)).view(np.uint32)
    none = found[:, 1] == 0
    found[none, 1] = SIGN
    return found


def _header(sizes: Sequence[int]) -> bytes:
    """What KenLM checks a file by: magic bytes, numbers as this machine writes them, the kind of model, its sizes."""
    sane = MAGIC.ljust(56, b"\0") + struct.pack("<3f3IQ", 0.0, 1.0, -0.5, 1, 0xFFFFFFFF, 0, 1)
    kind = struct.pack("<B3xfI?3xI", len(sizes), ROOM, 0, True, 0)
    head = sane + kind + struct.pack(f"<{len(sizes)}Q", *sizes)
    return head.ljust(-(-len(head) // 8) * 8, b"\0")


def _slots(entries: int) -> int:
    return max(entries + 1, int(ROOM * np.float32(entries)))


def murmur(data: bytes, seed: int = 0) -> int:
    """MurmurHash64A (Appleby, public domain), by which KenLM knows words."""
    mask, factor = (1 << 64) - 1, 0xC6A4A7935BD1E995
    h = (seed ^ (len(data) * factor)) & mask
    whole = len(data) // 8 * 8
    for (k,) in struct.iter_unpack("<Q", data[:whole]):
        k = k * factor & mask
        k = (k ^ (k >> 47)) * factor & mask
        h = (h ^ k) * factor & mask
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * factor & mask
    h = (h ^ (h >> 47)) * factor & mask
    return h ^ (h >> 47)
