"""The tables beside the data: dropped rows, quarantined records, edits, personal data, scores, keep rates; a step's counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from datapipe.core.columns import ADDR
from datapipe.core.entities import ENTITY
from datapipe.core.spans import SPANS

HEAD = 500  # characters of text that the ledger and the quarantine keep

LEDGER = pa.schema(
    [
        pa.field(ADDR, pa.uint64()),
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("url", pa.string()),
        pa.field("lang", pa.string()),
        pa.field("step", pa.string()),
        pa.field("operator", pa.string()),
        pa.field("reason", pa.string()),  # the first failing rule
        pa.field("reasons", pa.list_(pa.string())),  # all failing rules
        pa.field("scores", pa.map_(pa.string(), pa.float64())),
        pa.field("duplicate_of", pa.string()),  # id of the kept twin
        pa.field("spans", SPANS),  # the parts of the text that decided, where the operator names them
        pa.field("bytes", pa.int64()),  # of the text
        pa.field("text", pa.large_string()),  # as the step saw it
    ]
)

QUARANTINE = pa.schema(
    [
        pa.field(ADDR, pa.uint64()),
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("step", pa.string()),  # null: it could not be read
        pa.field("file", pa.string()),
        pa.field("offset", pa.int64()),  # byte offset in the uncompressed file, if known
        pa.field("row", pa.int64()),  # record number in the file, if known
        pa.field("rows", pa.int64()),  # rows it stands for: a damaged row group is one record
        pa.field("error", pa.string()),
        pa.field("head", pa.large_string()),
    ]
)

EDITS = pa.schema(
    [
        pa.field(ADDR, pa.uint64()),
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("step", pa.string()),
        pa.field("bytes_before", pa.int64()),
        pa.field("bytes_after", pa.int64()),
        pa.field("spans", SPANS),  # the parts cut out, where the operator names them
    ]
)

PII = pa.schema(  # one row for each entity; where a step finds them
    [
        pa.field(ADDR, pa.uint64()),
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("lang", pa.string()),
        pa.field("step", pa.string()),
        *ENTITY,
    ]
)

SCORES = pa.schema(  # of each row and step that judged it; with the recipe key `scores`
    [
        pa.field(ADDR, pa.uint64()),
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("lang", pa.string()),  # as the step leaves it
        pa.field("step", pa.string()),
        pa.field("bytes", pa.int64()),  # of the text, as the step leaves it
        pa.field("failed", pa.list_(pa.string())),  # all failing rules; empty: none
        pa.field("scores", pa.map_(pa.string(), pa.float64())),
    ]
)

AUDIT = pa.schema(  # of each audited step: documents by value and length; a key may come in several parts, to be added
    [
        pa.field("step", pa.string()),
        pa.field("dimension", pa.string()),  # lang, source, domain, length
        pa.field("value", pa.string()),  # null: the document has none
        pa.field("length", pa.int64()),  # characters from here on, to below four times that
        pa.field("rows_in", pa.int64()),  # judged
        pa.field("rows_kept", pa.int64()),  # or, where the step tags, of which it says keep
        pa.field("bytes_in", pa.int64()),  # of the text, as the step saw it
        pa.field("bytes_kept", pa.int64()),
    ]
)


@dataclass
class StepCount:
    """What a step did; adding the counts of all shards gives the manifest's.

    in + added = out + dropped + quarantined + merged
    """

    rows_in: int = 0
    rows_out: int = 0
    dropped: int = 0
    quarantined: int = 0
    added: int = 0
    merged: int = 0  # rows that went on in others, which are added: documents in sequences
    judged: int = 0  # by a filter: the rows within its `where`
    unscored: int = 0  # of these: none of its scores applies (no text, a language without model or list)
    edited: int = 0
    tagged: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    seconds: float = 0.0
    reasons: dict[str, int] = field(default_factory=dict)  # by the first failing rule: sums to dropped (or tagged)
    rules: dict[str, int] = field(default_factory=dict)  # by every failing rule; a filter's that never fired have 0
    tallies: dict[str, Any] = field(default_factory=dict)  # of a merge, by source; of a map, by source and language

    def add(self, other: dict[str, Any]) -> None:
        """Add another shard's count, in its JSON form."""
        for name, value in other.items():
            if isinstance(value, dict):
                add_tallies(getattr(self, name), value)
            else:
                setattr(self, name, getattr(self, name) + value)


def add_tallies(mine: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add numbers by name, and those by names below a name."""
    for key, value in more.items():
        if isinstance(value, Mapping):
            add_tallies(mine.setdefault(key, {}), value)
        else:
            mine[key] = mine.get(key, 0) + value
