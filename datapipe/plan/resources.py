"""Models and lists that a recipe names, known by what they hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

from datapipe.io.files import open_input

_digests: dict[tuple[str, float], tuple[str, int]] = {}


def file_digest(path: str) -> tuple[str, int]:
    """sha256 and size of a model or list; remembered while the file does not change."""
    stamp = Path(path).stat().st_mtime_ns if "://" not in path else 0.0
    if (path, stamp) not in _digests:
        with open_input(path) as stream:
            digest = hashlib.file_digest(stream, "sha256")  # type: ignore[arg-type]  # every stream has readinto
            _digests[path, stamp] = (digest.hexdigest(), stream.tell())
    return _digests[path, stamp]
