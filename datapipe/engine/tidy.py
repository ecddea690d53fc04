"""What a run removes: its own earlier work when asked, that of earlier recipes, and what killed writers left."""

from __future__ import annotations

from datapipe.engine.member import Member
from datapipe.engine.names import OURS, plan_name, publish_folder, stage_folder
from datapipe.io.files import is_hub
from datapipe.io.store import Store, open_store
from datapipe.plan.outputs import OWN
from datapipe.plan.plan import Plan


def start_anew(store: Store, plan: Plan) -> None:
    """Forget everything that runs of this plan have done here."""
    store.remove("manifest.json")
    for stage in plan.stages:
        store.remove(stage_folder(stage.key))
    store.remove(publish_folder(plan.fingerprint))


def tidy(store: Store, plan: Plan, member: Member) -> None:
    """Remove the stages of earlier recipes; this run's stay, so that editing the last step re-runs the last stage only.

    One member of many leaves the pinned plan, so that those still to come find the run they belong to ended; without
    it they would list the inputs again, and files that came meanwhile would start another run.
    """
    keep = {stage.key for stage in plan.stages} | {plan_name(plan.fingerprint).removeprefix("work/")}
    for name in store.names("work"):
        for_others = member.of > 1 and name.startswith(("pin-", "locks"))
        if name not in keep and not for_others and OURS.fullmatch(name):
            store.remove(f"work/{name}")
    sweep(store, plan)


def sweep(store: Store, plan: Plan) -> None:
    """Remove what killed writers left, here and in further outputs."""
    stores = [open_store(p.path) for p in plan.publications[1:] if not is_hub(p.path)]
    for place in (store, *stores):  # not all below the root: another run's folder may lie there
        for name in (*OWN, "manifest.json"):
            place.sweep(name)
