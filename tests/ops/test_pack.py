"""Pack: every token in one place or reported, whatever the method; columns that say whose each place is."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from datapipe.core.context import Context
from datapipe.core.merged import Merged
from datapipe.core.records import add_tallies
from datapipe.ops.pack import Pack
from tests.reference import packing

METHODS = ("concat", "best_fit", "bos_aligned")
BOS, EOS, PAD = 900, 901, 902


def window(documents: list[list[int]], learned: list[list[int]] | None = None) -> pa.RecordBatch:
    columns: dict[str, pa.Array] = {
        "id": pa.array([f"d{i}" for i in range(len(documents))], pa.string()),
        "tokens": pa.array(documents, pa.list_(pa.uint16())),
    }
    if learned is not None:
        columns["loss"] = pa.array(learned, pa.list_(pa.uint8()))
    return pa.RecordBatch.from_pydict(columns)


def pack(batch: pa.RecordBatch, **parameters: Any) -> tuple[Pack, Merged]:
    operator = Pack(**parameters).placed(batch.schema)
    operator.setup(Context("pack", 11, lambda path: pytest.fail(path)))
    kept = batch.filter(pa.array(operator.judge(batch).keep))
    return operator, operator.merge(kept)


def whole(documents: list[list[int]], bos: int | None, eos: int | None) -> list[list[int]]:
    """Documents with what is added."""
    return [
        ([bos] if bos is not None and d[0] != bos else []) + d + ([eos] if eos is not None and d[-1] != eos else [])
        for d in documents
    ]


DOCUMENTS = st.lists(
    st.lists(st.one_of(st.integers(0, 50), st.sampled_from([BOS, EOS])), min_size=1, max_size=60), max_size=25
)
LENGTHS = st.lists(st.integers(2, 40), min_size=1, max_size=3, unique=True)


@settings(deadline=None, max_examples=150)
@given(DOCUMENTS, LENGTHS, st.sampled_from(METHODS), st.data())
def test_what_is_laid_is_what_it_says(
    documents: list[list[int]], lengths: list[int], method: str, data: st.DataObject
) -> None:
    bos, eos = data.draw(st.sampled_from([None, BOS])), data.draw(st.sampled_from([None, EOS]))
    mask = data.draw(st.sampled_from([(), ("first",), ("eos",), ("first", "eos")]))
    draw = st.one_of(st.none(), st.just({length: 1.0 + length for length in lengths}))
    plus, shares = data.draw(st.booleans()), data.draw(draw)
    learned = [[i % 3 for i, _ in enumerate(d)] for d in documents] if data.draw(st.booleans()) else None
    batch = window(documents, learned)
    _, merged = pack(
        batch, length=lengths, method=method, bos=bos, eos=eos, pad=PAD, plus_one=plus, mask=mask, buffer=5,
        shares=shares, learned="loss" if learned else None,
    )  # fmt: skip
    full = whole(documents, bos, eos)
    loss = None
    if learned is not None:  # what is added is learned
        loss = [
            [1] * (len(f) > len(d) and f[0] == BOS and d[0] != BOS) + own
            for f, d, own in zip(full, documents, learned, strict=True)
        ]
        loss = [own + [1] * (len(f) - len(own)) for f, own in zip(full, loss, strict=True)]
    rows = merged.rows.to_pylist()
    unlearned = {EOS} if "eos" in mask and eos is not None else set()
    for row, size in ((row, row["length"] + plus) for row in rows):
        pieces = [(int(d["id"][1:]), d["start"], d["end"], 0) for d in row["documents"]]
        expected = packing.laid_out(full, pieces, size, 1, PAD, unlearned, "first" in mask, loss)[0]
        columns = (row["input_ids"], row["segment_ids"], row["position_ids"], row["loss_mask"])
        assert list(zip(*columns, strict=True)) == expected
        if method == "bos_aligned":
            assert all(start == 0 for _, start, _, _ in pieces)
    _check_tallies(merged, full, documents, rows)
    members = np.split(merged.members, merged.ends[:-1])
    assert [[f"d{m}" for m in some] for some in members[: len(rows)]] == [
        [d["id"] for d in r["documents"]] for r in rows
    ]


def _check_tallies(
    merged: Merged, full: list[list[int]], documents: list[list[int]], rows: list[dict[str, Any]]
) -> None:
    tallies = merged.tallies
    stands = Counter(t for row in rows for t, s in zip(row["input_ids"], row["segment_ids"], strict=True) if s)
    lost = Counter(t for d in full for t in d) - stands
    assert not stands - Counter(t for d in full for t in d)
    assert tallies["tokens_cropped"] == lost.total()
    assert tallies["tokens_packed"] == stands.total()
    assert tallies["tokens_in"] == sum(map(len, documents))
    assert tallies["tokens_in"] + tallies["tokens_added"] == tallies["tokens_packed"] + tallies["tokens_cropped"]
    assert tallies["padding"] == sum(s == 0 for row in rows for s in row["segment_ids"])
    assert tallies["tokens_learned"] == sum(sum(row["loss_mask"]) for row in rows)
    assert tallies["sequences"] == len(rows) == sum(part["sequences"] for part in tallies["lengths"].values())
    assert tallies["padding"] == sum(part["padding"] for part in tallies["lengths"].values())


def test_concat_pads_one_sequence_and_best_fit_cuts_only_long_ones() -> None:
    rng = np.random.default_rng(2)
    documents = [rng.integers(0, 800, size).tolist() for size in rng.geometric(1 / 120, 900)]
    _, one = pack(window(documents), length=256, eos=EOS)
    assert one.tallies["padding"] < 256
    _, two = pack(window(documents), length=256, eos=EOS, method="best_fit")
    assert two.tallies["documents_split"] == sum(len(d) + 1 > 256 for d in documents)
    assert two.tallies["padding"] < 0.005 * two.tallies["tokens_in"]
    _, three = pack(window(documents), length=256, bos=BOS, method="bos_aligned")
    assert three.tallies["padding"] < 256
    assert all(row[0] == BOS for row in three.rows.column("input_ids").to_pylist())


def test_several_lengths_leave_no_more_padding() -> None:
    rng = np.random.default_rng(3)
    documents = [rng.integers(0, 800, size).tolist() for size in rng.geometric(1 / 60, 900)]
    for method in ("concat", "best_fit"):
        _, found = pack(window(documents), length=[64, 128, 256], method=method)
        sizes = found.tallies["lengths"]
        assert list(sizes) == ["64", "128", "256"]
        assert all(part["sequences"] for part in sizes.values())
        assert found.tallies["padding"] < 0.005 * found.tallies["tokens_in"]


def test_shares_draw_among_the_lengths_that_hold_a_document() -> None:
    documents = [[i % 50] * 8 for i in range(4000)] + [[1] * 100] * 3
    operator, found = pack(window(documents), length=[16, 64, 128], shares={16: 1, 64: 1, 128: 2})
    by_length = {name: part["tokens_packed"] / 32_000 for name, part in found.tallies["lengths"].items()}
    assert by_length == pytest.approx({"16": 0.25, "64": 0.25, "128": 0.5}, abs=0.03)
    again = operator.merge(window(documents))
    assert again.rows.equals(found.rows)


@pytest.mark.parametrize(("too_long", "method"), [("split", "concat"), ("crop", "best_fit"), ("drop", "bos_aligned")])
def test_documents_longer_than_a_sequence(too_long: str, method: str) -> None:
    batch = window([[1] * 25, [2] * 10, [3] * 11])
    operator, found = pack(batch, length=10, method=method, too_long=too_long, eos=3)
    verdict = operator.judge(batch)
    assert verdict.failed["no_tokens"].tolist() == [False] * 3
    if too_long == "drop":
        assert verdict.reason == ["too_long"] * 3  # with its EOS the second one is too long as well
        assert found.rows.num_rows == 0
    tokens = Counter(
        t for row in found.rows.to_pylist() for t, s in zip(row["input_ids"], row["segment_ids"], strict=True) if s
    )
    assert tokens == {"split": {1: 25, 2: 10, 3: 13}, "crop": {1: 10, 2: 10, 3: 10}, "drop": {}}[too_long]


def test_types_follow_the_column() -> None:
    narrow, wide = (pa.schema([("id", pa.string()), ("tokens", pa.list_(t))]) for t in (pa.uint16(), pa.uint32()))
    operator = Pack(length=8)
    assert operator.placed(narrow).columns_written()["input_ids"] == pa.list_(pa.uint16(), 8)
    assert operator.placed(wide).columns_written()["input_ids"] == pa.list_(pa.uint32(), 8)
    assert Pack(length=[8, 16], plus_one=True).columns_written()["input_ids"] == pa.list_(pa.uint32())
    assert "do not fit" in (Pack(length=8, dtype="uint16").check(wide) or "")
    assert "expected lists of tokens" in (operator.check(pa.schema([("tokens", pa.string())])) or "")
    assert "expected uint16 or uint32" in (operator.check(pa.schema([("tokens", pa.list_(pa.int64()))])) or "")
    assert "does not fit into uint16" in (Pack(length=8, eos=70_000).placed(narrow).check(narrow) or "")
    assert Pack(length=8, eos=70_000, dtype="uint32").check(narrow) is None


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"length": 1}, "from 2 to"),
        ({"length": [8, 8]}, "different lengths"),
        ({"length": 8, "shares": {16: 1}}, "a number above 0 for each length"),
        ({"length": 8, "method": "bos_aligned", "too_long": "split"}, "has no beginning"),
    ],
)
def test_impossible_parameters(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Pack(**parameters)


def test_a_column_of_losses_of_another_length_fails() -> None:
    with pytest.raises(ValueError, match="not as many values"):
        pack(window([[1, 2]], [[1]]), length=4, learned="loss")


@settings(deadline=None, max_examples=60)
@given(DOCUMENTS, LENGTHS, st.sampled_from(METHODS), st.data())
def test_each_source_has_its_own_documents_and_tokens(
    documents: list[list[int]], lengths: list[int], method: str, data: st.DataObject
) -> None:
    of = data.draw(st.lists(st.sampled_from("abc"), min_size=len(documents), max_size=len(documents)))
    batch = window(documents).append_column("source", pa.array(of, pa.string()))
    _, merged = pack(batch, length=lengths, method=method, eos=EOS, mask=("eos",))
    if len(set(of)) < 2:
        assert not merged.by_source
        return
    total: dict[str, Any] = {}
    for own in merged.by_source.values():
        add_tallies(total, own)
    assert total == merged.tallies
    assert set(merged.by_source) == {*of, "mixed"}
    full, names = whole(documents, None, EOS), {f"d{i}": name for i, name in enumerate(of)}
    packed, learned, sequences = Counter[str](), Counter[str](), Counter[str]()
    for row in merged.rows.to_pylist():
        sources = [names[piece["id"]] for piece in row["documents"]]
        sequences[sources[0] if len(set(sources)) == 1 else "mixed"] += 1
        for piece, source in zip(row["documents"], sources, strict=True):
            packed[source] += piece["end"] - piece["start"]
        for segment, loss in zip(row["segment_ids"], row["loss_mask"], strict=True):
            if segment:
                learned[sources[segment - 1]] += loss
    for name, own in merged.by_source.items():
        mine = [i for i, source in enumerate(of) if source == name]
        assert own["documents"] == len(mine)
        assert own["tokens_in"] + own["tokens_added"] == sum(len(full[i]) for i in mine)
        assert (own["tokens_packed"], own["tokens_learned"]) == (packed[name], learned[name])
        assert own["sequences"] == sequences[name]
