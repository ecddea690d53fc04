"""Parquet files, in ranges of row groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from datapipe.core.errors import RunFailed
from datapipe.core.reader import BadRecord, Chunk, Piece, Reader
from datapipe.io.arrow_chunks import batch_chunk, lost_chunk, portions
from datapipe.io.arrow_rows import BatchRows
from datapipe.io.files import InputFile, expand, parquet_source
from datapipe.io.remote_file import Access

_BATCH = 4 << 20  # bytes of rows (uncompressed) asked of a row group at once
_ROWS = 8192
_DAMAGE = (pa.ArrowException, OSError, ValueError)


class ParquetReader(Reader):
    """Parquet of any schema; files are split between row groups, and a damaged row group costs no other."""

    name: ClassVar[str] = "parquet"

    def pieces(self, target: int) -> list[Piece]:
        """Ranges of row groups of about `target` compressed bytes; only footers of larger files are opened."""
        pieces: list[Piece] = []
        for file in expand(self.paths, (".parquet", ".parq", ".pq")):
            pieces += _split(file, target) if file.size > target else [Piece(file.url, file.size, file.version)]
        return pieces

    def read(self, piece: Piece) -> Iterator[Chunk]:
        """The rows of the row groups in the piece, a few MB at a time."""
        try:
            with _open(piece.url) as file:
                yield from self._read(file, piece)
        except _Unreadable as error:
            text = f"{error}; expected a whole Parquet file"
            bad = BadRecord(piece.url, text)
            yield lost_chunk(self, bad)

    def _read(self, file: pq.ParquetFile, piece: Piece) -> Iterator[Chunk]:
        rows = BatchRows(self)
        footer = file.metadata
        end = footer.num_row_groups if piece.end is None else piece.end
        first = sum(footer.row_group(i).num_rows for i in range(piece.start))
        for number in range(piece.start, end):
            group = footer.row_group(number)
            done = 0
            error = ""
            batches = _batches(file, number, group)
            while done < group.num_rows and not error:
                try:
                    batch = next(batches, None)
                except _DAMAGE as damage:
                    _refused(piece.url, damage)
                    error = _sentence(damage)
                    break
                if batch is None:
                    error = f"it ends after {done} rows"
                    break
                for part in portions(batch):
                    yield batch_chunk(rows, part, piece.url, first + done, self.field_of("text"))
                    done += part.num_rows
            if error:
                lost = group.num_rows - done
                text = f"row group {number} is damaged: {error}; {lost} of its {group.num_rows} rows are lost"
                bad = BadRecord(piece.url, text, row=first + done, rows=lost)
                yield lost_chunk(self, bad)
            first += group.num_rows


class _Unreadable(Exception):
    pass


def _open(url: str, access: Access = "blocks") -> pq.ParquetFile:
    # Without a buffer size a whole column of a row group is fetched at once.
    source = parquet_source(url, access)
    try:
        return pq.ParquetFile(
            source,
            buffer_size=1 << 20,
            pre_buffer=False,
            page_checksum_verification=True,
            arrow_extensions_enabled=False,
        )
    except _DAMAGE as error:
        _refused(url, error)
        raise _Unreadable(f"the file cannot be read as Parquet: {_sentence(error)}") from error


def _batches(file: pq.ParquetFile, number: int, group: pq.RowGroupMetaData) -> Iterator[pa.RecordBatch]:
    size = max(1, min(_ROWS, group.num_rows * _BATCH // max(1, group.total_byte_size)))
    yield from file.iter_batches(size, row_groups=[number], use_threads=False)


def _split(file: InputFile, target: int) -> list[Piece]:
    """Ranges of row groups; a file whose footer is damaged stays whole, so that reading it tells so."""
    try:
        with _open(file.url, "points") as opened:
            footer = opened.metadata
            sizes = [_compressed(footer.row_group(i)) for i in range(footer.num_row_groups)]
    except _Unreadable:
        return [Piece(file.url, file.size, file.version)]
    pieces: list[Piece] = []
    start = weight = 0
    for number, size in enumerate(sizes):
        if number > start and weight + size > target:
            pieces.append(Piece(file.url, weight, file.version, start, number))
            start, weight = number, 0
        weight += size
    pieces.append(Piece(file.url, weight if start else file.size, file.version, start, len(sizes) if start else None))
    return pieces


def _compressed(group: pq.RowGroupMetaData) -> int:
    return sum(group.column(i).total_compressed_size for i in range(group.num_columns))


def _refused(url: str, error: Exception) -> None:
    """RunFailed where the operating system or the store is to blame, not the bytes of the file."""
    if isinstance(error, OSError) and error.errno is not None:
        raise RunFailed(f"{url}: the file was there when the run was planned but cannot be read: {error}") from error


def _sentence(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
