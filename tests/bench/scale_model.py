"""A model of a cluster for `scale.py`: reports as real shards leave them, a store that counts, workers on a virtual clock.

Nothing is read and no text is made. A report is made anew whenever it is read, so that 1,000,000 shards cost no disk;
what the driver itself writes (plan, summaries, manifest) lies in a real folder.
"""

from __future__ import annotations

import heapq
import random
import re
import resource
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, ClassVar

import orjson
import pyarrow as pa
import xxhash

from datapipe.core.reader import Chunk, Piece, Reader
from datapipe.engine.executors.base import Executor
from datapipe.engine.names import artifact_name, gathered_name, part_name, partition_name, shard_name, sketch_name
from datapipe.engine.names import published_name as published
from datapipe.engine.sink import side_name
from datapipe.engine.task import NO_LIMITS, Limits, Task
from datapipe.io.store import LocalStore
from datapipe.plan.plan import Plan, Stage

ROWS, DOCUMENT = 30_000, 6_700  # documents of a shard, bytes of one: 200 MB of text
BATCHES = 25  # of a shard's file, 8 MB each
VARIANTS = 1024  # different reports: 8 MB of them, so that zstd (window 512 kB) does not find the last same one
LANGS = ("en", "de", "fr", "es", "zh")
SECONDS = {
    "shard": 20.0,
    "gather": 10.0,
    "reduce": 15.0,
    "combine": 60.0,
    "pack": 5.0,
    "collect": 10.0,
}  # mean of a task
NUMBER = b"@@@@@@"  # where a variant holds its shard's number

_SHARD = re.compile(r"work/(?P<key>[0-9a-f]{16})/shard-(?P<number>[0-9]{6,})\.json")


class Simulated(Reader):
    """Inputs that are only named: `read: {simulated: web, count: 50000}` is so many files of 200 MB."""

    name: ClassVar[str] = "simulated"

    count: int

    def pieces(self, target: int) -> list[Piece]:
        """As a listing of one folder would give them; their sizes differ by a tenth."""
        (folder,) = self.paths
        sizes = random.Random(0).choices(range(180_000_000, 220_000_000, 1_000_003), k=self.count)
        return [
            Piece(f"{folder}/part-{i:06d}.jsonl", size, f"{size}-{1_700_000_000_000_000_000 + i}")
            for i, size in enumerate(sizes)
        ]

    def read(self, piece: Piece) -> Iterator[Chunk]:
        """Nobody reads."""
        raise NotImplementedError


class Clock:
    """CPU seconds of this process by what they were spent on; the model's own are kept apart."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._now = "other"
        self._since = time.process_time()

    def switch(self, to: str) -> str:
        """From now on it is this; returns what it was."""
        now = time.process_time()
        self.seconds[self._now] += now - self._since
        before, self._now, self._since = self._now, to, now
        return before

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """During the block it is this."""
        before = self.switch(what)
        try:
            yield
        finally:
            self.switch(before)

    def timed(self, what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose seconds, those of its generator too, count as this."""

        def call(*args: Any, **kwargs: Any) -> Any:
            with self.on(what):
                return function(*args, **kwargs)

        return call


