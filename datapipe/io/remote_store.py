"""A run folder in an object store (`s3://`, `gs://`, `memory://`, …) through fsspec."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from itertools import islice
from typing import Any, BinaryIO, cast

import pyarrow as pa

from datapipe.core.errors import RunFailed
from datapipe.io.abstract_store import Span, Store, parse_report
from datapipe.io.filesystem import filesystem
from datapipe.io.lease import lease
from datapipe.io.retry import is_absence, retrying, status

_PART = 16 << 20  # bytes of a part of an upload; files below two parts go in one request
_PARTS = 10_000  # of one upload at most, says S3
_GAP = 1 << 20  # bytes that are fetched and thrown away rather than asked around
_REQUEST = (4 << 20, 32 << 20)  # bytes of the first request and of the largest: a merge reads a little of many files
_AT_ONCE = 256  # reports asked together


class RemoteStore(Store):
    """Objects under a prefix. An upload shows its object whole or not at all, so nothing is renamed.

    That is what object stores promise; a file server behind fsspec (sftp, smb) may show a file that is half written.
    A plain value: it holds no connection, and every process and thread gets its own.
    """

    def __init__(self, root: str, clock: Callable[[], float] = time.time, renew_every: float = 15.0) -> None:
        self.root = root.rstrip("/")
        self._clock = clock
        self._renew_every = renew_every

    def size(self, name: str) -> int:
        """Bytes of an object."""
        fs, path, url = self._at(name)
        info = retrying(url, "look it up", lambda: fs.info(path))
        if info["type"] == "directory":
            raise FileNotFoundError(url)
        return int(info["size"])

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """A file to write, in the temporary folder ($TMPDIR) until the block ends; then it is uploaded."""
        fs, path, url = self._at(name)
        with tempfile.NamedTemporaryFile(prefix="datapipe-") as spool:
            yield cast(BinaryIO, spool)
            spool.flush()
            options = _upload_options(url, spool.tell())
            retrying(url, "write it", lambda: fs.put_file(spool.name, path, **options))

    def read_bytes(self, name: str) -> bytes:
        """A small object."""
        fs, path, url = self._at(name)
        return retrying(url, "read it", lambda: _fetch(fs, path, 0, None))

    def ranges(self, name: str, spans: Sequence[Span]) -> Iterator[pa.Buffer]:
        """Parts of the object; neighbours come in one request, and the next one is under way while one is used."""
        fs, path, url = self._at(name)

        def fetch(group: list[Span]) -> pa.Buffer:
            start, end = group[0][0], max(at + length for at, length in group)
            if start == end:
                return pa.py_buffer(b"")
            return pa.py_buffer(retrying(url, "read it", lambda: _fetch(fs, path, start, end)))

        groups = list(_grouped(spans))
        with ThreadPoolExecutor(1) as ahead:
            waiting = [ahead.submit(fetch, group) for group in groups[:1]]
            for number, group in enumerate(groups, 1):
                data = waiting.pop().result()
                waiting += [ahead.submit(fetch, following) for following in groups[number : number + 1]]
                for start, length in group:
                    at = min(start - group[0][0], data.size)
                    yield data.slice(at, min(length, data.size - at))
                del data  # or three requests would be held

    def read_reports(self, names: Iterable[str]) -> Iterator[dict[str, Any] | None]:
        """Many reports, in order, 256 at once."""
        left = iter(names)
        while chunk := list(islice(left, _AT_ONCE)):
            fs, _, _ = self._at(chunk[0])
            paths = [self._at(name)[1] for name in chunk]
            found = fs.cat_ranges(paths, [0] * len(paths), [None] * len(paths), on_error="return")
            for name, data in zip(chunk, found, strict=True):
                if isinstance(data, bytes):
                    yield parse_report(data)
                else:
                    yield None if is_absence(data) else self.read_report(name)

    def names(self, folder: str) -> list[str]:
        """Names in a folder, sorted, as the store lists them."""
        return sorted(name for name, _ in self._listed(folder))

    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of the objects in a folder, as the store lists them."""
        found = self._listed(folder)
        return {f"{folder}/{name}".lstrip("/"): int(i["size"] or 0) for name, i in found if i["type"] != "directory"}

    def remove(self, name: str) -> None:
        """Remove an object, or all objects below a name."""
        fs, path, url = self._at(name)
        if not retrying(url, "list it", lambda: fs.isdir(path)):
            with suppress(FileNotFoundError):
                retrying(url, "remove it", lambda: fs.rm_file(path))
            return
        for _ in range(3):  # s3fs does not say which objects of a bulk request stayed
            with suppress(FileNotFoundError):
                retrying(url, "remove it", lambda: fs.rm(path, recursive=True))
            if not retrying(url, "list it", lambda: fs.find(path)):
                return
        raise RunFailed(f"{url}: cannot remove all files there: check what these credentials may delete")

    def sweep(self, folder: str) -> None:
        """Abort the uploads that killed writers left, which nobody sees and everybody pays for."""
        fs, path, url = self._at(folder)
        if not hasattr(fs, "abort_mpu"):  # S3 alone has them
            return
        bucket, prefix, _ = fs.split_path(path)
        asked = {"Bucket": bucket, "Prefix": prefix.rstrip("/") + "/"}
        try:
            found = retrying(url, "list uploads", lambda: fs.call_s3("list_multipart_uploads", **asked))
            for upload in found.get("Uploads", []):
                key, number = upload["Key"], upload["UploadId"]
                with suppress(FileNotFoundError):
                    retrying(url, "abort an upload", partial(fs.abort_mpu, bucket, key, number))
        except RunFailed:  # tidying; many may write who may not list uploads, and some stores know no such request
            return

    def alone(self, name: str, shared: bool = False) -> AbstractContextManager[bool]:
        """A lease that is renewed every 15 s and stale after 60; see `lease` for what it cannot promise."""
        return lease(self, self._create_once, name, shared, self._clock, self._renew_every)

    def _create_once(self, name: str, data: bytes) -> None:
        """Write an object if there is none, as far as the store can tell; whose it is, reading it says."""
        fs, path, url = self._at(name)

        def request() -> None:
            try:
                fs.pipe_file(path, data, mode="create")
            except OSError as error:
                if status(error) == 501:  # a store without conditional writes
                    fs.pipe_file(path, data)
                elif status(error) not in (409, 412):  # two at once; there is one
                    raise

        with suppress(FileExistsError):
            retrying(url, "lock it", request)

    def _listed(self, folder: str) -> list[tuple[str, dict[str, Any]]]:
        """The names in a folder and what the store says of each."""
        fs, path, url = self._at(folder)
        try:
            listed = retrying(url, "list it", lambda: fs.ls(path, detail=True))
        except FileNotFoundError:
            return []
        below = path.rstrip("/") + "/"
        found = {info["name"].rstrip("/"): info for info in listed}
        return [(name.removeprefix(below), info) for name, info in found.items() if name.startswith(below)]

    def _at(self, name: str) -> tuple[Any, str, str]:
        url = self.url(name) if name else self.root
        return *filesystem(url), url


def _fetch(fs: Any, path: str, start: int, end: int | None) -> bytes:
    """The bytes of a range; none where it starts behind the end."""
    try:
        data: bytes = fs.cat_file(path, start=start, end=end)
    except OSError as error:
        if status(error) == 416:
            return b""
        raise
    return data


def _grouped(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Spans that one request fetches: in order, close together, and not too large in all."""
    group: list[Span] = []
    limit, largest = _REQUEST
    for start, length in spans:
        if group:
            end = sum(group[-1])
            if start < end or start - end >= _GAP or start + length - group[0][0] > limit:
                yield group
                group = []
                limit = min(largest, limit * 2)
        group.append((start, length))
    if group:
        yield group


def _upload_options(url: str, size: int) -> dict[str, int]:
    """How large the parts of an upload are, where the driver takes that."""
    return {"chunksize": max(_PART, -(-size // _PARTS))} if url.startswith(("s3://", "s3a://")) else {}
