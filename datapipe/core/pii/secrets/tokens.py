"""Where a value stands in a candidate of the shape TOKEN."""

from __future__ import annotations


def value_start(data: bytes, start: int, end: int) -> int:
    """Behind the last sign of equality that is no padding: the scan takes `key=value` for one token, as of base64."""
    return start + data[start:end].rstrip(b"=").rfind(b"=") + 1
