"""The ranks of a stream together give the published rows, each once, from any step on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.stream import Batch, Segment, Stream
from tests.stream.folders import publish, table


def numbers(batches: Iterable[Batch]) -> list[list[int]]:
    """The rows of each batch, after a look at whether all columns are of the same rows."""
    found = []
    for batch in batches:
        rows = batch["n"].tolist()
        assert batch["id"].to_pylist() == [f"d{i}" for i in rows]
        assert batch["input_ids"].tolist() == [[i, i + 1, i + 2, i + 3] for i in rows]
        assert batch["tokens"].to_pylist() == [[i] * (i % 3) for i in rows]
        found.append(rows)
    return found


@st.composite
def folders(draw: st.DrawFn) -> dict[str, Any]:
    sizes = draw(st.lists(st.integers(0, 30), min_size=1, max_size=4))  # of segments
    rows = sum(sizes)
    cuts = sorted({*np.cumsum(sizes[:-1]).tolist(), *draw(st.lists(st.integers(0, rows), max_size=4))})
    named = [(f"s{i}", size) for i, size in enumerate(sizes)]
    return {"rows": rows, "cuts": cuts, "group": draw(st.integers(1, 12)), "segments": named}


@settings(max_examples=80, deadline=None)
@given(data=st.data(), made=folders(), world=st.integers(1, 4), size=st.integers(1, 5), epochs=st.integers(1, 3))
def test_ranks_give_every_row_once(
    data: st.DataObject, made: dict[str, Any], world: int, size: int, epochs: int, tmp_path_factory: Any
) -> None:
    rows = made.pop("rows")
    path = publish(tmp_path_factory.mktemp("out"), table(rows), **made)
    chosen = data.draw(st.none() | st.lists(st.sampled_from([n for n, _ in made["segments"]]), min_size=1, unique=True))
    drop_last = data.draw(st.booleans())
    starts = dict(
        zip([n for n, _ in made["segments"]], np.cumsum([0, *[s for _, s in made["segments"]]]), strict=False)
    )
    expected = [
        row for n, s in made["segments"] if chosen is None or n in chosen for row in range(starts[n], starts[n] + s)
    ]
    options: dict[str, Any] = {"epochs": epochs, "drop_last": drop_last, "segments": chosen}
    options["threads"] = data.draw(st.integers(1, 3))
    whole = world * size
    steps = len(expected) // whole if drop_last else -(-len(expected) // whole)
    if not steps:
        with pytest.raises(ValueError, match=r"fill no global batch"):
            Stream(path, size, world=world, **options)
        return
    step = data.draw(st.integers(0, steps * epochs))
    ranks = [Stream(path, size, rank, world, step, **options) for rank in range(world)]
    assert {len(stream) for stream in ranks} == {steps * epochs}
    found = [numbers(stream) for stream in ranks]
    assert {len(batches) for batches in found} == {steps * epochs - step}
    in_order = list(chain.from_iterable(chain.from_iterable(zip(*found, strict=True))))
    epoch = expected[: steps * whole]
    assert in_order == (epoch * epochs)[step // steps * len(epoch) + step % steps * whole :]


def test_resuming_at_every_step_is_the_uninterrupted_run(tmp_path: Path) -> None:
    path = publish(tmp_path, table(61), cuts=[10, 11, 40], group=7)
    run = numbers(Stream(path, 3, 1, 2, epochs=2))
    stream = Stream(path, 3, 1, 2, epochs=2)
    states = [json.dumps(stream.state_dict())]
    states += [json.dumps(stream.state_dict()) for _ in stream]
    assert len(run) == len(stream) == 20
    for step, state in enumerate(states):
        resumed = Stream(path, 3, 1, 2, epochs=2)
        resumed.load_state_dict(json.loads(state))
        assert resumed.step == step
        assert numbers(resumed) == run[step:]
        assert numbers(resumed.batches(range(19, -1, -step - 1))) == run[19 :: -step - 1]


def test_another_world_with_the_same_global_batch_goes_on(tmp_path: Path) -> None:
    path = publish(tmp_path, table(50), cuts=[9], group=4)
    before = Stream(path, 2, 0, 6)
    assert numbers(before.batches([0])) == [[0, 1]]
    state = before.state_dict(step=1)
    ranks = [Stream(path, 4, rank, 3) for rank in range(3)]
    for stream in ranks:
        stream.load_state_dict(state)
    assert [numbers(stream)[0] for stream in ranks] == [[12, 13, 14, 15], [16, 17, 18, 19], [20, 21, 22, 23]]


def test_reading_goes_on_where_it_stopped_and_begins_again_after_the_end(tmp_path: Path) -> None:
    stream = Stream(publish(tmp_path, table(12), group=5), 4)
    for batch in stream:
        assert batch["n"].tolist() == [0, 1, 2, 3]
        break
    assert stream.step == 1
    assert numbers(stream) == [[4, 5, 6, 7], [8, 9, 10, 11]]
    assert stream.step == len(stream) == 3
    assert numbers(stream) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    stream.seek(2)
    assert numbers(batch for _, batch in zip(range(1), stream, strict=False)) == [[8, 9, 10, 11]]
    assert len(numbers(stream)) == 3
    stream.load_state_dict({**stream.state_dict(), "step": 3})
    assert numbers(stream) == []  # a job that had finished has nothing left
    reading = iter(stream)
    next(reading)
    stream.seek(0)
    with pytest.raises(RuntimeError, match="begin a new iteration"):
        next(reading)


def test_segments_tell_their_steps(tmp_path: Path) -> None:
    path = publish(tmp_path, table(25), cuts=[10], group=4, segments=[("general", 10), ("code", 15)])
    stream = Stream(path, 2, world=2)
    assert stream.segments == (Segment("general", 0, 10), Segment("code", 10, 15))
    assert stream.steps_of("general") == range(3)  # the step 2 holds rows 8 to 11
    assert stream.steps_of("code") == range(2, 6)
    code = Stream(path, 2, 1, 2, segments="code")
    assert code.segments == (Segment("code", 0, 15),)
    assert code.rows_of(2) == range(10, 12)
    assert numbers(code)[2] == [20, 21]
    with pytest.raises(ValueError, match=r"no segment 'cod'; did you mean code\?"):
        Stream(path, 2, segments=["cod"])
    assert [s.name for s in Stream(publish(tmp_path / "b", table(3)), 1).segments] == ["corpus"]


def test_a_step_decodes_the_row_groups_of_its_rows_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    path = publish(tmp_path, table(1000), cuts=[500], group=10)
    read: list[int] = []
    real = pq.ParquetFile.read_row_group

    def counted(file: pq.ParquetFile, group: int, **options: Any) -> Any:
        read.append(group)
        return real(file, group, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counted)
    footers: list[object] = []
    opened = pq.read_metadata
    monkeypatch.setattr(pq, "read_metadata", lambda source: footers.append(source) or opened(source))
    stream = Stream(path, 5, 1, 3)
    assert numbers(stream.batches([60])) == [[905, 906, 907, 908, 909]]
    assert read == [40]
    assert len(footers) == 1
