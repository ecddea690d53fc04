"""Sorting and merging of rows under 128-bit keys, held against Python's whole numbers."""

from pathlib import Path

import numpy as np
import pytest

from datapipe.engine.training.external_sort import LEAST, ExternalSort
from datapipe.kernels.jit import kernel
from datapipe.kernels.wide_keys import merge_runs, shifted_left, shifted_right, sort_rows

NUMBERS = [0, 1, 2**63, 2**64 - 1, 2**64, 2**127 + 12345678901234567890, 0x0123456789ABCDEF_FEDCBA9876543210]


@kernel
def _left(high: np.uint64, low: np.uint64, bits: int) -> tuple[np.uint64, np.uint64]:
    return shifted_left(high, low, bits)


@kernel
def _right(high: np.uint64, low: np.uint64, bits: int) -> tuple[np.uint64, np.uint64]:
    return shifted_right(high, low, bits)


def halves(number: int) -> tuple[np.uint64, np.uint64]:
    return np.uint64(number >> 64), np.uint64(number & (2**64 - 1))


def rows_of(keys: list[int], width: int = 3) -> np.ndarray:
    rows = np.ones((len(keys), width), np.uint64)
    rows[:, 0] = [key >> 64 for key in keys]
    rows[:, 1] = [key & (2**64 - 1) for key in keys]
    return rows


def keys_of(rows: np.ndarray) -> list[int]:
    return [(int(high) << 64) | int(low) for high, low in rows[:, :2]]


@pytest.mark.parametrize("bits", [0, 1, 17, 63, 64, 65, 127, 128])
def test_shifts_are_those_of_whole_numbers(bits: int) -> None:
    for number in NUMBERS:
        high, low = _right(*halves(number), bits)
        assert (int(high) << 64) | int(low) == number >> bits
        high, low = _left(*halves(number), bits)
        assert (int(high) << 64) | int(low) == (number << bits) & (2**128 - 1)


def test_sorting_is_stable_and_looks_at_the_asked_bits() -> None:
    random = np.random.default_rng(3)
    keys = [int.from_bytes(random.bytes(11), "little") % 5000 << 60 for _ in range(20_000)]
    rows = rows_of(keys)
    rows[:, 2] = np.arange(len(keys))
    sort_rows(rows, np.empty_like(rows), 88)
    assert rows[:, 2].tolist() == sorted(range(len(keys)), key=lambda i: keys[i])
    assert keys_of(rows) == sorted(keys)


def test_merging_goes_on_where_it_stopped() -> None:
    random = np.random.default_rng(4)
    runs = [sorted(random.integers(0, 300, n).tolist()) for n in (100, 0, 257, 1, 40)]
    rows = rows_of([key for run in runs for key in run])
    ends = np.cumsum([len(run) for run in runs])
    for add in (False, True):
        cursors = ends - [len(run) for run in runs]
        out = np.empty((7, 3), np.uint64)
        found: list[tuple[int, int]] = []
        while n := merge_runs(rows, cursors, ends, add, out):
            found += zip(keys_of(out[:n]), out[:n, 2].tolist(), strict=True)
        everything = sorted(key for run in runs for key in run)
        if add:
            assert found == [(key, everything.count(key)) for key in sorted(set(everything))]
        else:
            assert [key for key, _ in found] == everything


@pytest.mark.parametrize("memory", [1, 10**9])  # many runs; one
def test_an_external_sort_adds_up_equal_keys(tmp_path: Path, memory: int) -> None:
    random = np.random.default_rng(5)
    keys = [int(n) << 70 | 5 for n in random.integers(0, 3000, 5 * LEAST)]
    sort = ExternalSort(tmp_path / "sorted", 3, 90, memory, add=True)
    for start in range(0, len(keys), 1000):
        part = rows_of(keys[start : start + 1000])
        sort.room(len(part))[:] = part
        sort.take(len(part))
    found = sort.finish()
    assert keys_of(found.rows) == sorted(set(keys))
    assert int(found.rows[:, 2].sum()) == len(keys)
    assert [p.name for p in tmp_path.iterdir()] == ["sorted"]
