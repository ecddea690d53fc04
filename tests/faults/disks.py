"""File systems of a test's own."""

from __future__ import annotations

import subprocess
from pathlib import Path


def remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)
