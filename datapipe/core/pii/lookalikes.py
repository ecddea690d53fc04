"""What looks like a number of a person and is none: the word or the sign right before it says so."""

from __future__ import annotations

import re

from datapipe.core.pii.recognizer import Page

BEFORE = 40  # bytes: what names a number stands right before it

# Words whose number belongs to a book, a paper, a program, a page or a part; by language, in small letters.
_WORDS = """
isbn issn ismn dfars doi pmid pmc pmcid arxiv oclc lccn jstor bibcode hdl asin ean gtin upc rfc bcp cve cwe ietf iso iec din
ieee bug bugs issue issues ticket tickets pr commit commits changeset revision rev build builds version versions ver
vers release releases patch v section sections sec sect chapter chapters ch chap clause paragraph para subsection
figure figures fig figs table tables tab page pages pg pp p equation equations eq eqs theorem lemma proposition
corollary appendix annex errata erratum item items rule volume volumes vol article articles art case part parts sku
model serial order lines offset offsets size length bytes byte bits bit port pid uid gid inode timestamp epoch seed
year years oid step steps lot batch
kapitel abschnitt seite seiten abbildung abb tabelle zeile zeilen ausgabe auflage gleichung band teil teile
bestellnummer seriennummer artikelnummer fehler satz ziffer jahr
chapitre paragraphe fascicule tableau ligne lignes équation tome alinéa théorème année
capítulo sección página páginas figura tabla cuadro línea líneas versión ecuación tomo artículo pedido año
capitolo sezione pagina pagine tabella riga righe versione equazione articolo ordine
seção tabela linha linhas versão equação artigo
hoofdstuk sectie bladzijde figuur tabel regel versie vergelijking deel artikel
rozdział sekcja strona strony rysunek wiersz wersja równanie
глава раздел пункт страница страницы стр рис рисунок таблица строка строки версия выпуск том статья уравнение гост
розділ сторінка таблиця рядок версія стаття
الفصل القسم الصفحة صفحة الشكل الجدول الإصدار المادة
"""
_NAMED = frozenset(_WORDS.split())
_BESIDE = "no nr nos num number numbers n id code nummer numero número numéro numer номер № of is the a to"
_FILLERS = frozenset(_BESIDE.split())  # between such a word and its number: "bug no. 12", "part number: 12"
# Signs, and words of scripts that are written without spaces or with marks on their letters.
_ENDINGS = (
    *("§", "¶", "$", "€", "£", "¥", "₹", "₽", "±", "≈", "≤", "≥", "×", "÷", "√", "^"),
    *("版本", "版", "章", "章节", "节", "図", "图", "圖", "頁", "页", "页码", "ページ", "バージョン", "第"),
    *("버전", "페이지", "그림", "บท", "หน้า", "รูปที่", "ตารางที่", "รุ่น", "अध्याय", "पृष्ठ", "चित्र", "तालिका", "संस्करण", "धारा"),
)
_BETWEEN = (
    " \t\r\n\u00a0\u202f：.:,;=#(['\"0123456789-–/&>*_"  # signs and other numbers: "pages 12, 13", "ISBN-13: 978"
)


# Two groups of two or of four hexadecimal digits, one with a letter: `2b 0e 03 02 1a`; or the address that begins a line.
_DUMP = re.compile(
    rb"(?:\A|[\s:])(?=[0-9A-Fa-f\s]*[A-Fa-f])(?:(?:[0-9A-Fa-f]{2}\s{1,2}){2}|(?:[0-9A-Fa-f]{4}\s{1,2}){2})\Z"
    rb"|\n[ \t#]*[0-9A-Fa-f]{4,8}:[ \t]+\Z"
)


def is_dumped(page: Page, row: int, start: int) -> bool:
    """Whether what stands right before a number says that it is a part of a dump of bytes."""
    return _DUMP.search(page.data[max(page.offsets[row], start - 24) : start]) is not None


def is_named(page: Page, row: int, start: int) -> bool:
    """Whether what stands right before a number says that it is another kind of number (an ISBN, a version, a page).

    Between the word and the number there may be signs, other numbers and one word such as "number" or "no.".
    """
    return is_named_after(page.before(row, start, BEFORE))


def is_named_after(before: str) -> bool:
    """The same for the text before a number."""
    before = before.rstrip(_BETWEEN)
    for _ in range(2):
        if before.endswith(_ENDINGS):
            return True
        first = len(before)
        while first and before[first - 1].isalpha():
            first -= 1
        if before[first - 1 : first] in (".", "@"):
            return False  # the end of a name: `[10 hosts at example.ch]`
        word = before[first:].lower()
        if word in _NAMED:
            return True
        if word not in _FILLERS:
            return False
        before = before[:first].rstrip(_BETWEEN)
    return False
