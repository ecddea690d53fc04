"""Made-up values of the form of real ones, from ranges that are reserved for it."""

from __future__ import annotations


def synthetic(kind: str, value: str, digest: str) -> str:
    """A value of the same form that belongs to nobody; equal values (by their digest) get equal ones."""
    return f"someone{int(digest[:4], 16)}@example.com"
