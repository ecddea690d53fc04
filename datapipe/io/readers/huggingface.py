"""Data sets of the Hugging Face hub, or local folders laid out like them, through the library `datasets`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from datapipe.core.errors import MissingDependency, RecipeError, RunFailed
from datapipe.core.fingerprint import fingerprint
from datapipe.core.reader import BadRecord, Chunk, Piece, Reader
from datapipe.io.arrow_chunks import batch_chunk, lost_chunk, portions
from datapipe.io.arrow_rows import BatchRows
from datapipe.io.files import expand

_ROWS = 1024  # asked of the library at once


class HuggingfaceReader(Reader):
    """A data set by its name on the hub, or a folder of data files; needs the extra `huggingface`."""

    name: ClassVar[str] = "huggingface"

    subset: str | None = Field(None, description="the configuration, where the data set has several")
    split: str = Field("train", description="the split to read")
    revision: str | None = Field(None, description="a commit, branch or tag of the hub's repository; unset: the newest")
    streaming: bool = Field(True, description="read over the network as needed; false: download and prepare all first")

    @classmethod
    def locate(cls, path: str, folder: str) -> str:
        """A folder that exists beside the recipe, or starts with a dot, is local; every other name is the hub's."""
        local = os.path.normpath(os.path.join(folder, path))  # noqa: PTH118  # lexical, so that links stay
        return local if path.startswith((".", "/")) or Path(local).is_dir() else path

    def pieces(self, target: int) -> list[Piece]:
        """The data set's own shards when streaming, else ranges of rows."""
        found: list[Piece] = []
        for path in self.paths:
            data, version, size = self._load(path)
            parts = _shards(data) if self.streaming else len(data)
            count = parts if self.streaming else max(1, min(parts, -(-size // target)))
            cuts = [parts * i // count for i in range(count + 1)]
            weight = max(1, size // count) if size else target
            found += [Piece(path, weight, version, a, b) for a, b in pairwise(cuts) if b > a]
        return found

    def read(self, piece: Piece) -> Iterator[Chunk]:
        """The rows of the piece; where the library cannot read on, the rest of the shard is one bad record."""
        rows = BatchRows(self)
        done = piece.start if not self.streaming else 0
        where = f"{piece.url}[{self.split}]"
        for number in range(piece.start, piece.end or 0) if self.streaming else (piece.start,):
            tables = self._tables(piece, number)
            while True:
                try:
                    table = next(tables, None)
                except OSError as error:
                    raise RunFailed(f"{where}: cannot be read: {error}") from error
                except Exception as error:  # noqa: BLE001  # each format's own parser raises what it likes
                    text = f"shard {number} cannot be read on after row {done}: {type(error).__name__}: {error}"
                    yield lost_chunk(self, BadRecord(where, text, row=done))
                    break
                if table is None:
                    break
                for batch in table.combine_chunks().to_batches():
                    for part in portions(batch):
                        yield batch_chunk(rows, part, where, done, self.field_of("text"))
                        done += part.num_rows

    def _tables(self, piece: Piece, number: int) -> Iterator[pa.Table]:
        data, _, _ = self._load(piece.url)
        if self.streaming:
            shards = _shards(data)
            part = data.shard(num_shards=shards, index=number) if shards > 1 else data
            yield from part.with_format("arrow").iter(batch_size=_ROWS)
        else:
            arrow = data.with_format("arrow")
            end = piece.end or 0
            for start in range(piece.start, end, _ROWS):
                yield arrow[start : min(start + _ROWS, end)]

    def _load(self, path: str) -> tuple[Any, str, int]:
        """The data set, what its version is, and its bytes (0: unknown)."""
        data, version, size = _loaded(path, self.subset, self.split, self.revision, self.streaming)
        if Path(path).is_dir():
            files = expand((path,), ())
            version = fingerprint([(file.url, file.size, file.version) for file in files])
            size = size or sum(file.size for file in files)
        return data, version, size


@lru_cache(maxsize=4)
def _loaded(path: str, subset: str | None, split: str, revision: str | None, streaming: bool) -> tuple[Any, str, int]:
    try:
        import datasets  # optional, and slow to import
    except ImportError:
        raise MissingDependency("datasets", "huggingface", "the reader huggingface") from None
    try:
        builder = datasets.load_dataset_builder(path, name=subset, revision=revision)
        if streaming:
            data = builder.as_streaming_dataset(split=split)
        else:
            builder.download_and_prepare()
            data = builder.as_dataset(split=split)
    except Exception as error:  # the hub, the network and every format have errors of their own
        raise RecipeError(
            f"{path}: cannot be opened as a Hugging Face data set: {type(error).__name__}: {error}"
        ) from error
    return data, str(builder.hash), int(builder.info.dataset_size or 0)


def _shards(data: Any) -> int:
    return max(1, int(data.num_shards))
