"""Fill-in-the-middle: reversible, drawn from seed and id, at the shares asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from datapipe.core.context import Context
from datapipe.core.fim import Marks, line_starts, rearranged_text, restored_text, restored_tokens
from datapipe.ops.fim import Fim
from datapipe.ops.pack import Pack
from tests.ops.texts import TEXTS

MARKS = Marks("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>")
IDS = Marks(300, 301, 302)
AS_IDS = dict(zip(("prefix", "middle", "suffix"), IDS, strict=True))


def fim(seed: int = 3, **parameters: Any) -> Fim:
    operator = Fim(**parameters)
    operator.setup(Context("code.03.fim", seed, lambda path: pytest.fail(path)))
    return operator


def texts(operator: Fim, rows: list[str | None]) -> list[str | None]:
    names = pa.array([f"d{i}" for i in range(len(rows))])
    batch = pa.RecordBatch.from_pydict({"id": names, "text": pa.array(rows, pa.large_string())})
    out: list[str | None] = operator.apply(batch).column("text").to_pylist()
    return out


def tokens(operator: Fim, rows: list[list[int] | None]) -> list[list[int] | None]:
    column = pa.array(rows, pa.list_(pa.uint16()))
    batch = pa.RecordBatch.from_pydict({"id": pa.array([f"d{i}" for i in range(len(rows))]), "tokens": column})
    out: list[list[int] | None] = operator.placed(batch.schema).apply(batch).column("tokens").to_pylist()
    return out


@settings(deadline=None)
@given(TEXTS, st.sampled_from(["character", "line"]), st.sampled_from([0, 0.5, 1]))
def test_any_text_is_restored(rows: list[str | None], level: str, spm: float) -> None:
    found = texts(fim(rate=1, spm_rate=spm, level=level), rows)
    for text, changed in zip(rows, found, strict=True):
        assert (changed is not None and restored_text(changed, MARKS)) == (text is not None and text)
        if text and changed is not None:
            assert len(changed) == len(text) + sum(map(len, MARKS))
            if level == "line":
                for part in changed.split(MARKS.suffix)[1].split(MARKS.middle)[:1]:
                    assert text.endswith(part)
                    assert len(text) - len(part) in line_starts(text)


def test_both_orders_as_the_paper_has_them() -> None:
    assert rearranged_text("abcdef", 2, 4, Marks("<P>", "<M>", "<S>"), spm=False) == "<P>ab<S>ef<M>cd"
    assert rearranged_text("abcdef", 2, 4, Marks("<P>", "<M>", "<S>"), spm=True) == "<P><S>ef<M>abcd"
    assert line_starts("a\n\nb") == [0, 2, 3, 4]
    assert line_starts("a\n") == [0, 2]


def test_shares_are_those_asked_for_and_follow_from_seed_and_id() -> None:
    rows: list[str | None] = [f"def f{i}():\n    return {i}\n" * 4 for i in range(4000)]
    found = texts(fim(rate=0.5, spm_rate=0.25), rows)
    drawn = [text for text in found if text and text.startswith(MARKS.prefix)]
    spm = [text for text in drawn if text.startswith(MARKS.prefix + MARKS.suffix)]
    assert abs(len(drawn) - 2000) < 3.5 * 1000**0.5
    assert abs(len(spm) / len(drawn) - 0.25) < 0.04
    parts = np.array([_parts(text) for text in drawn if text not in spm])
    assert parts.mean(axis=0) / parts.sum(axis=1).mean() == pytest.approx([1 / 3] * 3, abs=0.03)
    assert texts(fim(rate=0.5, spm_rate=0.25), rows) == found
    assert texts(fim(seed=4, rate=0.5, spm_rate=0.25), rows) != found
    assert texts(fim(rate=0), rows) == rows


def _parts(text: str) -> tuple[int, int, int]:
    prefix, _, rest = text.removeprefix(MARKS.prefix).partition(MARKS.suffix)
    suffix, _, middle = rest.partition(MARKS.middle)
    return len(prefix), len(middle), len(suffix)


def test_what_holds_a_mark_already_is_left_alone() -> None:
    rows: list[str | None] = [f"a {MARKS.middle} b", "", None, f"{MARKS.prefix}"]
    assert texts(fim(rate=1), rows) == rows
    assert tokens(fim(rate=1, level="token", tokens=AS_IDS), [[1, 301, 2], [], None]) == [[1, 301, 2], [], None]


ROWS = st.lists(st.one_of(st.none(), st.lists(st.integers(0, 99), max_size=60)), max_size=12)


@settings(deadline=None)
@given(ROWS, st.sampled_from([None, 8, 13]), st.sampled_from([0.0, 0.5, 1.0]), st.booleans())
def test_any_tokens_are_restored(rows: list[list[int] | None], context: int | None, rate: float, ends: bool) -> None:
    if ends:
        rows = [row and [200, *row, 201] for row in rows]
    operator = fim(rate=rate, level="token", tokens=AS_IDS, context=context, bos=200, eos=201)
    for row, changed in zip(rows, tokens(operator, rows), strict=True):
        if not row or changed is None:
            assert row == changed
            continue
        lead, last = (changed[:1], changed[-1:]) if ends else ([], [])
        body = np.array(changed[len(lead) : len(changed) - len(last)])
        cuts = range((context or 10**6) - len(lead), len(body), context or 10**6)
        restored = [t for piece in np.split(body, list(cuts)) for t in restored_tokens(piece, IDS).tolist()]
        assert [*lead, *restored, *last] == row
        if context is None and rate == 1:
            assert len(changed) == len(row) + 3


def test_pieces_of_a_context_are_sequences_of_their_own() -> None:
    operator = fim(rate=1, level="token", tokens=AS_IDS, context=32)
    rows = tokens(operator, [list(range(200)), list(range(29))])
    batch = pa.RecordBatch.from_pydict({"id": pa.array(["a", "b"]), "tokens": pa.array(rows, pa.list_(pa.uint16()))})
    sequences = (
        Pack(length=32, method="best_fit").placed(batch.schema).merge(batch).rows.column("input_ids").to_pylist()
    )
    assert len(sequences) == 8
    assert all(row[0] == IDS.prefix and row.count(IDS.middle) == 1 for row in sequences)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"level": "token"}, "is a token.s name, and no `tokenize`"),
        ({"tokens": AS_IDS}, "level character takes strings"),
        ({"tokens": {"prefix": "<a>", "middle": "<a>"}}, "three different strings"),
        ({"tokens": {"prefix": "<a", "middle": "<a>"}}, "stands in another"),
        ({"context": 100}, "are for level: token"),
    ],
)
def test_impossible_parameters(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Fim(**parameters)


def test_tokens_must_fit() -> None:
    narrow = pa.schema([("id", pa.string()), ("tokens", pa.list_(pa.uint16()))])
    wide = Fim(level="token", tokens={"prefix": 70_000, "middle": 70_001, "suffix": 70_002})
    assert "say dtype: uint32" in (wide.placed(narrow).check(narrow) or "")
    assert "expected lists" in (wide.check(pa.schema([("tokens", pa.string())])) or "")
    assert wide.model_copy(update={"dtype": "uint32"}).columns_written() == {"tokens": pa.list_(pa.uint32())}
