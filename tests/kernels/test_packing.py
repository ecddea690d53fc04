"""Packing against plain-Python twins: bins, crops, queues, and what is laid out."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.core.packing.methods import Spans, best_fitted, bos_aligned, concatenated
from datapipe.kernels.packing import best_fit, fit_and_crop, leaves
from tests.reference import packing

SIZES = st.lists(st.integers(1, 40), max_size=60)


def spans(sizes: list[int]) -> Spans:
    return Spans(np.arange(len(sizes)), np.zeros(len(sizes), np.int64), np.array(sizes, np.int64))


@settings(deadline=None)  # the first call compiles
@given(SIZES, st.integers(0, 60), st.integers(40, 70))
def test_best_fit_has_the_bins_of_the_twin(sizes: list[int], openers: int, length: int) -> None:
    sizes = sorted(sizes[:openers], reverse=True) + sorted(sizes[openers:], reverse=True)
    found = best_fit(np.array(sizes, np.int64), openers, length, leaves(length))
    assert found.tolist() == packing.best_fit(sizes, openers, length)


@settings(deadline=None)
@given(SIZES, st.integers(40, 70))
def test_best_fit_decreasing_fills_as_the_textbook_says(sizes: list[int], length: int) -> None:
    packed = best_fitted(spans(sizes), length)
    fills = np.bincount(packed.sequence, packed.spans.sizes).astype(int).tolist() if sizes else []
    assert sorted(fills) == packing.textbook_best_fit(sizes, length)


@settings(deadline=None)
@given(SIZES, st.integers(1, 12), st.integers(2, 50))
def test_crops_are_those_of_a_loader_with_a_buffer(sizes: list[int], buffer: int, length: int) -> None:
    clipped = [min(size, length) for size in sizes]
    order, bins, taken = fit_and_crop(np.array(clipped, np.int64), length, leaves(length), buffer)
    found = list(zip(order.tolist(), bins.tolist(), taken.tolist(), strict=True))
    assert found == packing.fit_and_crop(clipped, length, buffer)
    packed = bos_aligned(spans(sizes), length, buffer)
    assert packed.spans.row.tolist() == order.tolist()
    assert packed.spans.end.tolist() == taken.tolist()
    assert not packed.spans.start.any()


@settings(deadline=None)
@given(SIZES, st.integers(2, 50))
def test_whatever_is_not_cropped_is_there_once(sizes: list[int], length: int) -> None:
    for method in (concatenated, best_fitted):
        packed = method(spans(sizes), length)
        covered = [np.zeros(size, int) for size in sizes]
        for row, start, end in zip(*packed.spans, strict=True):
            covered[row][start:end] += 1
        assert all((places == 1).all() for places in covered)
        fills = np.bincount(packed.sequence, packed.spans.sizes).astype(int).tolist() if sizes else []
        assert max(fills, default=0) <= length
        if method is concatenated:
            assert all(fill == length for fill in fills[:-1])
        else:
            cut = np.bincount(packed.spans.row, minlength=len(sizes)) > 1
            assert cut.tolist() == [size > length for size in sizes]


def test_sequences_come_in_the_order_of_reading() -> None:
    sizes = np.random.default_rng(5).integers(1, 100, 500).tolist()
    packed = best_fitted(spans(sizes), 128)
    first = packed.spans.row[np.flatnonzero(np.diff(packed.sequence, prepend=-1))]
    assert (np.diff(first) > 0).all()
    inside = np.diff(packed.sequence) == 0
    assert (np.diff(packed.spans.row)[inside] > 0).all()
