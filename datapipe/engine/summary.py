"""A stage that is done: the reports of all its shards in one file, and their sums in another, which commits it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson
import xxhash
import zstandard

from datapipe.core.errors import WorkLost
from datapipe.core.records import QUARANTINE
from datapipe.engine.index import held_bytes
from datapipe.engine.names import shard_name, summary_name
from datapipe.engine.reduce import group_sketches
from datapipe.engine.reports import committed
from datapipe.engine.scattered import ScatterIndex
from datapipe.engine.sink import side_name
from datapipe.engine.totals import StageTotals
from datapipe.io.arrow_files import read_table
from datapipe.io.store import Store
from datapipe.plan.plan import Plan, Stage

_PIECE = 1 << 20  # packed bytes that are unpacked at once, to 4 or 6 times as many


def summarize(store: Store, stage: Stage, memory: int) -> None:
    """Commit a stage whose shards are all done: one file of reports in place of many, their sums, and how the barrier is cut.

    Raises WorkLost at the first shard without a report, RunFailed if a shard lost a row.
    """
    name = summary_name(stage.key)
    numbers = stage.numbers()
    totals = StageTotals()
    scattered = ScatterIndex(stage.scatter) if stage.scatter else None
    sketches: dict[str, list[int]] = {sketch.step.label: [] for sketch in stage.sketches}
    reports = store.read_reports(f"{shard_name(stage.key, number)}.json" for number in numbers)
    digest = xxhash.xxh3_64()
    with store.create(f"{name}.jsonl.zst") as stream:
        packer = zstandard.ZstdCompressor(level=1).compressobj()
        for number, report in zip(numbers, reports, strict=True):
            if report is None:  # it was there when the stage was run
                raise WorkLost(f"{shard_name(stage.key, number)}.json", "is gone or damaged")
            totals.add(report)
            if scattered is not None:
                scattered.add(number, report)
            for label, sizes in sketches.items():
                sizes.append(report["sketches"].get(label, 0))
            line = orjson.dumps({"number": number, **report}, option=orjson.OPT_APPEND_NEWLINE)
            _write(stream, packer.compress(line), digest)
        _write(stream, packer.flush(), digest)
    held = {s.step.label: held_bytes(s.step.index) for s in stage.sketches if s.step.index and not s.step.round}
    groups = {label: group_sketches(sizes, memory, held.get(label, 0)) for label, sizes in sketches.items()}
    summary = {"totals": totals.to_json(), "sketches": groups, "xxh3_64": digest.hexdigest()}
    if scattered is not None:
        summary["scattered"] = scattered.write(store, stage.key)
    store.write_report(f"{name}.json", summary)


def stage_reports(store: Store, stage: Stage) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every shard's report of a summarized stage, in order, one in memory at a time."""
    name = f"{summary_name(stage.key)}.jsonl.zst"
    digest = committed(store, summary_name(stage.key))["xxh3_64"]
    try:
        for line in _lines(store, name, digest):
            report = orjson.loads(line)
            yield report["number"], report
    except FileNotFoundError:
        raise WorkLost(name, "is gone") from None
    except (zstandard.ZstdError, orjson.JSONDecodeError):
        raise WorkLost(name, "is not what was written") from None


def _write(stream: BinaryIO, data: bytes, digest: xxhash.xxh3_64) -> None:
    digest.update(data)
    stream.write(data)


def _lines(store: Store, name: str, digest: str) -> Iterator[bytes]:
    """The lines of a zstd file, by the piece: that of 100,000 shards has 190 MB, packed. Its digest is known at the end."""
    size = store.size(name)
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    seen = xxhash.xxh3_64()
    rest = b""
    for part in store.ranges(name, [(at, min(_PIECE, size - at)) for at in range(0, size, _PIECE)]):
        seen.update(part)
        *lines, rest = (rest + unpacker.decompress(part)).split(b"\n")
        yield from lines
    if seen.hexdigest() != digest:
        raise WorkLost(name, "is not what was written")


def first_errors(store: Store, plan: Plan, n: int = 3) -> str:
    """The first rows in quarantine, a line each; of stages still running, too."""
    lines: list[str] = []
    for stage in plan.stages:
        for number in stage.numbers():
            shard = shard_name(stage.key, number)
            report = store.read_report(f"{shard}.json")
            name = side_name(shard, "quarantine")
            if report is None or name not in report["files"]:
                continue
            for row in read_table(store, name, report["files"][name], QUARANTINE).slice(0, n).to_pylist():
                place = row["file"] or row["source"]
                if row["offset"] is not None:
                    place += f" byte {row['offset']}"
                elif row["row"] is not None:
                    place += f" row {row['row']}"
                step = f" ({row['step']})" if row["step"] else ""
                lines.append(f"  {place}{step}: {' '.join(row['error'].split())[:200]}")
                if len(lines) == n:
                    return "\n".join(lines)
    return "\n".join(lines)
