"""Open any path or URL, decompressed by its extension: word lists, models."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import fsspec


def open_file(path: str) -> BinaryIO:
    """A path or URL, for reading; `.gz`, `.bz2`, `.xz` and `.zst` files give what they hold."""
    opened: Any = fsspec.open(path, "rb", compression="infer").open()
    return cast(BinaryIO, opened)
