"""URLs with a user and a password, held against the standard library's reading of them."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.recognized import recognized

URLS = [
    "https://jane:Xk29dkLq@example.org/", "ftp://jane:Xk29dkLq@ftp.example.org/pub/x.tar.gz;type=i", "svn+ssh://j.d:p%40ss9@host/x",
    "postgres://app:Xk29dkL@db.internal:5432/prod?sslmode=require#top", "redis://:Xk29dkLq@127.0.0.1:6379/0",
    "mongodb+srv://me:q9!x$&'()*+,=z@cluster0.example.org", "http://u1:q9z8@[2001:db8::1]:8080/a", "amqp://a:b~c-d_9@h",
    "smb://jane:q1@w2@server/share", "https://jane:Xk29@müller.example/", "jdbc:mysql://jane:Xk29dkLq@host/db",
]  # fmt: skip


@pytest.mark.parametrize("url", URLS)
def test_the_whole_url_is_the_hit(url: str) -> None:
    whole = url.removeprefix("jdbc:")
    places = ["{}", "Clone {} now.", "({}), then", '"{}"', "<{}>", "[x]({})", "`{}`", "see {}!", "{}…"]
    hits = {place: recognized(place.format(url), "url_credentials", "email") for place in places}
    assert hits == {place: [whole] for place in places}
    assert urlsplit(whole).password


def test_brackets_belong_to_it_where_they_open_in_it() -> None:
    assert recognized("http://a:Xk29@b.org/wiki/X_(y) http://a:Xk29@b.org/z)", "url_credentials") == [
        "http://a:Xk29@b.org/wiki/X_(y)",
        "http://a:Xk29@b.org/z",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://user:password@host", "https://${USER}:${PASS}@h.org", "https://<user>:<pass>@h.org", "http://u:p@h/", "x://a:***@h",
        "https://{user}:{token}@h.org", "https://user:$TOKEN@h.org", "ftp://anonymous:anonymous@h", "http://me:my_password@h",
        "smb://usuario:contraseña@servidor", "https://git@h.org/x", "http://h.org:80/@x", "http://h.org/a:b@c", "http://a:b c@d",
        "://a:b@c", "http://jane:@h.org",
    ],
)  # fmt: skip
def test_placeholders_and_urls_without_a_password(url: str) -> None:
    assert recognized(f"use {url} here", "url_credentials") == []


def test_placeholders_score_less() -> None:
    assert recognized("http://user:password@host/x", "url_credentials", least=0.3) == ["http://user:password@host/x"]
