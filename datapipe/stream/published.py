"""What a run published, as its manifest tells: parts in order, their rows, and the segments of the stream."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple, Self

from datapipe.core.errors import StreamFailed, did_you_mean
from datapipe.stream.source import read_whole


class Segment(NamedTuple):
    """A stretch of a stream, such as a stage of a curriculum: its rows are `first_row` to `first_row + rows`."""

    name: str
    first_row: int
    rows: int


class Part(NamedTuple):
    """A file, and which of its rows belong to a stream: so many from `skip` on."""

    url: str
    bytes: int
    held: int  # rows in the file
    skip: int
    rows: int


class Extent(NamedTuple):
    """Rows of one file."""

    part: int
    start: int
    stop: int


@dataclass(frozen=True)
class Published:
    """Rows in their published order, without a look into any file.

    fingerprint  a digest of all files of the output, in order: equal exactly if the data are, wherever they lie
    ends         for each part the number of rows that it and those before it have
    """

    root: str
    parts: tuple[Part, ...]
    segments: tuple[Segment, ...]
    fingerprint: str
    ends: tuple[int, ...]

    @classmethod
    def opened(cls, root: str) -> Self:
        """The first output of the run folder, or the output with a manifest of its own, at this path or URL.

        StreamFailed if there is no manifest, or if the output is not Parquet.
        """
        root = root.rstrip("/")
        manifest = _manifest(root)
        output = manifest["outputs"][0]
        name = (output.get("format") or {}).get("name", "parquet")
        files = [file for file in output["files"] if file["path"].endswith(".parquet")]
        if name != "parquet" or not files:
            raise StreamFailed(
                f"{root}: the dataset {output['dataset']} is published as {name}, whose own readers go through its parts "
                f"in the same order; a stream reads parquet: {_elsewhere(manifest)}"
            )
        digest = hashlib.blake2b(digest_size=16)
        for file in files:
            digest.update(f"{file['rows']} {file['sha256']}\n".encode())
        parts = [Part(f"{root}/{f['path']}", f["bytes"], f["rows"], 0, f["rows"]) for f in files]
        total = sum(part.rows for part in parts)
        return cls._of(root, parts, _segments(root, output, total), digest.hexdigest())

    def only(self, names: Sequence[str]) -> Self:
        """The rows of these segments, in the order in which they were published. ValueError for one that is not there."""
        wanted = {self.segment(name) for name in names}
        parts: list[Part] = []
        segments: list[Segment] = []
        first = 0
        for segment in self.segments:
            if segment in wanted:
                segments.append(Segment(segment.name, first, segment.rows))
                first += segment.rows
                extents = self.extents(segment.first_row, segment.first_row + segment.rows)
                parts += [self.parts[e.part]._replace(skip=e.start, rows=e.stop - e.start) for e in extents]
        return self._of(self.root, parts, tuple(segments), self.fingerprint)

    def segment(self, name: str) -> Segment:
        """The segment of this name; ValueError if there is none."""
        named = {segment.name: segment for segment in self.segments}
        if name not in named:
            raise ValueError(f"{self.root}: no segment {name!r}{did_you_mean(name, named)}")
        return named[name]

    @property
    def rows(self) -> int:
        """All of them."""
        return self.ends[-1] if self.ends else 0

    def extents(self, first: int, stop: int) -> Iterator[Extent]:
        """Where the rows `first` to `stop` lie."""
        at = bisect_right(self.ends, first)
        while first < stop:
            part, end = self.parts[at], self.ends[at]
            last = min(stop, end)
            offset = part.skip - (end - part.rows)
            yield Extent(at, first + offset, last + offset)
            first, at = last, at + 1

    @classmethod
    def _of(cls, root: str, parts: Sequence[Part], segments: tuple[Segment, ...], fingerprint: str) -> Self:
        parts = [part for part in parts if part.rows]
        ends = tuple(accumulate(part.rows for part in parts))
        return cls(root, tuple(parts), segments, fingerprint, ends)


def _manifest(root: str) -> dict[str, Any]:
    try:
        found = json.loads(read_whole(f"{root}/manifest.json"))
    except (FileNotFoundError, NotADirectoryError):
        raise StreamFailed(
            f"{root}: no manifest.json, which a run writes last: `datapipe run` the recipe to its end (it resumes), or "
            "give the folder a run published to"
        ) from None
    except ValueError as error:
        raise StreamFailed(f"{root}/manifest.json: damaged ({error}); `datapipe run` writes it anew") from None
    outputs = found.get("outputs") if isinstance(found, dict) else None
    if not outputs or not {"dataset", "files"} <= outputs[0].keys():
        raise StreamFailed(f"{root}/manifest.json: not the manifest of a run")
    return dict(found)


def _elsewhere(manifest: dict[str, Any]) -> str:
    """What to do where the first output is of another format."""
    formats = {output.get("path"): (output.get("format") or {}).get("name") for output in manifest["outputs"]}
    found = next((path for path, name in formats.items() if name == "parquet"), None)
    return "add an output in that format" if found is None else f"give it {found}"


def _segments(root: str, output: dict[str, Any], total: int) -> tuple[Segment, ...]:
    """Those of the manifest; without any, the whole is one, named as the dataset."""
    told = (output.get("order") or {}).get("segments") or [{"name": output["dataset"], "first_row": 0, "rows": total}]
    segments = tuple(Segment(s["name"], s["first_row"], s["rows"]) for s in told)
    ends = list(accumulate((segment.rows for segment in segments), initial=0))
    if [segment.first_row for segment in segments] != ends[:-1] or ends[-1] != total:
        raise StreamFailed(
            f"{root}/manifest.json: its segments do not follow one another to the {total:,} rows of the files"
        )
    return segments
