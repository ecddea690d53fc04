"""How sure it is that what is given to a password is one: text that speaks of passwords mostly names none."""

from __future__ import annotations

import re

from datapipe.core.pii.secrets.password_words import CUES, NONE
from datapipe.core.pii.secrets.placeholders import is_code, is_example, is_member

LEAST, LONGEST = 4, 80  # characters
_CUES = tuple(cue for cue in CUES if cue[-1] not in "=:\"' ")
_SIGN, _STRONG_SIGN = re.compile(r"[!-/:-@\[-^`{-~]"), re.compile(r"[!@#$%^*?~]")
# Numbers, versions, dates, sizes: 1.2.3, 2023-01-02, 0x1F, 10px
_NUMBER = re.compile(
    r"v?\d+(?:[._:/-]\d+)+[a-z]{0,4}\d?|0x[0-9a-f]+|\d+(?-i:[A-Z]?[a-z]{1,4}|[A-Z]{1,5}|[kmdcun][A-Z][a-z]?)",
    re.IGNORECASE,
)
# Terms that end in digits by nature: sha256, utf-8, x509, rfc1234, int32_t, arg1
_TERM = re.compile(
    r"(?:sha|md|utf|ucs|base|x|ipv|rfc|u?int|float|latin|iso|cp|win(?:dows)?|python|py|php|ssl|tls|ssh|http|sql|oauth|ed|"
    r"aes|rsa|des|pbkdf|crc|arg|str|buf|tmp|opt|param|line|ptr|val|value|var|user|field|input|data|node|test|word|name|key|"
    r"file|host|server|client|db|row|col|item|step|level|version|kerberos|krb|ntlmv?|des|char|varchar|[a-z]{1,3})"
    r"[-_]?\d{1,4}(?:[-_.][A-Za-z0-9]{1,12})*",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z_]+\d?")  # an identifier: camelCase, snake_case, Name1
_BARE_CODE = re.compile(r"[(\[{}\]]|::|->|\w/\w|\.\w+\(|\w=\w")
# f(x), a[i], ${X}, {{x}}, <x>, $(x), a variable, a path, a type; what a string is built from
_CALL = re.compile(r"\w\(\w*[)\"'.,]|\w\[\w+\]|\A[$%]?[{(\[<]|[})\]>]\Z|\A[$%&@]\w+\Z|->|::|/|=|[|]|\.\w+\(|\A\$")
_PASS = re.compile(r"pas+wo?r?d|pass\d{0,3}\Z")
_RULES = re.compile(r"[a-z_]+(?::[\w,]+)?(?:\|[a-z_]+(?::[\w,]+)?)+")  # required|min:8
_DIGEST = re.compile(r"[0-9a-f]{32}(?:[0-9a-f]{8}|[0-9a-f]{32}|[0-9a-f]{96})?", re.IGNORECASE)
_HASH = ("$1$", "$2a", "$2b", "$2y", "$5$", "$6$", "$y$", "$argon", "$pbkdf", "{ssha", "{sha", "{crypt", "md5:")
_PATH = re.compile(r"[/.\\([{<>|=-]|~/|[A-Za-z]:\\|[a-z]+://")


def password_score(value: str, quoted: bool, words: bool = True) -> float:
    """The score of a value beside a word for a password.

    quoted  between quotes, or where only values stand (a query string, a netrc): code would stand without
    words   a word of a language may be one
    """
    low = value.casefold()
    if not LEAST <= len(value) <= LONGEST or is_no_value(value, low, quoted):
        return 0.1
    digits = any(sign.isdigit() for sign in value)
    lower, upper = value != value.upper(), value != value.lower()
    classes = digits + lower + upper + (_SIGN.search(value) is not None)
    if any(cue in low for cue in _CUES) or _PASS.search(low):
        return 0.45 if digits or classes > 2 else 0.2  # password123: somebody's, or a manual's
    if " " in value:
        return 0.3  # a label or a question; a phrase can not be told from it
    if _NUMBER.fullmatch(value) or _TERM.fullmatch(value) or _DIGEST.fullmatch(value):
        return 0.3
    if value.isdigit():
        return 0.6 if len(value) >= 6 and quoted else 0.4
    if len(value) >= 6 and digits and classes >= 3 and not _NAME.fullmatch(value):
        return 0.85
    if len(value) >= 8 and classes >= 3 and _STRONG_SIGN.search(value) and value.isascii():
        return 0.7
    if len(value) >= 6 and digits and lower + upper:
        return 0.6
    if quoted and words and len(value) >= 5 and value.isascii() and value.isalpha() and value.islower():
        return 0.6
    return 0.3


def is_drawn(value: str) -> bool:
    """Whether letters of both cases, digits and rare signs say that a machine drew it, brackets or not: `M($7GDKgC@`."""
    signs = len(_STRONG_SIGN.findall(value))
    return (
        len(value) >= 8
        and signs > 0
        and signs + sum(sign.isdigit() for sign in value) > 1
        and value != value.lower()
        and value != value.upper()
        and _CALL.search(value) is None
    )


def is_no_value(value: str, low: str, quoted: bool) -> bool:
    """Whether it is a placeholder, a mask, a variable, a call, a path, a hash or a word of code."""
    raw = value.encode()
    if low.rstrip(".!?:") in NONE or is_example(raw):
        return True
    if is_drawn(value):
        return False
    if is_code(raw):
        return True
    if low.startswith(_HASH) or _PATH.match(value) or _RULES.fullmatch(value):
        return True
    if not quoted and (_BARE_CODE.search(value) or is_member(raw)):
        return True
    return value.isupper() and "_" in value  # DB_PASS: a name, or what a manual wants to have replaced
