"""IP and MAC addresses among versions, sections, times and fingerprints."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv6Address

import pytest

from datapipe.core.pii.numbers.mac import MacAddress
from datapipe.core.pii.numbers.network import IpAddress
from tests.recognized import found, said


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("client=19.225.246.13 status=403", "19.225.246.13"),
        ("Received: from mx ([66.92.53.74])", "66.92.53.74"),
        ("Host 8.7.174.193 refused", "8.7.174.193"),
        ("nameserver 8.8.8.8", "8.8.8.8"),
        ("client=84.42.135.0 status=403", "84.42.135.0"),
        ("84.42.135.128/24", "84.42.135.128"),
        ("Received: from mx ([17.4.3.6])", "17.4.3.6"),
        ("http://204.146.133.206/index.html", "204.146.133.206"),
        ("http://user@1.2.3.4:8080/", "1.2.3.4"),
        ("84.42.135.136:443", "84.42.135.136"),
        ("route 195.20.105.149/32 dev eth1", "195.20.105.149"),
        ("from 130.89.148.77, or so. ", "130.89.148.77"),
        ("Der Rechner 84.42.135.136.", "84.42.135.136"),
        ("сервер 84.42.135.136", "84.42.135.136"),
        ("v=spf1 ip4:199.127.61.96 ~all", "199.127.61.96"),
        ("84.42.135.136", "84.42.135.136"),
        ('84.42.135.136 - - [10/Oct/2000:13:55:36] "GET"', "84.42.135.136"),
        ("10.0.0.1, 192.168.0.17, 84.42.135.136, 10.0.0.9", "84.42.135.136"),
        ("IP 10.0.0.2.443 > 84.42.135.136.5000: tcp 0", "84.42.135.136"),
        ("ip.src == 84.42.135.136 && tcp", "84.42.135.136"),
        ("17,84.42.135.136,403", "84.42.135.136"),
        ("\\\\84.42.135.136\\share", "84.42.135.136"),
        ("地址84.42.135.136。", "84.42.135.136"),
    ],
)
def test_ipv4_is_found(text: str, value: str) -> None:
    assert found(IpAddress(), text) == [("ip.v4", value)]


@pytest.mark.parametrize(
    "text",
    [
        "See section 6.15.74.46 of the manual",
        "route 84.42.0.0/16, 84.42.135.0/24 and 84.42.135.128/25 over 84.42.255.255",
        "the network 84.42.135.0 is theirs",
        "// [17.4.3.6] modifiers",
        "2.6.8.1/9",
        'ObjectIdentifier("1.3.101.112")',
        "version 61.152.130.4",
        "Version: 61.152.130.4",
        "Версия 61.152.130.4",
        "v61.152.130.4",
        "libfoo-61.152.130.4.tar.gz",
        "libfoo_61.152.130.4",
        "61.152.130.4-5ubuntu1",
        "61.152.130.4~rc1",
        "c-.68-.52-.01-.53.63-.01 1.08.58 1.23.82.72 1.21 1.87",
        "foo==61.152.130.4",
        "foo (>= 61.152.130.4)",
        "https://cdn.example.com/lib/61.152.130.4/x.js",
        "12.1.1.1. Setting up the server",
        "host names\n\n12.2.2.4 Networks",
        "Ximian Evolution 1.0.8.99",
        "1.3.6.1.4.1.2021",
        "iso.3.61.152.130.4.9",
        "13.246.225.19.in-addr.arpa",
        "netmask 255.255.255.0",
        "0.0.0.0",
        "224.0.0.251",
        "192.0.2.17 and 198.51.100.4",
        "61.152.130.256",
        "61.152.130.04",
        "61.152.130.4abc",
        "10.218.6.131, 127.0.0.1, 192.168.1.2, 172.16.3.4, 169.254.7.8",
        "§ 61.152.130.4",
        "errata 50.2.6.3 & 50.3.5.3",
    ],
)
def test_numbers_with_dots_that_are_none(text: str) -> None:
    assert found(IpAddress(), text) == []


def test_a_range_has_two_ends() -> None:
    assert found(IpAddress(), "84.42.135.136-84.42.135.200") == [("ip.v4", "84.42.135.136"), ("ip.v4", "84.42.135.200")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("peer [2a02:d2ce:7123:e47f:25b8:6cb:b5ac:b471]:443 closed", "2a02:d2ce:7123:e47f:25b8:6cb:b5ac:b471"),
        ("listens on 2a01:4f8:38d9:8d34::30 as well", "2a01:4f8:38d9:8d34::30"),
        ("2620:FE::FE.", "2620:FE::FE"),
        ("2001:67c:2564:a119::77/64", "2001:67c:2564:a119::77"),
        ("ip6:2a00:1450:4000::/36", "2a00:1450:4000::"),
        ("at 2a01:4f8:38d9:8d34::30: refused", "2a01:4f8:38d9:8d34::30"),
        ("::ffff:204.152.189.116", "::ffff:204.152.189.116"),
        ("0:0:0:0:0:FFFF:129.144.52.38", "0:0:0:0:0:FFFF:129.144.52.38"),
    ],
)
def test_ipv6_is_found(text: str, value: str) -> None:
    assert found(IpAddress(), text) == [("ip.v6", value)]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a::b",
            "std::dead::beef",
            "use Ab::Cd;",
            "x[2048::4]",
            "dead::beef",
            "1::8",
            "12:34:56",
            "::",
            "::1",
            "a::",
            "::c",
        ),
        *("fe80::1%eth0", "fd31:bf08:57cb::1", "2001:db8::8a2e:370:7334", "ff02::1", "f9:2a:c2:77:29:f9:5c:00"),
        *(
            "aa:bb:cc:dd:ee:ff",
            "2001:4f8:38d9:8d34:30",
            "2a01:4f8::38d9::30",
            "2a01:4f8:38d9:8d34::3g",
            "1:2:3:4:5:6:7:8:9",
        ),
    ],
)
def test_colons_that_are_no_address(text: str) -> None:
    assert found(IpAddress(), text) == []


def test_addresses_count_where_the_registries_say_so() -> None:
    draw = random.Random(6)
    for _ in range(300):
        v4, v6 = IPv4Address(draw.getrandbits(32)), IPv6Address(draw.getrandbits(128) >> 3 | 1 << 125)
        routed = v4.is_global and not v4.is_multicast
        assert found(IpAddress(), f"client={v4} gone") == ([("ip.v4", str(v4))] if routed else [])
        for written in (str(v6), v6.exploded, str(v6).upper()):
            assert found(IpAddress(), f"peer [{written}]:443") == ([("ip.v6", written)] if v6.is_global else [])


def test_private_addresses_on_demand_but_never_masks_and_documents() -> None:
    text = "10.218.6.131 127.0.0.1 192.168.1.2 255.255.255.0 0.0.0.0 192.0.2.1 fe80::1%eth0 2001:db8::1 fd31:bf08:57cb::1 ::1"
    assert [value for _, value in found(IpAddress(private=True), text)] == [
        *("10.218.6.131", "127.0.0.1", "192.168.1.2", "fe80::1%eth0", "fd31:bf08:57cb::1", "::1"),
    ]


@pytest.mark.parametrize("value", ["da:ca:43:be:a9:d0", "DA-CA-43-BE-A9-D0", "daca.43be.a9d0", "52:54:00:12:34:56"])
def test_mac_is_found(value: str) -> None:
    assert found(MacAddress(), f"<{value}> lost its link") == [("mac", value)]
    assert said(MacAddress(), f"ether {value}.", 0) == [("mac", value, 1.0)]


@pytest.mark.parametrize(
    "text",
    [
        *("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:12:34:56", "33:33:00:00:00:fb", "00:00:5E:00:53:AF"),
        *("aa:bb:cc:dd:ee:ff", "20-12-31-10-11-12", "09:12:30:16:12:34", "da:ca:43:be:a9", "da:ca:43:be:a9:d0:11"),
        ":".join(["da", "ca", "43", "be"] * 4),
        ":".join(["da", "ca", "43", "be"] * 5),
        ":".join(["da", "ca", "43", "be"] * 8),
        "8f:2a:1b:9c:\n    da:ca:43:be:a9:d0\n",
        "-309 97-35-37-87-37-50 0-85",
        *("00:00:5e:00:01:0a", "[*0BFA.0020.0002]", "0329.0020.0004", "system-id 0143.0438.AEF0 and"),
        *("da:ca-43:be-a9:d0", "daca:43be:a9d0", "zda:ca:43:be:a9:d0", "da:ca:43:be:a9:d0z", "-da-ca-43-be-a9-d0-11"),
    ],
)
def test_pairs_that_are_no_device(text: str) -> None:
    assert found(MacAddress(), text) == []
