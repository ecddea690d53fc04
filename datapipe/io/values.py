"""One input value as what a column declares, or a sentence why it cannot be."""

from __future__ import annotations

import base64
import json
import math
import re
from typing import Any

import orjson
import pyarrow as pa

_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
_INT64 = range(-(1 << 63), 1 << 63)
HEAD = 500  # characters of a bad record that are shown
# What orjson writes; a limit of our own, for Python's depends on who calls.
DEEPEST = 254
TOO_DEEP = f"nested too deeply; expected at most {DEEPEST} levels"
_SHOWN = 80  # characters of a wrong value in a message
_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    bytes: "binary data",
    type(None): "null",
}
_NATIVE: dict[pa.DataType, tuple[type, str]] = {
    pa.string(): (str, "a string"),
    pa.large_string(): (str, "a string"),
    pa.int64(): (int, "a whole number of 64 bits"),
    pa.float64(): (float, "a number"),
    pa.bool_(): (bool, "true or false"),
    pa.list_(pa.float32()): (list, "a list of numbers"),
}

_LOOKED_INTO = {pa.int64(), pa.list_(pa.float32())}  # types whose native values may be unfit


class Unfit(ValueError):
    """The value cannot be taken as the declared type."""


def kind_of(value: Any) -> str:
    """What a value is, in words: `a list`."""
    return _KINDS.get(type(value), f"a {type(value).__name__}")


def to_json(value: Any) -> bytes:
    """JSON of any value: NaN and infinities as null, binary as base64, whole numbers exact, the rest as strings.

    Unfit for a value nested deeper than DEEPEST levels.
    """
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # A whole number beyond 64 bits, or too deep.
        return json.dumps(_finite(value, 1), ensure_ascii=False, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def _finite(value: Any, depth: int) -> Any:
    if depth > DEEPEST and isinstance(value, dict | list | tuple):
        raise Unfit(TOO_DEEP)
    if isinstance(value, dict):
        return {str(k): _finite(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v, depth + 1) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def convert(value: Any, dtype: pa.DataType) -> Any:
    """The value as a column of this type takes it; Unfit (saying what was found and expected) if it cannot be."""
    native, expected = _NATIVE[dtype]
    if native is list:
        result = value if value is None or _is_vector(value) else Unfit
    elif value is None or type(value) is native:
        fits = dtype != pa.int64() or value is None or value in _INT64
        result = value if fits else Unfit
    elif native is str:
        result = to_json(value).decode()
    elif native is int:
        result = _as_int(value)
    elif native is float:
        result = _as_float(value)
    else:
        result = _as_bool(value)
    if result is Unfit:
        raise Unfit(f"{kind_of(value)} ({_show(value)}); expected {expected}")
    return result


def convert_id(value: Any) -> str | None:
    """An id as a string: whole numbers are written out; Unfit for objects, lists and booleans."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and math.isnan(value):
        return None  # what pandas writes for a missing number
    if isinstance(value, bytes):
        return value.hex()  # of a fixed length, as UUIDs are
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise Unfit(f"{kind_of(value)} ({_show(value)}); expected a string or a whole number")


def fits_fast(values: list[Any], dtype: pa.DataType) -> bool:
    """Whether all values are of the column's own type or null, so that none needs to be converted."""
    return {*map(type, values)} <= {_NATIVE[dtype][0], type(None)} and dtype not in _LOOKED_INTO


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and all(part is None or type(part) in (int, float) for part in value)


def _as_int(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    if (isinstance(value, float) and value.is_integer()) or (
        isinstance(value, str) and len(value) < 40 and _WHOLE.fullmatch(value)
    ):
        value = int(value)
    else:
        return Unfit
    return value if value in _INT64 else Unfit


def _as_float(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str) or (isinstance(value, str) and "_" in value):
        return Unfit
    try:
        return float(value)
    except (ValueError, OverflowError):
        return Unfit


def _as_bool(value: Any) -> Any:
    words = {"true": True, "false": False, "1": True, "0": False}
    return words.get(str(value).strip().lower(), Unfit) if isinstance(value, int | str) else Unfit


def _show(value: Any) -> str:
    text = to_json(value).decode()
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def head_of(data: bytes | str) -> str:
    """The first characters of a bad record, for people."""
    if isinstance(data, bytes):
        data = data[: HEAD * 4].decode("utf-8", "replace")
    return data[:HEAD]


def not_utf8(error: UnicodeDecodeError) -> str:
    """`not UTF-8: byte 0xff at 17; expected UTF-8 text`."""
    return f"not UTF-8: byte 0x{error.object[error.start]:02x} at {error.start}; expected UTF-8 text"
