"""Greedy recognizers for the tests of what takes the place of hits: they find more than any real one would."""

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer
from datapipe.kernels.candidates import KINDS

PATTERNS: dict[str, tuple[str, float]] = {
    "email": (r"[\w.+-]+@[\w-]+\.[\w.-]*\w", 1.0),
    "phone": (r"\+?\(?\d[\d ().-]{5,}\d", 0.6),
    "ip.v4": (r"\d{1,3}(?:\.\d{1,3}){3}", 0.9),
    "ip.v6": (r"[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:]+", 0.7),
    "mac": (r"(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}", 0.95),
    "credit_card": (r"\d(?:[ -]?\d){12,18}", 0.8),
    "iban": (r"[A-Z]{2}\d\d(?: ?[A-Z0-9]){11,30}", 0.85),
    "crypto_wallet": (r"(?:bc1|0x|1)[0-9A-Za-z]{20,}", 0.65),
    "national_id.us_ssn": (r"\d{3}-?\d{2}-?\d{4}", 0.85),
    "url_credentials": (r"\w+://[^\s/:@]+:[^\s/:@]+@\S+", 1.0),
    "password": (r"(?<=pw=)\S+", 0.75),
    "api_key": (r"[A-Za-z0-9_]{20,}", 0.55),
    "private_key": (r"(?s)-----BEGIN.*?-----END[^-]*-----", 1.0),
    "user_name": (r"@\w{3,}", 0.6),
    "person": (r"\b[A-Z][a-z]+ [A-Z][a-z]+", 0.6),
    "street_address": (r"\d+ [A-Z][a-z]+ (?:Street|St)", 0.8),
    "date_of_birth": (r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}", 0.7),
    "coordinates": (r"-?\d+\.\d{3,}, ?-?\d+\.\d{3,}", 0.8),
}


class Greedy(Recognizer):
    """Every type by a pattern over whole texts."""

    types: ClassVar[tuple[str, ...]] = tuple(PATTERNS)
    kinds: ClassVar[tuple[int, ...]] = tuple(range(KINDS))
    words: ClassVar[tuple[str, ...]] = ("e", "a", "pw=", "begin")
    whole: ClassVar[bool] = False

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        for row in sorted({candidate.row for candidate in candidates}):
            first = page.offsets[row]
            text = page.data[first : page.offsets[row + 1]].decode()
            for kind, (pattern, score) in PATTERNS.items():
                for match in re.finditer(pattern, text):
                    start = first + len(text[: match.start()].encode())
                    yield Hit(row, start, start + len(match.group().encode()), kind, score)


VALUES: dict[str, tuple[str, ...]] = {
    "email": ("ana.b@web.test", "x_y+z@mail.host.test"),
    "phone": (
        "+1 (212) 867-4309", "212.867.4309", "1-212-867-4309", "+44 20 7123 4567", "020 7123 4567", "01 42 68 53 00",
        "+39 06 698 12345", "(03) 9123 4567", "030/1234567", "+49 (0)30 123456", "001-748-088-2851x818", "60-56-85-91",
        "5551234", "+353 87 123 4567", "+46 70 123 45 67",
    ),
    "ip": ("8.8.8.8", "8[.]8[.]4[.]4", "2a02:a56:dbd6:107b:9d5a:ba8c:8a5a:4ed0", "2A01:4F8::45"),
    "mac": ("52:9c:d6:1b:d0:31", "52-9C-D6-1B-D0-31", "529c.d61b.d031", "01:23:45:67:89:ab:cd:ef"),
    "credit_card": ("4070-3688-8636-9188", "347415977307943", "4131034282458809939", "630427373398"),
    "iban": ("GB89 NWBK 6410 5924 9746 76", "DE29293762918739730130", "gb42nawi04454264788619", "NO9386011117947"),
    "crypto_wallet": (
        "bc1qr2rcln9xlrj5stdyxmd0jvu726snr0yl88agy4", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "0x52908400098527886E0F7030069857D2E4169EE7",
    ),
    "national_id": ("684-83-6276", "12345678Z", "RSSMRA85T10A562S", "AB123456C", "811218-9876", "123.456.789-09"),
    "url_credentials": ("https://me:secret@host.test/x", "ftp://me:secret@host.test"),
    "password": ("hunter2", "Tr0ub4dor&3x"),
    "api_key": ("ghp_99LMJ1FLOAkRatNiyNrmjY2GgNRAInLUUr8f", "d41d8cd98f00b204e9800998ecf8427e"),
    "private_key": (
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc+/09\nabcd\n-----END RSA PRIVATE KEY-----",
        r"-----BEGIN PRIVATE KEY-----\nMIIEabc+/09\nabcd\n-----END PRIVATE KEY-----\n",
    ),
    "user_name": ("@somebody",),
    "person": ("Dr. Ana Lima", "Smith", "ANA LIMA", "王小明", "Иван Петров"),
    "street_address": ("12 Main Street", "Hauptstraße 4", "3 rue du Port"),
    "date_of_birth": ("04/12/1987", "1987-04-12", "12 March 1987", "3.4.87", "12/25/1990"),
    "coordinates": ("48.85661, 2.35222", "-33.8688,151.2093", "48°51'24.5\"N 2°21'03\"E"),
}  # fmt: skip
