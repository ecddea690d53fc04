"""The texts of a target: JSON lines with a field, or any other file as one document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import orjson

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError

JSON = (".jsonl", ".ndjson", ".json")
PACKED = (".gz", ".zst", ".bz2", ".xz")


def target_texts(paths: Sequence[str], field: str, ctx: Context) -> Iterator[str]:
    """All texts of these files, read as they are asked for. RecipeError for what is no such file, naming the line."""
    for path in paths:
        name = path.lower()
        name = next((name.removesuffix(end) for end in PACKED if name.endswith(end)), name)
        try:
            if name.endswith(JSON):
                yield from _lines(path, field, ctx)
            else:
                with ctx.open(path) as stream:
                    yield stream.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise RecipeError(f"{path}: no text, byte {error.start:,} is not UTF-8; {_EXPECTED}") from None
        except (OSError, EOFError) as error:
            raise RecipeError(f"{path}: cannot be read: {error}") from None


_EXPECTED = "expected JSON lines, or a text"


def _lines(path: str, field: str, ctx: Context) -> Iterator[str]:
    with ctx.open(path) as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise RecipeError(f"{path}: line {number:,} is not valid JSON: {error.msg}; {_EXPECTED}") from None
            text = row.get(field) if isinstance(row, dict) else None
            if not isinstance(text, str):
                had = ", ".join(list(row)[:20]) if isinstance(row, dict) else "no object"
                raise RecipeError(
                    f"{path}: line {number:,} has no text in the field {field}; it has {had}: name it by `field`"
                )
            yield text
