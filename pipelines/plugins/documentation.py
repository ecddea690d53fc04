"""A plugin is one file. Try it alone: datapipe ops --test pipelines/plugins/documentation.py"""

from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from datapipe import Filter, Verdict, per_document


@per_document.filter("no_index_page")
def no_index_page(text: str, *, max_link_lines: float = 0.5, max_words: int = 4) -> str | None:
    """Drop pages that are lists of links: most lines have only a few words. Returns the reason, or None to keep."""
    lines = [line for line in text.splitlines() if line.strip()]
    short = sum(len(line.split()) <= max_words for line in lines)
    return "index_page" if lines and short > max_link_lines * len(lines) else None


@per_document.map("drop_navigation")
def drop_navigation(text: str, *, words: tuple[str, ...] = ("Prev", "Next")) -> str:
    """Remove lines that hold nothing but the words of a navigation bar."""
    bar = set(words)
    return "\n".join(line for line in text.split("\n") if not line.strip() or not set(line.split()) <= bar)


class Shouting(Filter):
    """Drop documents with more than `max_share` upper-case ASCII letters: a whole batch at a time, by Arrow's kernels."""

    name: ClassVar[str] = "shouting"

    max_share: float | None = Field(0.5, ge=0, le=1, description="largest share of upper-case letters; null: no limit")

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Count letters with two passes of Arrow's own kernels."""
        text = pc.fill_null(batch.column("text"), "")
        capitals = pc.count_substring_regex(text, "[A-Z]").to_numpy(zero_copy_only=False)
        letters = pc.count_substring_regex(text, "[A-Za-z]").to_numpy(zero_copy_only=False)
        share = capitals / np.maximum(letters, 1)
        failed = {} if self.max_share is None else {"shouting": share > self.max_share}
        return Verdict(batch.num_rows, failed, {"uppercase_share": share})
