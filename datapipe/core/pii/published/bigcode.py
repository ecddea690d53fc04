"""BigCode's e-mail and IP addresses, with this house's keys and passwords."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.pii.catalog import parent
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.published.bloom import addresses
from datapipe.core.pii.published.policy import Found, Policy
from datapipe.core.pii.recognizer import Page
from datapipe.core.pii.recognizers import Settings, recognizers
from datapipe.core.pii.replacing.settling import Change
from datapipe.core.pii.replacing.treatment import Key

V4 = ("172.16.31.10", "172.16.58.3", "172.16.17.32", "192.168.127.12", "192.168.3.11")
V6 = (
    "fd00:c2b6:b24b:be67:2827:688d:e6a1:6a3b", "fd00:a516:7c1b:17cd:6d81:2137:bd2a:2c5b", "fc00:e968:6179::de52:7100",
    "fc00:db20:35b:7399::5", "fdf8:f53e:61e4::18",
)  # fmt: skip
RESOLVERS = {
    "8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "76.76.19.19", "76.223.122.150", "9.9.9.9", "149.112.112.112",
    "208.67.222.222", "208.67.220.220", "8.26.56.26", "8.20.247.20", "94.140.14.14", "94.140.15.15",
}  # fmt: skip
_LEFT = r"""(?:^|(?<=[[({<\b\s@,?!;'"\p{Han}¿¡:.]|\\['"]))"""
_LOCAL = r"""(?:[^][(){}<>\b\s@,?!;'":#/\\=.\-]|[=.\-](?![.@]))+"""
_DOMAIN = (
    r"""@(?:(?:\w|[^.\b\s@?!;,/()>\-:][^.\b\s@?!;,/()>]{0,62}[^.\b\s@?!;,/()>\-:'"])\.){1,10}"""
    r"""(?:[\p{L}\p{M}]{2,63}|xn--\w+)(?=$|[])}>\b\s@,?!;'"\p{Han}]|\\['"]|:(?!\d)|\.(?!\S))"""
)
_LEAST = {"api_key": 9, "password": 4}  # signs: shorter ones are left
_TAGS = {"api_key": "<KEY>", "password": "<PASSWORD>"}
_AROUND = 100  # signs on both sides in which a version may be said to be an address


class BigCode(Policy):
    """bigcode-dataset `pii/utils/emails_ip_addresses_detection.py` and `pii/ner/pii_redaction/utils.py` (StarCoder, 4.1).

    Resolvers and private addresses stay; others become private ones of the same version.
    """

    types: ClassVar[tuple[str, ...]] = ("email", "ip", "api_key", "password")
    faults: ClassVar[tuple[str, ...]] = (
        "bigcode found names, user names, keys and passwords by a model (StarPII) that is not here: no names; keys and "
        "passwords are those of this house's recognizers. E-mail and IP addresses are by the published patterns",
        "bigcode takes an IPv4 address of four single digits for a version unless dns or server stands near, and looks "
        "there only from the hundredth character of a text on; a space comes before a tag at the start of a text",
        "bigcode chooses addresses at random; here the value's hash chooses. Where an IP address lies inside an e-mail "
        "address the published code writes both tags and repeats the rest of the address; here the first one counts",
    )

    def __init__(self, key: Key, values: bool = False) -> None:
        super().__init__(key, values)
        self._secrets = Finder(recognizers(_TAGS, Settings()), dict.fromkeys(_TAGS, 0.5), _TAGS.values())

    def find(self, page: Page) -> Found:
        """E-mail and IP addresses by the patterns, then the secrets that do not overlap them."""
        found: list[Change] = []
        for row, (first, last) in enumerate(pairwise(page.offsets)):
            text = page.data[first:last].decode()
            spans = [(start, end, "email", "<EMAIL>") for start, end in _emails(text)] if "@" in text else []
            spans += [(start, end, kind, new) for start, end, kind, new in self._addresses(text)]
            here, place = 0, first
            for start, end, kind, new in sorted(spans):
                if start < here:
                    continue
                begin = place + len(text[here:start].encode())
                place, here = begin + len(text[start:end].encode()), end
                found.append(Change(row, begin, place, kind, 1.0, "mask" if kind == "email" else "replace", new))
        found = sorted([*found, *self._keys(page, found)])
        return Found([_spaced(page, one, before) for one, before in zip(found, [None, *found], strict=False)], [])

    def _addresses(self, text: str) -> Iterator[tuple[int, int, str, str]]:
        for start, end in addresses(text):
            value = text[start:end]
            try:
                address = ipaddress.ip_address(value)
            except ValueError:
                continue
            if address.is_private or value in RESOLVERS or _is_version(text, start, end):
                continue
            kind, choices = ("ip.v4", V4) if address.version == 4 else ("ip.v6", V6)
            yield start, end, kind, choices[int(self.key.digest(kind, value)[:8], 16) % len(choices)]

    def _keys(self, page: Page, found: list[Change]) -> Iterator[Change]:
        taken = iter(found)
        other = next(taken, None)
        text = Text(np.asarray(page.offsets, np.int64), np.frombuffer(page.data, np.uint8))
        for hit in self._secrets.find(text, page.langs)[1]:
            while other is not None and other.end <= hit.start:
                other = next(taken, None)
            if (other is None or other.start >= hit.end) and hit.end - hit.start >= _LEAST[parent(hit.type)]:
                yield Change(*hit, "mask", _TAGS[parent(hit.type)])


def _spaced(page: Page, one: Change, before: Change | None) -> Change:
    """A change, with the space that the published code puts where nothing stands before a tag."""
    bare = one.start == page.offsets[one.row] or (before is not None and before.end == one.start)
    return one._replace(new=f" {one.new}") if bare else one


def _is_version(text: str, start: int, end: int) -> bool:
    if text.count(".", start, end) != 3 or end - start != 7:
        return False
    near = text[start - _AROUND : end + _AROUND].lower()  # near the start of a text, from its end: so published
    return "dns" not in near and "server" not in near


@cache
def _patterns() -> tuple[Any, Any, Any]:
    import regex

    return (
        regex.compile(r"""[^][(){}<>\b\s@,?!;'":#/\\]+""", regex.MULTILINE),
        regex.compile(_LEFT + "(" + _LOCAL + ")(?=@)", regex.MULTILINE),
        regex.compile(_DOMAIN, regex.MULTILINE),
    )


def _emails(text: str) -> Iterator[tuple[int, int]]:
    runs, local, domains = _patterns()
    here = 0
    for run in runs.finditer(text):
        at = run.end()
        if text[at : at + 1] != "@" or at < here or text[at - 1] in "=.-":
            continue
        domain = domains.match(text, at)
        if domain is None:
            continue
        # of = . - none may stand before a dot: what comes before the last such place is in no address
        first = max(run.start(), here, *(text.rfind(pair, run.start(), at) + 1 for pair in ("..", "=.", "-.")))
        start = local.search(text, first, at + 1)
        if start is not None:
            here = domain.end()
            yield start.start(1), here
