"""Payment cards and bank accounts, by their check digits and by what stands around them."""

from __future__ import annotations

import random

import pytest

from datapipe.core.pii.numbers.cards import CreditCard
from datapipe.core.pii.numbers.checks import luhn
from datapipe.core.pii.numbers.iban import Iban
from tests.recognized import found, said

# Numbers that the card schemes and their acquirers publish for tests.
PUBLISHED = """
4111111111111111 4012888888881881 5555555555554444 5105105105105100 2223003122003222 378282246310005 371449635398431
6011111111111117 6011000990139424 3530111333300000 3566002020360505 6200000000000005
""".split()  # noqa: SIM905  # a table
RARE = "4222222222222 30569309025904 38520000023237 6759649826438453 5019717010103742".split()  # noqa: SIM905


@pytest.mark.parametrize("number", PUBLISHED)
def test_published_cards_by_shape_alone(number: str) -> None:
    assert found(CreditCard(), f"It was {number}.") == [("credit_card", number)]
    groups = (4, 6, 5) if len(number) == 15 else (4, 4, 4, 4)
    for sign in " -\u00a0\u202f":
        start, parts = 0, []
        for size in groups:
            parts.append(number[start : start + size])
            start += size
        assert found(CreditCard(), f"on {sign.join(parts)} 09/27") == [("credit_card", sign.join(parts))]
    assert said(CreditCard(), f"Visa card: {number}", 0) == [("credit_card", number, 1.0)]


@pytest.mark.parametrize("number", RARE)
def test_rare_lengths_and_issuers_need_a_word(number: str) -> None:
    assert found(CreditCard(), f"It was {number}.") == []
    assert found(CreditCard(), f"Kartennummer {number}.") == [("credit_card", number)]


@pytest.mark.parametrize(
    "text",
    [
        "order no. 4111111111111111",
        "ISBN 4111111111111111",
        "0.4111111111111111",
        "3,4111111111111111",
        "id=4111111111111111",
        "/videos/4111111111111111",
        "x-4111111111111111",
        "4111111111111111L",
        "4111111111111111.25",
        "tracking 4111111111111111",
        "4111 1111-1111 1111",
        "1000 4111 1111 1111 1111 2000",
        "41111 11111 111111",
        "4111111111111112",
        "9111111111111117",
        "41111111111111111111",
        "1420070400000",
        "5500000000000006 4111111111111111 5500000000000004",
        '"type": "credit-card-expiring", "created": 1502314216718',
        "SIM card, ICCID 8944500102198304826",
        "card paid 20260131125912",
        "5411 5412 5413\n4111 1111 1111 1111 20BBF 20BC6 56DD",
        "53EC 54E8 4111 1111 1111 1111 59BE",
        "fbq('init', '2297786353677208')",
        "int x = 4111111111111111",
    ],
)
def test_digits_that_are_no_card(text: str) -> None:
    assert found(CreditCard(), text) == []


def test_cards_in_columns_and_beside_scripts_without_spaces() -> None:
    assert found(CreditCard(), "我们的是4111111111111111请注意") == [("credit_card", "4111111111111111")]
    assert found(CreditCard(), '"status","4111 1111 1111 1111"') == [("credit_card", "4111 1111 1111 1111")]
    assert found(CreditCard(), "on 3056 930902 5904 it") == [("credit_card", "3056 930902 5904")]


def test_one_wrong_digit_is_no_card() -> None:
    draw = random.Random(6)
    for _ in range(200):
        number = draw.choice(PUBLISHED)
        at = draw.randrange(4, len(number))
        other = draw.choice([digit for digit in "0123456789" if digit != number[at]])
        assert found(CreditCard(), f"card {number[:at]}{other}{number[at + 1 :]}") == []


def test_luhn_as_iso_7812_has_it() -> None:
    assert luhn(b"79927398713")
    assert [digit for digit in range(10) if luhn(b"7992739871%d" % digit)] == [3]


# The examples of the IBAN registry (SWIFT), one for each country.
EXAMPLES = """
AD1200012030200359100100 AE070331234567890123456 AL47212110090000000235698741 AT611904300234573201
AZ21NABZ00000000137010001944 BA391290079401028494 BE68539007547034 BG80BNBG96611020345678 BH67BMAG00001299123456
BR1800360305000010009795493C1 BY13NBRB3600900000002Z00AB00 CH9300762011623852957 CR05015202001026284066
CY17002001280000001200527600 CZ6508000000192000145399 DE89370400440532013000 DK5000400440116243
DO28BAGR00000001212453611324 EE382200221020145685 EG380019000500000000263180002 ES9121000418450200051332
FI2112345600000785 FO6264600001631634 FR1420041010050500013M02606 GB29NWBK60161331926819 GE29NB0000000101904917
GI75NWBK000000007099453 GL8964710001000206 GR1601101250000000012300695 GT82TRAJ01020000001210029690
HR1210010051863000160 HU42117730161111101800000000 IE29AIBK93115212345678 IL620108000000099999999
IQ98NBIQ850123456789012 IS140159260076545510730339 IT60X0542811101000000123456 JO94CBJO0010000000000131000302
KW81CBKU0000000000001234560101 KZ86125KZT5004100100 LB62099900000001001901229114 LC55HEMM000100010012001200023015
LI21088100002324013AA LT121000011101001000 LU280019400644750000 LV80BANK0000435195001 MC5811222000010123456789030
MD24AG000225100013104168 ME25505000012345678951 MK07250120000058984 MR1300020001010000123456753
MT84MALT011000012345MTLCAST001S MU17BOMM0101101030300200000MUR NL91ABNA0417164300 NO9386011117947
PK36SCBL0000001123456702 PL61109010140000071219812874 PS92PALS000000000400123456702 PT50000201231234567890154
QA58DOHB00001234567890ABCDEFG RO49AAAA1B31007593840000 RS35260005601001611379 SA0380000000608010167519
SC18SSCB11010000000000001497USD SE4550000000058398257466 SI56263300012039086 SK3112000000198742637541
SM86U0322509800000000270100 ST23000100010051845310146 SV62CENR00000000000000700025 TL380080012345678910157
TN5910006035183598478831 TR330006100519786457841326 UA213223130000026007233566001 VA59001123000012345678
VG96VPVG0000012345678901 XK051212012345678906
""".split()  # noqa: SIM905


@pytest.mark.parametrize("number", EXAMPLES)
def test_examples_of_the_registry(number: str) -> None:
    for written in (number, number.lower(), *(sign.join(_fours(number)) for sign in " -\u00a0\u202f")):
        assert said(Iban(), f"Konto {written}, BIC", 0) == [("iban", written, 1.0)]
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    assert found(Iban(), wrong) == []
    assert found(Iban(), number[:2] + f"{(int(number[2:4]) + 1) % 100:02}" + number[4:]) == []
    assert found(Iban(), number + "7") == []
    assert found(Iban(), number[:-1]) == []


def test_accounts_elsewhere_in_a_text() -> None:
    assert found(Iban(), "IBAN:DE89370400440532013000.") == [("iban", "DE89370400440532013000")]
    assert found(Iban(), "(IR710570029971601460641001)") == [("iban", "IR710570029971601460641001")]
    assert found(Iban(), "GB29 NWBK 6016 1331 9268 19 The end") == [("iban", "GB29 NWBK 6016 1331 9268 19")]
    assert found(Iban(), "xDE89370400440532013000 DE89  3704 0044 0532 0130 00 ZZ89370400440532013000 DE") == []


def _fours(number: str) -> list[str]:
    return [number[at : at + 4] for at in range(0, len(number), 4)]
