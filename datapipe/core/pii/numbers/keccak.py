"""Keccak-256 as Ethereum and Monero use it: with the padding that it had before it became SHA-3 (FIPS 202)."""

from __future__ import annotations

_MASK = (1 << 64) - 1
_RATE = 136  # bytes


def _constants() -> tuple[list[int], list[list[int]]]:
    """What is mixed into each round, and how far each lane is turned (Keccak reference, 1.2)."""
    rounds, register = [], 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            constant |= (register & 1) << ((1 << power) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        rounds.append(constant)
    turns = [[0] * 5 for _ in range(5)]
    x, y = 1, 0
    for step in range(24):
        turns[x][y] = (step + 1) * (step + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return rounds, turns


_ROUNDS, _TURNS = _constants()


def _turn(lane: int, by: int) -> int:
    return ((lane << by) | (lane >> (64 - by))) & _MASK


def _permute(a: list[list[int]]) -> list[list[int]]:
    for constant in _ROUNDS:
        columns = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        mixed = [columns[x - 1] ^ _turn(columns[(x + 1) % 5], 1) for x in range(5)]
        b = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                b[y][(2 * x + 3 * y) % 5] = _turn(a[x][y] ^ mixed[x], _TURNS[x][y])
        a = [[b[x][y] ^ (~b[(x + 1) % 5][y] & _MASK & b[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
        a[0][0] ^= constant
    return a


def keccak_256(message: bytes) -> bytes:
    """The digest of 32 bytes; for messages of a few bytes, as addresses are."""
    padded = bytearray(message + bytes(_RATE - len(message) % _RATE))
    padded[len(message)] ^= 0x01
    padded[-1] ^= 0x80
    a = [[0] * 5 for _ in range(5)]
    for block in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            at = block + 8 * lane
            a[lane % 5][lane // 5] ^= int.from_bytes(padded[at : at + 8], "little")
        a = _permute(a)
    return b"".join(a[lane][0].to_bytes(8, "little") for lane in range(4))
