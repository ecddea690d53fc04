"""User names in running text, and what else begins with an at sign."""

from __future__ import annotations

import pytest

from tests.recognized import recognized


def found(text: str) -> list[str]:
    return recognized(text, "user_name")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("thanks @jack and @jill_b for this", ["@jack", "@jill_b"]),
        ("RT @bob: what a day", ["@bob"]),
        ("@mike are you coming?", ["@mike"]),
        ("Jane Doe (@janedoe) wrote this.", ["@janedoe"]),
        ("Photo by @the.real.pic", ["@the.real.pic"]),
        ("I love this! @company_help please fix", ["@company_help"]),
        ("ご覧ください @taro_y さん", ["@taro_y"]),
        ("see @gargron@mastodon.example.social and @x_y", ["@gargron@mastodon.example.social", "@x_y"]),
        ("https://medium.com/@someone/abc", ["@someone"]),
        ("by u/spez_123 on reddit.com/u/abc_9, /u/me-too", ["spez_123", "abc_9", "me-too"]),
        ("Síguenos en Twitter: @la_casa.", ["@la_casa"]),
    ],
)
def test_names_in_running_text(text: str, names: list[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "@media screen { color: red }", "@import url(x.css);", "@Override\npublic void run()", " * @param name the name",
        "@return the value", "npm i @babel/core @types/node", "@staticmethod\ndef f(x):", "@app.route('/')", "my @list = (1, 2);",
        "push(@array, 1)", "@code{x} and @var{y}", "jane@example.org", "a @ b", "@", "mov r0, @function", "@2x", "@10:30 today",
        "The tag @literal is an inline tag.", "values in @INC are", "@Entity class A", "@inproceedings{x, author={y}}",
        "git@host",
        "/u/local/bin", "menu/File", "12 U/WIN", "the /usr/u/x", "SELECT @total := 1", "\0@\0", "", "<USER_NAME>",
    ],
)  # fmt: skip
def test_what_else_begins_with_an_at_sign(text: str) -> None:
    assert found(text) == []


def test_beside_the_address() -> None:
    """The name and host of the fediverse are no e-mail address, an e-mail address is no name."""
    text = "Ask @jane@mastodon.social or jane@example.org"
    assert recognized(text, "user_name", "email") == ["@jane@mastodon.social", "jane@example.org"]