class Reports:
    """What the shards of a stage report: 25 batches, 100 marks, steps with reasons, side tables, sketches."""

    def __init__(self, plan: Plan, stage: Stage, sketch_bytes: int) -> None:
        self._lanes = stage.lanes
        self._variants = [
            [self._report(plan, stage, lane, sketch_bytes, random.Random(1000 * lane + i)) for i in range(VARIANTS)]
            for lane in range(len(stage.lanes))
        ]

    def line(self, number: int) -> bytes:
        """A report in JSON."""
        lane = next(i for i, lane in enumerate(self._lanes) if any(a <= number < b for a, b in lane.shards))
        return self._variants[lane][number % VARIANTS].replace(NUMBER, b"%06d" % number)

    @staticmethod
    def _report(plan: Plan, stage: Stage, lane: int, sketch_bytes: int, dice: random.Random) -> bytes:
        chain = [link.step for link in stage.lanes[lane].chain if link.step]
        stem = shard_name(stage.key, 0).removesuffix("000000") + NUMBER.decode()
        read = ROWS if stage.lanes[lane].reader else 0
        rows = ROWS if read else ROWS * 7 // 10
        steps: dict[str, Any] = {}
        dropped = failed = 0
        for step in chain:
            bad = dice.randrange(3) if step.quarantine else 0
            gone = 0 if step.kind == "map" or step.quarantine else dice.randrange(rows // 10, rows // 6)
            gone = ROWS * 3 // 10 if read and gone else gone  # what the next stage finds
            names = ["duplicate"] if step.kind == "global" else [f"{step.operator}_rule_{i}" for i in range(8)]
            reasons = {name: gone // len(names) for name in names} if gone else {}
            if gone:
                reasons[names[0]] += gone % len(names)
            steps[step.label] = {
                "rows_in": rows, "rows_out": rows - gone - bad, "dropped": gone, "quarantined": bad, "added": 0,
                "edited": rows // 3 if step.kind == "map" else 0, "tagged": 0, "bytes_in": rows * DOCUMENT,
                "bytes_out": (rows - gone - bad) * DOCUMENT, "seconds": dice.uniform(0.5, 8), "reasons": reasons,
                "rules": {name: n + dice.randrange(50) for name, n in reasons.items()},
            }  # fmt: skip
            rows, dropped, failed = rows - gone - bad, dropped + gone, failed + bad
        size = rows * DOCUMENT
        marks = [[at // DOCUMENT + dice.randrange(2), at] for at in range(stage.mark, size, stage.mark)]
        files = {f"{stem}.arrow": _index(dice, BATCHES, size)}
        side = {table: n for table, n in (("ledger", dropped), ("quarantine", failed)) if n}
        for table, n in side.items():
            files[side_name(stem, table)] = _index(dice, min(n, BATCHES * 3), n * 700)
        sketches = {}
        for sketch in stage.sketches:
            name = sketch_name(stage.key, 0, sketch.step.label).replace("000000", NUMBER.decode(), 1)
            files[name] = {**_index(dice, 1, sketch_bytes), "schema": _SCHEMA}
            sketches[sketch.step.label] = sketch_bytes
        source = stage.lanes[lane].reader.source if stage.lanes[lane].reader else ("web", "books")[dice.randrange(2)]  # type: ignore[union-attr]
        share = rows // len(LANGS)
        return orjson.dumps(
            {
                "output": f"{stem}.arrow", "files": files, "sketches": sketches, "starts": [0],
                "read": {"rows": read, "bytes": read * DOCUMENT, "quarantined": 0, "notes": {}}, "steps": steps,
                "rows": rows, "bytes": size, "weight": size, "marks": marks,
                "groups": {source: {lang: [share, share * DOCUMENT] for lang in LANGS}}, "side": side,
            }
        )  # fmt: skip


_SCHEMA = b64encode(
    pa.schema([("_addr", pa.uint64()), ("high", pa.uint64()), ("low", pa.uint64()), ("rank", pa.float64())])
    .serialize()
    .to_pybytes()
).decode()


def _index(dice: random.Random, batches: int, size: int) -> dict[str, Any]:
    part = max(1, size // max(batches, 1))
    return {
        "bytes": size,
        "batches": [
            [i * part, part - dice.randrange(99), 1200, f"{dice.getrandbits(64):016x}"] for i in range(batches)
        ],
    }


def _sealed(line: bytes) -> bytes:
    return b"%s\n%s\n" % (line, xxhash.xxh3_64_hexdigest(line).encode())


class ModelStore(LocalStore):
    """Knows which tasks are done and makes their reports; counts what it is asked, by kind."""

    def __init__(self, root: str, clock: Clock) -> None:
        super().__init__(root)
        self.clock = clock
        self.counts: Counter[str] = Counter()
        self.reports: dict[str, Reports] = {}
        self.shards: dict[str, bytearray] = {}
        self.others: dict[str, bytes] = {}  # reports of tasks that are no shards
        self.published: dict[str, int] = {}  # bytes of parts in their places

    def take(self, plan: Plan, sketch_bytes: int) -> None:
        """Make ready for the stages of a plan."""
        for stage in plan.stages:
            self.reports[stage.key] = Reports(plan, stage, sketch_bytes)
            self.shards[stage.key] = bytearray(len(plan.shards))

    def commit(self, task: Task) -> dict[str, Any]:
        """What a worker leaves."""
        if task.kind == "shard":
            self.shards[task.stage][task.index] = 1
            report: dict[str, Any] = orjson.loads(self.reports[task.stage].line(task.index))
            return report
        dice = random.Random(task.index)
        if task.kind in ("pack", "collect"):
            rows = sum(last - first if task.kind == "pack" else last for _, first, last in task.slices)
            report = {"rows": rows, "bytes": rows * 2000, "sha256": f"{dice.getrandbits(256):064x}"}
            name = part_name(task.plan, task.name, task.index)
            folder = "data" if task.kind == "pack" else task.name
            self.published[published(folder, task.index, "parquet")] = rows * 2000
        elif task.kind == "gather":
            report = {"rows": 1 << 22, "file": {**_index(dice, task.of, 256 << 20), "schema": _SCHEMA}}
            report["cut"] = [task.of, *task.slices[0][:2]]
            name = gathered_name(task.stage, task.name, task.index)
        elif task.kind == "reduce":
            report = {"rows": 1 << 18, "file": {**_index(dice, 1, 8 << 20), "schema": _SCHEMA}}
            report["cut"] = [task.of, task.slices[0][1]]
            name = partition_name(task.stage, task.name, task.index)
        else:
            batches = max(1, len(self.shards[task.stage]) * ROWS // 20 >> 16)
            report = {"rows": batches << 16, "file": {**_index(dice, batches, batches << 21), "schema": _SCHEMA}}
            report["shards"] = list(range(batches))
            name = artifact_name(task.stage, task.name)
        self.others[f"{name}.json"] = _sealed(orjson.dumps(report))
        return report

    def size(self, name: str) -> int:
        """Asked of what is published, and whether a report is there."""
        with self.clock.on("model"):
            self.counts["size"] += 1
            if name in self.published:
                return self.published[name]
            data = self._made(name)
            return super().size(name) if data is None else len(data)

    def read_bytes(self, name: str) -> bytes:
        """A report, or what the driver wrote."""
        before = self.clock.switch("model")
        try:
            self.counts["read"] += 1
            data = self._made(name)
            if data is None:
                data = super().read_bytes(name)
            self.counts["bytes read"] += len(data)
            return data
        except FileNotFoundError:
            self.counts["absent"] += 1
            raise
        finally:
            self.clock.switch(before)

    def ranges(self, name: str, spans: Sequence[tuple[int, int]]) -> Iterator[pa.Buffer]:
        """Parts of what the driver wrote."""
        for part in super().ranges(name, spans):
            self.counts["read"] += 1
            self.counts["bytes read"] += part.size
            yield part

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """What the driver writes."""
        self.counts["create"] += 1
        with super().create(name) as stream:
            yield stream
            self.counts["bytes written"] += stream.tell()

    def names(self, folder: str) -> list[str]:
        """Published parts, or what the driver wrote."""
        self.counts["list"] += 1
        found = [name.split("/")[1] for name in self.published if name.startswith(f"{folder}/")]
        return sorted({*found, *super().names(folder)})

    def sizes(self, folder: str) -> dict[str, int]:
        """Published parts, 1,000 a request."""
        with self.clock.on("model"):
            found = {name: size for name, size in self.published.items() if name.startswith(f"{folder}/")}
            self.counts["list"] += 1 + len(found) // 1000
            return found

    def remove(self, name: str) -> None:
        """Only what the driver wrote."""
        self.counts["remove"] += 1
        super().remove(name)

    def sweep(self, folder: str) -> None:
        """A listing of everything below, on a real disk."""
        self.counts["list"] += 1

    def _made(self, name: str) -> bytes | None:
        found = _SHARD.fullmatch(name)
        if found is None:
            return self.others.get(name)
        key, number = found["key"], int(found["number"])
        return _sealed(self.reports[key].line(number)) if self.shards[key][number] else None


class Cluster(Executor):
    """Workers on a virtual clock: tasks end in the order in which so many workers would end them.

    stop  end with KeyboardInterrupt after so many tasks: a run that was killed
    """

    def __init__(self, store: ModelStore, workers: int, stop: int | None = None) -> None:
        self.store = store
        self.workers = workers
        self.left = stop
        self.tasks: Counter[str] = Counter()
        self.virtual = 0.0

    def start(self) -> None:
        """Nothing to start."""

    def run(self, tasks: Iterable[Task], limits: Limits = NO_LIMITS) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Yield each task as it ends; what the driver does meanwhile costs no virtual time."""
        clock, source = self.store.clock, iter(tasks)
        before = clock.switch("dispatch")
        busy: list[tuple[float, int, Task]] = []
        number = 0
        now = self.virtual
        while True:
            clock.switch("dispatch")
            while len(busy) < self.workers and (task := next(source, None)) is not None:
                clock.switch("model")
                dice = random.Random(task.index)
                heapq.heappush(busy, (now + SECONDS[task.kind] * dice.lognormvariate(-0.125, 0.5), number, task))
                number += 1
                clock.switch("dispatch")
            if not busy:
                break
            clock.switch("model")
            now, _, task = heapq.heappop(busy)
            self.tasks[task.kind] += 1
            report = self.store.commit(task)
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise KeyboardInterrupt
            clock.switch("report handling")
            yield task, report
        self.virtual = now
        clock.switch(before)

    def close(self) -> None:
        """Nothing runs."""


def peak() -> float:
    """The largest resident set of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
