"""Values that stand where a secret would: examples of manuals, masks, variables, calls, tags of this very step."""

from __future__ import annotations

import re

_WORDS = re.compile(
    rb"example|sample|placeholder|change[-_]?(?:me|it|this)|your|replace|insert|redacted|removed|hidden|dummy|fake|todo|"
    rb"fixme|secret[-_]?(?:key|token)|xxxx|\.\.\.|\*\*\*|abcdefgh|12345678|01234567|98765432|deadbeef|cafebabe|foobar|"
    rb"lorem|_here|my[-_]?(?:secret|token|key)|enter[-_]|invalid|not[-_]?(?:a|the|real)[-_]",
    re.IGNORECASE,
)
_NAMES = rb"[A-Za-z_$][\w$]*"
_CODE = re.compile(
    rb"[$%@&]?[{(\[<]|\$[A-Za-z_]|%[A-Za-z]\Z|%[-0-9.]*[sdif]\b|&[a-z]+;|"  # ${X}, $(x), {{x}}, <x>, $x, %s
    rb"(?:" + _NAMES + rb"(?:\.|->|::))+" + _NAMES + rb"[(\[]|"  # a.b.c(
    rb"(?:new|await|lambda|return|function)\b|"
    rb"" + _NAMES + rb"[(\[]"  # f(x), x[1]
)
_PATH = re.compile(rb"(?:" + _NAMES + rb"(?:\.|->|::))+" + _NAMES + rb"\Z")


def is_example(value: bytes) -> bool:
    """Whether a value says itself that it is an example, or is drawn from too few signs to be a secret."""
    most = value[:256]
    return _WORDS.search(most) is not None or len(set(most)) <= (2 if len(most) < 8 else max(3, min(len(most) // 6, 8)))


def is_code(value: bytes) -> bool:
    """Whether a value is a variable of a shell, a template, a call or a tag."""
    return _CODE.match(value[:256]) is not None


def is_member(value: bytes) -> bool:
    """Whether a value without quotes is a name in a name: `settings.db.password`."""
    return _PATH.match(value[:256]) is not None
