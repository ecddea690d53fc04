"""Work that is gone or damaged: what must be forgotten so that it is made anew."""

from __future__ import annotations

import re

from datapipe.engine.names import STAGE_FOLDER, publish_folder, summary_name
from datapipe.io.store import Store
from datapipe.plan.plan import Plan

_SHARD = re.compile(r"(work/[0-9a-f]{16}/shard-[0-9]{6,})\..*")
_ARTIFACT = re.compile(
    r"(?P<artifact>work/[0-9a-f]{16}/artifacts/(?P<label>.+?))(/(?P<part>(gathered|part)-[0-9]{5,}))?\.(arrow|json)"
)


def forget(store: Store, plan: Plan, name: str) -> None:
    """Remove the commit of what `name` belongs to, and of what says that it is done."""
    if found := _SHARD.fullmatch(name):
        store.remove(f"{found[1]}.json")
    elif found := _ARTIFACT.fullmatch(name):
        store.remove(f"{found['artifact']}.json")
        if found["part"]:
            store.remove(f"{found['artifact']}/{found['part']}.json")
        return
    if found := STAGE_FOLDER.match(name):
        store.remove(f"{summary_name(found['key'])}.json")
    else:
        store.remove(publish_folder(plan.fingerprint))
