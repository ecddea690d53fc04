"""Dates of birth: a date beside a word for a birth, in many languages and ways of writing."""

from __future__ import annotations

import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.people.dates_of_birth import DateOfBirth
from datapipe.core.pii.people.months import month_of
from tests.recognized import said, values

DATES = DateOfBirth()


def found(text: str) -> list[str]:
    return values(DATES, text)


# The date stands between « and ». Month names and orders as CLDR writes them.
WRITTEN = """
born on «4 July 1976» in Ulm
Date of birth: «July 4, 1976»
DOB «07/04/1976»
D.O.B.: «04-07-76»
"dob": "«1976-07-04»",
<birthDate>«1976-07-04»</birthDate>
DOB: «4-JUL-1976»
|birth_date = {{birth date and age|«1976|7|4»|df=y}}
Geburtsdatum\t«04.07.1976»
Born: «4th of July 1976»
geboren am «4. Juli 1976»
geb. «4.7.1976»
né le «4 juillet 1976» à Paris
née le «1er août 1976»
Né(e) le : «04/07/1976»
nació el «4 de julio de 1976»
nascida em «4 de março de 1976»
nato a Roma il «4 luglio 1976»
nascut el «4 d’agost de 1976»
geboren op «4 maart 1976»
født «4. juli 1976»
född den «4 juli 1976»
fæddur «4. júlí 1976»
syntynyt «4. heinäkuuta 1976»
sündinud «4. juulil 1976»
dzimis «1976. gada 4. jūlijā»
gimė «1976 m. liepos 4» d.
ur. «4 października 1976» w Łodzi
narozena «4. července 1976»
született: «1976. július 4».
«1976. július 4»-én született
născut la «4 iulie 1976»
rođen «4. srpnja 1976»
роден на «4 юли 1976»
родился «4 июля 1976» года
«04.07.1976» г.р.
народилася «4 липня 1976»
γεννήθηκε στις «4 Ιουλίου 1976»
Doğum tarihi: «04.07.1976»
«4 Temmuz 1976»'da doğdu
تاريخ الميلاد: «4 يوليو 1976»
تاريخ الميلاد: «٠٤/٠٧/١٩٧٦»
تاریخ پیدائش «13 جون، 1974»
متولد «۱۳ تیر ۱۳۵۵»
נולד ב-«4 ביולי 1976»
जन्म तिथि: «4 जुलाई 1976»
জন্ম তারিখ: «4 জুলাই, 1976»
出生日期：«1976年7月4日»
生于«1976年7月4日»，
生年月日：«昭和51年7月4日»
«1976年7月4日»生まれ
생년월일: «1976년 7월 4일»
«1976년 7월 4일»생
วันเกิด: «4 กรกฎาคม 2519»
Sinh ngày «4 tháng 7 năm 1976»
Tanggal lahir: «4 Juli 1976»
tarehe ya kuzaliwa «4 Julai 1976»
He was born in Ulm, in the Kingdom of Württemberg in the German Empire, on «14 March 1879».
""".strip().split("\n")


@pytest.mark.parametrize("line", WRITTEN)
def test_the_hit_is_the_date_alone(line: str) -> None:
    before, date, after = line.replace("»", "«").split("«")
    assert found(before + date + after) == [date]


@pytest.mark.parametrize(
    "text",
    [
        "4 July 1976 was a day like any other",
        "born in 1976",
        "born in 1976. On 4 July 1999 he left",
        "She was born. On 4 July 1999 she left",
        "born in Ulm, died 4 July 1999",
        "born 30 February 1976",  # the dates that stand for real ones
        "DOB: 1976-02-30, DOB: 30/02/1976",
        "DOB 10.0.0.1, DOB 1.2.3.4.5",
        "geboren 4 Meter 1976",
        "born <DATE_OF_BIRTH>, moved to Bern on 4 July 1999",
        "born <DATE_OF_BIRTH:bcdfghjkbcdfghjk>, moved to Bern on 4 July 1999",
        "born  in Ulm, moved to Bern on 4 July 1999",  # a date was removed here
        "stubborn 4 July 1976",
        "",
        "born",
        "born \0 4",
    ],
)
def test_what_is_no_date_of_birth(text: str) -> None:
    assert found(text) == []


def test_scores_fall_with_the_distance() -> None:
    near, far = "born 4 July 1976", "born in a small village in the Eastern Cape, on 4 July 1976"
    assert [score for text in (near, far) for _, _, score in said(DATES, text)] == [0.85, 0.6]


def test_dates_of_a_text_do_not_belong_to_the_cue_of_another() -> None:
    finder = Finder([DATES], {"date_of_birth": 0.5})
    _, hits = finder.find(text_of(pa.array(["born on", " 4 July 1976", "born 4 July 1976"])), [None] * 3)
    assert [hit.row for hit in hits] == [2]


def test_months_in_full_short_and_inflected() -> None:
    same = [
        "September",
        "Sept.",
        "sep",
        "septiembre",
        "wrzes",
        "września",
        "сентября",
        "Σεπτεμβρίου",
        "सितंबर",
        "ספטמבר",
    ]
    assert {word: month_of(word) for word in same} == dict.fromkeys(same, 9)
    assert [month_of(word) for word in ("", "de", "years", "metre", "street")] == [0] * 5
