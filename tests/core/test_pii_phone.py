"""Phone numbers, held against the example numbers of all countries and against phonenumbers' own search of texts."""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat as Format

from datapipe.core.pii.contact.phone_cues import REGIONS
from datapipe.core.pii.contact.phone_forms import DIGITS, Form, parts
from tests.recognized import recognized

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
FIXED, MOBILE = phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE


def found(text: str, **how) -> list[str]:
    return recognized(text, "phone", **how)


def digits(values: list[str]) -> list[str]:
    return ["".join(sign for sign in value if sign.isdigit()) for value in values]


@pytest.mark.parametrize("kind", [FIXED, MOBILE])
@pytest.mark.parametrize("form", [Format.INTERNATIONAL, Format.E164])
def test_example_numbers_of_every_country(kind: int, form: int) -> None:
    """One text with an example number of each country: all are found, in their order."""
    numbers = [phonenumbers.example_number_for_type(country, kind) for country in COUNTRIES]
    written = [phonenumbers.format_number(number, form) for number in numbers if number is not None]
    assert len(written) > 220
    text = "\n".join(f"Reception: {number}, open daily." for number in written)
    assert found(text) == written


def test_national_numbers_beside_a_cue() -> None:
    """As countries write them; what stays below seven digits is no candidate."""
    missed = []
    for country in COUNTRIES:
        number = phonenumbers.example_number_for_type(country, MOBILE)
        text = phonenumbers.format_number(number, Format.NATIONAL) if number else ""
        if sum(sign.isdigit() for sign in text) >= 7 and text.isascii() and found(f"Phone: {text}") != [text]:
            missed.append((country, text))
    assert len(missed) <= 3, missed


def test_as_phonenumbers_finds_them() -> None:
    """phonenumbers' search, at its strictest, over numbers in a running text of their country."""
    for lang, region in [
        ("en", "US"),
        ("en", "GB"),
        ("de", "DE"),
        ("fr", "FR"),
        ("it", "IT"),
        ("nl", "NL"),
        ("sv", "SE"),
    ]:
        number = phonenumbers.example_number_for_type(region, FIXED)
        for form in (Format.NATIONAL, Format.INTERNATIONAL):
            text = f"Our house, {phonenumbers.format_number(number, form)}, is in the 2nd street; 12 rooms, 34.5 m."
            theirs = [match.raw_string for match in phonenumbers.PhoneNumberMatcher(text, region)]
            assert len(theirs) == 1
            assert found(text, lang=lang) == theirs, text


@pytest.mark.parametrize(
    "number",
    [
        "(212) 555-4567", "(212)555-4567", "(212)5554567",
        "212-555-4567", "212.555.4567", "1-800-555-4567", "+1 212 555 4567", "+12125554567",
        "001-212-555-4567", "(935) 747-9123", "+1 644 913 9084", "+44 (0)20 7946 0958", "+49 30 1234567-0", "(+33) 1 23 45 67 89",
        "+46 (0)8 928 571 38", "＋81-3-1234-5678", "+81\u00a03\u00a01234\u00a05678", "+33\u202f1\u202f23\u202f45\u202f67\u202f89",
        "212-555-4567 ext. 12", "212-555-4567x818", "212-555-4567, ext 12", "(212) 555-4567 x 9",
    ],
)  # fmt: skip
def test_numbers_wherever_they_stand(number: str) -> None:
    places = ["{}", "at {}.", "{}; or", "“{}”", "/ {} /", "<{}>", *([] if number.startswith("(") else ["({})"])]
    assert {place: digits(found(place.format(number))) for place in places} == {p: digits([number]) for p in places}


@pytest.mark.parametrize(
    "cue",
    [
        "Phone:", "tel.", "Call me on", "FAX", "Mobile", "WhatsApp:", "téléphone :", "Telefon:", "Handy", "teléfono", "móvil:",
        "telefone", "cellulare", "telefoon", "puhelin", "тел.", "Телефон:", "τηλ.", "telefonu", "telefonszám:", "telefonul",
        "电话：", "電話:", "手机", "전화:", "โทร", "هاتف:", "طلفن تلفن:", "טלפון:", "फ़ोन:", "ফোন:", "điện thoại:", "telepon", "☎",
        "Phone:\n", "📞",
    ],
)  # fmt: skip
def test_a_cue_before_it_makes_digits_a_number(cue: str) -> None:
    assert found(f"{cue} 432 03 163") == ["432 03 163"]
    assert found("432 03 163") == []


