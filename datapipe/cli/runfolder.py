"""A finished run, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from datapipe.core.errors import DatapipeError


def read_manifest(folder: str) -> dict[str, Any]:
    """The manifest of a run folder; without one the run has not ended, or it is no run folder."""
    path = Path(folder, "manifest.json")
    if path.is_file():
        manifest: dict[str, Any] = orjson.loads(path.read_bytes())
        return manifest
    if Path(folder, "work").is_dir():
        raise DatapipeError(f"{folder}: the run has not ended (no manifest.json); `datapipe run` resumes it")
    raise DatapipeError(f"{folder}: not a run folder (no manifest.json); give the folder a recipe writes to")
