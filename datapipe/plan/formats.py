"""Whether a dataset's columns can be published in the format asked for."""

from __future__ import annotations

from collections.abc import Sequence

from datapipe.io.formats.format import Format
from datapipe.plan.locate import Located, Place
from datapipe.plan.plan import Stage


def check_format(form: Format, key: str, stages: Sequence[Stage], place: Place, located: Located) -> None:
    """RecipeError, at this place, if the rows that the stage `key` leaves cannot be published so."""
    rows = next(stage for stage in stages if stage.key == key).published()
    if said := form.complaint(rows, _vocabulary(stages)):
        raise located.error(f"write.format: {said}", place)


def _vocabulary(stages: Sequence[Stage]) -> int | None:
    """Ids of the largest tokenizer, as `tokenize` tells it in its facts."""
    chains = (lane.chain for stage in stages for lane in stage.lanes)
    facts = (link.step.facts for chain in chains for link in chain if link.step is not None)
    return max((told["vocabulary"] for told in facts if isinstance(told.get("vocabulary"), int)), default=None)
