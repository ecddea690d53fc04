"""Labelled texts on disk, each distinct one once, in an order and parts that do not depend on the order of the input."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from datapipe.arrow.text import Text
from datapipe.core.seeds import step_seed

Int64s = npt.NDArray[np.int64]
Strings = npt.NDArray[np.str_]
AT_ONCE = 16_000_000  # bytes of text that are taken into memory together
NAMED = 5  # copies and contradictions that a card names


@dataclass(frozen=True)
class Example:
    """A text with its labels (none: of no category), and what it is told apart by: two of a group stay together."""

    text: str
    labels: tuple[str, ...]
    id: str
    lang: str = ""
    source: str = ""
    group: str = ""


@dataclass
class _Codes:
    """Names as numbers."""

    of: dict[Any, int] = field(default_factory=dict)  # names of one type
    taken: array[int] = field(default_factory=lambda: array("q"))

    def add(self, name: object) -> None:
        self.taken.append(self.of.setdefault(name, len(self.of)))

    def sorted(self) -> tuple[Int64s, list[Any]]:
        """The numbers in the order of the names, which does not depend on who came first; and the names."""
        names = sorted(self.of)
        place = np.empty(max(len(names), 1), np.int64)
        for rank, name in enumerate(names):
            place[self.of[name]] = rank
        return place[np.frombuffer(self.taken, np.int64)], names


@dataclass(frozen=True)
class Chosen:
    """Distinct texts in an order by hash: `held` of them are for the test, the others for training.

    labels    a set of labels for each text, as a number of `sets`
    copies    texts that were there already, and contradictions: texts left out for they stood there with other labels
    """

    data: npt.NDArray[np.uint8]
    starts: Int64s
    stops: Int64s
    labels: Int64s
    sets: list[tuple[str, ...]]
    langs: Strings
    sources: Strings
    held: npt.NDArray[np.bool_]
    copies: int = 0
    contradictions: int = 0
    named: tuple[tuple[str, ...], ...] = ()
    contradicting: tuple[tuple[str, ...], ...] = ()
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.starts)

    def texts(self, rows: Int64s) -> Iterator[str]:
        """One after another."""
        for row in rows.tolist():
            yield self.data[self.starts[row] : self.stops[row]].tobytes().decode()

    def portions(self, rows: Int64s) -> Iterator[tuple[Int64s, Text]]:
        """The same in runs of about AT_ONCE bytes."""
        sizes = np.cumsum(self.stops[rows] - self.starts[rows])
        for part in np.split(rows, np.flatnonzero(np.diff(sizes // AT_ONCE)) + 1):
            pieces = [
                self.data[a:b] for a, b in zip(self.starts[part].tolist(), self.stops[part].tolist(), strict=True)
            ]
            offsets = np.zeros(len(part) + 1, np.int64)
            np.cumsum([len(piece) for piece in pieces], out=offsets[1:])
            data = np.concatenate([np.zeros(0, np.uint8), *pieces])
            offsets.flags.writeable = data.flags.writeable = False
            yield part, Text(offsets, data)


class Examples:
    """Gathers labelled texts: their bytes on disk, some 150 bytes each in memory."""

    def __init__(self, examples: Iterable[Example], folder: Path) -> None:
        self._file = folder / "texts"
        self._ends, self._hashes, self._groups = array("q", [0]), bytearray(), bytearray()
        self._labels, self._langs, self._sources = _Codes(), _Codes(), _Codes()
        self._ids: list[str] = []
        with self._file.open("wb", buffering=1 << 20) as out:
            for example in examples:
                line = example.text.strip().replace("\n", " ").encode()  # as DCLM gives texts to fastText
                out.write(line)
                self._ends.append(self._ends[-1] + len(line))
                digest = xxhash.xxh3_128_digest(line)
                self._hashes += digest
                self._groups += xxhash.xxh3_128_digest(example.group.encode()) if example.group else digest
                self._labels.add(example.labels)
                self._langs.add(example.lang)
                self._sources.add(example.source)
                self._ids.append(example.id)

    def __len__(self) -> int:
        return len(self._ids)

    def chosen(self, seed: int, held_out: float, most: int | None, balance: bool) -> Chosen:
        """Each text once; texts with two sets of labels not at all; at most so many of each set; held out by hash."""
        labels, sets = self._labels.sorted()
        langs, lang_names = self._langs.sorted()
        sources, source_names = self._sources.sorted()
        key = np.frombuffer(self._hashes, np.uint64).reshape(-1, 2)
        groups = np.frombuffer(self._groups, np.uint64).reshape(-1, 2)
        order = np.lexsort((groups[:, 0], sources, langs, labels, key[:, 0], key[:, 1]))
        first = np.ones(len(order), np.bool_)
        first[1:] = (key[order[1:]] != key[order[:-1]]).any(1)
        run = np.cumsum(first) - 1
        contradicts = np.zeros(int(first.sum()), np.bool_)
        changes = ~first & (labels[order] != np.append(-1, labels[order[:-1]]))
        contradicts[run[changes]] = True
        rows = order[first][~contradicts]
        copied = ~first & ~contradicts[run]
        several = np.unique(run[copied])[:NAMED].tolist()
        against = np.flatnonzero(contradicts)[:NAMED].tolist()
        kept = rows[np.argsort(_hashed(key[rows], step_seed(seed, "order")), kind="stable")]
        counts = np.bincount(labels[kept], minlength=len(sets))
        limit = most if most is not None else len(kept)
        if balance:
            limit = min(limit, int(counts.min()))
        taken = _first_of_each(labels[kept], limit)
        kept = kept[taken]
        ends = np.frombuffer(self._ends, np.int64)
        drawn = _hashed(groups[kept], step_seed(seed, "held out")) >> np.uint64(11)
        with self._file.open("rb") as stream:
            size = int(ends[-1])
            data = np.frombuffer(mmap(stream.fileno(), size, access=ACCESS_READ) if size else b"", np.uint8)
        return Chosen(
            data,
            ends[kept],
            ends[kept + 1],
            labels[kept],
            sets,
            np.array(lang_names, np.str_)[langs[kept]],
            np.array(source_names, np.str_)[sources[kept]],
            drawn < held_out * 2.0**53,
            int(copied.sum()),
            int(contradicts.sum()),
            tuple(self._names(order[run == n]) for n in several),
            tuple(self._names(order[run == n]) for n in against),
            int((~taken).sum()),
        )

    def _names(self, rows: Int64s) -> tuple[str, ...]:
        return tuple(sorted(self._ids[row] for row in rows.tolist())[:NAMED])


def _hashed(keys: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    """A number for each 128-bit key."""
    digest = xxhash.xxh3_64_intdigest
    return np.fromiter((digest(row.tobytes(), seed=seed) for row in keys), np.uint64, len(keys))


def _first_of_each(labels: Int64s, most: int) -> npt.NDArray[np.bool_]:
    """The first so many of each label."""
    found = np.ones(len(labels), np.bool_)
    for label in np.unique(labels).tolist():
        found[np.flatnonzero(labels == label)[most:]] = False
    return found


def flags_of(chosen: Chosen, names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which texts have which label: a row a text, a column a name."""
    table = np.array([[name in found for name in names] for found in chosen.sets], np.bool_)
    return table.reshape(-1, len(names))[chosen.labels]
