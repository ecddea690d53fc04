"""What a stage's output depends on, as the name of its folder."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson

from datapipe.core.fingerprint import fingerprint
from datapipe.plan.plan import Lane, Scatter, Shard, Sketch
from datapipe.plan.recipe import Recipe

FORMAT = 4  # bump when stage files change their meaning: old work is then never reused


def stage_key(
    recipe: Recipe,
    lanes: tuple[Lane, ...],
    sketches: list[Sketch],
    mark: int,
    inputs: list[Shard],
    files: list[Any],
    scatter: Scatter | None,
) -> str:
    """Changes with anything that could change a byte of the stage: steps, inputs, earlier stages, models, settings.

    mark   bytes between the rows at which parts may be cut
    files  digests of the models and lists that steps need    scatter  into which shards its rows go
    """
    return fingerprint(
        {
            "format": FORMAT,
            "seed": recipe.seed,
            "ledger": recipe.ledger.model_dump(),
            "scores": recipe.scores,
            "lanes": [lane.model_dump(mode="json") for lane in lanes],
            "sketches": [sketch.model_dump(mode="json") for sketch in sketches],
            "mark": mark,
            "inputs": orjson.Fragment(_in_json(inputs)),
            "files": files,
            "scatter": scatter and scatter.model_dump(mode="json"),
        }
    )


def _in_json(shards: list[Shard]) -> bytes:
    """Shards as one list, 1,000 at a time: the dictionaries of 100,000 at once would take 130 MB."""
    parts = [
        orjson.dumps([asdict(shard) for shard in shards[at : at + 1000]], option=orjson.OPT_SORT_KEYS)[1:-1]
        for at in range(0, len(shards), 1000)
    ]
    return b"[%s]" % b",".join(parts)
