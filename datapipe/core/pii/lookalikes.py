"""What looks like a number of a person and is none: words beside it, and signs around it, that say so."""

from __future__ import annotations

from datapipe.core.pii.recognizer import Page, cue

_NAMED = cue(
    "isbn", "issn", "doi", "pmid", "pmc", "arxiv", "rfc", "bug", "issue", "ticket", "version", "release", "section",
    "chapter", "figure", "table", "page", "pages", "equation", "part", "sku", "model", "serial", "commit", "build",
    "article", "case", "order", "lines", "line", "offset", "size", "bytes", "port", "pid", "timestamp", "epoch",
)  # fmt: skip
BEFORE = 30  # bytes: what names a number stands right before it


def is_named(page: Page, row: int, start: int) -> bool:
    """Whether the words right before a number say that it is another kind of number (an ISBN, a version, a page)."""
    return _NAMED.search(page.before(row, start, BEFORE)) is not None
