"""Finished files to a data set of the Hugging Face hub, in commits of which the last makes them valid."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from datapipe.core.errors import MissingDependency, RecipeError
from datapipe.io.filesystem import refuse_credentials
from datapipe.io.retry import retrying

_FILES = 50  # of a commit: larger ones time out on the hub, smaller ones fill its history
_MANIFEST = "manifest.json"
_URL = re.compile(r"hf://datasets/(?P<user>[^/@]+)/(?P<name>[^/@]+)(@(?P<revision>[^/]+))?(/(?P<folder>.*))?")


class Place(NamedTuple):
    """Where on the hub: a data set, a branch of it ("" for its main one), a folder in it ("" for its root)."""

    repo: str
    revision: str
    folder: str


def parse_place(url: str) -> Place:
    """The place that `hf://datasets/USER/NAME[@BRANCH][/folder]` means; RecipeError if it is none."""
    refuse_credentials(url)
    found = _URL.fullmatch(url)
    if found is None:
        raise RecipeError(f"{url}: expected hf://datasets/USER/NAME, hf://datasets/USER/NAME@BRANCH or a folder in it")
    return Place(
        f"{found['user']}/{found['name']}",
        (found["revision"] or "").replace("%2F", "/"),
        (found["folder"] or "").strip("/"),
    )


def publish(url: str, files: Mapping[str, Path], is_part: Callable[[str], bool] = lambda path: False) -> None:
    """Upload files (path in the output: local file) to a place on the hub, and remove the parts it holds beside them.

    A data set that is not there is created, private. The manifest goes last, in a commit of its own with the
    removals: whoever finds that files are not as it says came in between. Publishing again goes on with what is missing.
    """
    place = parse_place(url)
    hub = _import_hub(url)
    api = hub.HfApi()
    revision = place.revision or None

    def request(operation: str, call: Any) -> Any:
        return retrying(url, operation, call)

    request("create it", lambda: _create(api, place))
    present = request("list it", lambda: set(api.list_repo_files(place.repo, repo_type="dataset", revision=revision)))
    names = sorted(name for name in files if name != _MANIFEST)
    steps = [names[at : at + _FILES] for at in range(0, len(names), _FILES)]
    last = [_MANIFEST] if _MANIFEST in files else []
    ours = {_path(place, name) for name in files}
    gone = sorted(path for path in present - ours if is_part(path.removeprefix(_path(place, ""))))
    for number, step in enumerate([*steps, last], 1):

        def commit(step: list[str] = step, number: int = number) -> None:
            # Made anew for each attempt: the library keeps in them how far it got.
            operations = [hub.CommitOperationAdd(_path(place, name), str(files[name])) for name in step]
            if number > len(steps):
                operations += [hub.CommitOperationDelete(path) for path in gone]
            if operations:
                title = f"datapipe: {number} of {len(steps) + 1}"
                api.create_commit(
                    place.repo, operations, commit_message=title, repo_type="dataset", revision=revision, num_threads=2
                )

        request("commit to it", commit)


def _create(api: Any, place: Place) -> None:
    api.create_repo(place.repo, repo_type="dataset", private=True, exist_ok=True)
    if place.revision:
        api.create_branch(place.repo, branch=place.revision, repo_type="dataset", exist_ok=True)


def _path(place: Place, name: str) -> str:
    return f"{place.folder}/{name}" if place.folder else name


def _import_hub(url: str) -> Any:
    try:
        import huggingface_hub  # optional, and slow to import
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError:
        raise MissingDependency("huggingface_hub", "huggingface", url) from None
    disable_progress_bars()  # it draws one for every file
    return huggingface_hub
