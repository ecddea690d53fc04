"""A run from plan to commit: stages, barriers, publication, manifest; what is done already is not done again."""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from datapipe.core.errors import RunFailed
from datapipe.engine.build import load_operators
from datapipe.engine.collect import plan_tables
from datapipe.engine.executors.base import Executor
from datapipe.engine.manifest import Totals, commit
from datapipe.engine.names import (
    artifact_name,
    part_name,
    partition_name,
    shard_name,
    sketch_name,
    stage_folder,
    table_part_name,
)
from datapipe.engine.pack import cut_parts, suffix
from datapipe.engine.reduce import partitions
from datapipe.engine.sink import TABLES
from datapipe.engine.task import Limits, Task, plan_name
from datapipe.engine.warm import warm_up
from datapipe.io.store import Store
from datapipe.plan.outputs import check_outputs
from datapipe.plan.plan import Plan, Stage

_OURS = re.compile(r"[0-9a-f]{16}|plan-[0-9a-f]{16}\.json|publish-[0-9a-f]{16}")  # what runs leave in work/
EARLY_STOP_ROWS = 100_000  # before so many rows an error rate says little


class Observer(Protocol):
    """Whoever shows progress. All methods are called in the driver's process."""

    def begin(self, title: str, tasks: int, done: int) -> None:
        """A group of tasks begins; `done` of them were done by an earlier run."""

    def advance(self, rows: int, size: int) -> None:
        """A task ended; it took this many rows and bytes of text in."""

    def end(self) -> None:
        """The group has ended."""


