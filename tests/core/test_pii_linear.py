"""No text makes a recognizer or a published policy slow: four times the text takes about four times as long."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pyarrow as pa
import pytest

from datapipe.arrow.text import Text, text_of
from datapipe.core.pii.catalog import TYPES
from datapipe.core.pii.published.policies import POLICIES
from datapipe.core.pii.recognizer import Recognizer
from datapipe.core.pii.replacing.treatment import Key
from tests.recognized import finder_of, house

# Of each recognizer the pieces that, one after another, give it most to do; the worst one first.
WORST: dict[str, list[str]] = {
    "Email": ["<1@a.com", "a@", "a@a.a-", "é@é.", '"@'],
    "ObfuscatedEmail": ["a%40", "a AT b DOT ", "a [at] b [dot] ", "%40", "a DOT ", "&#64;"],
    "UrlCredentials": ["a://b:c@", "a://b:c@d/(", "a://", "a:b@", "x://[::"],
    "UserName": ["@a", "@a@b.c", " u/a", "/@a"],
    "MacAddress": ["da:ca:43:be:a9:d0 ", "da-ca-43-be-a9-d0-", "daca.43be.a9d0.", "da:ca:43:be:a9:d0:"],
    "CreditCard": ["4111111111111111 ", "4111-1111-1111-1111 ", "4111 ", "4111111111111111", "1 ", "card "],
    "Iban": ["DE89370400440532013000 ", "DE89 ", "GB29NWBK", "MT84MALT0 ", "DE89-3704-0044-"],
    "CryptoWallet": ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa ", "bc1q", "0x5aAe", "bc1qxy=", "1" * 40 + "a "],
    "NationalId": ["332-20-6469 ", "dni 12345678Z ", "ssn 332206469 ", "332 20 6469 ", "1-", "12 34 ", "ssn ",
                   "codice fiscale ABC "],
    "DateOfBirth": ["born 1 ", "born 4 July ", "born ", "geb. 4.4.", "生まれ4月", "1976年7月生まれ "],
    "Coordinates": ["48.8584,", "48.8584, 2.2945 ", "latitude ", "lat: 48.8584 ", "lat ", "48.858422."],
    "Degrees": ["4°", "°", "48°51'29.5\"N ", "48°51'29.5\"N 2°17'40\"", "geo:", "geo:48.8584,", "1 °", "纬度"],
    "Person": ["Mary A wrote ", "Mary Mary ", "Mr. ", "Mary de la ", "Jean-Jean-", "Dear "],
    "EasternPerson": ["김씨", "王先生", "氏名：", "王"],
    "StreetAddress": ["1 High Street ", "Apt. 1 ", "Address: 1 ", "rue de la "],
    "StreetAddressByEnding": ["gatan 1 ", "Aa straße 1 ", "straße "],
    "EasternAddress": ["山1丁目", "路1号", "1-", "시 로 1"],
    "ServiceKeys": ["eyJaaaaaaaaaa.", "fm2_", "glc_/", "sk-"],
    "AssignedKeys": ["token=k3J9xQ2mW8vZ5tR7 ", "a1b2c3d4e5f6g7h8/", "token=a1b2c3d4/", "bearer ", "token=a1", "secret: "],
    "Passwords": ["curl -u a:", "password: ", "密码：", "mysql "],
    "PrivateKeys": ["-----BEGIN PRIVATE KEY-----\n" + "a1B2c3D4" * 10, "-----BEGIN ",
                    "-----BEGIN PRIVATE KEY-----", "PuTTY-User-Key-File-3: ", '{"kty"', '"kty":"d"'],
    "IpAddress": ["84.42.135.136 ", "2a01:4f8::30 ", "1.2.3.4.", "84.42.135.136-", "a::b:", ":", "[::", "::"],
    "Phone": ["555-555-5555 ", "1 ", "+1(2)3", "1234567890123456", "هاتف ٠"],
}  # fmt: skip
WORST_OF_POLICIES = {"fineweb": "1.2.3.4 ", "dolma": "a@b.c ", "bloom": "٣", "bigcode": "a@"}
OF_POLICIES = [
    "1.2.3.4 ", "1.", "a@b.c ", "٣", "a!", "a..", "((", "a@", "@a.", "a-", " 123", "(@. ", "123 ", " ", "a@b", "\u3000",
]  # fmt: skip

HOUSE: dict[str, Recognizer] = {type(one).__name__: one for one in house(tuple(TYPES))}
TOGETHER = "all together"
PIECES = {
    **WORST,
    **{name: sorted(OF_POLICIES, key=worst.__ne__) for name, worst in WORST_OF_POLICIES.items()},
    TOGETHER: ["".join(pieces[0] for pieces in WORST.values()), " ".join(pieces[-1] for pieces in WORST.values())],
}
Work = Callable[[Text, list[str | None]], object]


def work_of(name: str) -> Work:
    """What finds personal data under this name; warm, so that no compiling is measured."""
    if name in WORST_OF_POLICIES:
        work: Work = POLICIES[name](Key(b"k" * 16)).scrub
    else:
        work = finder_of((HOUSE[name],) if name in HOUSE else tuple(HOUSE.values()), 0.0).find
    for piece in PIECES[name]:
        seconds(work, piece, 1000)
    return work


def seconds(work: Work, piece: str, size: int) -> float:
    """CPU time for so many bytes of a piece, and an address that never ends behind them."""
    text = text_of(pa.array([piece * (size // len(piece.encode())) + "@b"], pa.large_string()))
    gc.disable()  # its pauses grow with what other tests have left
    try:
        start = time.process_time()
        work(text, [None])
        return time.process_time() - start
    finally:
        gc.enable()


def test_every_recognizer_and_policy_has_its_worst_pieces() -> None:
    assert (set(WORST), set(WORST_OF_POLICIES)) == (set(HOUSE), set(POLICIES))


@pytest.mark.parametrize("name", PIECES)
def test_four_times_the_text_takes_about_four_times_as_long(name: str) -> None:
    """Quadratic time is 16 times as long; a piece that seems slow is measured once more."""
    work = work_of(name)
    slow = {}
    for piece in PIECES[name]:
        short, long = seconds(work, piece, 30_000), seconds(work, piece, 120_000)
        if long > 9 * short + 0.3:
            short, long = min(short, seconds(work, piece, 30_000)), min(long, seconds(work, piece, 120_000))
        if long > 9 * short + 0.3:
            slow[piece] = (short, long)
    assert not slow


@pytest.mark.parametrize("name", [name for name in PIECES if name != TOGETHER])
def test_a_megabyte_of_the_worst_piece_takes_seconds(name: str) -> None:
    """0.3 to 3 s, 16 times as long as a sixteenth; copying the page at each place makes that 50 times and 10 s."""
    work, piece = work_of(name), PIECES[name][0]
    measured = []
    for _ in range(2):  # what seems slow is measured once more
        short, long = seconds(work, piece, 62_500), seconds(work, piece, 1_000_000)
        if long < min(20, 40 * short + 1):
            return
        measured.append((short, long))
    pytest.fail(f"{piece!r}: 62,500 bytes and a megabyte took {measured} s")
