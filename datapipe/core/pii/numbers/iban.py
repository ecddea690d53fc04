"""International bank account numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import ClassVar

from datapipe.core.pii.numbers.checks import mod_97
from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer
from datapipe.kernels.candidates import MIXED

# What follows country and check digits: n digits, a letters, c both (SWIFT, IBAN registry, release 101).
_REGISTRY = """
AD:8n12c AE:19n AL:8n16c AT:16n AZ:4a20c BA:16n BE:12n BG:4a6n8c BH:4a14c BI:23n BR:23n1a1c BY:4c4n16c CH:5n12c
CR:18n CY:8n16c CZ:20n DE:18n DJ:23n DK:14n DO:4c20n EE:16n EG:25n ES:20n FI:14n FK:2a12n FO:14n FR:10n11c2n
GB:4a14n GE:2a16n GI:4a15c GL:14n GR:7n16c GT:24c HN:4a20n HR:17n HU:24n IE:4a14n IL:19n IQ:4a15n IS:22n
IT:1a10n12c JO:4a4n18c KW:4a22c KZ:3n13c LB:4n20c LC:4a24c LI:5n12c LT:16n LU:3n13c LV:4a13c LY:21n MC:10n11c2n
MD:20c ME:18n MK:3n10c2n MN:16n MR:23n MT:4a5n18c MU:4a19n3a NI:4a20n NL:4a10n NO:11n OM:3n16c PK:4a16c PL:24n
PS:4a21c PT:21n QA:4a21c RO:4a16c RS:18n RU:14n15c SA:2n18c SC:4a20n3a SD:14n SE:20n SI:15n SK:20n SM:1a10n12c
SO:19n ST:21n SV:4a20n TL:19n TN:20n TR:6n16c UA:6n19c VA:18n VG:4a16n XK:16n YE:4a4n18c
"""
# Countries that give out such numbers and are not in the registry (lists of central banks: BCEAO, BEAC, Iran, Algeria …).
_UNREGISTERED = """
AO:21n BF:2c22n BJ:2c22n CF:23n CG:23n CI:2c22n CM:23n CV:21n DZ:22n GA:23n GQ:23n GW:2c19n IR:22n KM:23n MA:24n MG:23n
ML:2c22n MZ:21n NE:2a22n SN:2c22n TD:23n TG:2a22n
"""
_ACCOUNTS = dict(country.split(":") for country in (_REGISTRY + _UNREGISTERED).split())
_COUNTRIES = frozenset(form.encode() for code in _ACCOUNTS for form in (code, code.lower(), code.title()))
_SIGNS = {"n": "[0-9]", "a": "[A-Za-z]", "c": "[0-9A-Za-z]"}
_GAP = rb"(?:[ -]|\xc2\xa0|\xe2\x80[\x90\x91\xaf])?"  # one sign at most between two signs of the number
_LONGEST = 34 * 4


class Iban(Recognizer):
    """Account numbers as the IBAN registry has them for each country, with right check digits (ISO 13616, ISO/IEC 7064)."""

    types: ClassVar[tuple[str, ...]] = ("iban",)
    kinds: ClassVar[tuple[int, ...]] = (MIXED,)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """Two letters and two digits that begin a word, and what is printed after them."""
        data = page.data
        for place in candidates:
            start = place.start
            if data[start : start + 2] not in _COUNTRIES or not data[start + 2 : start + 4].isdigit():
                continue
            country = data[start : start + 2].decode().upper()
            match = _pattern(country).match(data, start, min(page.offsets[place.row + 1], start + _LONGEST))
            if match is None:
                continue
            plain = "".join(sign for sign in match[0].decode() if sign.isalnum()).upper()
            if mod_97(plain) and "01" < plain[2:4] < "99":
                yield Hit(place.row, start, match.end(), "iban", 1.0)


@cache
def _pattern(country: str) -> re.Pattern[bytes]:
    """An account of this country; fixed in length, so that nothing is tried twice."""
    parts = re.findall(r"([0-9]+)([nac])", "2n" + _ACCOUNTS[country])
    signs = [_SIGNS[kind].encode() for size, kind in parts for _ in range(int(size))]
    return re.compile(rb"[A-Za-z]{2}" + signs[0] + b"".join(_GAP + sign for sign in signs[1:]) + rb"(?![0-9A-Za-z])")
