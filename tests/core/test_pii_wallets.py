"""Wallets by the test vectors of their standards."""

from __future__ import annotations

import pytest

from datapipe.core.pii.numbers.crypto import CryptoWallet
from datapipe.core.pii.numbers.keccak import keccak_256
from datapipe.core.pii.numbers.wallet_codes import eip_55
from tests.recognized import found, said

CHECKED = [
    # BIP 173 and BIP 350
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    # EIP-55
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    # the first block of Bitcoin, the examples of its wiki, of the XRP ledger and of CIP-19
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
    "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgse35a3x",
    # the fund of the Monero project
    "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
]


@pytest.mark.parametrize("address", CHECKED)
def test_addresses_with_right_checks(address: str) -> None:
    assert said(CryptoWallet(), f"to={address}.", 0) == [("crypto_wallet", address, 1.0)]
    at = len(address) - 9
    other = address[:at] + ("7" if address[at] != "7" else "8") + address[at + 1 :]
    assert all(score < 1 for _, _, score in said(CryptoWallet(), f"to={other}.", 0))


def test_the_form_alone_of_what_nothing_else_looks_like() -> None:
    wrong = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"
    assert said(CryptoWallet(), f"see {wrong}", 0) == [("crypto_wallet", wrong, 0.6)]
    assert said(CryptoWallet(), f"Donations: {wrong}", 0) == [("crypto_wallet", wrong, 0.85)]
    small = "0xde709f2102306220921060314715629080e2fb77"
    assert said(CryptoWallet(), f"eth wallet {small}", 0) == [("crypto_wallet", small, 0.85)]
    key = "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T"
    assert found(CryptoWallet(), f"Solana: {key}") == [("crypto_wallet", key)]
    assert found(CryptoWallet(), f"build {key}") == []


@pytest.mark.parametrize(
    "text",
    [
        "commit 2c3f9e0a8d4b5c6e7f8091a2b3c4d5e6f7a8b9c0",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed",
        "0x0000000000000000000000000000000000000000",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00",
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
        "z" * 90 + "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "bc1qxyz0123456789abcdefghij",
        "digest 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    ],
)
def test_digests_and_names_that_are_no_wallet(text: str) -> None:
    assert found(CryptoWallet(), text) == []


def test_keccak_is_that_of_before_sha3() -> None:
    assert keccak_256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak_256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"


@pytest.mark.parametrize(
    "digits", ["dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "D1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"]
)
def test_capitals_of_eip_55(digits: str) -> None:
    assert eip_55(digits)
    assert not eip_55(digits.swapcase())
