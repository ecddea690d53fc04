"""A run from plan to commit: stages, barriers, publication, manifest; what is done already is not done again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from datapipe.core.errors import RunFailed, Waiting, WorkLost
from datapipe.engine.admission import admitted
from datapipe.engine.build import load_operators
from datapipe.engine.executors.base import Executor
from datapipe.engine.index import extend_indexes
from datapipe.engine.lost import forget
from datapipe.engine.manifest import commit
from datapipe.engine.member import EVERYTHING, Member
from datapipe.engine.names import (
    LOCK,
    LOCKS,
    artifact_name,
    gathered_name,
    partition_name,
    plan_name,
    shard_name,
    summary_name,
)
from datapipe.engine.observer import Observer, taken
from datapipe.engine.publish import Places, committed_manifest, finished, plan_parts, unpublish
from datapipe.engine.summary import first_errors, summarize
from datapipe.engine.task import Limits, Task
from datapipe.engine.tidy import start_anew, sweep, tidy
from datapipe.engine.totals import StageTotals, Totals
from datapipe.engine.warm import warm_up
from datapipe.io.store import Store, open_store
from datapipe.plan.outputs import check_outputs
from datapipe.plan.plan import Plan, Stage

EARLY_STOP_ROWS = 100_000  # before so many rows an error rate says little
REPAIRS = 5  # times that one and the same file is made anew before the disk is to blame

Report = dict[str, Any]


class Driver:
    """Runs one plan into one folder: all of it, or one member's part of a job array."""

    def __init__(
        self, plan: Plan, out: str, executor: Executor, observer: Observer, member: Member = EVERYTHING
    ) -> None:
        self.plan = plan
        self.asked = out
        self.store: Store = open_store(out)
        self.executor = executor
        self.observer = observer
        self.member = member
        self.totals = Totals(plan)
        self.began = time.monotonic()

    def run(self, fresh: bool = False) -> dict[str, Any]:
        """Run, or resume; returns the manifest. Raises RunFailed; everything done so far stays for the next run.

        A member of a job array raises Waiting when its part of a stage is done and another's is not.
        """
        check_outputs(self.plan, self.asked)
        with admitted(self.store, self.plan.fingerprint, self.member.shared):
            if fresh:
                start_anew(self.store, self.plan)
            manifest = finished(self.store, self.plan)
            if manifest is not None and not self.member.shared:
                sweep(self.store, self.plan)  # another recipe may have been killed here since
                return manifest
            if manifest is not None and self.member.of > 1:
                self.observer.tell("the run is at its end; for files that came since it began, run it without --shards")
            if manifest is None:
                warm_up(self.plan, load_operators(self.plan))
                if not self.member.shared:
                    self.store.sweep("work")
                manifest = self._repairing()
            if not self.member.shared:
                tidy(self.store, self.plan, self.member)
        if self.member.shared:
            with self.store.alone(LOCK) as last:  # the last one of an array
                if last:
                    tidy(self.store, self.plan, self.member)
        return manifest

    def _repairing(self) -> dict[str, Any]:
        """Work that turns out lost or damaged is made anew: back to the start, where what is done is not done again."""
        small = self.plan.model_copy(update={"shards": ()})  # 100,000 shards would cost each worker seconds
        times: Counter[str] = Counter()
        while True:
            self.store.write_json(plan_name(self.plan.fingerprint), small.model_dump(mode="json"))
            try:
                return self.member.patient(self._go, self.observer.tell)
            except WorkLost as lost:
                times[lost.name] += 1
                where = self.store.url(lost.name)
                if times[lost.name] > REPAIRS:
                    raise RunFailed(f"{where} {lost.found}, {REPAIRS} times made anew; is the disk in order?") from lost
                self.observer.tell(f"{where} {lost.found}; it is made anew")
                forget(self.store, self.plan, lost.name)

    def _go(self) -> dict[str, Any]:
        for stage in self.plan.stages[: self.member.stages]:
            sketches = self._stage(stage)
            for sketch in stage.sketches:
                self._answer(stage, sketch.step.label, sketches[sketch.step.label])
        if self.member.stages is not None:
            raise Waiting(f"the first {self.member.stages} stages are done; the others are another job's")
        return self._publish()

    def _stage(self, stage: Stage) -> dict[str, Any]:
        """Run all shards through a stage; returns what its summary says of the sketches."""
        name = summary_name(stage.key)
        summary = self.store.read_report(f"{name}.json")
        if summary is None:
            numbers = sorted(stage.numbers(), key=lambda n: (-self.plan.shards[n].weight, n))  # big ones first
            seen = StageTotals()

            def check(report: Report) -> None:
                seen.add(report)
                self._check_errors(seen, EARLY_STOP_ROWS)

            self._phase(
                f"stage {stage.number + 1}/{len(self.plan.stages)} {stage.dataset} → {stage.why}",
                [shard_name(stage.key, n) for n in numbers],
                lambda i: self._task("shard", stage.key, numbers[i], pieces=self.plan.shards[numbers[i]].pieces),
                self._limits(stage),
                each=check,
                all_are_read=True,
            )
            self._once(name, lambda: self._summarize(stage))
            summary = self.store.read_report(f"{name}.json")
            if summary is None:
                raise WorkLost(f"{name}.json", "is gone")
        self.totals.stages[stage.key] = StageTotals()
        self._check_errors(StageTotals.from_json(summary["totals"]), 0)
        self.totals.stages[stage.key] = StageTotals.from_json(summary["totals"])
        sketches: dict[str, Any] = summary["sketches"]
        return sketches

    def _summarize(self, stage: Stage) -> None:
        try:
            summarize(self.store, stage, self.plan.memory)
        except WorkLost as lost:
            if self.member.shared:  # its turn may come yet: an array of another size does its tasks in another order
                raise Waiting(f"{lost.name} is not done; run it again when it is") from None
            raise

    def _answer(self, stage: Stage, label: str, sketches: dict[str, Any]) -> None:
        """Bring the sketches of all shards together, answer by partitions, and make the artifact.

        What was gathered for another cut (the summary was lost, and made anew for another `memory`) is gathered again.
        """
        name = artifact_name(stage.key, label)
        if self.store.read_report(f"{name}.json") is not None:
            return
        groups, of = sketches["groups"], sketches["of"]
        limits = self._limits(stage)
        self._phase(
            f"gather {label}",
            [gathered_name(stage.key, label, i) for i in range(len(groups))],
            lambda i: self._task("gather", stage.key, i, name=label, of=of, slices=((*groups[i], 0),)),
            limits,
            done=lambda i, report: report.get("cut") == [of, *groups[i]],
        )
        self._phase(
            f"barrier {label}",
            [partition_name(stage.key, label, i) for i in range(of)],
            lambda i: self._task("reduce", stage.key, i, name=label, of=of, slices=((0, len(groups), 0),)),
            limits,
            done=lambda i, report: report.get("cut") == [of, len(groups)],
        )

        def combine() -> None:
            for _ in self.executor.run([self._task("combine", stage.key, 0, name=label, of=of)], limits):
                pass

        self._once(name, combine)

    def _publish(self) -> dict[str, Any]:
        """Write the parts to their places, and commit."""
        unpublish(self.store, self.plan)
        parts = plan_parts(self.store, self.plan)
        places = Places()
        self._phase(
            "publish",
            [part.commit for part in parts],
            lambda i: self._task(parts[i].kind, "", parts[i].index, name=parts[i].of, slices=parts[i].slices),
            self._limits(),
            done=lambda i, report: places.hold(parts[i], report),
            all_are_read=True,
        )

        def done() -> None:
            written: dict[str, list[Report]] = {}
            places = Places()  # others have written since
            for part, report in zip(parts, self.store.read_reports(f"{p.commit}.json" for p in parts), strict=True):
                if self.member.shared and (report is None or not places.hold(part, report)):
                    raise Waiting(f"{part.stem} is not written; run it again when it is")
                if report is None:
                    raise WorkLost(f"{part.commit}.json", "is gone")
                written.setdefault(part.of, []).append(report)
            indexes = extend_indexes(self.store, self.plan)  # first: a run that died here finds itself in the index
            commit(self.store, self.plan, self.totals, written, indexes, time.monotonic() - self.began)

        self._once("manifest", done)
        manifest: dict[str, Any] = self.store.read_json("manifest.json")
        return manifest

    def _phase(
        self,
        title: str,
        names: Sequence[str],
        make: Callable[[int], Task],
        limits: Limits,
        done: Callable[[int, Report], bool] = lambda index, report: True,
        each: Callable[[Report], None] = lambda report: None,
        all_are_read: bool = False,
        member: Member | None = None,
    ) -> None:
        """Do this member's part of the tasks whose reports are not there; then all of them must be.

        names  what each task commits    done  whether a committed one needs no more work    each  sees every report
        all_are_read  by whoever comes first when the phase is over, so that each member looks at the last task of each
                      other one alone: 2,000 members that read 100,000 reports each are 200 million requests
        """
        member = member or self.member
        if len(names) == 1 and member.shared:  # whoever comes: nobody waits for one certain member
            self._once(names[0], lambda: self._phase(title, names, make, limits, done, each, member=EVERYTHING))
            return
        mine = member.part(len(names))
        reports = self.store.read_reports(f"{names[i]}.json" for i in mine)
        todo = []
        for i, report in zip(mine, reports, strict=True):
            if report is None or not done(i, report):
                todo.append(i)
            else:
                each(report)
        if todo:  # who waits comes by here again and again
            self.observer.begin(title, len(mine), len(mine) - len(todo))
        try:
            for _, report in self.executor.run((make(i) for i in todo), limits):
                each(report)
                self.observer.advance(*taken(report))
        except RunFailed as error:
            if isinstance(error, WorkLost):
                raise
            raise RunFailed(self._with_inputs(str(error))) from error
        finally:
            if todo:
                self.observer.end()
        others = member.others(len(names), last=all_are_read)
        for i, report in zip(others, self.store.read_reports(f"{names[i]}.json" for i in others), strict=True):
            if report is None or not done(i, report):
                raise Waiting(f"{title}: {member} is done, others are not; run it again when they are")

    def _once(self, name: str, do: Callable[[], None]) -> None:
        """Work that one does for all: whoever comes first, while the others wait; if it dies, another one does it."""
        if not self.member.shared:
            do()
            return
        while not (
            committed_manifest(self.store, self.plan) if name == "manifest" else self.store.exists(f"{name}.json")
        ):
            with self.store.alone(f"{LOCKS}/{name.replace('/', '-')}") as alone:
                if alone:
                    do()
                    return
            time.sleep(0.2)

    def _task(self, kind: Any, stage: str, index: int, **more: Any) -> Task:
        return Task(kind=kind, run=self.store.root, plan=self.plan.fingerprint, stage=stage, index=index, **more)

    def _limits(self, stage: Stage | None = None) -> Limits:
        limit = self.plan.limit(stage.dataset if stage else "")
        return Limits(timeout=self.plan.timeout, memory=limit.memory, cpus=limit.cpus, gpus=limit.gpus)

    def _check_errors(self, seen: StageTotals, at_least: int) -> None:
        """Fail if too many of the rows read so far, with those of a stage still running, are in quarantine."""
        bad, rows = self.totals.quarantined() + seen.quarantined, self.totals.rows_read() + seen.rows_read
        if rows >= at_least and bad > self.plan.max_error_rate * rows:
            errors = first_errors(self.store, self.plan)
            raise RunFailed(
                f"{bad} of {rows} rows ({bad / max(rows, 1):.2%}) went to quarantine, more than max_error_rate "
                f"{self.plan.max_error_rate:.2%}. The first of them:\n{errors}\n"
                f"All of them: {self.store.root}/work/*/*.quarantine.arrow. Mend the input, or raise max_error_rate; "
                "then run again."
            )

    def _with_inputs(self, message: str) -> str:
        """Name the inputs of the shard a message speaks of."""
        if message.startswith("shard "):
            number, _, rest = message.removeprefix("shard ").partition(":")
            return f"shard {number} ({self.plan.shards[int(number)].name}):{rest}"
        return message
