"""The driver at 100,000 shards and 2,000 workers: `python tests/bench/scale.py [--shards 100000] [--workers 2000]`.

The real driver runs a real plan of two stages; tasks, store and time are simulated (`scale_model.py`). Each situation is
a process of its own, so that its peak memory is its own. `--also 10000,30000` fits how the figures grow.
"""

from __future__ import annotations

import argparse
import json
import math
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
from scale_model import SECONDS, Clock, Cluster, ModelStore, peak

from datapipe.core.errors import Waiting
from datapipe.engine import driver as driver_module
from datapipe.engine import manifest as manifest_module
from datapipe.engine import pack, publish
from datapipe.engine.driver import Driver
from datapipe.engine.member import EVERYTHING, Member
from datapipe.engine.names import plan_name, shard_name, summary_name
from datapipe.engine.pin import pinned_plan
from datapipe.engine.task import Task
from datapipe.plan import outputs
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import parse
from datapipe.plan.plan import Plan

RECIPE = """
name: scale
datasets:
  web: {{read: {{simulated: /data/web, count: {half}}}, steps: [normalize, gopher_quality]}}
  books: {{read: {{simulated: /data/books, count: {half}}}, steps: [normalize, gopher_repetition]}}
  corpus: {{from: [web, books], steps: [exact_dedup, c4_quality]}}
write: {{dataset: corpus, path: {out}, shard_size: 128MB}}
"""
REQUEST, AT_ONCE = 0.020, 256  # seconds of a request to an object store; reports that are asked together
PARTS = {
    "check_outputs": "plan", "finished": "finished?", "warm_up": "plan", "summarize": "summary",
    "plan_parts": "publish planning", "unpublish": "publish planning", "commit": "commit",
}  # fmt: skip


class Quiet:
    """An observer that shows nothing."""

    def begin(self, title: str, tasks: int, done: int) -> None: ...
    def advance(self, rows: int, size: int) -> None: ...
    def end(self) -> None: ...
    def tell(self, notice: str) -> None: ...


