"""sentence_dedup against what datatrove itself left of real English pages (tests/bench/make_golden_spans.py)."""

import hashlib
import io
import json
from pathlib import Path

import zstandard

from datapipe.ops.sentence_dedup import SentenceDedup
from tests.conftest import SAMPLE
from tests.ops.test_unit_dedup import asked, batch_of

GOLDEN = json.loads(Path(__file__).with_name("golden_spans.json").read_text())
# `1. 4. i.MX Video Capture Driver`: spaCy has `4` and `.` here, we have `4.`, which ends no sentence.
OTHERWISE = {"web-a343df2fb29596"}


def test_equals_datatrove() -> None:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO((SAMPLE / "web/web.jsonl.zst").read_bytes())) as stream:
        rows = [row for row in map(json.loads, stream.read().splitlines()) if row["lang"] == "en"]
    texts = [row["text"] for row in rows]
    verdict = asked(SentenceDedup(), batch_of(texts))
    left = {}
    for row, text, keep in zip(rows, verdict.columns["text"].to_pylist(), verdict.keep, strict=True):
        if text != row["text"]:
            left[row["id"]] = hashlib.sha256(text.strip().encode()).hexdigest()[:16] if keep else "dropped"
    assert len(rows) == GOLDEN["documents"] > 900
    assert len(GOLDEN["left"]) > 300
    found, expected = ({k: v for k, v in fates.items() if k not in OTHERWISE} for fates in (left, GOLDEN["left"]))
    assert found == expected
