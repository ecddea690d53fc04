"""The step of `datapipe audit-pii`: each document becomes what was found in it, without its text."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from datapipe.core.columns import set_columns
from datapipe.core.context import Context
from datapipe.core.entities import ENTITY
from datapipe.core.operator import Map
from datapipe.core.pii.catalog import TYPES, parent
from datapipe.ops.pii_scrub import PiiScrub

AROUND = 40  # characters of context on either side
FOUND = pa.struct([*ENTITY, pa.field("context", pa.string())])  # null but for the first of its type in its document


class AuditPii(Map):
    """Give every document its number of characters and its entities; the text goes."""

    name: ClassVar[str] = "audit_pii"
    reads: ClassVar[tuple[str, ...]] = ("text", "lang", "metadata")
    writes: ClassVar[Mapping[str, pa.DataType]] = {
        "text": pa.large_string(),
        "metadata": pa.large_string(),
        "characters": pa.int64(),
        "entities": pa.list_(FOUND),
    }

    search: PiiScrub = Field(description="parameters of pii_scrub")
    whole: bool = Field(False, description="keep text and metadata, to compare with labels")

    def setup(self, ctx: Context) -> None:
        """Make the recognizers."""
        self.search.setup(ctx)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Entities as the filter finds them."""
        found = self.search.judge(batch).entities
        assert found is not None
        parents = found.value_parent_indices().to_numpy()
        entities = found.flatten()
        text = batch.column("text")
        context = _contexts(text, parents, entities, self.search.values)
        entities = pa.StructArray.from_arrays([*entities.flatten(), context], fields=list(FOUND))
        borders = np.searchsorted(parents, np.arange(batch.num_rows + 1)).astype(np.int32)
        columns = {
            "characters": pc.fill_null(pc.utf8_length(text), 0),
            "entities": pa.ListArray.from_arrays(pa.array(borders), entities),
        }
        if not self.whole:
            none = pa.nulls(batch.num_rows, pa.large_string())
            columns |= {"text": pc.fill_null(none, ""), "metadata": none}
        return set_columns(batch, columns)


def _contexts(text: pa.Array, parents: Any, entities: pa.Array, values: bool) -> pa.Array:
    """What stands around the first entity of each type in each document, with tags in the place of values."""
    said: list[str | None] = [None] * len(parents)
    kinds = entities.field("type").to_pylist()
    starts, ends = entities.field("start").to_pylist(), entities.field("end").to_pylist()
    borders = [*np.flatnonzero(np.diff(parents, prepend=-1)).tolist(), len(parents)]
    for low, high in pairwise(borders):
        document = text[int(parents[low])].as_py()
        seen: set[str] = set()
        for at in range(low, high):
            if kinds[at] in seen:
                continue
            seen.add(kinds[at])
            here, stop = max(0, starts[at] - AROUND), ends[at] + AROUND
            parts = []
            first = at
            while first > low and ends[first - 1] > here:
                first -= 1
            for other in range(first, high):
                if starts[other] >= stop:
                    break
                shown = document[starts[other] : ends[other]] if values else f"<{TYPES[parent(kinds[other])].tag}>"
                parts += [document[here : starts[other]], shown]
                here = ends[other]
            said[at] = " ".join("".join([*parts, document[here:stop]]).split())
    return pa.array(said, pa.string())
