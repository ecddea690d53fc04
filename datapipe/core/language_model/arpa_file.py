"""ARPA files, read into KenLM's tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from datapipe.core.language_model.kenlm_format import MOST, Layout, Numbers, OtherKind
from datapipe.kernels.arpa_ngrams import parse_ngrams
from datapipe.kernels.kenlm_tables import SIGN, find_words, insert_ngrams, insert_words

BLOCK = 1 << 24  # bytes read at once
ROWS = 1 << 16  # n-grams parsed at once
UNKNOWN = np.array([0xEA91E7561F5B392B, 0x7E163219007D2F54], np.uint64)  # hashes of <unk> and <UNK>
UNKNOWN_MISSING = -100.0  # log10 p of words, where a model has no <unk> (lm/config.cc)
SIZE = re.compile(rb"ngram\s+(\d+)\s*=\s*(\d+)\s*")


def read_arpa(stream: BinaryIO) -> tuple[Layout, Numbers]:
    """The tables that build_binary makes of an ARPA file; ValueError where it is damaged.

    As with lmplz, each n-gram's words without the first are an n-gram, too; SRILM's may lack them, and are refused.
    """
    layout = Layout(_sizes(stream))
    memory = np.zeros(layout.tables()[-1] // 4, np.uint32)
    tables = layout.split(memory)
    tables[1][0] = np.array([UNKNOWN_MISSING, -0.0], np.float32).view(np.uint32)
    lines = _Lines(stream)
    read_only = memory[:]
    read_only.flags.writeable = False  # as models in files are: kernels are compiled for one kind
    _add_words(list(lines.ngrams(1, layout.sizes[0])), tables)
    for n, size in enumerate(layout.sizes[1:], 2):
        lines.title(b"\\%d-grams:" % n)
        done = 0
        for hashes, bits in lines.ngrams(n, size):
            words = find_words(hashes.reshape(-1), read_only, layout.tables()[0] // 4, len(tables[0])).reshape(-1, n)
            if ((words == 0) & ~np.isin(hashes, UNKNOWN)).any():
                raise ValueError(f"a {n}-gram after {done:,} others has a word that is no 1-gram")
            bits[:, 0] |= SIGN
            bad = insert_ngrams(words, bits, tables[n], tables[n - 1])
            if bad >= 0:
                raise OtherKind(
                    f"{n}-gram {done + bad + 1:,}: its words without the first, or the last, are no {n - 1}-gram; "
                    "`build_binary probing MODEL.arpa MODEL.arpa.bin` makes a file that can be read"
                )
            done += len(hashes)
    lines.title(b"\\end\\")
    return layout, read_only


def _sizes(stream: BinaryIO) -> tuple[int, ...]:
    """How many n-grams of each order there are; the stream stands behind the title of the first."""
    sizes: list[int] = []
    for line in iter(lambda: stream.readline(1 << 16), b""):
        if line.strip() == b"\\1-grams:":
            break
        found = SIZE.fullmatch(line.strip())
        if found is not None:
            if int(found[1]) != len(sizes) + 1:
                raise ValueError(f"order {len(sizes) + 1} is missing")
            sizes.append(int(found[2]))
    else:
        raise ValueError("there is no \\1-grams:")
    if not 2 <= len(sizes) <= MOST:
        raise ValueError(f"a model of order {len(sizes)}; 2 to {MOST} can be read")
    return tuple(sizes)


def _add_words(blocks: list[tuple[np.ndarray, Numbers]], tables: list[Numbers]) -> None:
    """Number words from 1 on as they come; 0 is <unk>, wherever it stands."""
    hashes, bits = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    known = ~np.isin(hashes[:, 0], UNKNOWN)
    unknown = bits[~known]
    if len(unknown):
        tables[1][0] = unknown[0]
    tables[1][1 : 1 + known.sum()] = bits[known]
    insert_words(np.append(np.uint64(0), hashes[known, 0]), tables[0])


def _bits(values: np.ndarray) -> Numbers:
    """Bits of probability and back-off; no back-off is -0."""
    values[:, 0] = np.minimum(values[:, 0], 0)
    values[:, 1][values[:, 1] == 0] = -0.0
    return np.asarray(values.view(np.uint32))


class _Lines:
    """The lines behind a stream's place, in blocks."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._data, self._at = stream, b"", 0

    def ngrams(self, order: int, size: int) -> Iterator[tuple[np.ndarray, Numbers]]:
        """Hashes of words, and bits of probability and back-off, of the next `size` lines."""
        while size:
            rows = min(size, ROWS)
            hashes, weights = np.empty((rows, order), np.uint64), np.empty((rows, 2), np.float32)
            if self._at == len(self._data):
                self._read()
            row, self._at = parse_ngrams(np.frombuffer(self._data, np.uint8), self._at, hashes, weights)
            if row == 0:
                found = self._line()[:80].strip()
                there = repr(found) if found else "no more"
                raise ValueError(f"{size:,} more {order}-grams are to come, and there is {there}")
            yield hashes[:row], _bits(weights[:row])
            size -= row

    def title(self, name: bytes) -> None:
        """Go past blank lines and this one."""
        while not (line := self._line().strip()):
            if self._at == len(self._data):
                raise ValueError(f"the file ends where {name.decode()} should stand")
        if line != name:
            raise ValueError(f"{name.decode()} should stand where there is: {line[:80]!r}")

    def _line(self) -> bytes:
        if self._at == len(self._data):
            self._read()
        stop = self._data.find(b"\n", self._at) + 1
        line = self._data[self._at : stop]
        self._at = stop
        return line

    def _read(self) -> None:
        """The next whole lines; the last one ends with a newline, whether the file's does or not."""
        self._data, self._at = self._stream.read(BLOCK), 0
        if self._data and not self._data.endswith(b"\n"):
            self._data += self._stream.readline()
            if not self._data.endswith(b"\n"):
                self._data += b"\n"
