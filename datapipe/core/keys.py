"""Columns of keys: mixed, so that their top bits make partitions; sorted, so that they are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]


def splitmix(values: Keys) -> Keys:
    """The finaliser of splitmix64, for numbers whose top bits say little: those of an address are its shard."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def locate(known: Keys, wanted: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Where each wanted key stands among the known ones, which are sorted, and whether it is there (if not: anywhere)."""
    if not len(known):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return at, known[at] == wanted


def begins(*keys: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where in sorted rows another group begins: one of these keys is not that of the row before."""
    new = np.zeros(len(keys[0]), np.bool_)
    new[:1] = True
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    return new
