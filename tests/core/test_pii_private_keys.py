"""Blocks of private keys, whole, in every dress."""

from __future__ import annotations

import json
import random
import string

import pytest

from datapipe.core.pii.recognizer import Recognizer
from datapipe.core.pii.secrets.private_keys import PrivateKeys
from tests.recognized import said, values

KEYS: list[Recognizer] = [PrivateKeys()]
LINES = ["".join(random.Random(k).choices(string.ascii_letters + string.digits + "+/", k=64)) for k in range(12)]
LAST = LINES[0][:27] + "="


def block(label: str, lines: list[str], end: str = "\n") -> str:
    """A block as programs write it; put together here, so that no file holds one."""
    return end.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


LABELS = [
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\\n", "\n    ", '\\n" +\n  "'])
def test_the_whole_block_is_the_hit(label: str, end: str) -> None:
    whole = block(label, [*LINES, LAST], end)
    assert said(KEYS, f"é before {whole} after") == [("private_key", whole, 1.0)]
    assert values(KEYS, f'{{"private_key": "{whole}", "x": 1}}') == [whole]


def test_headers_of_a_block_belong_to_it() -> None:
    whole = block("RSA PRIVATE KEY", ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,0123456789ABCDEF", "", *LINES])
    assert values(KEYS, whole) == [whole]


def test_the_smallest_key_and_a_big_one() -> None:
    small, big = block("PRIVATE KEY", LINES[:1]), block("RSA PRIVATE KEY", LINES * 16)
    assert values(KEYS, f"{small}\n{big}") == [small, big]


def test_a_block_without_its_end_goes_as_far_as_its_base64() -> None:
    begun = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *LINES, LAST])
    assert values(KEYS, f"{begun}\n\nThat was all.") == [begun]
    assert values(KEYS, begun) == [begun]
    certificate = block("CERTIFICATE", LINES)
    assert values(KEYS, f"{begun}\n{certificate}") == [begun]


@pytest.mark.parametrize(
    "text",
    [
        block("CERTIFICATE", LINES),
        block("PUBLIC KEY", LINES),
        block("RSA PUBLIC KEY", LINES),
        block("PGP PUBLIC KEY BLOCK", LINES),
        block("PRIVATE KEY", ["..."]),
        block("PRIVATE KEY", ["x" * 64] * 8),
        block("PRIVATE KEY", ["<PRIVATE_KEY>"]),
        "It starts with -----BEGIN RSA PRIVATE KEY----- and is followed by lines of base64.",
        "-----BEGIN PRIVATE KEY-----",
        'if b"-----BEGIN RSA PRIVATE KEY-----" in data and "-----END RSA PRIVATE KEY-----" in data:',
    ],
)
def test_what_is_no_private_key(text: str) -> None:
    assert values(KEYS, text) == []


def test_the_files_of_putty() -> None:
    whole = "\n".join(
        [
            "PuTTY-User-Key-File-3: ssh-ed25519",
            "Encryption: none",
            "Comment: laptop",
            "Public-Lines: 2",
            *LINES[:2],
            "Private-Lines: 1",
            LINES[2],
            "Private-MAC: " + "0123456789abcdef" * 4,
        ]
    )
    assert values(KEYS, f"x\n{whole}\ny") == [whole]
    assert values(KEYS, "PuTTY-User-Key-File-3: is the first line") == []


def web_key(**members: str) -> str:
    """A JSON Web Key."""
    return json.dumps({"kty": "EC", "crv": "P-256", "x": LINES[0][:43].replace("+", "-").replace("/", "_"), **members})


def test_private_members_of_web_keys() -> None:
    secret, other = (line[:43].replace("+", "-").replace("/", "_") for line in LINES[1:3])
    assert values(KEYS, web_key()) == []
    assert values(KEYS, web_key(d=secret)) == [secret]
    assert values(KEYS, json.dumps({"keys": web_key(d=secret)})) == [secret]
    assert values(KEYS, f"[{web_key(d=secret, kid='1')}, {web_key()}, {web_key(d=other)}]") == [secret, other]
    assert values(KEYS, web_key(d="x" * 43)) == []
    assert values(KEYS, f'"kty" and "d": "{secret}"') == []
