"""Row groups of published Parquet files: which hold which rows, and their columns."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from datapipe.core.errors import DatapipeError, StreamFailed, did_you_mean
from datapipe.io.files import is_local
from datapipe.stream.columns import Column, column_of
from datapipe.stream.published import Part
from datapipe.stream.source import open_random, size_of

FOOTERS = 16  # kept: a footer of 128 row groups with ten columns takes about 1 MB


class Footer(NamedTuple):
    """The description of a file, and for each row group the number of rows that it and those before it have."""

    metadata: pq.FileMetaData
    ends: tuple[int, ...]

    def groups(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """The row groups that hold these rows: number, and which of its own rows they are."""
        at = bisect_right(self.ends, start)
        while start < stop:
            first = self.ends[at - 1] if at else 0
            last = min(stop, self.ends[at])
            yield at, start - first, last - first
            start, at = last, at + 1


class Reader:
    """Reads columns of the parts of a run folder; its methods may be called by several threads, but `footer`."""

    def __init__(self, root: str, parts: Sequence[Part], columns: Sequence[str] | None) -> None:
        self._root = root
        self._parts = parts
        self._columns = None if columns is None else list(columns)
        self._footers: OrderedDict[int, Footer] = OrderedDict()

    def footer(self, number: int) -> Footer:
        """The footer of a part. StreamFailed if the file is missing, or not the one that was published."""
        if number in self._footers:
            self._footers.move_to_end(number)
            return self._footers[number]
        part = self._parts[number]
        try:
            if is_local(part.url) and size_of(part.url) != part.bytes:
                raise self._failure(part, None)
            with open_random(part.url, part.bytes) as source:
                metadata = pq.read_metadata(source)
        except (OSError, pa.ArrowException) as error:
            raise self._failure(part, error) from error
        if metadata.num_rows != part.held:
            raise self._changed(part, f"{metadata.num_rows:,} rows, the manifest says {part.held:,}")
        self._check_columns(part, metadata)
        ends = tuple(accumulate(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)))
        self._footers[number] = Footer(metadata, ends)
        if len(self._footers) > FOOTERS:
            self._footers.popitem(last=False)
        return self._footers[number]

    def read(self, number: int, footer: Footer, group: int) -> dict[str, Column]:
        """The columns of a row group. StreamFailed if its bytes are not those that were written."""
        part = self._parts[number]
        try:
            with open_random(part.url, part.bytes) as source:
                file = pq.ParquetFile(
                    source,
                    metadata=footer.metadata,
                    pre_buffer=not is_local(part.url),  # columns that lie side by side come in one request
                    page_checksum_verification=True,
                )
                table = file.read_row_group(group, columns=self._columns, use_threads=False)
        except (OSError, pa.ArrowException) as error:
            raise self._failure(part, error) from error
        return {name: column_of(table.column(name), name, part.url) for name in table.column_names}

    def _check_columns(self, part: Part, metadata: pq.FileMetaData) -> None:
        there = metadata.schema.to_arrow_schema().names
        for name in self._columns or ():
            if name not in there:
                raise StreamFailed(f"{part.url}: no column {name}{did_you_mean(name, there)}")

    def _failure(self, part: Part, error: Exception | None) -> DatapipeError:
        """What is wrong with a file that could not be read, as far as a look at it tells."""
        try:
            size = size_of(part.url)
        except FileNotFoundError:
            return StreamFailed(
                f"{part.url}: missing, though the manifest lists it: copy the whole folder, or publish it again "
                "(`datapipe run`)"
            )
        except OSError:
            size = part.bytes
        if size != part.bytes:
            return self._changed(part, f"{size:,} bytes, the manifest says {part.bytes:,}")
        return self._changed(part, f"cannot be read ({' '.join(str(error).split())})")

    def _changed(self, part: Part, found: str) -> StreamFailed:
        return StreamFailed(
            f"{part.url}: truncated or changed since it was published: {found}; `datapipe verify {self._root}` checks "
            "every file"
        )
