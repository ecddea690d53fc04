"""Addresses of the internet protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
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
_RIGHT_BEFORE = re.compile(rf"(?:{_CUE.pattern})(?: is| was|=|:)?[\s:=\"'(`]{{0,3}}\Z")
_VERSIONS = cue(
    *("version", "versions", "release", "released", "firmware", "driver", "upgrade", "section"),
    *("chapter", "versión", "versione", "versão", "versie", "wersja", "версия", "версии", "abschnitt", "kapitel", "oid"),
    *("oids", "objectidentifier", "v8", "版本", "バージョン", "버전"),
)  # fmt: skip
# `libfoo-1.2.3.4`, `>= 1.2.3.4`, `lib/1.2.3.4/`, `2.1.2.3.4`: a name, a bound, a folder, a longer number
_IN_A_NAME = re.compile(rb"(?:[A-Za-z0-9_][-_+~]|[<>!~^]=[ ]?|[~^][ ]|[^:/]/|[.$])\Z")
_PATH = re.compile(rb"[-0-9., MLHVCSQTAZmlhvcsqtaz]{16}\Z")  # of an image: `c-.6.34 1.2.8 1.23.82.72`
_AFTER_ONE = re.compile(rb"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}[ ,]{1,2}\Z")
_RANGE = re.compile(rb"(?:[0-9]{1,3}\.){3}[0-9]{1,3} ?-\Z")
_GOES_ON = re.compile(
    rb"[A-Za-z_]|\.(?![0-9]{4,5}(?: > |: ))[A-Za-z0-9_*]|[-+~][A-Za-z0-9](?![0-9]{0,2}\.[0-9]{1,3}\.)"
)
_AS_ADDRESS = re.compile(rb"://(?:[^\s/@]{1,60}@)?\Z")
_PORT_OR_PREFIX = re.compile(rb":[0-9]{2,5}(?![0-9.:])|/(?:[12]?[0-9]|3[0-2])(?![0-9.])")
_HOST = re.compile(r"(?i)(?<![^\W_])(?:ips?|client|host|peer|remote(?:.addr)?)[\s:=\"']{1,4}\Z")
_MAIL = re.compile(rb"(?i)\b(?:from|by|received|helo|ehlo|host|ip|client)\b|[@(]\[\Z")  # [192.0.2.1] of RFC 5321
_MASK = re.compile(rb"/([12]?[0-9]|3[0-2])(?![0-9.])")
_HEADING = re.compile(rb"(?:\A|\n)[ \t]*(?:#+ |\*+ )?\Z")
_TITLE = re.compile(rb"\.?[ \t]+[^\W\d_]|\.(?:[ \t]|\r?\n)|[ \t.]{4}|\t")
_LARGE, _SMALL = 50, 20  # what addresses drawn at random nearly always reach with one number, and with two
# Masks, and what documents are told to use (RFC 5737, 3849, 9637): nobody's, with private addresses, too
_NOBODYS = "0.0.0.0/8 255.0.0.0/8 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 ::/128 2001:db8::/32 3fff::/20"
_NOBODY = tuple(map(ip_network, _NOBODYS.split()))
_UNICAST6 = ip_network("2000::/3")  # what IANA hands out (RFC 4291, 2.4)
_BEFORE = re.compile(rb"(?:::|[._$&])\Z")
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
        row, start, end = place.row, place.start, place.end
        address = _address(page.data[start:end], self._private) if end - start < 16 else None
        if address is None:
            return None
        left = page.data[max(page.offsets[row], start - 72) : start]
        right = page.data[end : min(page.offsets[row + 1], end + 16)]
        if _GOES_ON.match(right):
            return None
        counted = _looks_counted(address.packed)
        as_address = _AS_ADDRESS.search(left) or (
            left[-1:] == b"[" and right[:1] == b"]" and (not counted or _MAIL.search(left))
        )
        if not as_address and _IN_A_NAME.search(left) and not _RANGE.search(left):
            return None
        if left[-16:].count(b".") > 1 and _PATH.search(left) and not _AFTER_ONE.search(left):
            return None
        before = left.decode("utf-8", "ignore")
        if not as_address and is_named_after(before[-40:]):
            return Hit(row, start, end, "ip.v4", 0.2)
        if not as_address and _is_network(address.packed, right):
            return Hit(row, start, end, "ip.v4", 0.6 if right[:1] != b"/" and _HOST.search(before) else 0.4)
        heading = _HEADING.search(left) and _TITLE.match(right)
        if as_address or (_PORT_OR_PREFIX.match(right) and not (counted and right[:1] == b"/")):
            score = 0.85
        elif heading and address.packed[0] < _LARGE and max(address.packed) < 2 * _LARGE:
            score = 0.2
        elif counted and not _is_local(address):
            score = 0.6 if _RIGHT_BEFORE.search(before[-24:]) else 0.4
        elif _CUE.search(before):
            score = 0.85
        else:
            score = 0.4 if _VERSIONS.search(before) or before.rstrip().endswith("==") else 0.6
        return Hit(row, start, end, "ip.v4", score)

    def _v6(self, page: Page, place: Candidate) -> Hit | None:
        data, row, start, end = page.data, place.row, place.start, place.end
        while data[end - 1 : end] == b"." or (data[end - 1 : end] == b":" and data[end - 2 : end] != b"::"):
            end -= 1  # the end of a sentence, or of a name before a value
        if data[start : start + 1] == b":" and data[start : start + 2] != b"::":
            start += 1
        if _BEFORE.search(data, max(page.offsets[row], start - 2), start):
            return None
        address = _address(data[start:end], self._private)
        if not isinstance(address, IPv6Address):
            return None
        stop = page.offsets[row + 1]
        zone = _ZONE.match(data, end, min(stop, end + 17))
        if zone:
            end = zone.end()
        following = data[end : min(stop, end + 1)]
        if following == b"_":
            return None
        score = 0.6
        if not _is_written_out(address, data[start:end]):
            score = 0.2
        elif following == b"/" and data[start:end].endswith(b"::") and not _CUE.search(page.before(row, start)):
            score = 0.4  # a network: `3ffe:ffff:1::/48`
        elif following in (b"]", b"/") or _CUE.search(page.before(row, start)):
            score = 0.85
        return Hit(row, start, end, "ip.v6", score)


@lru_cache(1 << 12)  # texts name the same few addresses again and again
def _address(written: bytes, private: bool) -> IPv4Address | IPv6Address | None:
    """The address that is written so; None where it is none, or one that nobody has."""
    try:
        address = ip_address(written.decode())
    except ValueError:
        return None
    inner = getattr(address, "ipv4_mapped", None) or address
    if any(inner in net for net in _NOBODY):
        return None
    return address if private or (inner.is_global and not inner.is_multicast) else None


def _is_local(address: IPv4Address | IPv6Address) -> bool:
    """Whether its first numbers alone are known for an address: 127, 192.168, 169.254, 172.16 to 31; versions begin with 10."""
    return address.is_private and address.packed[0] != 10


def _is_network(numbers: bytes, right: bytes) -> bool:
    """Whether it names many hosts: x.y.z.0, x.y.255.255, and nothing but zeros under a mask as in 8.8.8.128/25."""
    if numbers[2:] == b"\xff\xff":
        return True  # all hosts
    mask = _MASK.match(right)
    if mask is None or mask[1] == b"32":
        return numbers[3] == 0
    return numbers[3] == 0 or int.from_bytes(numbers) << int(mask[1]) & 0xFFFFFFFF == 0


def _looks_counted(numbers: bytes) -> bool:
    """Whether four numbers are rather counted up (a version, a section) than drawn: of 300 addresses one looks like it."""
    if numbers[0] >= 2 * _LARGE:
        return numbers[1:].count(0) > 1
    return max(numbers) < _LARGE or sorted(numbers)[2] < _SMALL or numbers[1:].count(0) > 1


def _is_written_out(address: IPv6Address, written: bytes) -> bool:
    """Whether IPv6 has more to it than `2048::4`, `dead::beef` and eight pairs (an EUI-64) have."""
    groups = [group for group in written.partition(b"%")[0].split(b":") if group]
    digits = sum(len(group.lstrip(b"0")) for group in groups)
    if address.ipv4_mapped is not None or address.is_link_local or address.is_loopback:
        return True
    if len(groups) == 8:
        return digits >= 12 and any(len(group) > 2 for group in groups)
    if address not in _UNICAST6 and not address.is_private:
        return False
    return len(groups) > 1 and (digits >= 10 or (digits >= 6 and not b"".join(groups).isdigit()))
