"""Phone numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import ClassVar

import phonenumbers

from datapipe.core.pii.contact.phone_cues import IN_PAIRS, NATIVE_WORDS, REGIONS, Cue, cue_after, cue_before
from datapipe.core.pii.contact.phone_forms import DIGITS, LONGEST, MOST_DIGITS, Form, parts
from datapipe.core.pii.lookalikes import is_dumped, is_named
from datapipe.core.pii.recognizer import LITERAL, Candidate, Hit, Page, Recognizer
from datapipe.kernels.candidates import NUMBER

MOST_GROUPS = 4  # behind a number that are taken for other numbers
LOW = 0.4
SCORES: dict[Form, dict[Cue, float]] = {
    Form.AMERICAN: {"none": 0.6, "weak": 0.75, "strong": 0.9},
    Form.GROUPED: {"none": 0.35, "weak": 0.6, "strong": 0.85},
    Form.LOOSE: {"none": 0.3, "weak": 0.55, "strong": 0.8},
    Form.PLAIN: {"none": 0.3, "weak": LOW, "strong": 0.8},
}

_EXTENSION = re.compile(
    r"(?:\s?[,;]?\s?(?:extension|extn|ext|durchwahl|poste|ramal|anexo|interno|toestel|wew|доб|вн|内線|内线|分机|轉|转)\b\.?:?\s?"
    r"|\s?x\s?|\s?#)(\d{1,7})(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
_LONELY = re.compile(r"[\s:：.=-]{0,4}([+＋]?[\d０-９][\d０-９\s()（）./‐－-]{5,24}[\d０-９])")
_SIZES = frozenset(b"%d" % (2**power + more) for power in range(23, 50) for more in (-1, 0, 1))
_FEW = re.compile(rb"(?:\A|[^A-Za-z0-9])[0-9]{1,3},\Z")
_THOUSANDS = re.compile(rb"[0-9]{3}(?![0-9])")
_PAIRS = re.compile(rb"[0-9]{2}(?:[ .-][0-9]{2}){4}")
_CHINESE = re.compile(rb"1[3-9][0-9]{9}")
_AREA = re.compile(rb"(?:(?:00)?1[ .-]?)?\(?[2-9]\d\d")
_WORDS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"


class Phone(Recognizer):
    """Phone numbers as `phonenumbers` knows them (ITU-T E.164), and forms of national numbers beside words that say so.

    With `+` or another international prefix a number must be possible; without, it has the American form 3-3-4, or is
    valid where the language of the row is spoken (`regions` where it tells none), or a cue stands beside it.
    """

    types: ClassVar[tuple[str, ...]] = ("phone",)
    kinds: ClassVar[tuple[int, ...]] = (NUMBER,)
    words: ClassVar[tuple[str, ...]] = NATIVE_WORDS
    whole: ClassVar[bool] = False

    def __init__(self, regions: tuple[str, ...] = ("US",)) -> None:
        self._regions = regions

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """The form decides first; only what may be a number is looked at with its surroundings."""
        for one in candidates:
            if one.kind == LITERAL:
                yield from _in_own_digits(page, one)
                continue
            if one.start > page.offsets[one.row] and page.data[one.start - 1] in b"+(\x8b":
                prefixed = _international(page, one)
                if prefixed is not None:
                    yield prefixed
                    continue
            form = page.data[one.start : _closed(page, one)].translate(DIGITS)
            for part in parts(form) if len(form) <= LONGEST else parts.__wrapped__(form):
                hit = self._national(page, one.row, one.start + part.start, one.start + part.end, part.form)
                if hit is not None:
                    yield hit

    def _national(self, page: Page, row: int, start: int, end: int, form: Form) -> Hit | None:
        data, begin = page.data, page.offsets[row]
        value = data[start:end]
        if value.count(b")") > value.count(b"("):
            if start == begin or data[start - 1] != 40:
                return None
            start -= 1
            value = data[start:end]
        elif value.count(b"(") > value.count(b")"):
            return None
        end, extended = _extended(page, row, end)
        if not extended and not _ends(page, row, end):
            return None
        if not _starts(page, row, start):
            return None
        if form is Form.PLAIN and (value.endswith(b"00000") or value in _SIZES):
            return None
        cue = cue_before(page, row, start)
        if cue != "strong":
            cue = max(cue, cue_after(page, row, end), key=("none", "weak", "strong").index)
        score = SCORES[form][cue]
        if form is Form.AMERICAN:
            if cue == "none" and not (_AREA.match(data, start, end) and re.search(rb"[().-]", value)):
                score = max(LOW, self._by_country(page, row, value, Form.GROUPED, cue))
        elif cue != "strong":
            score = max(score, self._by_country(page, row, value, form, cue))
        if extended and form is not Form.PLAIN:
            score = max(score, 0.6)
        if cue != "strong" and (is_named(page, row, start) or is_dumped(page, row, start)):
            score = min(score, LOW)
        return Hit(row, start, end, "phone", score) if score >= LOW else None

    def _by_country(self, page: Page, row: int, value: bytes, form: Form, cue: Cue) -> float:
        """What the countries say of a number without a cue for phones: with the digit for long distance, it is enough."""
        digits = bytes(sign for sign in value if 48 <= sign < 58)
        abroad = re.match(rb"(?:00|011)[ .-]?[1-9]", value)
        text = value.decode()
        if abroad and form is not Form.PLAIN and len(digits) > 10:
            number = _parsed("+" + text[abroad.end() - 1 :], None)
            if number is not None and phonenumbers.is_possible_number(number):
                return 0.6 if phonenumbers.is_valid_number(number) else LOW
        # Nine digits in two groups are a ZIP, two groups of which the first is 0 a range.
        long_distance = form is Form.GROUPED or (form is Form.LOOSE and len(digits) > 9)
        long_distance = long_distance and re.match(rb"\(?0[1-9]", value) is not None
        lang = page.langs[row]
        long_distance = long_distance or (lang is not None and _is_written_in(lang, form, value))
        if not long_distance and (cue == "none" or len(digits) < 9 or (form is Form.PLAIN and not _is_dialled(digits))):
            return 0.0
        regions = REGIONS.get(re.split("[-_]", lang)[0].lower(), self._regions) if lang else self._regions
        if _PAIRS.fullmatch(value):  # bytes of a dump, too
            regions = tuple(region for region in regions if region in IN_PAIRS)
        for region in regions:
            number = _parsed(text, region)
            if number is not None and phonenumbers.is_valid_number(number):
                return 0.6
        return 0.0


def _is_dialled(digits: bytes) -> bool:
    """Whether digits in a row have the length of numbers as people dial them: ten, or nine to eleven with the 0 before areas."""
    return len(digits) == 10 or (len(digits) in (9, 11) and digits[:1] == b"0")


def _is_written_in(lang: str, form: Form, value: bytes) -> bool:
    """Whether texts of a language show such numbers without a word for them: `(77) 3421-2245`, Chinese mobiles."""
    if form is Form.PLAIN:
        return lang[:2].lower() == "zh" and _CHINESE.fullmatch(value) is not None
    return form is Form.GROUPED and value[:1] == b"(" and len(value) > 10


def _closed(page: Page, one: Candidate) -> int:
    """Where a candidate ends, or a bracket before it that was opened before it: `(Tel. 0800 86 02) 800 miles`."""
    data, start = page.data, one.start
    closing = data.find(b")", start, one.end)
    if closing < 0 or data[start - 1 : start] == b"(" or 0 <= data.find(b"(", start, one.end) < closing:
        return one.end
    return closing


def _international(page: Page, one: Candidate) -> Hit | None:
    """A number behind a `+`, without what follows it in a row of numbers; None if no `+` is there."""
    data, begin = page.data, page.offsets[one.row]
    start = one.start - 1
    if data[start] == 40 and start > begin and data[start - 1] == 43:  # +(49)
        start -= 1
    elif data[start] == 0x8B and data[start - 2 : start + 1] == "＋".encode():
        start -= 2
    elif data[start] != 43:
        return None
    if start > begin and (data[start - 1] in _WORDS or data[start - 1] in b"+.)]"):
        return None
    text = data[start : min(one.end, start + LONGEST)].decode("utf-8", "ignore")
    text = text.rstrip(" ()./-\u00a0\u2010\u2011\u2013\u202f")
    written = text
    for _ in range(MOST_GROUPS):
        number = _parsed(text, None)
        if number is not None and phonenumbers.is_possible_number(number):
            break
        text = re.sub(r"[^\d+]+\d+\Z", "", text)
    else:
        number = None
    cue = cue_before(page, one.row, start)
    valid = number is not None and phonenumbers.is_valid_number(number)
    if not valid and cue == "strong" and 7 <= sum(sign.isdigit() for sign in written) <= MOST_DIGITS:
        text = written  # plans change, and people write numbers wrongly; all of it is one
    elif number is None:
        return None
    if start > begin and data[start - 1] == 40 and text.count(")") > text.count("("):
        start, text = start - 1, "(" + text
    end = start + len(text.encode())
    end, extended = _extended(page, one.row, end)
    if not extended and end == one.end and not _ends(page, one.row, end):
        return None
    if valid:
        score = 0.9
    elif cue != "none" or cue_after(page, one.row, end) != "none":
        score = 0.85
    else:
        score = 0.6 if re.search(r"\d[^\d+]+\d", text) else LOW
    return Hit(one.row, start, end, "phone", score)


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text.replace("\u202f", " "), region)  # a sign that it does not know
    except phonenumbers.NumberParseException:
        return None


def _extended(page: Page, row: int, end: int) -> tuple[int, bool]:
    """Where a number ends with its extension, and whether it has one."""
    if page.data[end : end + 1] in b"\n":
        return end, False
    found = _EXTENSION.match(page.after(row, end, 32))
    return (end + len(found.group().encode()), True) if found else (end, False)


def _starts(page: Page, row: int, start: int) -> bool:
    """Whether a number can start here: not inside a word, a path, a decimal, a sum of money or another number."""
    begin, data = page.offsets[row], page.data
    if start == begin:
        return True
    before = data[start - 1]
    if before in _WORDS or before in b"+.$%&@#^\\":
        return False
    if before == 44:  # 7,058 is a number of thousands; x7,058 and 7,0581 are columns
        if not 48 <= data[start - 2] < 58:
            return start - 1 > begin
        return not (_THOUSANDS.match(data, start) and _FEW.search(data[max(begin, start - 5) : start]))
    if before == 58:  # `Sep 7 10:31:04 2011 -0400`
        return start - 1 == begin or not 48 <= data[start - 2] < 58
    if before in b"-/*":
        return start - 1 > begin and data[start - 2] in b" \n\t:"
    return page.before(row, start, 3)[-1:] not in ("£", "€", "¥", "₹", "−", "±", "×", "№", "§")


def _ends(page: Page, row: int, end: int) -> bool:
    """Whether a number can end here."""
    after = page.after(row, end, 8)
    if not after:
        return True
    if after[0].isascii() and (after[0].isalnum() or after[0] in "_%@=$^"):
        return False
    if after[0] in "-/\\":
        return cue_after(page, row, end) != "none" or not after[1:2].isalnum()
    return not (after[0] in ":,." and after[1:2].isdigit()) and after[0] not in "°€£％"


def _in_own_digits(page: Page, word: Candidate) -> Iterator[Hit]:
    """A number in other than ASCII digits right behind a word for phones of its script."""
    found = _LONELY.match(page.after(word.row, word.end, 80))
    if found is None or found[1].isascii():
        return
    digits = sum(unicodedata.decimal(sign, -1) >= 0 for sign in found[1])
    if 7 <= digits <= 15:
        start = word.end + len(found.string[: found.start(1)].encode())
        yield Hit(word.row, start, start + len(found[1].encode()), "phone", 0.85)
