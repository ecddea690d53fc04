"""Hits turned into new texts and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from datapipe.arrow.text import Text
from datapipe.core.entities import ENTITY, no_entities
from datapipe.core.pii.catalog import parent
from datapipe.core.pii.recognizer import Hit, Page
from datapipe.core.pii.treatment import Key, Treatment, replacement
from datapipe.kernels.spans import code_points_at, replace_spans


class Scrubbed(NamedTuple):
    """The texts after it, and the evidence: a list of entities for each text."""

    text: Text
    entities: pa.Array


def scrub(page: Page, hits: list[Hit], treatments: Mapping[str, Treatment], key: Key, values: bool) -> Scrubbed:
    """Put what its treatment says in the place of every hit.

    hits    in order, without overlaps        treatments  by type (of `a.b` that of `a`)
    values  whether the evidence tells the values
    """
    offsets, data = np.asarray(page.offsets, np.int64), np.frombuffer(page.data, np.uint8)
    if not hits:
        return Scrubbed(Text(offsets, data), no_entities(len(offsets) - 1))
    found = [page.data[hit.start : hit.end].decode() for hit in hits]
    digests = [key.digest(hit.type, value) for hit, value in zip(hits, found, strict=True)]
    theirs = [treatments.get(hit.type) or treatments[parent(hit.type)] for hit in hits]
    new = [
        replacement(treatment, hit.type, value, digest).encode()
        for treatment, hit, value, digest in zip(theirs, hits, found, digests, strict=True)
    ]
    rows = np.array([hit.row for hit in hits], np.int64)
    starts = np.array([hit.start for hit in hits], np.int64) - offsets[rows]
    ends = np.array([hit.end for hit in hits], np.int64) - offsets[rows]
    sizes = np.array([len(value) for value in new], np.int64)
    new_data = np.frombuffer(b"".join(new), np.uint8)
    after_offsets, after, at = replace_spans(
        offsets, data, rows, starts, ends, np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)]), new_data
    )
    columns = [
        pa.array([hit.type for hit in hits], pa.string()),
        pa.array(code_points_at(offsets, data, rows, starts)),
        pa.array(code_points_at(offsets, data, rows, ends)),
        pa.array(code_points_at(after_offsets, after, rows, at)),
        pa.array(code_points_at(after_offsets, after, rows, at + sizes)),
        pa.array([hit.score for hit in hits], pa.float64()),
        pa.array([treatment.action for treatment in theirs], pa.string()),
        pa.array(digests, pa.string()),
        pa.array(found if values else [None] * len(hits), pa.string()),
    ]
    borders = np.searchsorted(rows, np.arange(len(offsets))).astype(np.int32)
    entities = pa.ListArray.from_arrays(pa.array(borders), pa.StructArray.from_arrays(columns, fields=list(ENTITY)))
    return Scrubbed(Text(after_offsets, after), entities)
