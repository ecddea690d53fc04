"""A mixture: which share of the stream is of which source, for how many tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from datapipe.core.mixing.mix import Mix
from datapipe.core.mixing.scheduling import Scheduling
from datapipe.core.mixing.stages import Ordering, Stage, ordering
from datapipe.core.path_parameters import FilePath


class Mixture(Scheduling, Mix):
    """Mix groups by weights into one stream of a budget, up- and down-sampled by epochs; what is left out is `not_sampled`.

    Weights are given, follow from sizes (natural, {temperature: 2}, {unimax: 4}), are published (`preset`) or learned
    (`file`). A group's documents lie on a circle in the order of a hash of their ids, and the stream takes from it round
    after round: copies of two documents of a group differ by one at most, none comes again before all of its group have
    come (but where it is sorted), and which ones part of an epoch takes follows from their ids. Each group gives its share
    of the budget but for half a document or, where it has more than 2^20 / groups documents (262,144 at most, 256 at
    least), but for one part in so many of what it has.

    order: shuffled     at random, in each round anew
           interleaved  groups take turns, so that every window has the mixture to about a document of each group
           {by: COLUMN} each group from its least score to its greatest (descending: the other way), copies side by side;
                        the mixture stays (within: stage sorts all rows as one); rows without a score come last
           grouped      one group after another, by name

    Rows get `stage` (here `mixture`) and `epoch`, from 1 on; further copies have ids `ID#2`, `ID#3`, …
    (behind another order `ID##2`).
    """

    name: ClassVar[str] = "mixture"
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {"unit": "documents"},
        {"weights": {"web": 1}, "unit": "bytes", "budget": 30_000, "max_epochs": 4, "order": "interleaved"},
        {
            "weights": {"unimax": 3},
            "unit": "documents",
            "by": "lang",
            "budget": 20,
            "shortfall": "cap",
            "order": "grouped",
        },
        {"weights": {"temperature": 2}, "unit": "documents", "budget": 9, "order": {"by": "score", "descending": True}},
    )

    file: FilePath | None = Field(None, description="a weights file, such as `datapipe train mixture` writes")
    order: Ordering = Field(
        Ordering(way="shuffled"), description="shuffled, interleaved, grouped or {by: COLUMN, descending: true}"
    )

    @field_validator("order", mode="before", json_schema_input_type=str | Ordering)
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return ordering(value)

    def timeline(self) -> tuple[Stage, ...]:
        """One stage."""
        said = {name: getattr(self, name) for name in Mix.model_fields}
        return (Stage(name="mixture", share=1.0, order=self.order, **said),)

    def weights_paths(self) -> Mapping[str, str]:
        """Called by its path."""
        return {} if self.file is None else {self.file: self.file}
