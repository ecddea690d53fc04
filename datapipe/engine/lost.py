"""Work that is gone or damaged: what must be forgotten so that it is made anew."""

from __future__ import annotations

import re

from datapipe.engine.names import STAGE_FOLDER, publish_folder, shard_name, stage_folder, summary_name
from datapipe.io.store import Store
from datapipe.plan.plan import Plan, Stage

_SHARD = re.compile(r"(work/[0-9a-f]{16}/shard-[0-9]{6,})\..*")
_ARTIFACT = re.compile(
    r"(?P<artifact>work/[0-9a-f]{16}/artifacts/(?P<label>.+?))(/(?P<part>(gathered|part)-[0-9]{5,}))?(\.held)?\.(arrow|json)"
)


def forget(store: Store, plan: Plan, name: str) -> None:
    """Remove the commit of what `name` belongs to, and of what says that it is done."""
    stage = STAGE_FOLDER.match(name)
    if found := _SHARD.fullmatch(name):
        store.remove(f"{found[1]}.json")
        if stage:
            _forget_missing(store, plan.stage(stage["key"]))
    elif found := _ARTIFACT.fullmatch(name):
        store.remove(f"{found['artifact']}.json")
        if found["part"]:
            store.remove(f"{found['artifact']}/{found['part']}.json")
        return
    if stage:
        store.remove(f"{summary_name(stage['key'])}.json")
    else:
        store.remove(publish_folder(plan.fingerprint))


def _forget_missing(store: Store, stage: Stage) -> None:
    """Where one file is gone, more of its stage often are: a cleaner of old files went by, or a bucket's rule.

    Found one by one, each would cost a turn of the whole run. A listing that leaves a file out costs that shard's work.
    """
    folder = stage_folder(stage.key)
    there = {f"{folder}/{name}" for name in store.names(folder)}
    names = [f"{shard_name(stage.key, number)}.json" for number in stage.numbers()]
    for name, report in zip(names, store.read_reports(names), strict=True):
        if report and any(file.startswith(f"{folder}/") and file not in there for file in report["files"]):
            store.remove(name)
