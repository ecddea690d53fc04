"""Words before a number that say it belongs to a thing."""

from __future__ import annotations

import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.core.pii.lookalikes import is_named
from datapipe.core.pii.recognizer import Page, cue


def _named(before: str) -> bool:
    page = Page.of(text_of(pa.array(["isbn ", before + "5551234567"], pa.large_string())), [None, None])
    return is_named(page, 1, page.offsets[2] - 10)


@pytest.mark.parametrize(
    "before",
    [
        *(
            "ISBN ",
            "ISBN-13: ",
            "isbn=",
            "ISSN: ",
            "doi:10.1000/",
            "PMID ",
            "arXiv:",
            "RFC ",
            "version ",
            "Version: v. ",
        ),
        *(
            "see section ",
            "Sec. ",
            "pp. 12, 13, ",
            "Figure ",
            "eq. (",
            "bug #",
            "issue no. ",
            "part number: ",
            "serial number ",
        ),
        *(
            "Seite ",
            "Kapitel ",
            "página ",
            "versión ",
            "раздел ",
            "стр. ",
            "第",
            "版本：",
            "版本 ",
            "バージョン ",
            "버전 ",
            "الصفحة ",
            "पृष्ठ ",
        ),
        *(
            "§ ",
            "$",
            "€ ",
            "x^",
            "order no. ",
            "size of ",
            "the first section\n",
            "SIZE=",
            "**Version** ",
            "line ²³ offset ",
        ),
    ],
)
def test_words_that_say_the_number_belongs_to_a_thing(before: str) -> None:
    assert _named(before)


@pytest.mark.parametrize(
    "before",
    [
        *(
            "",
            " ",
            "call ",
            "phone: ",
            "card # ",
            "IBAN ",
            "to ",
            "Tel. ",
            "the version of my friend, ",
            "mail.ch [",
            "a@page ",
        ),
        *("my number is ", "from page to phone ", "сервер ", "電話：", "代表 ", "for example ", "in any way: "),
    ],
)
def test_words_that_say_no_such_thing(before: str) -> None:
    assert not _named(before)


def test_cues_are_words_in_any_case() -> None:
    found = cue("ip", "ips", "address", "широта", "hôte", "地址", "a.b", "credit card")
    for text in ("IP", "my ips", "Address:", "ШИРОТА", "l'Hôte", "的地址是", "(a.b)", "Credit Card", "_ip_", "ip4"):
        assert found.search(text), text
    for text in ("ship", "ipsum", "addresses", "地", "axb", "credit", "широтах", ""):
        assert not found.search(text), text
    assert found.search("the addresses and the IPs")[0] == "IPs"
    assert cue("卡").search("信用卡号") is not None
    assert cue("card").search("信用卡号") is None
