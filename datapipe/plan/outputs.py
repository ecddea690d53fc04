"""Where a run may write: not over its own inputs, not over another output, not over files that no run made."""

from __future__ import annotations

from pathlib import Path

from datapipe.core.errors import RecipeError
from datapipe.plan.plan import Plan

OWN = ("data", "ledger", "quarantine", "edits", "work")  # the folders of a run


def check_outputs(plan: Plan, out: str) -> None:
    """Refuse a run that would destroy what it reads, or what somebody else keeps where it writes.

    out  the run folder: the first output's path, or what `--out` says
    """
    paths = [out, *(publication.path for publication in plan.publications[1:])]
    folders = [Path(path).resolve() for path in paths]
    for path in paths:
        if "://" in path:
            raise RecipeError(f"write.path {path}: an output is a folder of this machine or a mounted one", plan.file)
    for index, folder in enumerate(folders):
        own = [folder / name for name in OWN]
        for other in folders[:index] + folders[index + 1 :]:
            if other == folder or any(other == path or path in other.parents for path in own):
                raise RecipeError(
                    f"write: the output {other} lies in the output {folder}; give each a folder", plan.file
                )
        for shard in plan.shards:
            for piece in shard.pieces:
                source = Path(piece.url)
                if any(path in source.parents for path in own):
                    raise RecipeError(
                        f"read: {source} lies in the output {folder}: the run would overwrite it", plan.file
                    )
        if folder.exists() and not folder.is_dir():
            raise RecipeError(f"write.path {folder}: a file is there; an output is a folder", plan.file)
        made_by_a_run = (
            (folder / "manifest.json").exists()
            or any(folder.glob("work/plan-*.json"))
            or all(
                (folder / name).is_dir() for name in ("ledger", "quarantine", "edits")
            )  # somebody tidied up the rest
        )
        if not made_by_a_run and (strange := [p for name in OWN[:4] for p in folder.glob(f"{name}/part-*")]):
            raise RecipeError(
                f"write.path {folder}: holds {strange[0]}, which no run made; choose another folder", plan.file
            )
