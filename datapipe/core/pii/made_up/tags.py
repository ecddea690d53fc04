"""Tags that stand in texts for what was there."""

from __future__ import annotations

import re

from datapipe.core.pii.catalog import TYPES, parent

LETTERS = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")  # a hash in letters is never taken for a number
HASH_LETTERS = 16
# Every tag that a scrub leaves by itself: a mask or a keyed hash of any type.
PLACEHOLDER = re.compile(
    rb"<(?:%s)(?::[b-df-hj-np-t]{%d})?>" % ("|".join(kind.tag for kind in TYPES.values()).encode(), HASH_LETTERS)
)
LONGEST = 64  # bytes, more than the longest of them


def mask(kind: str) -> str:
    """The tag of a type: `<EMAIL>`."""
    return f"<{TYPES[parent(kind)].tag}>"


def hashed(kind: str, digest: str) -> str:
    """The tag with the first 64 bits of a digest in consonants: `<EMAIL:hqzr…>`."""
    return f"<{TYPES[parent(kind)].tag}:{digest[:HASH_LETTERS].translate(LETTERS)}>"
