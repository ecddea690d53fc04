"""What the files of a run need of any storage: every file appears whole or not at all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import xxhash

Span = tuple[int, int]  # first byte, bytes
FEW = 16  # files of a folder that are asked for one by one


class Store(ABC):
    """Files under one root. Names are relative, with `/`; a file is replaced by writing it again.

    No listing is trusted for what it does not show: whoever needs a file asks for it by name. FileNotFoundError where
    there is none.
    """

    root: str

    def url(self, name: str) -> str:
        """Where a file of this name lies, for messages and for other programs."""
        return f"{self.root.rstrip('/')}/{name}"

    @abstractmethod
    def size(self, name: str) -> int:
        """Bytes of a file."""

    @abstractmethod
    def create(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to write; it gets its name, or replaces what had it, when the block ends without an error."""

    @abstractmethod
    def read_bytes(self, name: str) -> bytes:
        """A small file."""

    @abstractmethod
    def ranges(self, name: str, spans: Sequence[Span]) -> Iterator[pa.Buffer]:
        """Parts of a file, in the order asked; short ones where the file ends early."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Names of the whole files and folders directly in a folder, sorted; none if there is no such folder."""

    @abstractmethod
    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of the files directly in a folder, by their whole names, as far as a listing shows them."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file or a folder, if it is there."""

    @abstractmethod
    def sweep(self, folder: str) -> None:
        """Remove what killed writers left of a file, or in a folder and below; only while nobody writes there."""

    @abstractmethod
    def alone(self, name: str, shared: bool = False) -> AbstractContextManager[bool]:
        """Hold the lock `name` during the block, alone or with others who share it; False if somebody else has it.

        A holder that dies lets go of it.
        """

    def exists(self, name: str) -> bool:
        """Whether the file was written, whole."""
        try:
            self.size(name)
        except FileNotFoundError:
            return False
        return True

    def holds(self, files: dict[str, int]) -> bool:
        """Whether all these files are there, with these sizes.

        Many in one folder are looked up in its listing, 1,000 a request: 80,000 requests of 20 ms, one after another,
        take 27 minutes. What a listing does not show is asked for by name.
        """
        folders = Counter(name.rpartition("/")[0] for name in files)
        listed: dict[str, int] = {}
        for folder, number in folders.items():
            if number > FEW:
                listed |= self.sizes(folder)
        try:
            return all(listed.get(name) == size or self.size(name) == size for name, size in files.items())
        except FileNotFoundError:
            return False

    def write_json(self, name: str, value: Any) -> None:
        """A small file for people and other programs."""
        with self.create(name) as stream:
            stream.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))

    def read_json(self, name: str) -> Any:
        """The value of a small file."""
        return orjson.loads(self.read_bytes(name))

    def write_report(self, name: str, value: dict[str, Any]) -> None:
        """Commit a piece of work: one line of JSON, and a line with its digest."""
        line = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
        with self.create(name) as stream:
            stream.write(b"%s\n%s\n" % (line, xxhash.xxh3_64_hexdigest(line).encode()))

    def read_report(self, name: str) -> dict[str, Any] | None:
        """What was committed; None if it is absent or not what was written (a power cut, a bad disk)."""
        try:
            return parse_report(self.read_bytes(name))
        except FileNotFoundError:
            return None

    def read_reports(self, names: Iterable[str]) -> Iterator[dict[str, Any] | None]:
        """Many reports, in order."""
        return map(self.read_report, names)


def parse_report(data: bytes) -> dict[str, Any] | None:
    """The value of a report's bytes; None if they are not what was written."""
    line, _, rest = data.partition(b"\n")
    if rest.strip() != xxhash.xxh3_64_hexdigest(line).encode():
        return None
    value = orjson.loads(line)
    return value if isinstance(value, dict) else None
