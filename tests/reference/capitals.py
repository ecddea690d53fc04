"""Listed words with a capital at their beginning, one character at a time."""

import re
from collections.abc import Iterator

# Letters of scripts with capitals, and what stands beside them in one word.
WORD = re.compile("[0-9A-Za-z_\u00c0-\u07ff\u1000-\u1fff]+")
LATIN_AND_OTHERS = b"\xc3\xc4\xc5\xc6\xc8\xce\xd0\xd4\xd5\xe1"


def is_capital(sign: str) -> bool:
    if sign.isascii():
        return "A" <= sign <= "Z"
    lead, after = sign.encode()[:2]
    if lead not in LATIN_AND_OTHERS:
        return False
    least_small = {0xC3: 0x9F, 0xCE: 0xAC, 0xD0: 0xB0}.get(lead)
    return after < least_small if least_small else lead != 0xE1 or after >= 0xB8


def goes_on(rest: bytes, text: str) -> bool:
    if len(rest) < 4 or rest[:1] not in b" -":
        return False
    return is_capital(text[1]) or re.match(rb".(?:[ae]l |[bdv](?s:.) |[bdv](?s:..) )", rest) is not None


def find_capitals(texts: list[str], listed: set[str]) -> Iterator[tuple[int, int, int, int]]:
    base = 0
    for row, text in enumerate(texts):
        before = -2  # the end of the last word with a capital
        for found in WORD.finditer(text):
            start, end = found.span()
            if (start and text[start - 1] == "-") or not is_capital(text[start]):
                continue
            if found[0] in listed and len(found[0].encode()) <= 40:
                near = 1 if goes_on(text[end:].encode(), text[end:]) else 0
                near += 2 if before == start - 1 and text[before] == " " else 0
                yield row, base + len(text[:start].encode()), base + len(text[:end].encode()), near
            before = end
        base += len(text.encode())
