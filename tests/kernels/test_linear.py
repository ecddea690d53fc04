"""The rule sets take time in proportion to a document's length, whatever it repeats."""

import time

import pyarrow as pa
import pytest

from datapipe.core.context import Context
from datapipe.core.operator import Filter, Map
from datapipe.io.opening import open_file
from datapipe.ops.c4_quality import C4Quality
from datapipe.ops.data_juicer_stats import DataJuicerStats
from datapipe.ops.fineweb_quality import FinewebQuality
from datapipe.ops.gopher_quality import GopherQuality
from datapipe.ops.gopher_repetition import GopherRepetition
from datapipe.ops.redpajama_signals import RedpajamaSignals

OPERATORS = (
    GopherQuality(), GopherRepetition(), FinewebQuality(), C4Quality(),
    DataJuicerStats(stop_words={"en": ("word",)}), RedpajamaSignals(flagged_words={"en": ("a b c",)}),
)  # fmt: skip
UNITS = (
    "word ",
    "a",
    "-",
    ".",
    "'",
    "\n",
    "[",
    "{",
    "a.",
    "a-",
    "漢",
    "x's",
    "[1",
    "lo",
    ". ",
    "a@",
    "/a",
    "Σ",
    "\u0301\u0323",
)


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_of_one_thing_takes_no_longer_than_megabytes_do(operator: Filter | Map, unit: str) -> None:
    text = unit * (1_000_000 // len(unit.encode()))
    rows = pa.RecordBatch.from_pydict({"text": [text], "lang": ["en"]})
    operator.setup(Context("test", 0, open_file))
    run = operator.judge if isinstance(operator, Filter) else operator.apply
    run(rows.slice(0, 0))  # compiled
    began = time.process_time()
    run(rows)
    # About 0.3 s at worst; a quadratic step over 10^6 takes minutes.
    assert time.process_time() - began < 5