class Driver:
    """Runs one plan into one folder."""

    def __init__(self, plan: Plan, out: str, executor: Executor, observer: Observer) -> None:
        self.plan = plan
        self.asked = out
        self.out = str(Path(out).resolve())
        self.store = Store(self.out)
        self.executor = executor
        self.observer = observer

    def run(self, fresh: bool = False) -> dict[str, Any]:
        """Run, or resume; returns the manifest. Raises RunFailed; everything done so far stays for the next run."""
        check_outputs(self.plan, self.asked)
        Path(self.out, "work").mkdir(parents=True, exist_ok=True)
        with _alone(self.store):
            started = time.time()
            if fresh:
                self._forget()
            elif (manifest := self._finished()) is not None:
                return manifest
            self.store.write_json(plan_name(self.plan.fingerprint), self.plan.model_dump(mode="json"))
            warm_up(self.plan, load_operators(self.plan))
            totals = Totals(self.plan)
            for stage in self.plan.stages:
                self._stage(stage, totals)
            parts = [self._pack(index) for index in range(len(self.plan.publications))]
            tables = {table: self._collect(table) for table in TABLES}
            manifest = commit(self.store, self.plan, totals, parts, tables, time.time() - started)
            self._tidy()
            return manifest

    def _finished(self) -> dict[str, Any] | None:
        """The manifest, if this very plan was run to its end, its files are still there, and its errors are allowed."""
        manifest = self.store.read_report("manifest.json")
        if manifest is None or manifest.get("fingerprint") != self.plan.fingerprint:
            return None
        if manifest["rows_quarantined"] > self.plan.max_error_rate * manifest["rows_read"]:
            return None
        for index, output in enumerate(manifest["outputs"]):
            store = Store(output["path"]) if index else self.store
            if not store.holds({file["path"]: file["bytes"] for file in output["files"]}):
                return None
        tables = [file for files in manifest["tables"].values() for file in files]
        return manifest if self.store.holds({file["path"]: file["bytes"] for file in tables}) else None

    def _forget(self) -> None:
        for stage in self.plan.stages:
            self.store.remove(stage_folder(stage.key))
        self.store.remove(f"work/publish-{self.plan.fingerprint}")

    def _tidy(self) -> None:
        """Remove the stages of earlier recipes; this run's stay, so that editing the last step re-runs the last stage only."""
        keep = {stage.key for stage in self.plan.stages} | {Path(plan_name(self.plan.fingerprint)).name}
        for name in self.store.names("work"):
            if name not in keep and _OURS.fullmatch(name):
                self.store.remove(f"work/{name}")

    def _task(self, kind: Any, **more: Any) -> Task:
        return Task(kind=kind, run=self.out, plan=self.plan.fingerprint, **more)

    def _limits(self, stage: Stage | None = None) -> Limits:
        limit = self.plan.limit(stage.dataset if stage else "")
        return Limits(timeout=self.plan.timeout, memory=limit.memory, cpus=limit.cpus)

    def _stage(self, stage: Stage, totals: Totals) -> None:
        title = f"stage {stage.number + 1}/{len(self.plan.stages)} {stage.dataset} → {stage.why}"
        self.store.sweep(stage_folder(stage.key))
        missing, ready = [], 0
        for number, _ in stage.shards():
            report = self._done(stage, number)
            if report is None:
                missing.append(number)
            else:
                totals.add(stage, report)
                ready += 1
        missing.sort(key=lambda n: (-self.plan.shards[n].weight, n))  # big ones first
        self.observer.begin(title, ready + len(missing), ready)
        tasks = [self._task("shard", stage=stage.key, index=number) for number in missing]
        try:
            for _, report in self.executor.run(tasks, self._limits(stage)):
                totals.add(stage, report)
                self.observer.advance(*_taken(report))
                self._check_errors(totals, EARLY_STOP_ROWS)
        except RunFailed as error:
            raise RunFailed(self._with_inputs(str(error))) from error
        finally:
            self.observer.end()
        self._check_errors(totals, 0)
        for sketch in stage.sketches:
            self._answer(stage, sketch.step.label)

    def _done(self, stage: Stage, number: int) -> dict[str, Any] | None:
        """The report of a shard whose files are all there; one that lost some (a tidy hand, a power cut) is done again."""
        report = self.store.read_report(f"{shard_name(stage.key, number)}.json")
        return report if report is not None and self.store.holds(report["files"]) else None

    def _answer(self, stage: Stage, label: str) -> None:
        if self.store.exists(artifact_name(stage.key, label)):
            return
        names = [sketch_name(stage.key, number, label) for number, _ in stage.shards()]
        size = sum(self.store.path(name).stat().st_size for name in names if self.store.exists(name))
        of = partitions(size)
        todo = [i for i in range(of) if not self.store.exists(f"{partition_name(stage.key, label, i)}.json")]
        self._all(
            f"barrier {label}", of, [self._task("reduce", stage=stage.key, name=label, index=i, of=of) for i in todo]
        )
        for _ in self.executor.run([self._task("combine", stage=stage.key, name=label, of=of)], self._limits(stage)):
            pass

    def _pack(self, publication: int) -> list[dict[str, Any]]:
        target = self.plan.publications[publication]
        stage = self.plan.stage(target.stage)
        shards = ((n, self.store.read_json(f"{shard_name(stage.key, n)}.json")) for n, _ in stage.shards())
        parts = list(cut_parts(shards, target.shard_size)) or [()]
        names = [part_name(self.plan.fingerprint, publication, i, suffix(target)) for i in range(len(parts))]
        todo = [i for i, name in enumerate(names) if not self._written(name)]
        tasks = [self._task("pack", name=str(publication), index=i, slices=parts[i]) for i in todo]
        self._all(f"publish {target.dataset}", len(parts), tasks)
        return [{"name": name, **self.store.read_json(f"{name}.json")} for name in names]

    def _collect(self, table: str) -> list[dict[str, Any]]:
        def found() -> Iterator[tuple[int, int, int]]:
            for stage in self.plan.stages:
                for number, _ in stage.shards():
                    report = self.store.read_json(f"{shard_name(stage.key, number)}.json")
                    if rows := report["side"].get(table):
                        yield stage.number, number, rows

        parts = list(plan_tables(found())) or [()]
        names = [table_part_name(self.plan.fingerprint, table, i) for i in range(len(parts))]
        todo = [i for i, name in enumerate(names) if not self._written(name)]
        self._all(
            f"write {table}", len(parts), [self._task("collect", name=table, index=i, slices=parts[i]) for i in todo]
        )
        return [{"name": name, **self.store.read_json(f"{name}.json")} for name in names]

    def _written(self, name: str) -> bool:
        """A part with its report, still waiting for the commit: a run killed while it moved parts lacks some of them."""
        report = self.store.read_report(f"{name}.json")
        return report is not None and self.store.holds({name: report["bytes"]})

    def _all(self, title: str, total: int, tasks: Iterable[Task]) -> None:
        todo = list(tasks)
        self.observer.begin(title, total, total - len(todo))
        try:
            for _, report in self.executor.run(todo, self._limits()):
                self.observer.advance(report.get("rows", 0), 0)
        finally:
            self.observer.end()

    def _check_errors(self, totals: Totals, at_least: int) -> None:
        bad, rows = totals.quarantined(), totals.rows_read
        if rows >= at_least and bad > self.plan.max_error_rate * rows:
            raise RunFailed(
                f"{bad} of {rows} rows ({bad / max(rows, 1):.2%}) went to quarantine, more than max_error_rate "
                f"{self.plan.max_error_rate:.2%}. The first of them:\n{self._first_errors()}\n"
                f"All of them: {self.out}/work/*/*.quarantine.arrow. Mend the input, or raise max_error_rate; then run again."
            )

    def _first_errors(self) -> str:
        lines: list[str] = []
        for stage in self.plan.stages:
            for name in self.store.names(stage_folder(stage.key), ".quarantine.arrow"):
                for row in self.store.read_table(f"{stage_folder(stage.key)}/{name}").slice(0, 3).to_pylist():
                    place = row["file"] or row["source"]
                    at = (
                        f" byte {row['offset']}"
                        if row["offset"] is not None
                        else f" row {row['row']}"
                        if row["row"] is not None
                        else ""
                    )
                    step = f" ({row['step']})" if row["step"] else ""
                    lines.append(f"  {place}{at}{step}: {row['error'][:200]}")
                    if len(lines) == 3:
                        return "\n".join(lines)
        return "\n".join(lines)

    def _with_inputs(self, message: str) -> str:
        """Name the inputs of the shard a message speaks of."""
        if message.startswith("shard "):
            number, _, rest = message.removeprefix("shard ").partition(":")
            return f"shard {number} ({self.plan.shards[int(number)].name}):{rest}"
        return message


def _taken(report: dict[str, Any]) -> tuple[int, int]:
    if report["read"]["rows"]:
        return report["read"]["rows"], report["read"]["bytes"]
    first = next(iter(report["steps"].values()), None)
    return (first["rows_in"], first["bytes_in"]) if first else (report["rows"], report["bytes"])


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """One driver a folder; a second one stops before it touches anything."""
    with store.path("work/lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunFailed(
                f"another run is at work in {store.root}; wait for it, or give --out another folder"
            ) from None
        yield
