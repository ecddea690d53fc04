"""E-mail addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.contact.top_level_domains import TOP_LEVEL_DOMAINS
from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer
from datapipe.kernels.candidates import AT

MAX_LOCAL = 128  # bytes: RFC 5321 allows 64; lists that put the reader's address into the sender's (VERP) need more
MAX_DOMAIN = 255
LOW, SURE = 0.4, 1.0

_ATEXT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~."
_PLAIN = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9_'+-]|\.(?!\.))*")
_DOMAIN = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]")
_LITERAL = re.compile(rb"\[(?:IPv6:)?([0-9A-Fa-f:.]{7,45})\]")
_QUOTED = re.compile(rb'"(?:[^"\\\r\n]|\\.){1,64}"\Z')
_URL = re.compile(rb"[A-Za-z]://[^\s/@]*\Z")
_REMOTE = re.compile(rb":(?:[/~]|[\w.-]+(?:/|\.git\b))")  # user@host:path of scp, rsync, git
_MESSAGE = re.compile(  # the line, and lines that go on with it
    rb"(?:^|\n)(?:[\w-]*Message-ID|References|In-Reply-To|Content-ID|Supersedes):[^\n]*(?:\n[ \t][^\n]*)*\Z",
    re.IGNORECASE,
)
_MADE = re.compile(rb"\d[\d.]{11,}")  # how programs begin the identifiers of messages
_IN_PATH = re.compile(rb"\d[\d.]{7,}")  # …/r/20070212063225.GA663@host.org: archives name messages by their identifiers

# Letters and marks of other scripts in either part (RFC 6531); signs and punctuation are left out.
_BEYOND = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff\u2c00-\u2dff\u2e80-\u2fff\u3005-\u3007\u3040-\ud7ff\uf900-\ufdff\ufe70-\ufeff"
_LOCAL_BEYOND = re.compile(rf"[\w!#$%&'*+=?^`{{|}}~.{_BEYOND}-]{{1,64}}\Z")
_NO_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_DOMAIN_BEYOND = re.compile(
    rf"(?:[a-zA-Z0-9{_BEYOND}][a-zA-Z0-9{_BEYOND}-]{{0,62}}[.。．]){{1,8}}[a-zA-Z{_BEYOND}][a-zA-Z0-9{_BEYOND}-]{{1,62}}"
)

# .py and the like are countries and trades, too, but behind an at sign they are nearly always files and units.
_FILES = frozenset({"py", "so", "sh", "ps", "java", "properties", "target", "zip", "mov", "map", "app"})
# RFC 4251, 6: algorithms that a vendor defines are called name@domain.
_ALGORITHMS = frozenset({b"openssh.com", b"libssh.org", b"lysator.liu.se", b"ssh.com"})
_MASK = re.compile(rb"[!$]")  # nick!user@host of IRC, 3pd2lp$6gf@host of Usenet
_ACCOUNTS = frozenset({b"git", b"hg", b"svn", b"cvs", b"anonymous"})


class Email(Recognizer):
    """Addresses `local@domain` of RFC 5322, 3.4.1, with quoted local parts, address literals and other scripts (RFC 6531).

    The domain ends in a top-level domain that exists. Not an address: the account in a URL, in an scp or git remote
    (`git@github.com:org/repo`) or of the fediverse (`@name@host`), the identifier of a message, an algorithm of SSH.
    """

    types: ClassVar[tuple[str, ...]] = ("email",)
    kinds: ClassVar[tuple[int, ...]] = (AT,)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """One look to the left and one to the right of each at sign."""
        for at in candidates:
            end, ending = _domain_end(page, at)
            if end:
                start = _local_start(page, at)
                if start < at.start:
                    yield Hit(at.row, start, end, "email", _score(page, at, start, end, ending))


def _domain_end(page: Page, at: Candidate) -> tuple[int, str]:
    """Where the domain behind an at sign ends, and its last label; 0 if there is none."""
    stop = min(page.offsets[at.row + 1], at.end + MAX_DOMAIN)
    found = _DOMAIN.match(page.data, at.end, stop)
    if found is not None:
        end, ending = _known(found.group().decode())
        beyond = at.end + end < stop and page.data[at.end + end] > 127
        if end and not (beyond and _goes_on(page, at, at.end + end)):
            return at.end + end, ending
    elif page.data[at.end] == 91:  # an address of the internet in brackets
        literal = _LITERAL.match(page.data, at.end, stop)
        if literal is not None and _is_address(literal[1].decode()):
            return literal.end(), ""
        return 0, ""
    if page.data[at.end : stop].isascii():
        return 0, ""
    after = page.after(at.row, at.end, MAX_DOMAIN)
    wide = _DOMAIN_BEYOND.match(after)
    if wide is None:
        return 0, ""
    end, ending = _known(re.sub("[。．]", ".", wide.group()))
    return (at.end + len(after[:end].encode()), ending) if end else (0, "")


def _known(domain: str) -> tuple[int, str]:
    """Signs of `domain` up to a top-level domain that exists, and that; 0 if it has none behind another label."""
    labels = domain.lower().split(".")
    for count in range(len(labels), 1, -1):
        end = len(".".join(labels[:count]))
        # `…@host.com.In this way`: a sentence that begins without a space
        sentence = domain[:end].rpartition(".")[2].istitle() and domain[: end - len(labels[count - 1])].islower()
        if labels[count - 1] in TOP_LEVEL_DOMAINS and not (sentence and labels[count - 2] in TOP_LEVEL_DOMAINS):
            return end, labels[count - 1]
    return 0, ""


def _goes_on(page: Page, at: Candidate, end: int) -> bool:
    """Whether a letter that goes on with the word stands at `end`; of a script without spaces none does."""
    sign = page.after(at.row, end, 4)[:1]
    return sign.isalpha() and not _NO_SPACES.match(sign)


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _local_start(page: Page, at: Candidate) -> int:
    """Where the local part before an at sign starts; `at.start` if there is none."""
    first = max(page.offsets[at.row], at.start - MAX_LOCAL)
    window = page.data[first : at.start]
    start = first + len(window.rstrip(_ATEXT))
    if start > first and page.data[start - 1] > 127:
        before = page.before(at.row, at.start, MAX_LOCAL)
        wide = _LOCAL_BEYOND.search(before)
        if wide is not None and not wide.group().isascii():
            beyond = wide.group().rstrip(_ATEXT.decode())
            if len(beyond) == len(wide.group()) or not _NO_SPACES.match(beyond[-1]):
                return at.start - len(wide.group().lstrip("!#$%&'*+=?^`{|}~.-").encode())
    if start == at.start and page.data[at.start - 1] == 34:
        opening = window.rfind(b'"', 0, -1) if window.count(b'"') == 2 else max(0, len(window) - 66)
        quoted = _QUOTED.search(window, opening)
        return first + quoted.start() if quoted else at.start
    local = page.data[start : at.start]
    if _PLAIN.fullmatch(local):
        return start
    return at.start - len(_trimmed(local))


def _trimmed(local: bytes) -> bytes:
    """A local part without what only stands before it: a path or a query of a URL, `key=`, marks of text and code."""
    local = re.split(rb"[/?&`*{|}~^]|\.\.", local)[-1]
    value = local.rpartition(b"=")[2]
    host, _, ending = value.decode().lower().rpartition(".")
    if not host or ending not in TOP_LEVEL_DOMAINS:  # else VERP: list-name=host.org@list.org
        local = value
    return local.lstrip(b"!#$%&'+-=.")


def _score(page: Page, at: Candidate, start: int, end: int, ending: str) -> float:
    data, begin = page.data, page.offsets[at.row]
    before = data[start - 1] if start > begin else 32
    if ending in _FILES or before in b"@$%{" or data[at.end : end].lower() in _ALGORITHMS:
        return LOW
    if _MASK.search(data, start, at.start):
        return LOW
    if before in b":/" and _URL.search(data, max(begin, start - 100), at.start):
        return LOW
    if data[end : end + 1] == b":" and (
        data[start : at.start] in _ACCOUNTS or _REMOTE.match(data, end, min(page.offsets[at.row + 1], end + 80))
    ):
        return LOW
    realm = data[start - 2 : start - 1].isalnum() and data[at.end : end].isupper()  # Kerberos: host/name@REALM.ORG
    if before == 47 and (realm or _IN_PATH.search(data, start, at.start)):
        return LOW
    if before == 60 and (
        _MADE.match(data, start, at.start) or _MESSAGE.search(data[max(begin, start - 300) : start - 1])
    ):
        return LOW
    return SURE
