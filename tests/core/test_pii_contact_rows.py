"""E-mail, phone, URLs and user names over texts of signs thrown together: hits are whole characters of their own row."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.core.pii.recognizer import Hit, Page
from tests.recognized import finder_of, house

TYPES = ("email", "phone", "url_credentials", "user_name")
PIECES = [
    *("@", "a", "1", "+", "(", ")", " ", "-", ".", "é", "電話", "あ", "\0", ":", "://", "/", " u/", "％", "०", "٠", '"', "\n"),
    *("<", ">", "com", "[at]", " DOT ", "🙂", "\u0301", "55512", "?", "=", "&", "http", "\u00a0", "\u202f", "＋", "x1"),
]  # fmt: skip


def hits_of(texts: list[str], langs: list[str | None]) -> tuple[Page, list[Hit]]:
    return finder_of(house(TYPES), 0.3).find(text_of(pa.array(texts, pa.large_string())), langs)


@pytest.mark.parametrize("seed", range(40))
def test_a_row_is_alone_with_itself(seed: int) -> None:
    rng = random.Random(seed)
    texts = ["".join(rng.choices(PIECES, k=rng.randint(0, 60))) for _ in range(30)]
    langs = [rng.choice([None, "de", "zh", "xx", ""]) for _ in texts]
    page, hits = hits_of(texts, langs)
    for hit in hits:
        assert page.offsets[hit.row] <= hit.start < hit.end <= page.offsets[hit.row + 1]
        page.data[hit.start : hit.end].decode()
    together = [(h.row, h.start - page.offsets[h.row], h.end - page.offsets[h.row], h.type, h.score) for h in hits]
    alone = [
        (row, hit.start, hit.end, hit.type, hit.score)
        for row, text in enumerate(texts)
        for hit in hits_of([text], [langs[row]])[1]
    ]
    assert together == alone
