"""Private keys in PEM blocks, in the files of PuTTY and in JSON Web Keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer

LONGEST = 32_768  # bytes of a block: an RSA key of 16,384 bits has 12,700, an OpenPGP block with signatures some more
LEAST_BODY = 48  # letters of base64: the smallest key, Ed25519, has 64
_NAME = rb" (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_BEGIN, _END = re.compile(rb"-----BEGIN" + _NAME), re.compile(rb"-----END" + _NAME)  # names that differ are put up with
_RUN = re.compile(rb"[A-Za-z0-9+/]{16,256}={0,2}")
_GAP = re.compile(rb"(?:[ \t\r\n\"'>#*|,]|\\[nrt]){1,40}")
# The private members of a key of RSA or of a curve, and the key of a symmetric one (RFC 7518, 6.2.2, 6.3.2, 6.4)
_MEMBER = re.compile(
    rb"\"(?:d|p|q|dp|dq|qi|k)\\?\"[ \t\r\n]{0,40}:[ \t\r\n]{0,40}\\?\"([0-9A-Za-z_-]{20,1400})={0,2}\\?\""
)
_MAC = re.compile(rb"Private-(?:MAC|Hash): ([0-9a-fA-F]{40,64})")


class PrivateKeys(Recognizer):
    """Whole blocks from BEGIN to END (RFC 7468; also OpenSSH and OpenPGP), with line ends of any kind, written out or not.

    Where the END is missing, up to the end of the base64. A header without a body, and certificates, are none. Of a JSON
    Web Key (RFC 7517) each private member.
    """

    types: ClassVar[tuple[str, ...]] = ("private_key",)
    words: ClassVar[tuple[str, ...]] = ("-----BEGIN ", "PuTTY-User-Key-File-", '"kty')
    whole: ClassVar[bool] = False

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """One walk from each header to the next five hyphens."""
        reached = -1
        for at in candidates:
            if at.start < reached:
                continue
            stop = min(page.offsets[at.row + 1], at.start + LONGEST)
            if at.word == 2:
                start, reached = _object(page.data, at.start, max(page.offsets[at.row], reached), stop)
                for member in _MEMBER.finditer(page.data, start, reached):
                    if len(set(member[1])) >= 12:
                        yield Hit(at.row, *member.span(1), "private_key", 1.0)
                continue
            end = _pem(page.data, at.start, stop) if at.word == 0 else _ppk(page.data, at.start, stop)
            if end > 0:
                reached = end
                yield Hit(at.row, at.start, end, "private_key", 1.0)


def _pem(data: bytes, start: int, stop: int) -> int:
    """The end of the block that begins here; -1 if there is none."""
    first = _BEGIN.match(data, start, min(stop, start + 80))
    if first is None:
        return -1
    dashes = data.find(b"-----", first.end(), stop)
    last = _END.match(data, dashes, stop) if dashes > 0 else None
    if last is not None:
        return last.end() if _is_key(data[first.end() : dashes]) else -1
    end = _base64_end(data, first.end(), stop if dashes < 0 else dashes)
    return end if _is_key(data[first.end() : end]) else -1


def _is_key(body: bytes) -> bool:
    """Whether there is enough base64 for a key, drawn from enough letters: no dots, no row of one letter."""
    runs = b"".join(_RUN.findall(body))
    return len(runs) >= LEAST_BODY and len(set(runs)) >= 16


def _base64_end(data: bytes, start: int, stop: int) -> int:
    """The end of the lines of base64 from `start`, each walked once."""
    end = start
    while (gap := _GAP.match(data, end, stop)) and (run := _RUN.match(data, gap.end(), stop)):
        end = run.end()
    return end


def _object(data: bytes, inside: int, begin: int, stop: int) -> tuple[int, int]:
    """Start and end of the JSON object around a place, 4 kB to each side at most; empty where there is none."""
    first = data.rfind(b"{", max(begin, inside - 4096), inside)
    last = data.find(b"}", inside, min(stop, inside + 4096))
    return (first, last) if 0 <= first < last else (inside, inside)


def _ppk(data: bytes, start: int, stop: int) -> int:
    """The end of a file of PuTTY's that begins here, which ends with its check sum; -1 if there is none."""
    again = data.find(b"PuTTY-User-Key-File-", start + 1, stop)
    mac = _MAC.search(data, start, stop if again < 0 else again)
    return mac.end() if mac is not None and b"Private-Lines:" in data[start : mac.start()] else -1
