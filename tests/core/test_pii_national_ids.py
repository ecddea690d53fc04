"""Numbers of persons, against published examples (python-stdnum's documentation) and the rules of their authorities."""

from __future__ import annotations

import importlib
import random
import re
from collections.abc import Callable

import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.core.pii.national_ids import checks as own
from datapipe.core.pii.national_ids.forms import FORMS
from datapipe.core.pii.national_ids.pictures import plain
from datapipe.core.pii.national_ids.recognizer import NationalId
from tests.recognized import finder_of, said

IDS = NationalId()


def found(text: str, lang: str | None = None) -> list[tuple[str, str, float]]:
    return [(value, kind.removeprefix("national_id."), score) for kind, value, score in said(IDS, text, lang=lang)]


def published() -> list[tuple[str, str, str]]:
    """Of each form by python-stdnum: its name, a cue, a number that the module's documentation calls valid."""
    modules = {form: importlib.import_module(f"stdnum.{form.check}") for form in FORMS if isinstance(form.check, str)}
    return [
        (form.name, form.cues.split("|")[0], number)
        for form, module in modules.items()
        for number in dict.fromkeys(re.findall(r">>> validate\('([0-9A-Z][^'a-z]+)'\)\n'", module.__doc__ or ""))
    ]


# Written with the country in front, with hyphens that stdnum alone puts in, or the number of a company.
OTHERWISE = {"VACE-460910-SX6", "GODE 561231 GR8", "PT 501 964 843", "EL 094259216 ", "HR 33392005961", "1234567894"}
OTHERWISE |= {"NZ 49-098-576", "CL 12531909-2"}


@pytest.mark.parametrize(("name", "cue", "number"), [e for e in published() if e[2] not in OTHERWISE])
def test_published_examples_beside_their_cue(name: str, cue: str, number: str) -> None:
    assert (number, name) in [hit[:2] for hit in found(f"Zz: {cue}: {number}, zz")]


def test_there_are_at_least_thirty_published_examples_and_twenty_countries() -> None:
    assert len(published()) > 30
    assert len({form.name.partition("_")[0] for form in FORMS}) > 45


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("RCCMNL83S18D969H", "it_codice_fiscale"),
        ("BOXW310820HNERXN09", "mx_curp"),
        ("54362315K", "es_dni"),
        ("X-2482300-W", "es_nie"),
        ("131052-308T", "fi_hetu"),
        ("11010519491231002X", "cn_ric"),
        ("390.533.447-05", "br_cpf"),
        ("756.9217.0769.85", "ch_ahv"),
        ("2 95 10 99 126 111 93", "fr_nir"),
        ("710319/2745", "cz_rc"),
        ("S1234567D", "sg_nric"),
        ("112-233-445 95", "ru_snils"),
        ("332-20-6469", "us_ssn"),
        ("332 20 6469", "us_ssn"),
    ],
)
def test_strong_forms_stand_alone_and_a_wrong_sign_ends_it(number: str, name: str) -> None:
    assert [hit[:2] for hit in found(f"zz {number} zz")] == [(number, name)]
    if name != "us_ssn":
        last = max(i for i, sign in enumerate(number) if sign.isdigit())
        spoiled = number[:last] + str((int(number[last]) + 1) % 10) + number[last + 1 :]
        assert found(f"zz {spoiled} zz") == []


@pytest.mark.parametrize(
    ("rule", "module"),
    [
        (own.se_personnummer, "se.personnummer"),
        (own.no_fodselsnummer, "no.fodselsnummer"),
        (own.be_rijksregister, "be.nn"),
        (own.dk_cpr, "dk.cpr"),
        (own.za_id, "za.idnr"),
        (own.cn_ric, "cn.ric"),
        (own.ca_sin, "ca.sin"),
        (own.us_ssn, "us.ssn"),
        (own.my_nric, "my.nric"),
    ],
)
def test_rules_of_our_own_pass_what_stdnum_publishes(rule: Callable[[str], bool], module: str) -> None:
    twin = importlib.import_module(f"stdnum.{module}")
    numbers = re.findall(r"'([0-9][0-9 Xx-]{6,})'", twin.__doc__)
    known = [number for number in numbers if twin.is_valid(number) and number != "123456789"]  # everybody's example
    assert known
    assert all(rule(plain(number)) for number in known)


@pytest.mark.parametrize(
    ("rule", "module", "form"),
    [
        (own.se_personnummer, "se.personnummer", "{year}{month:02}{day:02}-{last:04}"),
        (own.no_fodselsnummer, "no.fodselsnummer", "{day:02}{month:02}{year}{serial}{last:04}"),
        (own.cn_ric, "cn.ric", "11010519{year}{month:02}{day:02}{last:04}"),
    ],
)
def test_rules_of_our_own_agree_with_stdnum(rule: Callable[[str], bool], module: str, form: str) -> None:
    twin = importlib.import_module(f"stdnum.{module}")
    draw = random.Random(3)
    valid = 0
    for _ in range(2000):
        year, month, day = draw.randrange(60, 99), draw.randrange(1, 14), draw.randrange(1, 33)
        number = form.format(year=year, month=month, day=day, last=draw.randrange(10_000), serial=draw.randrange(5))
        if (month, day) != (2, 29):
            assert rule(plain(number)) == twin.is_valid(number), number
            valid += twin.is_valid(number)
    assert valid > 5


