"""The text a tokenizer learns from: windows of documents by hash, so much of each source and language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import xxhash

WINDOW = 4000  # bytes: a book must not be the whole sample, and SentencePiece takes no more than 4192 at once
# Drawn beyond what is wanted: what is left over goes by count, so that luck does not decide the size. Of n windows it gives
# or takes sqrt(n): 14 windows of a rare language were 11 without the second number.
SPARE, LUCK = 0.05, 3.0

Group = tuple[str, str]  # source and language, "" where it is not known


@dataclass(frozen=True)
class Share:
    """What a group has in the corpus, and may have in the sample: bytes."""

    corpus: int
    sample: int

    @property
    def limit(self) -> int:
        """Windows whose hash is below it are drawn."""
        if not self.corpus or not self.sample:
            return 0
        more = 1 + SPARE + LUCK * (WINDOW / self.sample) ** 0.5
        return min(1 << 64, int(self.sample / self.corpus * more * 2.0**64))


Drawn = tuple[Group, Share, str]  # a window: whose it is, how much of that may be taken, and its text


def shares(
    sizes: Mapping[Group, int],
    size: int,
    temperature: float,
    source_weights: Mapping[str, float],
    lang_weights: Mapping[str, float],
) -> dict[Group, Share]:
    """How much of each group is in a sample of `size` bytes: by p^(1/T) and its weights; what one lacks, others give.

    sizes  bytes of each group in the corpus    T  the temperature (Conneau et al. 2020, arXiv:1911.02116, section 3.1)
    """
    groups = sorted(group for group, held in sizes.items() if held)
    held = np.array([sizes[group] for group in groups], np.float64)
    weight = np.array([source_weights.get(s, 1.0) * lang_weights.get(lang, 1.0) for s, lang in groups])
    wanted = weight * (held / max(held.sum(), 1.0)) ** (1 / temperature)
    given = np.zeros(len(groups))
    open_, left = wanted > 0, float(size)
    while open_.any() and left > 0:
        fair = left * wanted / wanted[open_].sum()
        full = open_ & (fair >= held)
        if not full.any():
            given[open_] = fair[open_]
            break
        given[full] = held[full]
        left -= float(held[full].sum())
        open_ &= ~full
    return {group: Share(sizes[group], int(bytes_)) for group, bytes_ in zip(groups, given, strict=True)}


def windows(text: str) -> Iterator[bytes]:
    """Parts of at most WINDOW bytes that end after a line or, where there is none, before a blank or a character."""
    data = text.encode()
    start = 0
    while len(data) - start > WINDOW:
        stop = data.rfind(b"\n", start, start + WINDOW) + 1
        if stop <= start:
            stop = data.rfind(b" ", start + 1, start + WINDOW)
        if stop <= start:
            stop = start + WINDOW
            while data[stop] & 0xC0 == 0x80:
                stop -= 1
        yield data[start:stop]
        start = stop
    if start < len(data):
        yield data[start:]


def drawn(texts: Iterable[tuple[int, str | None, int]], seed: int) -> Iterator[tuple[int, int, bytes]]:
    """Row, hash and bytes of the windows that are drawn, from row, text and its group's limit.

    The hash is of the window, so what is drawn depends on no id, shard or order; equal windows are drawn together.
    """
    digest = xxhash.xxh3_64_intdigest
    for row, text, limit in texts:
        if text and limit:
            for window in windows(text):
                key = digest(window, seed=seed)
                if key < limit:
                    yield row, key, window


class Quotas:
    """Lets windows by, in the order of their hashes, until each group has what it may have."""

    def __init__(self) -> None:
        self.taken: dict[Group, tuple[int, int]] = {}  # bytes in the corpus and in the sample

    def taken_of(self, windows: Iterable[Drawn]) -> Iterator[tuple[Group, str]]:
        """The texts to learn from, with their groups."""
        taken: dict[Group, tuple[int, int]] = {}
        self.taken = taken
        for group, share, text in windows:
            corpus, size = taken.get(group, (share.corpus, 0))
            if size < share.sample:
                taken[group] = corpus, size + len(text.encode())
                yield group, text

    def rows(self) -> list[dict[str, str | int]]:
        """For the card."""
        return [
            {"source": source, "lang": lang, "corpus_bytes": corpus, "sample_bytes": size}
            for (source, lang), (corpus, size) in sorted(self.taken.items())
        ]
