"""E-mail addresses: the examples of the RFCs, other scripts, and what only looks like one."""

from __future__ import annotations

import pytest

from datapipe.core.pii.contact.top_level_domains import NATIVE, TOP_LEVEL_DOMAINS
from tests.recognized import recognized


def found(text: str, **how: float) -> list[str]:
    return recognized(text, "email", **how)


@pytest.mark.parametrize(
    "address",
    [
        # RFC 5322, appendix A.1
        "john.q.public@example.com", "jdoe@example.org", "sysservices@example.net", "mary@example.net",
        # RFC 3696, 3, with its errata
        '"Abc\\@def"@example.com', '"Fred Bloggs"@example.com', '"Joe.\\\\Blow"@example.com', "_somename@example.com",
        "user+mailbox@example.com",
        # RFC 5321, 4.1.3
        "user@[192.0.2.1]", "user@[IPv6:2001:db8::1]",
        # RFC 6531 and its companions: the test addresses for other scripts
        "用户@例子.中国", "संपर्क@डाटामेल.भारत", "χρήστης@παράδειγμα.ελ", "Dörte@Sörensen.example.com", "чебурашка@ящик-с.рф",
        "user@xn--bcher-kva.example.com", "user@bücher.de", "info@example.xn--p1ai",
        # SRS and VERP: the address of the reader in that of the list
        "return-1-jane=example.org@lists.example.com", "O'Neil@example.ie", "A.B@EXAMPLE.CO.UK",
    ],
)  # fmt: skip
def test_published_addresses_wherever_they_stand(address: str) -> None:
    places = ["{}", "Write to {}, please.", "<{}>", "({})", "mailto:{}?subject=x", "\n{}\n", "“{}”", "{}…"]
    assert {place: found(place.format(address)) for place in places} == {place: [address] for place in places}


@pytest.mark.parametrize(
    "text",
    [
        "root@localhost", "ssh bob@host", "@scope/pkg", "icon@2x.png", "foo@1.2.3", "pkg@v1.0.2", "getty@tty1.service",
        "user@1000.service", "x@y.py", "git@github.com:org/repo.git", "rsync -a me@host.org:/srv .", "aes128-gcm@openssh.com",
        "https://jane:Xk29@host.org/", "ssh://git@host.org/x", "@jane@mastodon.social", "$USER@host.org", "%s@host.org",
        "Message-ID: <B95DE879.F91B@host.org>", "References: <x1@host.org>\n <x2@host.org>", "<20020822135113.A2345@host.org>",
        "see https://lists.org/r/20070212.063225.GA663@host.org", "@table @code", "<EMAIL>", "@", "a@", "@a.de", "\0@\0.de",
        "a@b@c", "memcpy@@GLIBC_2.14", "host/jane@REALM.ORG", '"abc"@en', "a@[1.2.3]", "a@b.notadomain",
        "nick!jane@pool.host.org", "3pd2lp$6gf@host.org",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_address(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("请联系admin@example.com谢谢", ["admin@example.com"]),
        ("email=foo@bar.org&x=1, https://x.org/?mail=foo@bar.org", ["foo@bar.org"] * 2),
        ("'a@b.org' *c@d.org* `e@f.org` |g@h.org|", ["a@b.org", "c@d.org", "e@f.org", "g@h.org"]),
        ("Mail a@b.com.In the next line", ["a@b.com"]),
        ("x@y.org,z@y.org;w@y.org", ["x@y.org", "z@y.org", "w@y.org"]),
        ("at the end of the text: a@b.org", ["a@b.org"]),
        ("jane@x.org: hello", ["jane@x.org"]),
        ("....jane@x.org", ["jane@x.org"]),
    ],
)
def test_where_an_address_begins_and_ends(text: str, addresses: list[str]) -> None:
    assert found(text) == addresses


@pytest.mark.parametrize(
    "address",
    [
        "jane [at] example [dot] org", "jane (at) example.org", "jane(at)example(dot)org", "jane AT example DOT org",
        "jane.doe [at] mail [dot] example [dot] org", "jane＠example.jp", "jane&#64;example.org", "jane%40example.org",
    ],
)  # fmt: skip
def test_spelled_for_people(address: str) -> None:
    assert found(f"Write to {address} today.") == [address] or found(f"<{address}>") == [address]


def test_spoken_words_are_no_address() -> None:
    assert found("Click at the dot at the top; x[at] y; meet (at) noon. The DOT at THE DOT com") == []


def test_low_scores_are_there_for_who_asks() -> None:
    assert found("git@github.com:org/repo", least=0.3) == ["git@github.com"]


def test_domains_are_those_that_exist() -> None:
    assert {"com", "de", "museum", "xn--p1ai", "рф"} <= TOP_LEVEL_DOMAINS
    assert not {"service", "png", "local", "localhost", "test", "example", "invalid", "arpa"} & TOP_LEVEL_DOMAINS
    assert all(f"xn--{name.encode('punycode').decode()}" in TOP_LEVEL_DOMAINS for name in NATIVE)
