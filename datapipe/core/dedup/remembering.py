"""What a dump of documents leaves for the dumps that come after it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from datapipe.core.dedup.preference import HELD, Preference
from datapipe.core.keys import begins
from datapipe.core.path_parameters import FolderPath


class Remembering(Preference):
    """A global operator whose first sketches can be kept in an index: a later run drops what the index holds, and extends it.

    What the index holds comes to `reduce` among the sketch rows, with the tier HELD, which is better than all others,
    and with the `id` of the document that stays; its `_addr` means nothing. With an index a sketch has a column `id`.
    """

    same: ClassVar[tuple[str, ...]]  # sketch columns in which equal documents agree; `partition_by` is one of them

    index: FolderPath | None = Field(
        None,
        description="folder that keeps what earlier runs held: documents they held are dropped, what is new is added at "
        "the end of the run; the same inputs, run again, take their own place, also when files have come to them; it is "
        "made when absent",
    )
    extend_index: bool = Field(True, description="false: compare with the index, and leave it as it is")

    def keyed_by(self) -> dict[str, Any]:
        """The parameters that make a sketch what it is: those of all runs over one index must be equal."""
        return self.model_dump(mode="json", exclude=set(Remembering.model_fields))

    def remember(self, part: pa.Table) -> pa.Table:
        """Of a partition's sketch rows, what the index does not hold: the best of each group, in the order of the keys."""
        keys = [part.column(name).to_numpy() for name in self.same]
        order = self.best_first(part, *reversed(keys))
        new = begins(*(key[order] for key in keys))
        new &= part.column("tier").to_numpy()[order] > HELD
        found = part.take(pa.array(order[new]))
        tier = pa.array(np.full(found.num_rows, HELD, np.int16))
        return found.set_column(found.schema.get_field_index("tier"), "tier", tier)
