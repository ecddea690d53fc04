"""Addresses of cryptocurrency wallets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.numbers.wallet_codes import (
    RIPPLE,
    base58_bytes,
    base58_checked,
    bech32_checked,
    eip_55,
    monero_checked,
)
from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer, cue
from datapipe.kernels.candidates import TOKEN

_CUE = cue(
    *("bitcoin", "bitcoins", "btc", "wallet", "wallets", "ethereum", "eth", "ether", "litecoin", "ltc", "monero", "xmr"),
    *("dogecoin", "doge", "solana", "sol", "tron", "trx", "usdt", "usdc", "xrp", "ripple", "cardano", "zcash", "crypto"),
    *("cryptocurrency", "donate", "donation", "donations", "deposit", "payout", "coins", "биткоин", "кошелек", "кошелёк"),
    *("contract", "比特币", "钱包", "ビットコイン", "ウォレット", "비트코인", "지갑", "محفظة"),
)  # fmt: skip
_SOLANA = cue("solana", "sol", "phantom", "spl")
_PART = re.compile(rb"[0-9A-Za-z]+")
SHORTEST, LONGEST = 26, 110  # signs of an address: of Bitcoin, of Cardano
_ETHER = re.compile(rb"0[xX]([0-9a-fA-F]{40})\Z")
_BECH32 = re.compile(
    rb"(?i:(bc|tb|ltc|addr|stake|cosmos|osmo|terra|celestia|inj|thor|akash|juno|kava|band|secret|stars)1[02-9ac-hj-np-z]{20,110})\Z"
)
_BASE58 = re.compile(rb"[1-9A-HJ-NP-Za-km-z]{26,106}\Z")
# First bytes of base58check addresses of 20-byte hashes: of keys and of scripts.
_VERSIONS = (
    *(b"\x00", b"\x05", b"\x6f", b"\xc4"),  # Bitcoin (of the test network, too)
    *(b"\x30", b"\x32", b"\x1e", b"\x16", b"\x4c", b"\x10", b"\x41"),  # Litecoin, Dogecoin, Dash, Tron
    *(b"\x1c\xb8", b"\x1c\xbd"),  # Zcash
)
_MONERO = (18, 19, 42)  # addresses, integrated ones, sub-addresses of the main network


class CryptoWallet(Recognizer):
    """Addresses of Bitcoin and its kin, Ethereum, Monero, XRP, Cardano and Cosmos by their checks; of Solana by words.

    What has the form of an address and no right check counts less: `bc1q…` still has a form that nothing else has.
    """

    types: ClassVar[tuple[str, ...]] = ("crypto_wallet",)
    kinds: ClassVar[tuple[int, ...]] = (TOKEN,)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """The parts of each token between signs, by length and letters, then by their checks."""
        data = page.data
        for place in candidates:
            if place.end - place.start < SHORTEST:
                continue
            for part in _PART.finditer(data, place.start, place.end):
                start, end = part.span()
                score = _score(page, place.row, start, end) if SHORTEST <= end - start <= LONGEST else 0
                if score:
                    yield Hit(place.row, start, end, "crypto_wallet", score)


def _score(page: Page, row: int, start: int, end: int) -> float:
    """Of letters and digits as an address; 0 where they are none."""
    raw = page.data[start:end]
    if raw[:2] in (b"0x", b"0X"):
        ether = _ETHER.match(raw)
        return _ether(page, row, start, ether[1].decode()) if ether else 0
    if _BECH32.match(raw):
        text = raw.decode()
        if bech32_checked(text):
            return 1.0
        bitcoin = text.lower().startswith(("bc1q", "bc1p", "ltc1q")) and len(text) in (42, 43, 62, 63)
        return (0.85 if _CUE.search(page.before(row, start)) else 0.6) if bitcoin else 0
    if not _BASE58.match(raw) or raw.islower() or raw.isupper():
        return 0
    text = raw.decode()
    if len(text) in (95, 106):
        address = monero_checked(text) if text[0] in "48" else None
        return 1.0 if address and address[0] in _MONERO else 0
    if len(text) <= 36 and text[0] in "13mn2LM39ADX7Tt":
        checked = base58_checked(text)
        if checked is not None and checked[:-20] in _VERSIONS:
            return 1.0
        if text[0] in "13" and len(text) <= 34 and _CUE.search(page.before(row, start)):
            return 0.6
    if len(text) <= 36 and text[0] == "r":
        checked = base58_checked(text, RIPPLE)
        return 1.0 if checked is not None and checked[:-20] == b"\x00" else 0
    if 32 <= len(text) <= 44 and _SOLANA.search(page.before(row, start)):
        key = base58_bytes(text)
        return 0.85 if key is not None and len(key) == 32 else 0
    return 0


def _ether(page: Page, row: int, start: int, digits: str) -> float:
    """0x and 40 digits: a mixed case is a check of 1 in 4,000; without one, digests are written like this, too."""
    if len(set(digits.lower())) < 8:
        return 0  # zero, contracts of the system, examples
    if digits != digits.lower():
        return 1.0 if eip_55(digits) else 0.4
    return 0.85 if _CUE.search(page.before(row, start)) else 0.4
