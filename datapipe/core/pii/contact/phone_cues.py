"""Words beside phone numbers, and the countries whose numbers a language makes likely."""

from __future__ import annotations

import re
from typing import Literal

from datapipe.core.pii.recognizer import Page

Cue = Literal["none", "weak", "strong"]

# What is said of nothing but phones; words of scripts with spaces, folded.
_PHONE_WORDS = """
    phone phones telephone tel tél tele fax faks telefax telecopier mobile mobiles mob cellphone cellular landline
    hotline helpline whatsapp viber wechat sms tollfree dial phoned voicemail msisdn
    téléphone telephone télécopie télécopieur
    telefon telefonnummer fon handynummer mobiltelefon mobitel rufnummer festnetz durchwahl anrufen
    teléfono teléfonos telefono móvil movil celular llame llámame llámenos llámanos
    telefone telefones telemóvel telemovel ligue ligar cellulare telefonico
    telefoon telefoonnummer tlf tlfn telefonnummer mobilnummer puhelin puh matkapuhelin gsm
    telefonu telefonie telefony komórka zadzwoń telefón mobilní telefonní volejte telefonszám hívja
    telefonul numărul sunați τηλ τηλέφωνο κινητό φαξ тел телефон телефона телефоны телефону моб мобильный звоните факс
    телефонуйте телефонен мобилен telefonas telefons tālrunis telefonnumber telefona telefoni numara arayın
    simu simi điện thoại đt telepon telp ponsel hubungi nomor
    هاتف الهاتف تلفون جوال الجوال موبايل محمول فاكس واتساب تلفن تماس موبایل همراه فون موبائل
    טלפון טל נייד פקס फ़ोन फोन टेलीफोन मोबाइल संपर्क दूरभाष ফোন মোবাইল টেলিফোন தொலைபேசி ఫోన్ ტელეფონი հեռախոս
"""
_PHONES = frozenset(_PHONE_WORDS.split())
# What is said of phones and of much else.
_CALL_WORDS = (
    "call calls calling called contact reach desk office answering answer messages message registered cell "
    "handy mobil rufen joindre llamar appelez appeler anrufe nummer llama chiamare dzwoń bel ring ringer"
)
_CALLS = frozenset(_CALL_WORDS.split())
_FORMS = (
    "fax",
    "mobile",
    "mob",
    "phone",
    "telephone",
    "cell",
    "móvil",
    "celular",
    "mobil",
    "handy",
    "télécopie",
    "факс",
)
_PLACES = ("office", "home", "work", "voice", "desk", "main", "direct")
_AFTER: dict[str, Cue] = {
    **dict.fromkeys(_FORMS, "strong"),
    **dict.fromkeys(_PLACES, "weak"),
}  # `-tel`: German fractions
# Scripts without spaces, and signs.
_SIGNS = re.compile(
    "电话|電話|手机|手機|传真|傳真|携帯|热线|熱線|联系方式|座机|致电|ファックス|フリーダイヤル|テレフォン|전화|휴대폰|팩스|핸드폰|연락처"
    "|โทร|แฟกซ์|มือถือ|ទូរស័ព្ទ|ဖုန်း|[☎📞📱📲✆℡📠☏]"
)
# Words whose numbers may be written in digits of their own script.
NATIVE_WORDS = (
    "هاتف", "تلفون", "جوال", "موبايل", "فاكس", "واتساب", "تلفن", "تماس", "موبایل", "فون", "फ़ोन", "फोन", "मोबाइल", "दूरभाष",
    "ফোন", "মোবাইল", "โทร", "電話", "ＴＥＬ", "℡",
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:[\u0900-\u0dff]+[^\W\d_]*)*")
_SPENT = re.compile(r".*\d{3}[^\w]*(?=[^\W\d_]{3,})(?!(?:and|und|oder|och|ili|или)\b)", re.DOTALL | re.IGNORECASE)
_MARKUP = "td tr th br li dd dt p b i em strong span div class nbsp"  # <td>Phone</td><td>…
_TAGS = frozenset(_MARKUP.split())
_BREAK = re.compile(r"\n\s*\n|[!?]\s|([^\W\d_]{4,})\.\s")

_REGIONS = """
en:US GB AU IE NZ ZA IN; de:DE AT CH; fr:FR BE CH CA; es:ES MX AR CO CL PE; pt:BR PT; it:IT CH; nl:NL BE; pl:PL; cs:CZ;
sk:SK; ru:RU KZ BY; uk:UA; be:BY; bg:BG; sr:RS BA; hr:HR BA; sl:SI; mk:MK; sq:AL XK; bs:BA; ja:JP; zh:CN TW HK; ko:KR;
sv:SE FI; da:DK; nb:NO; nn:NO; no:NO; fi:FI; is:IS; et:EE; lv:LV; lt:LT; hu:HU; ro:RO MD; el:GR CY; tr:TR; he:IL;
ar:EG SA AE MA DZ IQ JO; fa:IR AF; ur:PK; hi:IN; bn:BD IN; ta:IN LK; te:IN; mr:IN; gu:IN; kn:IN; ml:IN; pa:IN PK; ne:NP;
si:LK; id:ID; ms:MY SG; vi:VN; th:TH; tl:PH; ka:GE; hy:AM; az:AZ; kk:KZ; uz:UZ; ca:ES; gl:ES; eu:ES FR; ga:IE; cy:GB;
mt:MT; sw:KE TZ; af:ZA; am:ET
"""
REGIONS: dict[str, tuple[str, ...]] = {
    lang.strip(): tuple(countries.split())
    for lang, _, countries in (entry.partition(":") for entry in _REGIONS.split(";"))
}

# Countries whose numbers are written in five pairs.
_PAIRED = "FR BE CH LU MA DZ TN SN CI GP MQ GF RE"
IN_PAIRS = frozenset(_PAIRED.split())


def cue_before(page: Page, row: int, start: int) -> Cue:
    """What the few words before a number say of it."""
    before = page.before(row, start, 60)
    breaks = [found.end() for found in _BREAK.finditer(before) if (found[1] or "").casefold() not in _PHONES]
    before = before[breaks[-1] :] if breaks else before
    spent = _SPENT.match(before)  # `Tel.: 555-0100, card number …`: the cue has its number
    before = before[spent.end() :] if spent else before
    words = _WORD.findall(before.casefold())
    if "<" in before:
        words = [word for word in words if word not in _TAGS]
    words = words[-4:]
    if not before.isascii() and _SIGNS.search(before[-20:]):
        return "strong"
    if any(word in _PHONES for word in words):
        return "strong"
    return "weak" if any(word in _CALLS for word in words[-3:]) else "none"


def cue_after(page: Page, row: int, end: int) -> Cue:
    """What the word right behind a number says of it: `… fax`, `… (mobile)`."""
    after = re.match(r"[\s,;\\(-]{1,3}([^\W\d_]+)", page.after(row, end, 24))
    if after is None or "\n" in after.group():
        return "none"
    return _AFTER.get(after[1].casefold(), "none")
