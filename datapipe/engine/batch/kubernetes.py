"""A run as one Indexed Job of Kubernetes: a pod a member; they wait for each other."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from datapipe.core.errors import RecipeError
from datapipe.engine.batch.chain import largest
from datapipe.engine.batch.command import Command, memory
from datapipe.io.files import is_local, local_path
from datapipe.plan.kubernetes import Kubernetes
from datapipe.plan.plan import Plan

RETRIES = 3  # of one index; a pod that the cluster takes away does not count
_NO_STRING = re.compile("y|n|yes|no|on|off|[-+]?[.0-9].*", re.IGNORECASE)
CONFIG_BYTES = 900_000  # Kubernetes takes 1 MiB


def kubernetes_manifest(plan: Plan, members: int, command: Command, out: str, pods: Kubernetes) -> str:
    """The manifest, as YAML. Every local path must be seen in the pods, under the same name."""
    name = plan.name.lower().replace("_", "-")[:50].strip("-") or "datapipe"
    carried = _carried(plan, command.recipe, out, pods)
    limit = largest(plan)
    mebibytes = memory(limit.memory, limit.cpus)
    size: dict[str, Any] = {"cpu": limit.cpus, "memory": f"{mebibytes}Mi"} if mebibytes else {"cpu": limit.cpus}
    size |= {"nvidia.com/gpu": limit.gpus} if limit.gpus else {}
    words = [*command.words(), "--workers", str(limit.cpus), "--wait", "--shards"]
    files = [
        {"name": "datapipe-recipe", "mountPath": path, "subPath": key, "readOnly": True}
        for key, path in _keys(carried).items()
    ]
    volume = [{"name": "datapipe-recipe", "configMap": {"name": f"{name}-recipe"}}] if carried else []
    container = {
        "name": "datapipe",
        "image": pods.image,
        "imagePullPolicy": pods.pull_policy,
        # $(…) is a variable to Kubernetes, and $$ a dollar
        "command": [*(word.replace("$", "$$") for word in words), f"$(JOB_COMPLETION_INDEX)/{members}"],
        "env": [{"name": key, "value": value} for key, value in pods.env.items()],
        "envFrom": pods.env_from,
        "resources": {"requests": dict(size), "limits": dict(size)},
        "volumeMounts": [*(m.model_dump(by_alias=True, exclude_none=True) for m in pods.volume_mounts), *files],
    }
    pod = {
        "restartPolicy": "Never",
        "serviceAccountName": pods.service_account,
        "imagePullSecrets": [{"name": secret} for secret in pods.pull_secrets],
        "nodeSelector": pods.node_selector,
        "tolerations": pods.tolerations,
        "containers": [_given(container)],
        "volumes": [*(volume.model_dump() for volume in pods.volumes), *volume],
    }
    spec = {
        "completionMode": "Indexed",
        "completions": members,
        "parallelism": members,  # all at once: they wait for each other
        "backoffLimitPerIndex": RETRIES,
        "maxFailedIndexes": 0,  # nobody waits for a member that will not come
        "podFailurePolicy": {
            "rules": [
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
                {"action": "FailJob", "onExitCodes": {"containerName": "datapipe", "operator": "In", "values": [1, 2]}},
            ]
        },
        "template": {"spec": _given(pod)},
    }
    meta = _given({"name": name, "namespace": pods.namespace, "labels": pods.labels})
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": spec}
    if not carried:
        return _yaml([job])
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _given({"name": f"{name}-recipe", "namespace": pods.namespace}),
        "data": {key: _text(Path(path).read_bytes().decode()) for key, path in _keys(carried).items()},
    }
    return _yaml([config, job])


def _carried(plan: Plan, recipe: str, out: str, pods: Kubernetes) -> list[str]:
    """The recipe and its plugins, where they are not on a volume; RecipeError for anything else that pods cannot see."""
    roots = [Path(mount.mount_path) for mount in pods.volume_mounts]
    shared = ", ".join(str(root) for root in roots) or "there is none"
    outputs = [out, *(publication.path for publication in plan.publications[1:])]
    inputs = (piece.url for shard in plan.shards for piece in shard.pieces)
    for what, paths in (("the output", outputs), ("the input", inputs), ("the file", _needed(plan))):
        for path in paths:
            if not _seen(path, roots):
                raise RecipeError(
                    f"{what} {path}: no pod sees it; put it under a mountPath of resources.kubernetes.volumeMounts "
                    f"({shared}), which must have the same name here, or into an object store",
                    plan.file,
                )
    files = [recipe, *(name for name, _ in plan.plugins if Path(name).is_file())]
    carried = [path for path in files if not _seen(path, roots)]
    if sum(Path(path).stat().st_size for path in carried) > CONFIG_BYTES:
        raise RecipeError(
            f"the recipe and its plugins are more than a ConfigMap holds; put them under one of: {shared}", plan.file
        )
    return carried


def _needed(plan: Plan) -> Iterable[str]:
    """Models and lists of the user; those that come with packages are in the image, too."""
    return (need.path for need in plan.resources if "site-packages" not in Path(need.path).parts)


def _seen(path: str, roots: list[Path]) -> bool:
    return not is_local(path) or any(Path(local_path(path)).is_relative_to(root) for root in roots)


def _keys(paths: list[str]) -> dict[str, str]:
    """A key of the ConfigMap for each file: two may have one name."""
    return {re.sub("[^-._a-zA-Z0-9]", "-", f"{number}-{Path(path).name}"): path for number, path in enumerate(paths)}


def _text(text: str) -> str:
    """As a block that people can read, where that keeps every character."""
    return LiteralScalarString(text) if text.replace("\n", "").isprintable() else text


def _given(mapping: dict[str, Any]) -> dict[str, Any]:
    """Without what was not said."""
    return {key: value for key, value in mapping.items() if value not in (None, [], {})}


def _represented(representer: Any, text: str) -> Any:
    """A string as every reader takes it: kubectl reads YAML 1.1, where `yes`, `on` and `1_000` are none unless quoted."""
    style = '"' if _NO_STRING.fullmatch(text) else None
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _yaml(documents: list[dict[str, Any]]) -> str:
    yaml = YAML()
    yaml.width = 1000
    yaml.representer.add_representer(str, _represented)
    text = io.StringIO()
    yaml.dump_all(documents, text)
    return text.getvalue()
