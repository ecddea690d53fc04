"""Addresses of network devices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer, cue
from datapipe.kernels.candidates import COLONS

_CUE = cue(
    "mac", "ether", "hwaddr", "bssid", "hardware", "physical", "adapter", "ethernet", "lladdr", "wifi", "bluetooth"
)
_MAC = re.compile(rb"[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}")
_GOES_BEFORE = re.compile(
    rb"[0-9A-Fa-f]{2}:\s*\n\s*\Z|(?:[0-9A-Fa-f]{2}:|[-._*])\Z"
)  # a dump of bytes in lines; a longer row; [*0BFA.0020.0002] of Unicode
_TIME = re.compile(r"\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d\Z")  # year, month … second
_SYSTEM = re.compile(r"(?:system|source|lsp|net|router|node)[ -]?ids?\W{0,4}\Z", re.IGNORECASE)
_LONGER = re.compile(rb"[:.-]?[0-9A-Za-z_]")
_NO_DEVICES = ("00005e", "01005e", "0180c2", "01000c", "3333")  # of protocols and groups (RFC 7042, 2.1; IEEE 802.1Q)
_EXAMPLES = frozenset(("aabbccddeeff", "001122334455", "0123456789ab", "1234567890ab", "123456789abc", "deadbeefcafe"))


class MacAddress(Recognizer):
    """Addresses of devices (EUI-48): six pairs with colons or hyphens, or three groups of four with dots."""

    types: ClassVar[tuple[str, ...]] = ("mac",)
    kinds: ClassVar[tuple[int, ...]] = (COLONS,)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """Leaves out what is part of a longer row (fingerprints), groups, broadcasts and the addresses of RFC 7042."""
        for place in candidates:
            row, start = place.row, place.start
            match = _MAC.match(page.data, start, place.end)
            if match is None:
                continue
            stop = match.end()
            if _GOES_BEFORE.search(page.data, max(page.offsets[row], start - 40), start):
                continue
            if _LONGER.match(page.data, stop, min(page.offsets[row + 1], stop + 2)):
                continue
            plain = match[0].replace(match[1] or b".", b"").decode().lower()
            if len(set(plain)) < 3 or plain.startswith(_NO_DEVICES):
                continue
            if plain in _EXAMPLES or _TIME.match(plain):
                score = 0.4
            elif _CUE.search(page.before(row, start)):
                score = 1.0
            elif match[1] is None and _SYSTEM.search(page.before(row, start)):
                score = 0.4  # a router of IS-IS
            elif plain.isdigit() and match[1] != b":":
                score = 0.4  # `c-35-37-87-37-50-12` of an image, `0329.0020.0004` of a collation
            else:
                score = 0.8
            yield Hit(row, start, stop, "mac", score)
