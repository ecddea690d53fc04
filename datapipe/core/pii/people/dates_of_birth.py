"""Dates beside words for a birth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.national_ids.checks import is_day
from datapipe.core.pii.people.months import month_of
from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer

# What a date follows. Labels and participles, in some forty languages.
_BEFORE_IT = """
born|birth date|birthdate|birth_date|date of birth|date_of_birth|dateofbirth|birthday|dob|d.o.b|d.o.b.|date-of-birth
birth day
geboren|geb.|geb|geburtsdatum|geburtstag|gebürtig
né le|née le|né(e) le|né en|née en|né à|née à|nés le|naquit|date de naissance|naissance
nació|nacido|nacida|nacido(a)|nacida(o)|fecha de nacimiento|fecha nacimiento|fec. nac|f. nac|nacimiento
nasceu|nascido|nascida|data de nascimento|dt. nasc|nascimento|data de naixement|nascut|nascuda|va néixer|naixement
naceu
nato|nata|nato/a|nacque|data di nascita|nascita
geboortedatum|geboren op|geb.datum|gebore|geboortedag
født|fødselsdato|fødselsdag|f.dato|född|födelsedatum|födelsedag|föddes|fæddur|fædd|fæðingardagur|fæðingardag
syntynyt|syntyi|syntymäaika|syntymäpäivä|syntymäaikani|sündinud|sünniaeg|sündis|dzimis|dzimusi|dzimšanas|gimė|gimęs
gimusi|gimimo data
urodzony|urodzona|urodził się|urodziła się|urodzenia|ur.|ur
narozen|narozena|narozený|narodil se|narodila se|datum narození|narození|nar.|narodený|narodená|narodil sa|narodila sa
dátum narodenia|narodenia
született|születési idő|születési dátum|született:|szül.|szül. idő|születési ideje
născut|născută|data nașterii|data naşterii|nascut la|s-a născut|nașterii
rođen|rođena|rodjen|rodjena|datum rođenja|rođenja|rojen|rojena|datum rojstva|rojstva|роден|родена|дата на раждане
рођен|рођена|датум рођења|датум на раѓање
родился|родилась|рождён|рождена|рожден|дата рождения|день рождения|рождения|род.|народився|народилася|дата народження
народження|нарадзіўся
γεννήθηκε|γεννημένος|γεννημένη|ημερομηνία γέννησης|ημ. γέννησης|γέννησης
doğum tarihi|doğum günü|doğdu|d. tarihi|anadan olub|doğum
ولد|ولدت|ولد في|وُلد|وُلدت|مواليد|تاريخ الميلاد|تاريخ الولادة|ميلاد|متولد|تاریخ تولد|تولد|زاده|تاریخ پیدائش|پیدائش
پیدا
נולד|נולדה|תאריך לידה|ת. לידה|תאריך הלידה|יליד|ילידת
जन्म तिथि|जन्मतिथि|जन्म|जन्म तारीख|जन्मदिन|जन्म दिनांक|জন্ম|জন্মতারিখ|জন্ম তারিখ|பிறந்த தேதி|பிறந்த|పుట్టిన తేదీ
ജനനത്തീയതി|જન્મ તારીખ
出生日期|出生年月|出生|生日|生于|生於|诞生于|生年月日|誕生日|생년월일|출생일|출생|생일|วันเกิด|เกิดวันที่|เกิดเมื่อ
เกิดวัน|วันเดือนปีเกิด
ngày sinh|sinh ngày|sinh năm|tanggal lahir|tgl lahir|lahir|tarikh lahir|dilahirkan|ipinanganak|petsa ng kapanganakan
tarehe ya kuzaliwa|alizaliwa|kuzaliwa|jaio|jaioteguna
"""
# What a date stands right before.
_AFTER_IT = """
生まれ|生れ|誕生|出生|诞生|일생|일 출생|에 태어|태어났|태어난|출생
doğumlu|doğdu|tarihinde doğ|született|szül.|születésű|рождения|г.р|г. р|народження
को जन्म|को जन्मे|में जन्म|জন্ম|জন্মগ্রহণ|jaio
"""
_WORDS = re.split(r"[|\n]", _BEFORE_IT.strip())
_LATER = frozenset(re.split(r"[|\n]", _AFTER_IT.strip()))
_GAP, _CLOSE, _LATER_GAP = 80, 25, 8  # characters between a cue and its date; close by; when the cue comes second

_WORD = r"[^\s\d,،;:()\[\]/<>\"'-]{2,16}"  # \w would stop at the vowel signs of India and Thailand
_LINK = r"(?:(?:of|de|del|den|do|ng)\s{1,2}|d['’]\s?)?"
_YEAR = r"(?:\d{4}|[’']?\d{2})(?!\d)"
_DATE = re.compile(
    rf"(?<![\d.])(?:"
    rf"(?:(?:昭和|平成|令和|大正|明治|民國|民国)\s?)?(?P<cy>\d{{1,4}}|元)\s?[年년]\s?(?P<cm>\d{{1,2}})\s?[月월]\s?(?P<cd>\d{{1,2}})\s?[日일号號]"
    rf"|(?P<a>\d{{1,4}})(?P<sign>\s?\u200f?[./|‐‑–-]\s?)(?P<b>\d{{1,2}})(?P=sign)(?P<c>\d{{4}}|\d{{1,2}})(?![\d]|[./-]\d)"
    rf"|(?P<d2>\d{{1,2}})\s(?:tháng|thg)\s(?P<m2>\d{{1,2}})(?:\snăm\s|,?\s)(?P<y2>\d{{4}})"
    rf"|(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|º|ª|°|e|ος|η|-го|-е)?\.?[\s/-]{{0,2}}{_LINK}(?P<m>{_WORD})"
    rf"[,،.\s/-]{{0,3}}(?:(?:of|de|del|năm|lui|พ\.ศ\.|ค\.ศ\.)\s{{0,2}})?(?P<y>{_YEAR})"
    rf"|(?P<y4>\d{{4}})(?:\.)?\s?gada\s(?P<d4>\d{{1,2}})\.?\s(?P<m4>{_WORD})"
    rf"|(?P<y3>\d{{4}})(?:\.|\.?\s?m\.|(?:\.|-)?\s?gada|\.?\s?ж\.|(?:\(e\))?-?ko)?[\s-]{{1,2}}(?P<m3>{_WORD})[\s.-]{{1,2}}(?P<d3>\d{{1,2}})(?!\d)"
    rf")"
    rf"|(?<![^\W\d_])(?P<m5>[^\W\d_]{{3,12}})\.?[\s-](?P<d5>\d{{1,2}})(?:st|nd|rd|th)?(?:\s?,\s?|\s|-)(?P<y5>{_YEAR})"
)  # fmt: skip
# A gap with one of these holds another sentence, another event, or what a scrubbed date has left.
_BROKEN = re.compile(
    r"\d|[^\W\d_]{4}[.!?]\s|[。！？।]|\n\s*\n|<DATE_OF_BIRTH|"
    r"\b(?:died|dies|death|dead|married|marriage|deceased|buried|baptized|gestorben|verstorben|mort|morte|décès|décédé|murió|"
    r"fallec\w*|muerte|morreu|faleceu|morto|deceduto|overleden|død|döde|kuollut|zmarł\w*|zemřel\w*|умер\w*|смерти)\b|[†✝]",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_PLACEHOLDER = re.compile(rb"<DATE_OF_BIRTH(?::[a-z]+)?>(?!\d)")  # our own, whose letters are a cue
_LEFT_EMPTY = re.compile(r" {2}\S| ?[,.;)]\s*[^\s\d]")


class DateOfBirth(Recognizer):
    """Full dates (day, month, year) after a word for a birth, or right before one; the hit is the date alone."""

    types: ClassVar[tuple[str, ...]] = ("date_of_birth",)
    words: ClassVar[tuple[str, ...]] = tuple(dict.fromkeys([*_WORDS, *sorted(_LATER)]))

    def __init__(self) -> None:
        self._later = [word in _LATER for word in self.words]
        self._earlier = [word in frozenset(_WORDS) for word in self.words]

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """The first date after each cue; where there is none and the cue may come second, the date right before it."""
        for cue in candidates:
            hit = self._following(page, cue) if self._earlier[cue.word] else None
            if hit is None and self._later[cue.word]:
                hit = _preceding(page, cue)
            if hit is not None:
                yield hit

    def _following(self, page: Page, cue: Candidate) -> Hit | None:
        window = page.after(cue.row, cue.end, 3 * _GAP)
        digit = _DIGIT.search(window)
        if digit is None or _PLACEHOLDER.match(page.data, max(0, cue.start - 1)):
            return None
        # A gap has no digits, so the first digit is one of the date; only the name of a month may stand before it.
        match = _DATE.search(window, max(0, digit.start() - 16), digit.start() + 48)
        if match is None or match.start() > digit.start() or not _is_date(match):
            return None
        gap = window[: match.start()]
        if len(gap) > _GAP or _BROKEN.search(gap) or _LEFT_EMPTY.match(gap):
            return None
        start = cue.end + len(gap.encode())
        score = 0.85 if len(gap) <= _CLOSE else 0.6
        return Hit(cue.row, start, start + len(match[0].encode()), "date_of_birth", score)


def _preceding(page: Page, cue: Candidate) -> Hit | None:
    # The cue may begin with the sign that ends the date: 7월 4일생.
    window = page.before(cue.row, cue.end, 120)
    size = cue.end - cue.start
    found: Hit | None = None
    for match in _DATE.finditer(window):
        end = cue.end - len(window[match.end() :].encode())
        gap = page.data[end : cue.start].decode("utf-8", "ignore")
        if end <= cue.end - size + 3 and len(gap) <= _LATER_GAP and _is_date(match) and not _BROKEN.search(gap):
            found = Hit(cue.row, end - len(match[0].encode()), end, "date_of_birth", 0.85)
    return found


def _is_date(match: re.Match[str]) -> bool:
    part = match.groupdict()
    if part["cm"]:
        return is_day(part["cm"], part["cd"])
    if part["sign"]:
        first, second, third = part["a"], part["b"], part["c"]
        if len(first) == 4:
            return _is_year(first) and len(third) <= 2 and is_day(second, third)
        if len(first) > 2:
            return False
        if len(third) == 1:
            return int(first) > 31 and is_day(second, third)
        # A year of two digits comes last, or first as in 76-07-04.
        first_year = len(third) == 2 and is_day(second, third)
        return _is_year(third) and (is_day(second, first) or is_day(first, second) or first_year)
    for day, month, year in (("d", "m", "y"), ("d3", "m3", "y3"), ("d4", "m4", "y4"), ("d5", "m5", "y5")):
        if part[day]:
            return is_day(str(month_of(part[month])), part[day]) and _is_year(part[year].lstrip("'’"))
    return bool(part["d2"]) and is_day(part["m2"], part["d2"]) and _is_year(part["y2"])


def _is_year(year: str) -> bool:
    """Two digits; or 1300 (the calendar of Iran) to 2600 (the calendar of Thailand)."""
    return len(year) == 2 or (len(year) == 4 and 1300 <= int(year) <= 2600)
