"""Values of the published code (tests/bench/make_golden_signals.py) on real and on hand-made documents."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import zstandard

from datapipe.core.context import Context
from datapipe.core.operator import Operator
from datapipe.io.opening import open_file
from datapipe.ops.data_juicer_stats import DataJuicerStats
from datapipe.ops.redpajama_signals import RedpajamaSignals
from datapipe.ops.roots_quality import RootsQuality

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden_signals.json").read_text())
WEB = Path(__file__).parents[2] / "sample_data" / "web" / "web.jsonl.zst"
LISTED = {lang: tuple(words.split()) for lang, words in GOLDEN["lists"]["stop_words"].items()}
STOP_WORDS = dict.fromkeys((row["lang"] for row in GOLDEN["documents"]), ()) | LISTED  # an empty list is none
FLAGGED = {lang: tuple(words) for lang, words in GOLDEN["lists"]["flagged_words"].items()}


@pytest.fixture(scope="module")
def rows() -> pa.RecordBatch:
    with WEB.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    documents = GOLDEN["documents"]
    assert len({row["lang"] for row in documents}) >= 20
    return pa.RecordBatch.from_pydict(
        {
            "text": pa.array([row.get("text") or texts[row["id"]] for row in documents], pa.large_string()),
            "lang": pa.array([row["lang"] for row in documents]),
        }
    )


def ready(operator: Any) -> Any:
    assert isinstance(operator, Operator)
    operator.setup(Context("test", 0, open_file))
    return operator


def expected(tool: str, name: str, lists: dict[str, Any] | None = None) -> list[Any]:
    """The golden values; None where the language has no list."""
    return [
        row[tool].get(name, 0) if lists is None or row["lang"] in lists else None for row in GOLDEN["documents"]
    ]  # fmt: skip


def test_redpajama_signals_equal_the_published(rows: pa.RecordBatch) -> None:
    signals = ready(RedpajamaSignals(stop_words=STOP_WORDS, flagged_words=FLAGGED)).apply(rows)
    names = [name for name in signals.schema.names if name.startswith("rps_")]
    assert len(names) == 22 + 6
    assert set().union(*(row["redpajama"] for row in GOLDEN["documents"])) <= set(names)
    for name in names:
        got = signals.column(name).to_pylist()
        lists = {"rps_doc_stop_word_fraction": LISTED, "rps_doc_ldnoobw_words": FLAGGED}.get(name)
        for row, ours, theirs in zip(GOLDEN["documents"], got, expected("redpajama", name, lists), strict=True):
            where = f"{name} of {row.get('id') or row['text']}"
            if theirs is None or ours is None:
                assert ours is theirs, where
            else:  # no list: zeros in every line
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6, err_msg=where)


def test_data_juicer_stats_equal_the_published(rows: pa.RecordBatch) -> None:
    operator = ready(DataJuicerStats(lang=None, stop_words=STOP_WORDS, flagged_words=FLAGGED))
    for name, got in operator.judge(rows).scores.items():
        lists = {"stopwords_ratio": LISTED, "flagged_words_ratio": FLAGGED}.get(name)
        theirs = np.array(expected("data_juicer", name, lists), float)
        np.testing.assert_allclose(got, theirs, rtol=0, atol=1e-6, err_msg=name)


def test_roots_quality_equals_the_published(rows: pa.RecordBatch) -> None:
    verdict = ready(RootsQuality(stop_words=STOP_WORDS, flagged_words=FLAGGED)).judge(rows)
    for name, got in verdict.scores.items():
        lists = {"stop_words": LISTED, "flagged_words": FLAGGED}.get(name)
        theirs = np.array(expected("roots", name, lists), float)
        for row, ours, other in zip(GOLDEN["documents"], got, theirs, strict=True):
            np.testing.assert_allclose(ours, other, rtol=0, atol=1e-6, err_msg=f"{name} of {row}")
    assert verdict.keep.tolist() == expected("roots", "keep")
