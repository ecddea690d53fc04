"""Where things lie in the run folder; the one place that knows. A piece of work at NAME is committed by its report NAME.json."""

from __future__ import annotations

import re

LOCK = "work/lock"  # held by whoever works here
MODELS = "models"  # what steps trained, a folder each
LOCKS = "work/locks"  # between the members of a job array
STAGE_FOLDER = re.compile(r"work/(?P<key>[0-9a-f]{16})/")
OURS = re.compile(r"[0-9a-f]{16}|(plan|pin)-[0-9a-f]{16}\.json|publish-[0-9a-f]{16}|locks")  # what runs leave in work/
PART = re.compile(
    r"part-[0-9]{5,}\.(parquet|jsonl\.zst|arrow|mds|mds\.zstd|bin|idx|npy|csv\.gz)|index\.json|state\.json|dataset_info\.json"
)  # what outputs hold in data/


def plan_name(fingerprint: str) -> str:
    """The plan that workers read, without its shards: each task brings its own."""
    return f"work/plan-{fingerprint}.json"


def stage_folder(key: str) -> str:
    """A stage's folder."""
    return f"work/{key}"


def summary_name(key: str) -> str:
    """Once all shards are there: `.json` holds their sums, `.jsonl.zst` their reports in order."""
    return f"work/{key}/stage"


def scattered_name(key: str) -> str:
    """Where in a stage's files the rows of each new shard lie; written with its summary."""
    return f"work/{key}/scattered.arrow"


def shard_name(key: str, number: int) -> str:
    """The stem of a shard's files in a stage: `.arrow` rows, `.ledger.arrow` and so on."""
    return f"work/{key}/shard-{number:06d}"


def sketch_name(key: str, number: int, label: str) -> str:
    """What a shard tells a global operator."""
    return f"{shard_name(key, number)}.sketch.{label}.arrow"


def gathered_name(key: str, label: str, group: int) -> str:
    """The sketches of a group of shards, one batch a partition."""
    return f"work/{key}/artifacts/{label}/gathered-{group:05d}"


def partition_name(key: str, label: str, index: int) -> str:
    """The answer of one partition of a global operator."""
    return f"work/{key}/artifacts/{label}/part-{index:05d}"


def held_name(partition: str) -> str:
    """What an index will hold of a partition."""
    return f"{partition}.held.arrow"


def artifact_name(key: str, label: str) -> str:
    """The answer of the whole corpus."""
    return f"work/{key}/artifacts/{label}"


def publish_folder(fingerprint: str) -> str:
    """The reports of published parts, and the parts themselves where only whole data sets can be published."""
    return f"work/publish-{fingerprint}"


def part_name(fingerprint: str, kind: str, index: int) -> str:
    """A published part; `kind` is the publication's number, or a side table's name."""
    return f"{publish_folder(fingerprint)}/{kind}/part-{index:05d}"


def published_stem(folder: str, index: int) -> str:
    """A part in its place: `data/part-00000`, before the endings of its files."""
    return f"{folder}/part-{index:05d}"
