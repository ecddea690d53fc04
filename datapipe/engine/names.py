"""Where things lie in the run folder; the one place that knows."""

from __future__ import annotations


def stage_folder(key: str) -> str:
    """A stage's folder."""
    return f"work/{key}"


def shard_name(key: str, number: int) -> str:
    """The stem of a shard's files in a stage: `.arrow` rows, `.json` report, `.ledger.arrow` and so on."""
    return f"work/{key}/shard-{number:06d}"


def sketch_name(key: str, number: int, label: str) -> str:
    """What a shard tells a global operator."""
    return f"{shard_name(key, number)}.sketch.{label}.arrow"


def partition_name(key: str, label: str, index: int) -> str:
    """The answer of one partition of a global operator."""
    return f"work/{key}/artifacts/{label}/part-{index:05d}"


def artifact_name(key: str, label: str) -> str:
    """The answer of the whole corpus."""
    return f"work/{key}/artifacts/{label}.arrow"


def part_name(fingerprint: str, publication: int, index: int, suffix: str) -> str:
    """A published part before the commit moves it to its place."""
    return f"work/publish-{fingerprint}/{publication}/part-{index:05d}.{suffix}"


def table_part_name(fingerprint: str, table: str, index: int) -> str:
    """A part of the ledger, the quarantine or the edits before the commit."""
    return f"work/publish-{fingerprint}/{table}/part-{index:05d}.parquet"
