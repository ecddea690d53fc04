"""Open any path or URL, decompressed by its extension: word lists, models."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import fsspec
from fsspec.compression import compr
from fsspec.utils import infer_compression

from datapipe.io.files import is_local
from datapipe.io.model_cache import local_copy
from datapipe.io.remote_file import RemoteFile


def open_file(path: str) -> BinaryIO:
    """A path or URL, for reading; `.gz`, `.bz2`, `.xz` and `.zst` files give what they hold, models their local copy."""
    path = local_copy(path)
    if is_local(path):
        opened: Any = fsspec.open(path, "rb", compression="infer").open()
    else:
        compression = infer_compression(path)
        opened = compr[compression](RemoteFile(path), mode="rb") if compression else RemoteFile(path)
    return cast(BinaryIO, opened)
