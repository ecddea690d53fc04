"""Models and lists that a recipe names, known by what they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from datapipe.core.errors import RunFailed
from datapipe.core.operator import Operator
from datapipe.io.files import is_local, open_input
from datapipe.io.model_cache import fetch, local_copy
from datapipe.plan.plan import Plan, StepPlan

_digests: dict[tuple[str, float], tuple[str, int]] = {}


def file_digest(path: str) -> tuple[str, int]:
    """sha256 and size of a model or list; remembered while the file does not change."""
    path = local_copy(path)
    stamp = Path(path).stat().st_mtime_ns if "://" not in path else 0.0
    if (path, stamp) not in _digests:
        with open_input(path) as stream:
            digest = hashlib.file_digest(stream, "sha256")  # type: ignore[arg-type]  # every stream has readinto
            _digests[path, stamp] = (digest.hexdigest(), stream.tell())
    return _digests[path, stamp]


def files_of(plan: StepPlan, operator: Operator) -> tuple[str, ...]:
    """The files that a step needs, also those that only one language's own parameters name."""
    variants = [type(operator).model_validate(own) for own in (plan.by_lang or {}).values()]
    return tuple(dict.fromkeys(path for one in (operator, *variants) for path in one.files()))


def have_models(urls: Iterable[str], allowed: bool) -> None:
    """See that models named by URL lie on this machine; RunFailed for one that would have to be fetched, and may not be."""
    for url in urls:
        if is_local(url) or local_copy(url) != url:
            continue
        if not allowed:
            raise RunFailed(
                f"{url} would be downloaded; allow it by `models: {{allow_download: true}}` in the recipe, or copy the file "
                "to this machine and give its path"
            )
        fetch(url)


def have_planned_models(urls: Iterable[str], plan: Plan) -> None:
    """The same in a worker, whose machine may not be the one on which the recipe was planned; they must be the planned ones."""
    planned = {r.path: r.sha256 for r in plan.resources}
    for url in urls:
        have_models([url], plan.allow_download)
        if not is_local(url) and url in planned and file_digest(url)[0] != planned[url]:
            raise RunFailed(
                f"{local_copy(url)} is not what {url} was when the run was planned; delete it to have it fetched anew"
            )
