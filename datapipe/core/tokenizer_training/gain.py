"""What an extended tokenizer buys: tokens before and after, by language, of text it did not learn from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from datapipe.core.tokenizer_training.sample import Group
from datapipe.core.tokenizers.huggingface import library


def gain(
    before: dict[str, Any], after: dict[str, Any], texts: Iterable[tuple[Group, str]], wanted_by: str
) -> list[dict[str, Any]]:
    """A row a source and language: bytes, tokens, tokens per byte, and how many lines have the ids they had."""
    package = library(wanted_by)
    made = [package.Tokenizer.from_str(json.dumps(description)) for description in (before, after)]
    counts: dict[Group, list[int]] = {}
    for group, text in texts:
        lines = text.splitlines(keepends=True)
        old, new = ([e.ids for e in one.encode_batch(lines, add_special_tokens=False)] for one in made)
        same = sum(a == b for a, b in zip(old, new, strict=True))
        cell = counts.setdefault(group, [0, 0, 0, 0, 0])
        for at, n in enumerate((len(text.encode()), sum(map(len, old)), sum(map(len, new)), len(lines), same)):
            cell[at] += n
    return [
        {
            "source": source,
            "lang": lang,
            "bytes": size,
            "tokens_before": was,
            "tokens_after": now,
            "tokens_per_byte_before": round(was / size, 4),
            "tokens_per_byte_after": round(now / size, 4),
            "lines": lines,
            "lines_unchanged": same,
        }
        for (source, lang), (size, was, now, lines, same) in sorted(counts.items())
    ]
