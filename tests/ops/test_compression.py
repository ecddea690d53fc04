"""The ratio is gzip's, and the bounds are on it."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from datapipe.ops.compression import Compression
from tests.ops.texts import TEXTS, each_way, rows


@settings(deadline=None)
@given(TEXTS)
def test_the_ratio_is_that_of_gzip_without_its_header(texts: list[str | None]) -> None:
    found = each_way(texts, lambda batch: Compression().judge(batch).columns["compression_ratio"].to_pylist())
    raw = [(text or "").encode() for text in texts]
    # The same DEFLATE stream has 18 bytes around it in gzip, and 6 in zlib.
    assert found == [len(text) / (len(gzip.compress(text, 6)) - 12) if text else None for text in raw]


def test_bounds_and_texts_that_have_none() -> None:
    noise = "".join(map(chr, np.random.default_rng(1).integers(33, 127, 3000)))
    verdict = Compression(min_ratio=1.5, max_ratio=20).judge(rows(["spam " * 500, noise, "", None]))
    assert verdict.reason == ["high_ratio", "low_ratio", None, None]
    with pytest.raises(ValidationError, match="greater than"):
        Compression(min_ratio=3, max_ratio=2)
