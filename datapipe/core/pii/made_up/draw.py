"""Choices that follow from a digest alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")
CONSONANTS = "bcdfghjklmnpqrst"  # no vowels: what is drawn is no word


class Draw:
    """An endless row of even choices; equal digests and purposes give equal ones.

    purpose  keeps rows apart that are drawn from one digest
    """

    def __init__(self, digest: str, purpose: str = "") -> None:
        self._seed = f"{digest}\0{purpose}".encode()
        self._rounds = 0
        self._rest = 0
        self._bits = 0

    def below(self, n: int) -> int:
        """A number from 0 to n - 1 (n up to 2^64; the bias is below 2^-32 up to n = 2^32)."""
        if self._bits < 64:
            block = hashlib.blake2b(self._seed + self._rounds.to_bytes(8, "big"), digest_size=64).digest()
            self._rest, self._bits, self._rounds = int.from_bytes(block, "big"), 512, self._rounds + 1
        part = self._rest & 0xFFFFFFFFFFFFFFFF
        self._rest >>= 64
        self._bits -= 64
        return part % n

    def one(self, items: Sequence[Item]) -> Item:
        """One of these."""
        return items[self.below(len(items))]

    def digits(self, n: int) -> str:
        """So many decimal digits."""
        return self.signs("0123456789", n)

    def signs(self, alphabet: str, n: int) -> str:
        """So many signs of an alphabet."""
        return "".join(self.one(alphabet) for _ in range(n))
