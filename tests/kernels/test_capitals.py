"""Words of a list that begin with a capital, beside the twin."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.arrow.text import text_of
from datapipe.kernels.capitals import find_capitals
from datapipe.kernels.hashing import word_table
from tests.reference import capitals as twin

LISTED = {"Ann", "Zoë", "Élan", "Ольга", "Δήμος", "Đặng", "ANN", "A" * 41, "Արմեն"}
PARTS = st.sampled_from(
    [
        *LISTED,
        "ann",
        "de",
        "van",
        "el",
        "Bo",
        " ",
        "  ",
        "-",
        "_",
        "7",
        "“",
        "\u00a0",
        "王",
        "é",
        "é",
        "Ö",
        "а",
        "\n",
        "\0",
        "😀",
        ".",
    ]
)


def places(texts: list[str]) -> list[tuple[int, int, int, int]]:
    text = text_of(pa.array(texts, pa.large_string()))
    found = find_capitals(np.asarray(text.offsets), np.asarray(text.data), word_table(LISTED))
    return list(zip(*(column.tolist() for column in found), strict=True))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(PARTS, max_size=12).map("".join), max_size=4))
def test_as_its_twin(texts: list[str]) -> None:
    assert places(texts) == list(twin.find_capitals(texts, LISTED))


def test_borders_of_words() -> None:
    assert [place[1:3] for place in places(["Ann AnnAnn xAnn Ann7 (Ann) “Ann” 由Ann编 Jo-Ann"])] == [
        (0, 3), (22, 25), (30, 33), (40, 43),
    ]  # fmt: skip


def test_more_places_than_expected() -> None:
    assert len(places(["Ann " * 5000])) == 5000
