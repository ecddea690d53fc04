"""How addresses of ledgers are written: base58 and bech32, with their check digits."""

from __future__ import annotations

from hashlib import sha256

from datapipe.core.pii.numbers.keccak import keccak_256

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"  # the same signs in the order of the XRP ledger
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BLOCKS = (0, 2, 3, 5, 6, 7, 9, 10, 11)  # signs of 0 to 8 bytes in Monero's base58


def base58_bytes(text: str, alphabet: str = BASE58) -> bytes | None:
    """The bytes that base58 stands for; None where a sign is none of its alphabet."""
    number = 0
    for sign in text:
        value = alphabet.find(sign)
        if value < 0:
            return None
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base58_checked(text: str, alphabet: str = BASE58) -> bytes | None:
    """The version and the hash of a base58check address; None where its check is wrong (Bitcoin, `src/base58.cpp`)."""
    raw = base58_bytes(text, alphabet)
    if raw is None or len(raw) < 5 or sha256(sha256(raw[:-4]).digest()).digest()[:4] != raw[-4:]:
        return None
    return raw[:-4]


def monero_checked(text: str) -> bytes | None:
    """Network byte and keys of a Monero address: base58 by blocks of 8 bytes, Keccak-256 as its check (CryptoNote 007)."""
    raw = b""
    for start in range(0, len(text), 11):
        block = text[start : start + 11]
        if len(block) not in _BLOCKS:
            return None
        size = _BLOCKS.index(len(block))
        part = base58_bytes(block.lstrip("1"))
        if part is None or len(part) > size:
            return None
        raw += part.rjust(size, b"\0")
    return raw[:-4] if keccak_256(raw[:-4])[:4] == raw[-4:] else None


def bech32_checked(text: str) -> bool:
    """Whether a bech32 or bech32m text has the right check (BIP 173, BIP 350); version 0 of a witness needs the former."""
    if text != text.lower() and text != text.upper():
        return False
    text = text.lower()
    name, _, rest = text.rpartition("1")
    values = [BECH32.find(sign) for sign in rest]
    if not name or len(values) < 7 or min(values) < 0:
        return False
    state = 1
    for value in [*(ord(sign) >> 5 for sign in name), 0, *(ord(sign) & 31 for sign in name), *values]:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if top >> bit & 1:
                state ^= generator
    if name in ("bc", "tb", "bcrt", "ltc", "tltc"):
        return state == (1 if values[0] == 0 else 0x2BC830A3)
    return state in (1, 0x2BC830A3)


def eip_55(digits: str) -> bool:
    """Whether 40 hexadecimal digits are in the capital and small letters that EIP-55 gives them."""
    digest = keccak_256(digits.lower().encode()).hex()
    return all(
        sign.isdigit() or sign.isupper() == (int(half, 16) > 7) for sign, half in zip(digits, digest, strict=False)
    )
