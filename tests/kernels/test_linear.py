"""The rule sets take time in proportion to a document's length, whatever it repeats."""

import time

import pyarrow as pa
import pytest

from datapipe.core.operator import Filter
from datapipe.ops.c4_quality import C4Quality
from datapipe.ops.fineweb_quality import FinewebQuality
from datapipe.ops.gopher_quality import GopherQuality
from datapipe.ops.gopher_repetition import GopherRepetition
from datapipe.ops.refinedweb_lines import RefinedwebLines
from datapipe.ops.repeated_sentences import RepeatedSentences

UNITS = ("word ", "a", "-", ".", "'", "\n", "[", "{", "a.", "a-", "漢", "x's", "[1", "lo", ". ", "a@", "/a")


OPERATORS = [GopherQuality(), GopherRepetition(), FinewebQuality(), C4Quality(), RefinedwebLines(), RepeatedSentences()]


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_of_one_thing_takes_no_longer_than_megabytes_do(operator: Filter, unit: str) -> None:
    text = unit * (1_000_000 // len(unit.encode()))
    rows = pa.RecordBatch.from_pydict({"text": [text]})
    operator.judge(rows.slice(0, 0))  # compiled
    began = time.process_time()
    operator.judge(rows)
    # About 0.3 s at worst; a quadratic step over 10^6 takes minutes.
    assert time.process_time() - began < 5
