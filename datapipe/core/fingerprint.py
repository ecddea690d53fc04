"""Content keys: equal values, equal key, on every machine."""

import hashlib
from typing import Any

import orjson


def fingerprint(value: Any) -> str:
    """16 hex digits of a JSON-able value; key order does not matter."""
    data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.blake2b(data, digest_size=8).hexdigest()
