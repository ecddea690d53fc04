"""What the report says of packing where sequences hold documents of several sources."""

from __future__ import annotations

import io
from typing import Any

from datapipe.cli.packed import show_packed


def of(documents: int, tokens: int, sequences: int, padding: int) -> dict[str, Any]:
    length = {"sequences": sequences, "tokens_packed": tokens, "padding": padding}
    return {"documents": documents, "tokens_packed": tokens, "lengths": {"1024": length}}


def told(tallies: dict[str, Any]) -> list[list[str]]:
    out = io.StringIO()
    show_packed({"steps": [{"label": "all.02.pack", "tallies": tallies}]}, out)
    return [line.split() for line in out.getvalue().splitlines() if line.strip()]


def test_padding_of_mixed_sequences_is_told_of_all() -> None:
    lines = told({"web": of(9, 3000, 1, 24), "code": of(4, 1072, 2, 0), "mixed": of(0, 0, 1, 0)})
    assert [line[0] for line in lines].count("mixed") == 1
    assert ["mixed", "1,024", "1"] in lines
    assert ["web", "1,024", "1", "3,000"] in lines
    assert ["all", "1,024", "4", "4,072", "24", "0.586%"] in lines


def test_padding_of_sources_that_are_packed_alone_is_their_own() -> None:
    lines = told({"web": of(9, 3000, 3, 72), "code": of(4, 1024, 1, 0)})
    assert ["web", "1,024", "3", "3,000", "72", "2.344%"] in lines
    assert not [line for line in lines if line[0] in ("mixed", "all")]
