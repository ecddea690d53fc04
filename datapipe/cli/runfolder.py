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
        try:
            manifest = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError as error:
            raise DatapipeError(f"{path}: damaged ({error}); `datapipe run` writes it anew") from None
        if not isinstance(manifest, dict) or "outputs" not in manifest:
            raise DatapipeError(f"{path}: not the manifest of a run")
        manifest["outputs"][0]["path"] = folder  # wherever the run folder lies now
        return manifest
    if Path(folder, "work").is_dir():
        raise DatapipeError(f"{folder}: the run has not ended (no manifest.json); `datapipe run` resumes it")
    raise DatapipeError(f"{folder}: not a run folder (no manifest.json); give the folder a recipe writes to")
