"""Lines of JSON to dictionaries: fast where all are well-formed, exact and explaining where one is not."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from datapipe.io.values import DEEPEST, TOO_DEEP, kind_of, not_utf8

_SURROGATE = re.compile("[\ud800-\udfff]")


class Parsed(NamedTuple):
    """What the lines held; blank lines are no records.

    lines    for each record its line        numbers  for each record its number among all that are not blank
    errors   (number, line, what was found and expected) of each line that is no object
    """

    records: list[dict[str, Any]]
    lines: Sequence[int]
    numbers: Sequence[int]
    errors: list[tuple[int, int, str]]
    surrogates: int = 0


class _NotARecord(ValueError):
    pass


def parse(lines: list[bytes]) -> Parsed:
    """Every line as an object; lone surrogates become U+FFFD and are counted."""
    loads = orjson.loads
    try:
        records = [loads(line) for line in lines]
    except orjson.JSONDecodeError:
        return _parse_each(lines)
    if {*map(type, records)} <= {dict}:
        return Parsed(records, range(len(records)), range(len(records)), [])
    return _parse_each(lines)


def _parse_each(lines: list[bytes]) -> Parsed:
    parsed = Parsed([], indices := [], numbers := [], [])
    number = surrogates = 0
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            record, repaired = _parse_one(line)
        except _NotARecord as error:
            parsed.errors.append((number, index, str(error)))
        else:
            parsed.records.append(record)
            indices.append(index)
            numbers.append(number)
            surrogates += repaired
        number += 1
    return parsed._replace(surrogates=surrogates)


def _parse_one(line: bytes) -> tuple[dict[str, Any], int]:
    repaired = 0
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        # The standard library takes what orjson refuses: NaN, Infinity, numbers of any size, lone surrogates.
        value, repaired = _by_library(line)
    if not isinstance(value, dict):
        raise _NotARecord(f"the line is {kind_of(value)}; expected one JSON object a line")
    return value, repaired


def exact(line: bytes) -> dict[str, Any]:
    """The record of a line that `parse` took, with whole numbers of any size kept."""
    value: dict[str, Any] = _by_library(line)[0]
    return value


def _by_library(line: bytes) -> tuple[Any, int]:
    """The value by the standard library, and how many lone surrogates were replaced in it."""
    try:
        return _without_surrogates(json.loads(line.decode("utf-8")), 1)
    except UnicodeDecodeError as error:
        raise _NotARecord(f"the line is {not_utf8(error)}") from None
    except RecursionError:
        raise _NotARecord(f"the line is {TOO_DEEP}") from None
    except json.JSONDecodeError as error:
        raise _NotARecord(f"invalid JSON: {error.msg} at character {error.pos}; expected one object a line") from None
    except ValueError as error:
        raise _NotARecord(f"invalid JSON: {error}; expected one object a line") from None


def _without_surrogates(value: Any, depth: int) -> tuple[Any, int]:
    if isinstance(value, str):
        return _SURROGATE.subn("\ufffd", value)
    if depth > DEEPEST and isinstance(value, dict | list):
        raise RecursionError
    if isinstance(value, list):
        items = [_without_surrogates(item, depth + 1) for item in value]
        return [item for item, _ in items], sum(n for _, n in items)
    if isinstance(value, dict):
        count = 0
        clean: dict[str, Any] = {}
        for key, item in value.items():
            new_key, in_key = _SURROGATE.subn("\ufffd", key)
            clean[new_key], in_item = _without_surrogates(item, depth + 1)
            count += in_key + in_item
        return clean, count
    return value, 0
