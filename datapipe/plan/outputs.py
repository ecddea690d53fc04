"""Where a run may write: not over its own inputs, not over another output, not over files that no run made."""

from __future__ import annotations

import os
import posixpath
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from datapipe.core.errors import RecipeError, RunFailed
from datapipe.io.files import is_hub, is_local, local_path, refuse_unreadable
from datapipe.io.filesystem import refuse_credentials
from datapipe.io.formats.card import CARD, MARK
from datapipe.io.store import RemoteStore, Store, open_store
from datapipe.plan.plan import Plan

OWN = ("data", "ledger", "quarantine", "edits", "pii", "scores", "audit", "models", "work")  # the folders of a run


def check_outputs(plan: Plan, out: str) -> None:
    """Refuse a run that would destroy what it reads, or what somebody else keeps where it writes.

    out  the run folder: the first output's path, or what `--out` says
    """
    paths = [out, *(publication.path for publication in plan.publications[1:])]
    for path in paths:
        refuse_credentials(path)
        refuse_unreadable(path)
    folders = [_normal(path) for path in paths]
    resolved = cache(os.path.realpath)  # once a folder: to follow 100,000 paths from the root takes 4 s
    sources = {_normal(url, resolved) for url in {piece.url for shard in plan.shards for piece in shard.pieces}}
    for index, folder in enumerate(folders):
        own = [f"{folder}/{name}" for name in OWN]
        for other in folders[:index] + folders[index + 1 :]:
            if other == folder or any(_lies_in(other, path) for path in own):
                raise RecipeError(
                    f"write: the output {other} lies in the output {folder}; give each a folder", plan.file
                )
        inside = tuple(f"{path}/" for path in own)
        for source in sources:
            if source.startswith(inside):
                raise RecipeError(f"read: {source} lies in the output {folder}: the run would overwrite it", plan.file)
        if index and folder.startswith("hf://"):
            continue  # the hub keeps what was there: a publication is a commit on top of it
        if not index or folder not in _further_outputs(open_store(folders[0])):
            _check_folder(folder, plan.file)
    _check_cards(plan, folders)
    _check_indexes(plan, folders, sources)


def _check_cards(plan: Plan, folders: list[str]) -> None:
    """A card replaces what an earlier run wrote, and nothing else. On the hub what was there stays in its history."""
    for folder, publication in zip(folders, plan.publications, strict=True):
        if CARD not in publication.format.whole((), plan.stage(publication.stage).published()) or is_hub(folder):
            continue
        store = open_store(folder)
        if store.exists(CARD) and MARK.encode() not in store.read_bytes(CARD):
            raise RecipeError(
                f"write.format.card: {store.url(CARD)} is there, and no run wrote it; move it away", plan.file
            )


def _check_indexes(plan: Plan, folders: list[str], sources: set[str]) -> None:
    """An index has a folder of its own, and can be written: told now, not at the end of a run of days."""
    for step in plan.steps():
        if step.index is None or not (step.index.extend and plan.extends):
            continue
        path, what = step.index.path, f"{step.label}: the index {step.index.path}"
        place = _normal(path)
        if place in folders or any(_lies_in(place, f"{folder}/{name}") for folder in folders for name in OWN):
            raise RecipeError(f"{what} lies among the files of an output; give it a folder of its own", plan.file)
        if beside := min((url for url in sources if url.rpartition("/")[0] == place), default=None):
            raise RecipeError(f"{what} is the folder of the input {beside}; give it a folder of its own", plan.file)
        try:
            _probe(open_store(path), "")
        except (OSError, RunFailed) as error:
            reason = getattr(error, "strerror", None) or error
            raise RecipeError(
                f"{what} cannot be written: {reason}; choose another folder, or say extend_index: false", plan.file
            ) from None


def _check_folder(folder: str, file: str) -> None:
    if is_local(folder) and Path(folder).exists() and not Path(folder).is_dir():
        raise RecipeError(f"write.path {folder}: a file is there; an output is a folder", file)
    try:
        store = open_store(folder)
        if isinstance(store, RemoteStore):
            _probe(store)
    except RunFailed as error:
        raise RecipeError(f"write.path {error}", file) from None
    except RecipeError as error:
        raise RecipeError(f"write.path {error}", file) from None
    if not _made_by_a_run(store):
        strange = [f"{name}/{p}" for name in OWN[:-1] for p in store.names(name) if p.startswith("part-")]
        if strange:
            raise RecipeError(
                f"write.path {folder}: holds {store.url(strange[0])}, which no run made; choose another folder", file
            )


def _further_outputs(run: Store) -> set[str]:
    """Where the plans that were begun in this run folder write beside it: killed, they leave parts without a manifest."""
    found: set[str] = set()
    for name in run.names("work"):
        if name.startswith("plan-"):
            with suppress(ValueError, KeyError, TypeError, FileNotFoundError):  # it may be damaged
                found |= {_normal(p["path"]) for p in run.read_json(f"work/{name}")["publications"][1:]}
    return found


def _made_by_a_run(store: Store) -> bool:
    if store.exists("manifest.json"):
        return True
    if any(name.startswith("plan-") and name.endswith(".json") for name in store.names("work")):
        return True
    # somebody tidied up the rest
    return {"ledger", "quarantine", "edits"} <= set(store.names(""))


def _probe(store: Store, folder: str = "work/") -> None:
    """Write, read and remove a small object, so that a missing bucket or right is told before any work."""
    name = f"{folder}probe-{uuid.uuid4().hex}"
    with store.create(name) as stream:
        stream.write(b"datapipe may write here")
    try:
        store.read_bytes(name)
    except FileNotFoundError:
        raise RunFailed(f"{store.url(name)}: was written and is not there; the store must show what it took") from None
    store.remove(name)


def _normal(path: str, resolved: Callable[[str], str] = os.path.realpath) -> str:
    """A path without links and detours, a URL without doubled and trailing slashes, so that equal places are equal."""
    if is_local(path):
        folder, name = os.path.split(local_path(path))
        place = f"{resolved(folder).rstrip('/')}/{name}"
        return place if name not in ("", ".", "..") and not Path(place).is_symlink() else os.path.realpath(place)
    protocol, _, rest = path.partition("://")
    protocol = {"s3a": "s3", "gcs": "gs"}.get(protocol.lower(), protocol.lower())
    return f"{protocol}://{posixpath.normpath(rest).lstrip('/')}"


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
