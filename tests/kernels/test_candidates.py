from __future__ import annotations

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datapipe.arrow.text import text_of
from datapipe.kernels.candidates import find_candidates
from tests.reference import candidates as reference

PARTS = (
    "1", "12", "123", "1998", "2024", "00", "12345", "1234567", ".", "-", " ", "/", "(", ")", "+", ",", ":", "::", "@", "_", "=",
    "a", "fe", "beef", "GB29", "xyz", "é", "漢", "\u00a0", "\u2013", "\u2011", "\u202f", "[", "\n", "%", ".1234", "3.14159",
)  # fmt: skip
GLUED = st.lists(st.sampled_from(PARTS), max_size=30).map("".join)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def found(texts: list[str]) -> list[list[tuple[int, ...]]]:
    column = pa.array(["1.2.3.4@a", *texts], pa.large_string()).slice(1)  # a slice: offsets do not begin at 0
    text = text_of(column)
    candidates = find_candidates(text.offsets, text.data)
    rows: list[list[tuple[int, ...]]] = [[] for _ in texts]
    for kind, row, start, end, digits in zip(*(c.tolist() for c in candidates), strict=True):
        begin = int(text.offsets[row])
        rows[row].append((kind, start - begin, end - begin, digits))
    return [sorted(row) for row in rows]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.one_of(GLUED, ANY), max_size=4))
@example(
    ["call +1 (641) 568-3621, 1998-2004, 2021-06-16, 1.2.3.4.5 48.85841, 2.29451 52-9c-d6-1b-d0-31 ::ffff:1.2.3.4"]
)
@example(["ip6:2001:db8::1 std::vector aa:bb:cc:dd:ee:ff 529c.d61b.d031 GB89 ghp_99LMJ1FLOAkRatNiyNrmjY2GgNRA"])
def test_every_shape(texts: list[str]) -> None:
    assert found(texts) == [reference.find(text.encode()) for text in texts]


def test_more_candidates_than_there_was_room_for() -> None:
    assert len(found(["a@b " * 5000])[0]) == 5000
