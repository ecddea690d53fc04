"""What is to be published, whether it is, and that what another plan published is so no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from datapipe.core.errors import RecipeError
from datapipe.engine.collect import plan_tables
from datapipe.engine.names import part_name, publish_folder, published_stem
from datapipe.engine.pack import cut_parts, place
from datapipe.engine.published_order import begins
from datapipe.engine.sink import tables_of
from datapipe.engine.summary import stage_reports
from datapipe.io.files import is_hub
from datapipe.io.store import Store, open_store
from datapipe.plan.plan import Plan


@dataclass(frozen=True)
class Part:
    """A part to write.

    of      the publication's number (kind pack) or the table's name (kind collect)
    commit  the name of its report
    store, stem  where it lies: its files, before their endings
    """

    kind: Literal["pack", "collect"]
    of: str
    index: int
    slices: tuple[tuple[int, int, int], ...]
    commit: str
    store: Store
    stem: str


class Places:
    """Where parts lie: a folder is listed when the first of its parts is asked for, for 80,000 may be."""

    def __init__(self) -> None:
        self._listed: dict[tuple[str, str], dict[str, int]] = {}

    def hold(self, part: Part, report: dict[str, Any]) -> bool:
        """Whether the files of this report are there: parts of one plan at a time."""
        folder = part.stem.rpartition("/")[0]
        place = part.store.root, folder
        if place not in self._listed:
            self._listed[place] = part.store.sizes(folder)
        files = {f"{part.stem}.{file['suffix']}": file["bytes"] for file in report["files"]}
        return self._listed[place].items() >= files.items() or part.store.holds(files)


def plan_parts(store: Store, plan: Plan) -> list[Part]:
    """All parts of all outputs, then of the side tables; of each there is at least one."""
    parts = []
    for number, target in enumerate(plan.publications):
        reports = stage_reports(store, plan.stage(target.stage))
        cuts = list(cut_parts(reports, target.shard_size, begins(plan, target))) or [()]
        for index, slices in enumerate(cuts):
            commit = part_name(plan.fingerprint, str(number), index)
            where, stem = place(store, plan, number, index)
            parts.append(Part("pack", str(number), index, slices, commit, where, stem))
    side: dict[str, list[tuple[int, int, int]]] = {table: [] for table in tables_of(plan)}
    for stage in plan.stages:
        for number, report in stage_reports(store, stage):
            for table, rows in report["side"].items():
                side[table].append((stage.number, number, rows))
    for table, found in side.items():
        for index, slices in enumerate(list(plan_tables(iter(found))) or [()]):
            commit = part_name(plan.fingerprint, table, index)
            parts.append(Part("collect", table, index, slices, commit, store, published_stem(table, index)))
    return parts


def finished(store: Store, plan: Plan) -> dict[str, Any] | None:
    """The manifest, if this very plan was run to its end, its files are still there, and its errors are allowed."""
    manifest = committed_manifest(store, plan)
    try:
        return manifest if manifest is not None and _holds(manifest, store, plan) else None
    except (KeyError, TypeError, AttributeError, RecipeError):  # damaged: JSON still, but of another shape
        return None


def _holds(manifest: dict[str, Any], store: Store, plan: Plan) -> bool:
    if manifest["rows_quarantined"] > plan.max_error_rate * manifest["rows_read"]:
        return False
    for index, output in enumerate(manifest["outputs"]):
        if is_hub(output["path"]):
            continue  # the hub keeps what it was given
        target = open_store(output["path"]) if index else store
        files = {file["path"]: file["bytes"] for file in output["files"]}
        if not target.holds(files) or committed_manifest(target, plan) is None:
            return False
    beside = [*manifest["tables"].values(), *(model["files"] for model in manifest["trained"])]
    return store.holds({file["path"]: file["bytes"] for files in beside for file in files})


def unpublish(store: Store, plan: Plan) -> None:
    """What another plan has published here is overwritten from now on: without its manifest it counts no more."""
    for index, publication in enumerate(plan.publications):
        if is_hub(publication.path):
            continue
        target = open_store(publication.path) if index else store
        if committed_manifest(target, plan) is None:
            target.remove("manifest.json")
    for name in store.names("work"):
        if name.startswith("publish-") and f"work/{name}" != publish_folder(plan.fingerprint):
            store.remove(f"work/{name}")


def committed_manifest(store: Store, plan: Plan) -> dict[str, Any] | None:
    """The manifest of this very plan's data there, as it stands; None if it is absent, another's or damaged."""
    try:
        manifest = store.read_json("manifest.json")
    except (FileNotFoundError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("fingerprint") == plan.fingerprint else None
