"""What takes the place of personal data: of the same form, of nobody, the same for equal values, and known again."""

import ipaddress
import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn

from datapipe.core.pii.catalog import TYPES
from datapipe.core.pii.made_up.reserved import is_made_up
from datapipe.core.pii.made_up.synthetic import synthetic
from datapipe.core.pii.made_up.tags import PLACEHOLDER, hashed, mask
from datapipe.core.pii.replacing.treatment import Key, Treatment, replacement
from tests.reference.pii import VALUES

KEY = Key(b"0123456789abcdef")
PAIRS = [(kind, value) for kind, values in VALUES.items() for value in values]


def made(kind: str, value: str) -> str:
    return synthetic(kind, value, KEY.digest(kind, value))


def shape(text: str) -> str:
    """Digits, letters and case of a value; other signs as they are."""
    return re.sub(r"\d", "9", re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", text)))


def test_every_type_has_values_here() -> None:
    assert set(VALUES) == set(TYPES)


@pytest.mark.parametrize(("kind", "value"), PAIRS)
def test_a_made_up_value_is_known_again_and_a_real_one_is_not(kind: str, value: str) -> None:
    new = made(kind, value)
    assert is_made_up(kind, new), new
    assert not is_made_up(kind, value)
    assert new == made(kind, value) != value
    assert is_made_up(kind, made(kind, new))


@pytest.mark.parametrize("kind", ["mac", "credit_card", "iban", "national_id", "coordinates", "api_key"])
def test_the_form_of_a_value_stays(kind: str) -> None:
    for value in VALUES[kind]:
        new = made(kind, value)
        assert len(new) == len(value) or kind == "coordinates", (value, new)
        if kind == "api_key":
            assert shape(new)[:-6] == shape(value)[:-6]
        else:
            signs = re.compile(r"[^\s.,:°'\"-]+")
            assert signs.sub("", new).replace(".", "") == signs.sub("", value).replace(".", ""), (value, new)


def test_equal_values_in_other_ways_of_writing_get_equal_replacements() -> None:
    assert KEY.digest("credit_card", "4070-3688-8636-9188") == KEY.digest("credit_card", "4070 3688 8636 9188")
    one, other = made("credit_card", "4070-3688-8636-9188"), made("credit_card", "4070368886369188")
    assert one.replace("-", "") == other


def test_numbers_by_their_check_digits() -> None:
    for i in range(200):
        card = made("credit_card", f"4070 3688 8636 {i:04d}")
        assert luhn.is_valid(card.replace(" ", ""))
        for value in VALUES["iban"]:
            new = synthetic("iban", value, KEY.digest("iban", value + str(i)))
            plain = new.replace(" ", "").upper()
            assert int("".join(str(int(s, 36)) for s in plain[4:] + plain[:4])) % 97 == 1
            assert iban.calc_check_digits(plain) == plain[2:4]
            assert len(plain) == len(value.replace(" ", ""))


def test_addresses_are_reserved_ones() -> None:
    for value in VALUES["ip"]:
        address = ipaddress.ip_address(made("ip", value).replace("[.]", "."))
        assert not address.is_global
        assert address.version == ipaddress.ip_address(value.replace("[.]", ".")).version
    assert made("ip", "8[.]8[.]4[.]4").count("[.]") == 3
    long = made("ip", "2a02:0a56:0bd6:107b:9d5a:ba8c:8a5a:4ed0")
    assert ipaddress.ip_address(long).exploded == long


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("+1 (212) 867-4309", r"\+1 \([2-9]9\d\) 555-01\d\d"),
        ("212.867.4309", r"[2-9]9\d\.555\.01\d\d"),
        ("1-212-867-4309", r"1-[2-9]9\d-555-01\d\d"),
        ("001-748-088-2851x818", r"001-[2-9]9\d-555-01\d\dx\d{3}"),
        ("01 42 68 53 00", r"0\d 99 00 \d\d \d\d|0\d \d\d \d\d \d\d \d\d"),
        ("(03) 9123 4567", r"\(0[2378]\) (?:5550|7010) \d{4}"),
        ("+39 06 698 12345", r"\+39 00 \d55 501\d\d|\+39 00 \d{3} \d{5}"),
        ("5551234", r"55501\d\d"),
    ],
)
def test_phone_numbers_of_books_and_films(value: str, form: str) -> None:
    assert re.fullmatch(form, made("phone", value)), made("phone", value)


@pytest.mark.parametrize(
    ("value", "region"), [("+44 20 7123 4567", "GB"), ("+33 1 42 68 53 00", "FR"), ("+61 3 9123 4567", "AU")]
)
def test_fictional_numbers_are_possible_in_their_country(value: str, region: str) -> None:
    for i in range(100):
        number = phonenumbers.parse(synthetic("phone", value, KEY.digest("phone", f"{value}{i}")))
        assert phonenumbers.is_possible_number(number)
        assert phonenumbers.region_code_for_country_code(number.country_code) == region


def test_numbers_of_countries_without_a_range_are_nobodys() -> None:
    for value in ("+39 06 698 12345", "+81 3-1234-5678", "+55 11 91234-5678"):
        for i in range(50):
            number = phonenumbers.parse(synthetic("phone", value, KEY.digest("phone", f"{value}{i}")))
            assert not phonenumbers.is_valid_number(number)


def test_different_values_rarely_share_a_replacement_where_the_range_allows() -> None:
    for kind, form in (
        ("email", "u{}@host.test"),
        ("url_credentials", "ssh://u:{}@host.test"),
        ("user_name", "@user{}"),
    ):
        assert len({made(kind, form.format(i)) for i in range(20000)}) == 20000
    assert len({made("api_key", f"ghp_{i:036d}") for i in range(5000)}) == 5000
    assert len({made("credit_card", f"4070 3688 86{i // 10000:02d} {i % 10000:04d}") for i in range(5000)}) > 4800
    assert len({made("ip", f"8.8.{i // 250}.{i % 250}") for i in range(5000)}) > 750


def test_tags_are_known_as_placeholders() -> None:
    for kind in (*TYPES, "ip.v4", "national_id.us_ssn"):
        assert PLACEHOLDER.fullmatch(mask(kind).encode())
        assert PLACEHOLDER.fullmatch(hashed(kind, KEY.digest(kind, "x")).encode())
    assert mask("national_id.us_ssn") == "<NATIONAL_ID>"


def test_gold_like_values_at_example_hosts_are_no_made_up_ones() -> None:
    for value in ("beatrice10@example.com", "user@example.com", "user-one@example.com", "stephenlynn@example.org"):
        assert not is_made_up("email", value)
    assert not is_made_up("credit_card", "4111 1111 1111 1111")
    assert not is_made_up("phone", "(848) 627-3734")
    assert not is_made_up("national_id", "684-83-6276")


@settings(deadline=None)
@given(st.sampled_from(sorted(TYPES)), st.text(max_size=60))
def test_any_text_has_a_replacement(kind: str, value: str) -> None:
    """A change that grew over its neighbours is no value of its type: then a tag stands for it."""
    new = replacement(Treatment(action="replace"), kind, value, KEY.digest(kind, value))
    assert new == mask(kind) or is_made_up(kind, new)
