"""The texts of a target: JSON lines with a field, or any other file as one document."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator, Sequence

import orjson
import zstandard

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError

JSON = (".jsonl", ".ndjson", ".json")
BLOCK = 1 << 20
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
        except (OSError, EOFError, zlib.error, zstandard.ZstdError, lzma.LZMAError) as error:
            raise RecipeError(f"{path}: cannot be read: {error or type(error).__name__}") from None


_EXPECTED = "expected JSON lines, or a text"


def _lines(path: str, field: str, ctx: Context) -> Iterator[str]:
    for number, line in enumerate(_split(path, ctx), 1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise RecipeError(f"{path}: line {number:,} is not valid JSON: {error.msg}; {_EXPECTED}") from None
        text = row.get(field) if isinstance(row, dict) else None
        if not isinstance(text, str):
            had = f"it has {', '.join(list(row)[:20])}" if isinstance(row, dict) else "it is no object"
            raise RecipeError(f"{path}: line {number:,} has no text in the field {field}; {had}: name it by `field`")
        yield text


def _split(path: str, ctx: Context) -> Iterator[bytes]:
    """The lines of a file; not every packed stream can be asked for them."""
    held: list[bytes] = []  # the parts of a line that has not ended
    with ctx.open(path) as stream:
        while block := stream.read(BLOCK):
            first, *lines = block.split(b"\n")
            held.append(first)
            for line in lines:
                yield b"".join(held)
                held = [line]
    yield b"".join(held)
