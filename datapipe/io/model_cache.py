"""Models named by URL: fetched once into a folder of this machine, and read from there ever after.

The folder is DATAPIPE_MODELS, or `datapipe/models` where the system keeps caches. What the URL holds later is not looked
at again: delete the file to have it fetched anew.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from datapipe.core.errors import RunFailed
from datapipe.io.files import is_local, local_path
from datapipe.io.remote_file import RemoteFile

_LOG = logging.getLogger("datapipe.models")
_PIECE = 8 << 20  # bytes read at a time


def model_folder() -> Path:
    """Where models are kept."""
    own = os.environ.get("DATAPIPE_MODELS")
    cache = os.environ.get("XDG_CACHE_HOME")
    return Path(own) if own else Path(cache or Path.home() / ".cache") / "datapipe" / "models"


def local_copy(path: str) -> str:
    """The path of this machine's copy of a model, for a local path itself; a URL that was not fetched stays one."""
    if is_local(path):
        return local_path(path)
    copy = _place(path)
    return str(copy) if copy.exists() else path


def fetch(url: str) -> str:
    """Fetch a model, unless it is there; where it lies. RunFailed if it cannot be had.

    It takes its place by one rename, so that of two that fetch at once each finds a whole file.
    """
    if (copy := local_copy(url)) != url:
        return copy
    place = _place(url)
    _LOG.warning("fetching %s to %s", url, place)  # a model may have gigabytes: nobody should wonder why it takes long
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as written, RemoteFile(url) as source:
                shutil.copyfileobj(source, written, _PIECE)
            os.replace(name, place)  # noqa: PTH105  # both are names
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except (OSError, ValueError) as error:
        why = "nothing is at this address" if isinstance(error, FileNotFoundError) else error
        raise RunFailed(f"{url}: the model cannot be fetched: {why}") from error
    return str(place)


def _place(url: str) -> Path:
    return model_folder() / hashlib.sha256(url.encode()).hexdigest()[:16] / url.rstrip("/").rsplit("/", 1)[-1]
