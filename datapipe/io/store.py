"""A folder of a run, wherever it lies."""

from __future__ import annotations

import glob
import re

from datapipe.core.errors import RecipeError
from datapipe.io.abstract_store import Span, Store, parse_report
from datapipe.io.files import is_local, local_path
from datapipe.io.filesystem import refuse_credentials
from datapipe.io.local_store import LocalStore
from datapipe.io.remote_store import RemoteStore

__all__ = ["LocalStore", "RemoteStore", "Span", "Store", "open_store", "parse_report"]

_ONE_SLASH = re.compile(r"(?:^|/)(s3a?|gs|gcs|hf|az|abfss?):/(.*)")


def open_store(root: str) -> Store:
    """The store at a path or URL; each process opens its own. RecipeError where no run folder can be."""
    if is_local(root):
        if found := _ONE_SLASH.search(root):
            raise RecipeError(f"{root}: a URL has two slashes; did you mean {found[1]}://{found[2]}?")
        return LocalStore(local_path(root))
    refuse_credentials(root)
    if root.startswith("hf://"):
        raise RecipeError(
            f"{root}: a run folder holds thousands of files that come and go, and the hub keeps each as a commit; "
            "give another folder (--out) and name the hub as a second output"
        )
    if glob.has_magic(root):
        raise RecipeError(f"{root}: the URL of a folder to write cannot hold *, ? or [: stores take them for patterns")
    return RemoteStore(root)