@pytest.mark.parametrize("number", ["000-12-3456", "666-12-3456", "332-00-6469", "332-20-0000", "078-05-1120"])
def test_numbers_that_the_social_security_administration_never_gave(number: str) -> None:
    assert found(f"SSN {number}") == []


def test_scores_follow_the_evidence() -> None:
    assert found("zz 332-20-6469") == [("332-20-6469", "us_ssn", 0.6)]
    assert found("Her SSN is 332-20-6469") == [("332-20-6469", "us_ssn", 0.85)]
    assert found("taxpayer's ITIN: 941-82-2471")[0][1:] == ("us_itin", 0.85)
    assert found("Steuer-ID: 36 574 261 809") == [("36 574 261 809", "de_steuer_id", 1.0)]
    assert found("zz 36 574 261 809", "de") == [("36 574 261 809", "de_steuer_id", 0.61)]
    assert found("zz 36 574 261 809", "en") == []


def test_digits_in_a_row_need_a_cue() -> None:
    for number in ("332206469", "111222333", "44051401359", "10000000146"):
        assert found(f"zz {number} zz") == []
    assert found("user_ssn: 332206469")[0][1] == "us_ssn"
    assert found("her PESEL is 44051401359")[0][1] == "pl_pesel"
    assert found("national_id=44051401359;")[0][1] == "pl_pesel"
    assert found("44051401359 (PESEL)")[0][1] == "pl_pesel"


def test_cues_in_scripts_without_spaces_and_digits_of_other_scripts() -> None:
    assert found("我的身份证号是11010519491231002X。")[0][1] == "cn_ric"
    assert found("身份证号：１１０１０５１９４９１２３１００２Ｘ。")[0][0] == "１１０１０５１９４９１２３１００２Ｘ"
    assert found("الرقم القومي: ٢٩٨٠١٠١٠١٢٣٤٥٦")[0][1] == "eg_id"
    assert found("주민등록번호 971013-9019902") == []
    assert found("주민등록번호 971013-1019902")[0][1] == "kr_rrn"


def test_letters_and_digits_in_groups_after_a_cue() -> None:
    assert found("NINO: AB 12 34 56 C") == [("AB 12 34 56 C", "gb_nino", 0.85)]
    assert found("HKID G123456(A)") == [("G123456(A)", "hk_id", 1.0)]
    assert found("codice fiscale RCC MNL 83S18 D969H")[0][0] == "RCC MNL 83S18 D969H"


def test_neighbours_in_one_candidate() -> None:
    assert [hit[0] for hit in found("(2) 332-20-6469 and 2011 332-20-6470")] == ["332-20-6469", "332-20-6470"]
    assert [hit[0] for hit in found("NHS number 943 476 5919 2 Main Street")] == ["943 476 5919"]
    assert [hit[0] for hit in found("SSN: 332\u201120\u20116469")] == ["332\u201120\u20116469"]


@pytest.mark.parametrize(
    "text",
    [
        "20050612-2013.log and 710619-1525.log",  # a day and an hour, though Luhn is right
        "part 4-332-20-6469-1, /332-20-6469/, $332-20-6469",
        "750 614 1002 771 1334 332 20 6469 12",
        "ISBN 978-3-16-148410-0, 4111 1111 1111 1111, +1 202-555-0123, 1666000000000, 0.12345678901",
        "deadbeef 0000000A 7f3c00000A 3.14159265358 1.2.3.4.5.6.7.8",
        "<NATIONAL_ID> <NATIONAL_ID:bcdfghjkbcdfghjk>",
        "",
        "\0" * 20,
    ],
)
def test_look_alikes(text: str) -> None:
    assert found(text) == []


def test_the_other_texts_of_a_batch_have_no_say() -> None:
    texts = ["SSN", "332206469", "332206469 is my SSN", "SSN: 332206469, 332206470", ", 332206471", "DNI", "54362315K"]
    page, hits = finder_of((IDS,), 0.5).find(text_of(pa.array(texts, pa.large_string())), [None] * len(texts))
    together = [(h.row, page.data[h.start : h.end].decode(), h.score) for h in hits]
    alone = [(row, value, score) for row, text in enumerate(texts) for value, _, score in found(text)]
    assert together == alone
    assert [row for row, _, _ in alone] == [2, 3, 3, 6]


def test_random_numbers_rarely_pass() -> None:
    draw = random.Random(7)
    for size in (9, 10, 11, 12, 13, 14, 16, 18, 20):
        numbers = ["".join(draw.choices("0123456789", k=size)) for _ in range(500)]
        assert len(found(", ".join(numbers))) <= 1, size
