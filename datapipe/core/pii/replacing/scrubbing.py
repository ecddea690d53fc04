"""Hits turned into new texts and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from datapipe.arrow.text import Text
from datapipe.core.entities import ENTITY, no_entities
from datapipe.core.pii.catalog import parent
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.made_up.tags import mask
from datapipe.core.pii.recognizer import Hit, Page
from datapipe.core.pii.replacing.settling import Change, settled
from datapipe.core.pii.replacing.treatment import Key, Treatment, replacement
from datapipe.kernels.spans import code_points_at, replace_spans


class Scrubbed(NamedTuple):
    """The texts after it, what was found, in order, and the evidence: a list of entities for each text."""

    text: Text
    changes: list[Change]
    entities: pa.Array


class Scrubber:
    """Finds entities and puts what their treatments say in their places.

    treatments  by type (of `a.b` that of `a`, where it has none)        values  whether the evidence tells the values
    """

    def __init__(self, finder: Finder, treatments: Mapping[str, Treatment], key: Key, values: bool = False) -> None:
        self._finder = finder
        self._treatments = treatments
        self._key = key
        self._values = values

    def scrub(self, text: Text, langs: list[str | None]) -> Scrubbed:
        """The texts, changed so that another scrub finds nothing that it would change."""
        page, hits = self._finder.find(text, langs)
        changes = [self._change(page, hit) for hit in hits]
        if any(change.new is not None for change in changes):
            changes = settled(page, changes, self._finder, self._change)
        return apply(page, changes, self._key, self._values)

    def _change(self, page: Page, hit: Hit, masked: bool = False) -> Change:
        """What becomes of a hit; `masked`: a tag of the house, whatever its treatment says."""
        value = page.data[hit.start : hit.end].decode("utf-8", "replace")
        treatment = self._treatments.get(hit.type) or self._treatments[parent(hit.type)]
        digest = self._key.digest(hit.type, value)
        action = treatment.in_text
        new = replacement(treatment, hit.type, value, digest)
        if masked and action != "report":
            action, new = "mask", mask(hit.type)
        elif action == "replace" and new == mask(hit.type):
            action = "mask"
        return Change(*hit, action, None if action == "report" else new)


def apply(page: Page, changes: Sequence[Change], key: Key, values: bool) -> Scrubbed:
    """The texts of a page with these changes (in order, without overlaps), and the evidence of them."""
    offsets, data = np.asarray(page.offsets, np.int64), np.frombuffer(page.data, np.uint8)
    if not changes:
        return Scrubbed(Text(offsets, data), [], no_entities(len(offsets) - 1))
    found = [page.data[change.start : change.end].decode("utf-8", "replace") for change in changes]
    new = [
        page.data[change.start : change.end] if change.new is None else change.new.encode("utf-8") for change in changes
    ]
    rows = np.array([change.row for change in changes], np.int64)
    starts = np.array([change.start for change in changes], np.int64) - offsets[rows]
    ends = np.array([change.end for change in changes], np.int64) - offsets[rows]
    sizes = np.array([len(value) for value in new], np.int64)
    borders = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    new_data = np.frombuffer(b"".join(new), np.uint8)
    after_offsets, after, at = replace_spans(offsets, data, rows, starts, ends, borders, new_data)
    columns = [
        pa.array([change.type for change in changes], pa.string()),
        pa.array(code_points_at(offsets, data, rows, starts)),
        pa.array(code_points_at(offsets, data, rows, ends)),
        pa.array(code_points_at(after_offsets, after, rows, at)),
        pa.array(code_points_at(after_offsets, after, rows, at + sizes)),
        pa.array([change.score for change in changes], pa.float64()),
        pa.array([change.action for change in changes], pa.string()),
        pa.array([key.digest(change.type, value) for change, value in zip(changes, found, strict=True)], pa.string()),
        pa.array(found if values else [None] * len(changes), pa.string()),
    ]
    lists = np.searchsorted(rows, np.arange(len(offsets))).astype(np.int32)
    entities = pa.ListArray.from_arrays(pa.array(lists), pa.StructArray.from_arrays(columns, fields=list(ENTITY)))
    return Scrubbed(Text(after_offsets, after), list(changes), entities)
