"""From a file of word numbers to the n-grams of each order with probabilities and back-offs, in bounded memory.

Three sorts on disk, after Heafield et al. 2013 (Scalable Modified Kneser-Ney Language Model Estimation): n-grams of the
highest order by their suffixes, which gives the counts of all orders; each order by its contexts, which gives their sums;
and back by suffixes, where an n-gram stands beside the shorter one it is interpolated with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datapipe.core.language_model.discounts import Discounts, discounts
from datapipe.engine.training.external_sort import BLOCK, ExternalSort, MappedRows
from datapipe.kernels.kneser_ney import context_shares, interpolate, rows_by_context, set_backoffs
from datapipe.kernels.ngram_counts import BEGIN, STEPS, UNKNOWN, adjusted_counts, ngrams_of

COUNTED, SHARED = 3, 4  # numbers of a row: key and count; key, share and gamma (then probability and back-off)


@dataclass(frozen=True)
class Settings:
    """order of the model; bits of a word number; occurrences up to which an n-gram of each order is left out; memory in bytes."""

    order: int
    bits: int
    prune: Sequence[int]
    memory: int


@dataclass(frozen=True)
class Statistics:
    """Of one order: its n-grams in the model, how many in the corpus have the adjusted counts 1 to 4, and the discounts."""

    ngrams: int
    counts: tuple[int, ...]
    discounts: Discounts


@dataclass(frozen=True)
class Counted:
    """The n-grams of each order with their adjusted counts, in files, and what they come to."""

    files: list[Path]
    orders: list[Statistics]


def smooth(counted: Counted, folder: Path, settings: Settings) -> Iterator[MappedRows]:
    """The n-grams of each order from 1 on, in suffix order, with probability and back-off; each is gone after its turn."""
    taken = [stats.discounts for stats in counted.orders]
    lower = _unigrams(counted.files[0], folder, taken[0])
    for order in range(2, settings.order + 1):
        grams, contexts = _share_out(counted.files[order - 1], folder, order, settings, taken[order - 1])
        at = 0
        for start, stop in grams.blocks():
            at = interpolate(grams.rows, grams.values, start, stop, settings.bits, lower.rows, lower.values, at)
            lower.release()
        at = 0
        gammas = contexts.values[:, 0]
        for start, stop in lower.blocks():
            at = set_backoffs(lower.rows, lower.values, start, stop, contexts.rows, gammas, at)
            contexts.release()
        contexts.path.unlink()
        yield lower
        lower.path.unlink()
        lower = grams
    yield lower
    lower.path.unlink()


def count(words: Path, folder: Path, settings: Settings) -> Counted:
    """Count the n-grams of all orders in a file of word numbers (uint32, each sentence ended by </s>)."""
    order, bits = settings.order, settings.bits
    sort = ExternalSort(folder / "ngrams", COUNTED, bits * order, settings.memory, add=True)
    state = np.zeros((1 + order, COUNTED), np.uint64)
    with words.open("rb") as stream:
        while len(block := np.fromfile(stream, np.uint32, BLOCK)):
            sort.take(ngrams_of(block, order, bits, state, sort.room(len(block))))
    full = sort.finish()
    state[:] = 0
    out = np.empty((order, BLOCK + 1, COUNTED), np.uint64)
    statistics = np.zeros((order, STEPS), np.int64)
    prune = np.array(settings.prune, np.int64)
    paths = [folder / f"counts-{n}" for n in range(1, order + 1)]
    files = [path.open("wb") for path in paths]
    for start, stop in full.blocks():
        filled = np.zeros(order, np.int64)
        last = stop == len(full)
        adjusted_counts(full.rows[start:stop], order, bits, prune, state, last, out, filled, statistics)
        for n, file in enumerate(files):
            file.write(out[n, : filled[n]].data)
    for file in files:
        file.close()
    full.path.unlink()
    statistics[0, 0] += 2  # <unk> and <s>
    orders = [Statistics(kept, tuple(counts), discounts(counts)) for kept, *counts, _ in statistics.tolist()]
    return Counted(paths, orders)


def _unigrams(counted: Path, folder: Path, taken: Discounts) -> MappedRows:
    """Words, <unk> and <s> among them, their mass interpolated with an equal share for each but <s>."""
    rows = np.fromfile(counted, np.uint64).reshape(-1, COUNTED)
    counts = rows[:, 2].astype(np.int64)
    table = np.array(taken.table())
    kept = counts - table[np.minimum(counts, 3)]
    total = counts.sum()
    gamma = (total - kept.sum()) / total
    out = np.zeros((len(rows) + 2, SHARED), np.uint64)
    out[:2, 1] = UNKNOWN, BEGIN
    out[2:, :2] = rows[:, :2]
    values = out[:, 2:].view(np.float64)
    values[2:, 0] = kept / total
    values[:, 0] += gamma / (len(rows) + 1)
    values[BEGIN, 0] = 1.0  # as lmplz has it: <s> is given, never predicted
    values[:, 1] = 1.0
    path = folder / "grams-1"
    out.tofile(path)
    counted.unlink()
    return MappedRows(path, SHARED)


def _share_out(
    counted: Path, folder: Path, order: int, settings: Settings, taken: Discounts
) -> tuple[MappedRows, MappedRows]:
    """n-grams of an order with their shares and gammas, in suffix order, and the gamma of each context."""
    bits = settings.bits
    counts = MappedRows(counted, COUNTED)
    sort = ExternalSort(folder / "by-context", COUNTED, bits * order, settings.memory)
    for start, stop in counts.blocks():
        rows_by_context(counts.rows[start:stop], order, bits, sort.room(stop - start))
        sort.take(stop - start)
    by_context = sort.finish()
    counts.path.unlink()
    most = max(BLOCK, 1 << bits)  # a context may have every word after it
    back = ExternalSort(folder / f"grams-{order}", SHARED, bits * order, settings.memory)
    contexts = np.empty((most, COUNTED), np.uint64)
    table = np.array(taken.table())
    at = 0
    path = folder / f"contexts-{order}"
    with path.open("wb") as file:
        while at < len(by_context):
            out = back.room(most)
            shares, gammas = out[:, 2:].view(np.float64), contexts[:, 2].view(np.float64)
            at, filled, found = context_shares(by_context.rows, at, order, bits, table, out, shares, contexts, gammas)
            back.take(filled)
            file.write(contexts[:found].data)
            by_context.release()
    by_context.path.unlink()
    return back.finish(), MappedRows(path, COUNTED)
