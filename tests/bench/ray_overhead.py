"""What Ray costs: `python tests/bench/ray_overhead.py [--cpus 8] [--tasks 800] [--seconds 0.5]`.

Shards of one document, whose one step sleeps, go the whole way of `--executor ray`: submitted, placed by Ray, handed to
the worker's local pool, run as any shard (read, step, files written and renamed), answered, reported. Sleeping tasks may
use more logical CPUs than there are cores. Printed:

alone     seconds a task takes in this process, the sleep included
wall      seconds the executor took for all tasks, its workers being warm
overhead  wall * cpus / tasks / alone - 1: what a CPU loses between tasks, and to cores that are busy
driver    processor seconds of the driver's process a task: tasks a second it could serve, at most
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from datapipe.engine.executors.base import Executor
from datapipe.engine.executors.local import InProcess, LocalPool
from datapipe.engine.executors.ray import RayExecutor
from datapipe.engine.names import plan_name
from datapipe.engine.task import Task
from datapipe.io.store import open_store
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import parse

WAIT = """
import time
from datapipe import per_document

@per_document.map("wait")
def wait(text: str, *, seconds: float) -> str:
    time.sleep(seconds)
    return text
"""
RECIPE = """
plugins: [wait.py]
input_split: 100  # bytes: a file of 90 is a shard of its own
read: {{jsonl: "*.jsonl"}}
steps: [{{wait: {{seconds: {seconds}}}}}]
write: {{path: out}}
"""


def shards(folder: Path, count: int, seconds: float) -> list[Task]:
    """Tasks of one sleeping document each, with their plan in the run folder."""
    (folder / "wait.py").write_text(WAIT)
    for n in range(count):
        (folder / f"{n:05}.jsonl").write_text(f'{{"id": "{n}", "text": "one document"}}'.ljust(89) + "\n")
    plan = compile_recipe(parse(RECIPE.format(seconds=seconds), str(folder / "recipe.yaml")))
    run = str(folder / "out")
    open_store(run).write_json(plan_name(plan.fingerprint), plan.model_dump(mode="json"))
    stage = plan.stages[0]
    assert len(plan.shards) == count
    return [
        Task("shard", run, plan.fingerprint, number, stage.key, pieces=shard.pieces)
        for number, shard in enumerate(plan.shards)
    ]


def timed(executor: Executor, tasks: list[Task]) -> tuple[float, float]:
    """Wall and processor seconds of this process for the tasks."""
    wall, processor = time.perf_counter(), time.process_time()
    done = sum(1 for _ in executor.run(tasks))
    assert done == len(tasks)
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    """Print one line for Ray and one for the local pool of as many processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpus", type=int, default=8)
    parser.add_argument("--tasks", type=int, default=800)
    parser.add_argument("--seconds", type=float, default=0.5)
    args = parser.parse_args()
    warm = 4 * args.cpus
    with tempfile.TemporaryDirectory() as name:
        tasks = shards(Path(name), args.tasks + warm, args.seconds)
        timed(InProcess(), tasks[:2])
        alone = timed(InProcess(), tasks[:10])[0] / 10
        print(f"{len(tasks) - warm} tasks of {args.seconds} s on {args.cpus} CPUs; alone {alone:.4f} s")
        pools: dict[str, Executor] = {"ray": RayExecutor(workers=args.cpus), "local": LocalPool(args.cpus)}
        for label, executor in pools.items():
            timed(executor, tasks[:warm])
            wall, processor = timed(executor, tasks[warm:])
            executor.close()
            overhead = wall * args.cpus / args.tasks / alone - 1
            print(
                f"{label:6} wall {wall:.2f} s  overhead {overhead:.1%}  driver {1000 * processor / args.tasks:.2f} ms a task"
                f" = {args.tasks / processor:,.0f} tasks/s"
            )


if __name__ == "__main__":
    main()
