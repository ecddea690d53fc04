"""The ARPA file of an n-gram model, written order by order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from datapipe.engine.training.external_sort import MappedRows
from datapipe.kernels.arpa_lines import arpa_lines

BUFFER = 1 << 23


def write_arpa(
    path: Path, orders: Iterable[MappedRows], sizes: Sequence[int], bits: int, spellings: Iterable[bytes]
) -> str:
    """Write a model; the sha256 of the file.

    orders  n-grams of each order from 1 on, probability and back-off their payload; as many as `sizes` says
    bits    of a word number            spellings  how words are written, by number
    """
    words = list(spellings)
    offsets = np.cumsum([0, *map(len, words)])
    data = np.frombuffer(b"".join(words), np.uint8)
    digest = hashlib.sha256()
    longest = max(map(len, words))
    out = np.empty(BUFFER + len(sizes) * (longest + 64), np.uint8)
    with path.open("wb") as file:

        def write(part: bytes | memoryview) -> None:
            file.write(part)
            digest.update(part)

        head = "".join(f"ngram {n}={size}\n" for n, size in enumerate(sizes, 1))
        write(f"\\data\\\n{head}".encode())
        for n, grams in enumerate(orders, 1):
            assert len(grams) == sizes[n - 1], "what was counted is what is written"
            write(f"\n\\{n}-grams:\n".encode())
            for start, stop in grams.blocks():
                at = start
                while at < stop:
                    at, filled = arpa_lines(
                        grams.rows, grams.values, at, stop, n, bits, offsets, data, n == len(sizes), out
                    )
                    write(out[:filled].data)
        write(b"\n\\end\\\n")
    return digest.hexdigest()
