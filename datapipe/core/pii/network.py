"""Addresses of the internet protocol (IPv4 and IPv6) and of network devices (MAC)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import ClassVar

from datapipe.core.pii.lookalikes import is_named_after
from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer, cue
from datapipe.kernels.candidates import COLONS, QUAD

_CUE = cue(
    *("ip", "ips", "ipv4", "ipv6", "inet", "inet6", "ip4", "ip6", "address", "addresses", "addr", "host", "hosts", "hostname"),
    *("server", "servers", "client", "peer", "remote", "gateway", "router", "nameserver", "dns", "proxy", "ping", "ssh"),
    *("telnet", "subnet", "netmask", "network", "login", "connection", "connected", "listen", "listens", "listening"),
    *("received", "traceroute", "whois", "firewall", "nat", "localhost", "eth0", "dhcp", "src", "dst", "tcp", "udp"),
    *("adresse", "rechner", "anmeldung", "netzwerk", "hôte", "serveur", "réseau", "connexion", "dirección", "servidor"),
    *("cliente", "indirizzo", "endereço", "rede", "red", "adres", "serwer", "adresu", "адрес", "адреса", "сервер", "хост"),
    *("узел", "клиент", "عنوان", "خادم", "पता", "सर्वर", "地址", "服务器", "主机", "アドレス", "サーバー", "ホスト", "주소"),
    *("서버", "nameservers", "servers", "relay", "smtp", "imap"),
)  # fmt: skip
_RIGHT_BEFORE = re.compile(rf"(?:{_CUE.pattern})(?: is| was|=|:)?[\s:=\"'(`]{{0,3}}\Z", re.IGNORECASE)
_VERSIONS = cue(
    *("version", "versions", "release", "released", "firmware", "driver", "kernel", "package", "build", "upgrade", "section"),
    *("chapter", "versión", "versione", "versão", "versie", "wersja", "версия", "версии", "abschnitt", "kapitel", "oid"),
    *("版本", "バージョン", "버전"),
)  # fmt: skip
# `libfoo-1.2.3.4`, `>= 1.2.3.4`, `lib/1.2.3.4/`, `2.1.2.3.4`: a name, a bound, a folder, a longer number
_IN_A_NAME = re.compile(rb"(?:[A-Za-z0-9_][-_+~]|[<>=!~^]=[ ]?|[<>~^][ ]|[^:/]/|[.\\$@]|[0-9],)\Z")
_RANGE = re.compile(rb"(?:[0-9]{1,3}\.){3}[0-9]{1,3} ?-\Z")
_GOES_ON = re.compile(rb"[A-Za-z_]|\.[A-Za-z0-9_*]|[-+~][A-Za-z0-9](?![0-9]{0,2}\.[0-9]{1,3}\.)")
_AS_ADDRESS = re.compile(rb"://(?:[^\s/@]{1,60}@)?\Z|@\Z")
_PORT_OR_PREFIX = re.compile(rb":[0-9]{2,5}(?![0-9.:])|/(?:[12]?[0-9]|3[0-2])(?![0-9.])")
_HEADING = re.compile(rb"(?:\A|\n)[ \t]*(?:#+ |\*+ )?\Z")
_TITLE = re.compile(rb"\.?[ \t]+[^\W\d_]|\.(?:[ \t]|\r?\n)|[ \t.]{4}|\t")
_LARGE, _SMALL = 50, 20
_NOBODY = tuple(
    ip_network(net)
    for net in (
        "0.0.0.0/8",
        "255.0.0.0/8",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001:db8::/32",
        "3fff::/20",
    )
)  # masks, and what documents are told to use (RFC 5737, 3849, 9637): with private addresses, too
_UNICAST6 = ip_network("2000::/3")  # what IANA hands out (RFC 4291, 2.4)
_ZONE = re.compile(rb"%[A-Za-z0-9_.-]{1,15}[A-Za-z0-9]")


class IpAddress(Recognizer):
    """IPv4 in four decimal numbers, IPv6 as RFC 4291, 2.2 has it; of addresses that are routed, by IANA's registries.

    Numbers with dots are versions, sections and files more often than addresses, so what stands around them decides.
    """

    types: ClassVar[tuple[str, ...]] = ("ip.v4", "ip.v6")
    kinds: ClassVar[tuple[int, ...]] = (QUAD, COLONS)

    def __init__(self, private: bool = False) -> None:
        self._private = private

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """Weighs each address by what it is part of, then by the words before it."""
        for place in candidates:
            hit = self._v4(page, place) if place.kind == QUAD else self._v6(page, place)
            if hit is not None:
                yield hit

    def _v4(self, page: Page, place: Candidate) -> Hit | None:
        value = page.data[place.start : place.end].decode()
        if value.count(".") != 3:
            return None
        try:
            address = IPv4Address(value)
        except ValueError:
            return None
        if not self._counts(address):
            return None
        row, start, end = place.row, place.start, place.end
        left = page.data[max(page.offsets[row], start - 72) : start]
        right = page.data[end : min(page.offsets[row + 1], end + 16)]
        if _GOES_ON.match(right):
            return None
        as_address = (left[-1:] == b"[" and right[:1] == b"]") or _AS_ADDRESS.search(left) is not None
        if not as_address and _IN_A_NAME.search(left) and not _RANGE.search(left):
            return None
        before = left.decode("utf-8", "ignore")
        if not as_address and is_named_after(before[-40:]):
            return Hit(row, start, end, "ip.v4", 0.3)
        heading = _HEADING.search(left) and _TITLE.match(right)
        if as_address or _PORT_OR_PREFIX.match(right):
            score = 0.85
        elif _looks_counted(address.packed) or (heading and max(address.packed[1:]) < 2 * _LARGE):
            score = 0.6 if not heading and _RIGHT_BEFORE.search(before[-24:]) else 0.4
        elif _CUE.search(before):
            score = 0.85
        else:
            score = 0.4 if _VERSIONS.search(before) else 0.6
        return Hit(row, start, end, "ip.v4", score)

    def _v6(self, page: Page, place: Candidate) -> Hit | None:
        data, row, start, end = page.data, place.row, place.start, place.end
        while data[end - 1 : end] == b"." or (data[end - 1 : end] == b":" and data[end - 2 : end] != b"::"):
            end -= 1  # the end of a sentence, or of a name before a value
        if data[start : start + 1] == b":" and data[start : start + 2] != b"::":
            start += 1
        value = data[start:end].decode()
        if value.count(":") < 2 or not any(sign.isalnum() for sign in value):
            return None
        try:
            address = IPv6Address(value)
        except ValueError:
            return None
        if not self._counts(address.ipv4_mapped or address):
            return None
        if (
            data[max(page.offsets[row], start - 1) : start] in (b":", b".", b"_", b"$", b"&")
            or data[end : end + 1] == b"_"
        ):
            return None
        score = 0.6
        if address.ipv4_mapped is None and not _is_written_out(address, value):
            score = 0.4
        elif _CUE.search(page.before(row, start)) or data[end : end + 1] in (b"]", b"/"):
            score = 0.85
        zone = _ZONE.match(data, end, min(page.offsets[row + 1], end + 17))
        return Hit(row, start, zone.end() if zone else end, "ip.v6", score)

    def _counts(self, address: IPv4Address | IPv6Address) -> bool:
        if any(address in net for net in _NOBODY):
            return False
        return self._private or (address.is_global and not address.is_multicast)


def _looks_counted(numbers: bytes) -> bool:
    """Whether four numbers are rather counted up (a version, a section) than drawn: of 300 addresses one looks like it."""
    return max(numbers) < _LARGE or sorted(numbers)[2] < _SMALL or numbers[1:].count(0) > 1


def _is_written_out(address: IPv6Address, value: str) -> bool:
    """Whether IPv6 has more to it than `2048::4`, `dead::beef` and eight pairs (an EUI-64) have."""
    groups = [group for group in value.split(":") if group]
    digits = sum(len(group.lstrip("0")) for group in groups)
    if len(groups) == 8:
        return digits >= 12 and any(len(group) != 2 for group in groups)
    return (
        address in _UNICAST6
        and len(groups) > 1
        and (digits >= 10 or (digits >= 6 and not value.replace(":", "").isdigit()))
    )


_MAC_CUE = cue(
    "mac", "ether", "hwaddr", "bssid", "hardware", "physical", "adapter", "ethernet", "lladdr", "wifi", "bluetooth"
)
_MAC = re.compile(rb"[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}")
_LONGER = re.compile(rb"[:.-]?[0-9A-Za-z_]")
_NO_DEVICES = ("00005e0053", "01005e", "0180c2", "01000c", "3333")  # documents and groups (RFC 7042, 2.1; IEEE 802.1Q)
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
            if page.data[max(page.offsets[row], start - 1) : start] in (b":", b"-", b".", b"_"):
                continue
            if _LONGER.match(page.data, stop, min(page.offsets[row + 1], stop + 2)):
                continue
            plain = match[0].replace(match[1] or b".", b"").decode().lower()
            if len(set(plain)) < 3 or plain.startswith(_NO_DEVICES):
                continue
            if plain in _EXAMPLES:
                score = 0.4
            elif plain.isdigit() and all(int(pair) < 60 for pair in re.findall("..", plain[2:])):
                score = 0.4  # a time
            elif _MAC_CUE.search(page.before(row, start)):
                score = 1.0
            else:
                score = 0.8
            yield Hit(row, start, stop, "mac", score)
