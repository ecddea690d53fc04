"""Randomness as a hash of (seed, step, id): never a clock, a pid or a call order."""

import numpy as np
import numpy.typing as npt
import xxhash


def step_seed(seed: int, label: str) -> int:
    """The 64-bit seed of one step."""
    return xxhash.xxh3_64_intdigest(label.encode(), seed=seed & (2**64 - 1))


def hashes(seed: int, keys: list[str]) -> npt.NDArray[np.uint64]:
    """64 bits for each key (a row's id), by xxh3."""
    digest = xxhash.xxh3_64_intdigest
    return np.fromiter((digest(key.encode(), seed=seed) for key in keys), np.uint64, len(keys))


def uniform(seed: int, keys: list[str]) -> npt.NDArray[np.float64]:
    """One number in [0, 1) for each key, of the first 53 bits of its hash."""
    return (hashes(seed, keys) >> np.uint64(11)).astype(np.float64) * 2.0**-53
