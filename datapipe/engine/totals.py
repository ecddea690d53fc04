"""Sums of reports, and the law of conservation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from datapipe.core.errors import RunFailed
from datapipe.core.records import StepCount
from datapipe.plan.plan import Plan

FAULT = "this is a fault of datapipe, please report it"


@dataclass
class StageTotals:
    """The sums of the reports of one stage's shards.

    rows    the rows that leave the stage
    groups  source → language → [rows, bytes of text] of them
    """

    rows_read: int = 0
    bytes_read: int = 0
    read_quarantined: int = 0
    rows: int = 0
    notes: dict[str, int] = field(default_factory=dict)
    steps: dict[str, StepCount] = field(default_factory=dict)
    groups: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def add(self, report: Mapping[str, Any]) -> None:
        """Add a shard's report, after checking that it lost no row."""
        read = report["read"]
        self.rows_read += read["rows"]
        self.bytes_read += read["bytes"]
        self.read_quarantined += read["quarantined"]
        self.rows += report["rows"]
        for note, n in read["notes"].items():
            self.notes[note] = self.notes.get(note, 0) + n
        for label, count in report["steps"].items():
            gone = count["dropped"] + count["quarantined"] + count["merged"]
            if count["rows_in"] + count["added"] != count["rows_out"] + gone:
                raise RunFailed(f"{label}: rows were lost: {count}; {FAULT}")
            self.steps.setdefault(label, StepCount()).add(count)
        for source, langs in report["groups"].items():
            for lang, (rows, size) in langs.items():
                cell = self.groups.setdefault(source, {}).setdefault(lang, [0, 0])
                cell[0] += rows
                cell[1] += size

    @property
    def quarantined(self) -> int:
        """Rows that this stage sent to quarantine."""
        return self.read_quarantined + sum(count.quarantined for count in self.steps.values())

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> StageTotals:
        """From plain values."""
        return cls(**{**value, "steps": {label: StepCount(**count) for label, count in value["steps"].items()}})


class Totals:
    """The sums of a run, stage by stage."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.stages: dict[str, StageTotals] = {}

    def rows_read(self) -> int:
        """Rows read so far."""
        return sum(stage.rows_read for stage in self.stages.values())

    def quarantined(self) -> int:
        """Rows in quarantine so far."""
        return sum(stage.quarantined for stage in self.stages.values())

    def steps(self) -> dict[str, StepCount]:
        """What each step did, in the order of the plan."""
        found = {step.label: StepCount() for step in self.plan.steps()}
        for stage in self.stages.values():
            for label, count in stage.steps.items():
                found[label].add(asdict(count))
        return found

    def added(self) -> int:
        """Rows made by expansions, and copies made where a dataset is used more than once."""
        uses: dict[str, int] = {}
        for stage in self.plan.stages:
            for lane in stage.lanes:
                if lane.input:
                    uses[lane.input] = uses.get(lane.input, 0) + 1
        for publication in self.plan.publications:
            uses[publication.stage] = uses.get(publication.stage, 0) + 1
        copies = sum((n - 1) * self.stages[key].rows for key, n in uses.items())
        return copies + sum(count.added for stage in self.stages.values() for count in stage.steps.values())

    def counts(self, written: int) -> dict[str, int]:
        """`rows_read` and so on for the manifest; RunFailed if they do not add up."""
        read, added, quarantined = self.rows_read(), self.added(), self.quarantined()
        counts = [count for stage in self.stages.values() for count in stage.steps.values()]
        dropped, merged = sum(count.dropped for count in counts), sum(count.merged for count in counts)
        if read + added != written + dropped + quarantined + merged:
            raise RunFailed(
                f"rows were lost: {read} read + {added} added ≠ {written} written + {dropped} dropped + {quarantined} "
                f"quarantined + {merged} merged; {FAULT}"
            )
        return {
            "rows_read": read, "rows_added": added, "rows_dropped": dropped, "rows_quarantined": quarantined,
            "rows_merged": merged, "rows_written": written,
        }  # fmt: skip
