"""What groups have, by the manifest of a run that counted it."""

from __future__ import annotations

from typing import Any

import orjson

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError


def sizes_of_run(ctx: Context, path: str, by: str, unit: str) -> dict[str, float]:
    """Group -> size, of what the run published. RecipeError where it counted no such thing.

    Bytes and documents are those of the first output, tokens those that its last step `tokenize` counted.
    """
    with ctx.open(path) as stream:
        data = stream.read()
    try:
        manifest = orjson.loads(data)
        groups = manifest["outputs"][0]["groups"]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        raise RecipeError(f"sizes_from: {path} is no manifest of a run; expected its manifest.json") from None
    if by not in ("source", "lang"):
        raise RecipeError(f"sizes_from: runs count by source and lang, not by {by}; give `sizes`")
    if unit == "tokens":
        counted = [step["tallies"] for step in manifest["steps"] if step["operator"] == "tokenize"]
        if not counted:
            raise RecipeError(f"sizes_from: the run of {path} counted no tokens (it has no step `tokenize`)")
        groups = counted[-1]
    found: dict[str, float] = {}
    for source, langs in groups.items():
        for lang, own in langs.items():
            name = source if by == "source" else lang
            found[name] = found.get(name, 0.0) + _size(own, unit)
    return found


def _size(own: Any, unit: str) -> float:
    """Of a cell: rows and bytes, or what `tokenize` tallied: rows, bytes, and tokens under their column's name."""
    if unit == "tokens":
        return float(sum(n for name, n in own.items() if name not in ("rows", "bytes")))
    return float(own[0] if unit == "documents" else own[1])
