"""The texts of a target: a field of JSON lines, a column of Parquet or CSV files, or any other file as one document."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator, Sequence

import orjson
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import zstandard

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError

JSON = (".jsonl", ".ndjson", ".json")
CSV = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
PARQUET = (".parquet", ".pq")
BLOCK = 1 << 20
ROWS = 1 << 12  # of a Parquet file that are held at once
PACKED = (".gz", ".zst", ".bz2", ".xz")


def target_texts(paths: Sequence[str], field: str, ctx: Context) -> Iterator[str]:
    """All texts of these files, read as they are asked for. RecipeError for what is no such file, naming the line."""
    for path in paths:
        name = path.lower()
        name = next((name.removesuffix(end) for end in PACKED if name.endswith(end)), name)
        delimiter = next((sign for end, sign in CSV.items() if name.endswith(end)), None)
        try:
            if name.endswith(JSON):
                yield from _lines(path, field, ctx)
            elif name.endswith(PARQUET):
                yield from _parquet(path, field, ctx)
            elif delimiter is not None:
                yield from _csv(path, field, delimiter, ctx)
            else:
                with ctx.open(path) as stream:
                    yield stream.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise RecipeError(f"{path}: no text, byte {error.start:,} is not UTF-8; {_EXPECTED}") from None
        except (OSError, EOFError, zlib.error, zstandard.ZstdError, lzma.LZMAError, pa.ArrowException) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise RecipeError(f"{path}: cannot be read: {said}") from None


def check_target(paths: Sequence[str], field: str, ctx: Context) -> None:
    """RecipeError if the first text of one of these files cannot be read, or none of them has any."""
    found = [any(text.strip() for text in target_texts([path], field, ctx)) for path in paths]
    if not any(found):
        raise RecipeError(f"target: {', '.join(paths)}: no text; expected documents as the corpus should become")


_EXPECTED = "expected JSON lines, Parquet, CSV, or a text"


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


def _parquet(path: str, field: str, ctx: Context) -> Iterator[str]:
    with ctx.open(path) as stream:
        file = pq.ParquetFile(stream)
        _check_column(path, field, file.schema_arrow)
        for batch in file.iter_batches(ROWS, columns=[field]):
            yield from _strings(batch.column(0))


def _csv(path: str, field: str, delimiter: str, ctx: Context) -> Iterator[str]:
    """A quoted field may hold line ends, as where datapipe reads CSV."""
    with ctx.open(path) as stream:
        cut = pc.ParseOptions(delimiter=delimiter, newlines_in_values=True)
        kinds = pc.ConvertOptions(column_types={field: pa.large_string()}, strings_can_be_null=False)
        # Fields with line ends must lie within two blocks.
        reader = pc.open_csv(stream, pc.ReadOptions(block_size=16 * BLOCK, use_threads=False), cut, kinds)
        _check_column(path, field, reader.schema)
        for batch in reader:
            yield from _strings(batch.column(field))


def _check_column(path: str, field: str, schema: pa.Schema) -> None:
    found = schema.field(field).type if field in schema.names else None
    if found is None:
        raise RecipeError(f"{path}: has no column {field}, but {', '.join(schema.names[:20])}: name it by `field`")
    if not (pa.types.is_string(found) or pa.types.is_large_string(found)):
        raise RecipeError(f"{path}: the column {field} is {found}, expected texts: name it by `field`")


def _strings(column: pa.Array) -> Iterator[str]:
    return (text for text in column.to_pylist() if text is not None)


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