@pytest.mark.parametrize("text", ["54 03 92 68 76 (fax)", "54 03 92 68 76-Fax", "54 03 92 68 76 mobile"])
def test_a_cue_behind_it_does_so_too(text: str) -> None:
    assert found(text) == ["54 03 92 68 76"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("هاتف: ٠١٢٣٤٥٦٧٨٩", "٠١٢٣٤٥٦٧٨٩"),
        ("फोन: ९८७६५ ४३२१०", "९८७६५ ४३२१०"),
        ("電話 ０３－１２３４－５６７８ まで", "０３－１２３４－５６７８"),
        ("โทร ๐๒-๑๒๓-๔๕๖๗", "๐๒-๑๒๓-๔๕๖๗"),
    ],
)
def test_digits_of_other_scripts(text: str, number: str) -> None:
    assert found(text) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "2021-03-04 12:33:44", "04.03.2021", "1998-2004", "ISBN 978-0-306-40615-7", "ISBN 0-306-40615-2", "3.14159265", "1234567",
        "$1,234,567.89", "1 234 567", "1.234.567", "192.168.100.200", "4111 1111 1111 1111", "3782 822463 10005", "078-05-1120",
        "02110-1301", "0046 0041 0058", "100-2000", "10 20 30 40 50 60", "7.99 8589934591", "x+12345678", "2^10-1234567",
        "bug 212-555-45678", "#1234567", "0-10000000", "48.8566, 2.3522", "1589-1234", "abc212-555-4567", "212-555-4567abc",
        "0x80000 0000 0100", "12 345 678 901 234 567", "part 98614-90010", "+0000 (UTC)", "ff 00 12 34 56 78 90", "5e+12345678",
        "<PHONE_NUMBER>", "Phone: none. 1234567 rows", "+1", "+" * 40, "\x00",
    ],
)  # fmt: skip
def test_what_looks_like_a_number(text: str) -> None:
    assert found(text) == []


def test_a_cue_has_one_number() -> None:
    assert found("Tel.: 212-555-4567 Card number 370500552239122") == ["212-555-4567"]


def test_numbers_in_a_row_are_a_hit_each() -> None:
    assert found("212-555-4567 212-555-4568 / 212-555-4569") == ["212-555-4567", "212-555-4568", "212-555-4569"]
    assert len(found("212-555-4567 " * 1000)) == 1000
    assert found("Tel: 020 7946 0958 / 020 7946 0959") == ["020 7946 0958", "020 7946 0959"]


def test_language_and_regions_tell_national_numbers() -> None:
    assert found("Kommen Sie vorbei, 030 901820 oder so", lang="de") == ["030 901820"]
    assert found("Kommen Sie vorbei, 030 901820 oder so", lang="en") == []
    assert found("01 42 68 53 00", regions=("FR",)) == ["01 42 68 53 00"]
    assert found("01 42 68 53 00") == []
    assert {region for regions in REGIONS.values() for region in regions} - {"XK"} <= set(COUNTRIES)


def test_eight_digits_are_no_years() -> None:
    assert found("Phone: 9469 9966 or 9469-9966, since 1998-2004") == ["9469 9966", "9469-9966"]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Date: Wed Sep 7 10:31:04 2011 -0400",
            "DFARS 252.227-7014",
            "calls up to 2147483647",
            '"PHONE", size: 256000000',
        ),
        *("06 05 2b 0e 03 02 1a 05 00 04 14", "\n00010: 08 41 00 00\n", "messages 1200 - 1299", "7,058-189-4363"),
    ],
)
def test_digits_of_machines(text: str) -> None:
    assert found(text, lang="en") == []


def test_cells_columns_and_brackets() -> None:
    assert found("<tr><td>Phone</td><td>0800 86 02</td></tr>") == ["0800 86 02"]
    assert found("(Tel. 0800 86 02) 800 miles") == ["0800 86 02"]
    assert found("name,mobile_number\nx7,058-1894363,Paris") == ["058-1894363"]
    assert found("我们的是13388056876请注意", lang="zh") == ["13388056876"]
    assert found("É (77) 3421-2245, ou", lang="pt") == ["(77) 3421-2245"]
    assert found("Tel: +54 9 3990 6276 or so") == ["+54 9 3990 6276"]  # no plan has it; the word decides
    assert found("It is +54 9 3990 6276 or so") == []


def test_forms_are_cheap_to_tell() -> None:
    def form(value: str) -> list[Form]:
        return [part.form for part in parts(value.encode().translate(DIGITS))]

    assert form("212-555-4567") == [Form.AMERICAN]
    assert form("030 1234567") == [Form.GROUPED]
    assert form("1234567") == [Form.PLAIN]
    assert form("432 031") == form("2021-03-04 10") == form("10.1.2.255") == form("1  1234567") == []