class Scene:
    """One driver's process: its plan, its store and its clock."""

    def __init__(self, shards: int, workers: int, sketch_bytes: int, folder: str) -> None:
        self.workers = workers
        self.base = peak()
        self.clock = Clock()
        self.store = ModelStore(f"{folder}/out", self.clock)
        for module in (driver_module, manifest_module, pack, publish, outputs):
            module.open_store = lambda root: self.store  # type: ignore[attr-defined]
        for name, part in PARTS.items():
            setattr(driver_module, name, self.clock.timed(part, getattr(driver_module, name)))
        self.located = parse(RECIPE.format(half=shards // 2, out=f"{folder}/out"), f"{folder}/recipe.yaml")
        with self.clock.on("plan"):
            self.plan = compile_recipe(self.located)
        with self.clock.on("model"):
            self.store.take(self.plan, sketch_bytes)
        self.started = peak()

    def run(self, member: Member = EVERYTHING, stop: int | None = None) -> dict[str, Any]:
        """Run the driver, and say what it took: CPU seconds by part, operations, tasks."""
        self.store.counts.clear()
        self.clock.seconds.clear()
        cluster = Cluster(self.store, self.workers, stop)
        driver = Driver(self.plan, self.store.root, cluster, Quiet(), member)
        began, end = time.perf_counter(), "committed"
        self.clock.switch("scan")  # what is no part of its own: asking which reports are there
        try:
            driver.run()
        except KeyboardInterrupt:
            end = "killed"
        except Waiting as error:
            end = str(error)
        self.clock.switch("other")
        seconds = {part: value for part, value in self.clock.seconds.items() if part not in ("model", "other")}
        return {
            "wall": time.perf_counter() - began, "cpu": sum(seconds.values()), "parts": seconds, "end": end,
            "operations": dict(self.store.counts), "tasks": dict(cluster.tasks), "virtual": cluster.virtual,
        }  # fmt: skip

    def forget(self, share: float) -> None:
        """As if only the first shards of the first stage had been done, and nothing after them."""
        first = self.plan.stages[0].key
        for key, done in self.store.shards.items():
            end = int(len(done) * share) if key == first else 0
            self.store.shards[key] = bytearray(1 if i < end else 0 for i in range(len(done)))
        self.store.others.clear()
        self.store.published.clear()


def measure(shards: int, workers: int, sketch_bytes: int, scene: str) -> dict[str, Any]:
    """One situation; everything it found as plain values."""
    with tempfile.TemporaryDirectory(prefix="datapipe-scale-", dir=_memory()) as folder:
        began = time.process_time()
        at = Scene(shards, workers, sketch_bytes, folder)
        found: dict[str, Any] = {"compile": at.clock.seconds["plan"], "start": time.process_time() - began}
        every = len(at.plan.shards)
        if scene == "run":
            found["run"] = at.run()
            found["resume all"] = at.run()
            found["files"] = {
                f"{stage.dataset} {stage.why}": at.store.path(f"{summary_name(stage.key)}.jsonl.zst").stat().st_size
                for stage in at.plan.stages
            }
            manifest = orjson.loads(at.store.read_bytes("manifest.json"))
            found["manifest"] = at.store.path("manifest.json").stat().st_size
            found["parts"] = len(manifest["files"])
            found |= _wire(at)
        elif scene == "half":
            at.run(stop=0)
            at.forget(0.5)
            found["resume half"] = at.run(stop=0)  # until its first task ends: what a resume costs before any work
        elif scene == "member":
            found["pin"], found["pinned plan"] = _pinned(at)
            part = Member(workers // 2, workers, shared=True)
            for key in at.store.shards:
                at.store.shards[key] = bytearray(every)
            found["member start"] = at.run(part)
            for at_work in (True, False):  # another one at work, or everybody done
                first = at.plan.stages[0].key
                at.store.shards[first] = bytearray([1] * every)
                if at_work:
                    at.store.shards[first][min(range(every), key=lambda n: (at.plan.shards[n].weight, -n))] = 0
                found["member waits" if at_work else "member last"] = at.run(part)
            for stage in at.plan.stages:  # the others do what is left: the next member finds all tasks done
                at.store.shards[stage.key] = bytearray([1] * every)
            at.run()
            at.store.path("manifest.json").unlink()
            found["member publishes"] = at.run(part)
            found["member done"] = at.run(part)
        found["peak"], found["base"], found["planned"] = peak(), at.base, at.started
        return found


def _wire(at: Scene) -> dict[str, Any]:
    """What crosses a process border: the plan that a worker loads, a task, a report."""
    began = time.process_time()
    data = at.store.read_bytes(plan_name(at.plan.fingerprint))
    Plan.model_validate_json(data)
    load = time.process_time() - began
    shard, stage = at.plan.shards[0], at.plan.stages[0]
    task = Task("shard", at.store.root, at.plan.fingerprint, 0, stage.key, pieces=shard.pieces)
    report = at.store.read_report(f"{shard_name(stage.key, 0)}.json")
    began = time.process_time()
    for _ in range(1000):
        pickle.loads(pickle.dumps(report))
        pickle.dumps(task)
    wire = (time.process_time() - began) / 1000
    return {"plan": len(data), "plan load": load, "report": len(orjson.dumps(report)), "wire": wire}


def _pinned(at: Scene) -> tuple[int, float]:
    pinned_plan(at.located, at.store)
    began = time.process_time()
    at.plan = pinned_plan(at.located, at.store)
    seconds = time.process_time() - began
    return max(p.stat().st_size for p in at.store.path("work").glob("pin-*.json")), seconds


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def remote(operations: dict[str, int]) -> str:
    """What these operations would wait for on an object store: reports are read 256 at once, all else is one by one."""
    together = operations.get("read", 0)
    alone = sum(n for kind, n in operations.items() if kind in ("size", "create", "list", "remove"))
    return f"{math.ceil(together / AT_ONCE) * REQUEST + alone * REQUEST:,.1f} s"


def show(shards: int, workers: int, found: dict[str, dict[str, Any]]) -> None:
    """A few lines a situation."""
    run, half, member = found["run"], found["half"], found["member"]
    first = run["run"]
    tasks = sum(first["tasks"].values())
    each = first["cpu"] / tasks + run["wire"]
    seconds = sum(n * SECONDS[kind] for kind, n in first["tasks"].items()) / tasks
    print(f"\n{shards:,} shards, {workers:,} workers: {tasks:,} tasks, {run['parts']:,} files of data")
    print(f"  compile                  {run['compile']:8.2f} s CPU (without listing the inputs)")
    print(f"  whole run                {first['cpu']:8.2f} s CPU, {first['virtual'] / 3600:.1f} h on the virtual clock")
    for part, value in sorted(first["parts"].items(), key=lambda item: -item[1]):
        print(f"    {part:<22} {value:8.2f} s {value / tasks * 1e3:8.3f} ms a task")
    print(f"  a task and its report through pickle {run['wire'] * 1e3:.3f} ms; a report {run['report']:,} B")
    print(f"  driver                   {each * 1e3:8.3f} ms a task: {1 / each:,.0f} tasks/s,")
    print(f"                           saturated by {seconds / each:,.0f} workers at {seconds:.1f} s a task")
    print(f"  peak memory              {run['peak']:8.0f} MB (imports {run['base']:.0f}, planned {run['planned']:.0f})")
    print(f"  plan for workers         {run['plan'] / 1e3:8.1f} kB, loaded in {run['plan load'] * 1e3:.1f} ms")
    print(f"  summaries                {', '.join(f'{k} {v / 1e6:.0f} MB' for k, v in run['files'].items())}")
    print(f"  manifest                 {run['manifest'] / 1e6:8.1f} MB")
    line("whole run", first)
    line("resume, all done", run["resume all"])
    line("resume, half done", half["resume half"])
    print(f"  pinned plan              {member['pin'] / 1e6:8.1f} MB, read in {member['pinned plan']:.2f} s CPU")
    for name in ("start", "waits", "last", "publishes", "done"):
        line(f"member {name}", member[f"member {name}"])
    print(f"  a member's peak memory   {member['peak']:8.0f} MB")


def line(name: str, found: dict[str, Any]) -> None:
    """What one situation asked of the store, and how long that would take far away."""
    counts = found["operations"]
    kinds = ("size", "read", "absent", "create", "list", "remove")
    shown = ", ".join(f"{kind} {counts[kind]:,}" for kind in kinds if counts.get(kind))
    size = counts.get("bytes read", 0) / 1e6
    tasks = sum(found["tasks"].values())
    print(f"  {name:<24} {found['cpu']:8.2f} s CPU; {shown}; {size:,.0f} MB; remote {remote(counts)}; {tasks:,} tasks")


def grow(all_found: dict[int, dict[str, dict[str, Any]]]) -> None:
    """How figures grow: the exponent between the smallest and the largest, and what 1,000,000 shards would be."""
    few, many = min(all_found), max(all_found)
    wanted = {f"run: {part}": ("run", "run", "parts", part) for part in all_found[many]["run"]["run"]["parts"]}
    wanted |= {"compile": ("run", "compile"), "peak MB": ("run", "peak"), "resume all": ("run", "resume all", "cpu")}
    wanted |= {"resume half": ("half", "resume half", "cpu"), "member start": ("member", "member start", "cpu")}
    wanted |= {"member publishes": ("member", "member publishes", "cpu"), "pinned plan": ("member", "pinned plan")}
    print(f"\nfrom {few:,} to {many:,} shards, and at 1,000,000 by that line")
    for name, path in wanted.items():
        values: dict[int, Any] = dict(all_found)
        for key in path:
            values = {n: value.get(key, 0) for n, value in values.items()}
        slope = (values[many] - values[few]) / (many - few)
        power = math.log(max(values[many], 1e-3) / max(values[few], 1e-3)) / math.log(many / few)
        seen = "  ".join(f"{values[n]:.2f}" for n in sorted(values))
        print(f"  {name:<24} {seen}   n^{power:.2f}   {values[many] + slope * (1_000_000 - many):,.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2000)
    parser.add_argument(
        "--sketch-bytes", type=int, default=240_000, help="of a shard, of each sketch: 24 GB of 100,000"
    )
    parser.add_argument("--also", default="", metavar="N,N", help="further numbers of shards, to see how figures grow")
    parser.add_argument("--scene", choices=["run", "half", "member"], help="only this one, as JSON")
    arguments = parser.parse_args()
    if arguments.scene:
        print(json.dumps(measure(arguments.shards, arguments.workers, arguments.sketch_bytes, arguments.scene)))
        return
    all_found: dict[int, dict[str, dict[str, Any]]] = {}
    for shards in sorted({arguments.shards, *map(int, filter(None, arguments.also.split(",")))}):
        all_found[shards] = {}
        for scene in ("run", "half", "member"):
            command = [sys.executable, __file__, "--shards", str(shards), "--workers", str(arguments.workers)]
            command += ["--sketch-bytes", str(arguments.sketch_bytes), "--scene", scene]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            all_found[shards][scene] = json.loads(output)
        show(shards, arguments.workers, all_found[shards])
    if len(all_found) > 1:
        grow(all_found)


if __name__ == "__main__":
    main()
