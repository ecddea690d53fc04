"""Data that are not finished, not there or not what was published are told in a line, and never skipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datapipe.core.errors import StreamFailed
from datapipe.stream import Stream
from tests.stream.folders import publish, table


def refused(path: str, **options: Any) -> str:
    with pytest.raises(StreamFailed) as error:
        list(Stream(path, 4, **options))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_run_that_is_not_finished(tmp_path: Path) -> None:
    path = publish(tmp_path, table(20))
    manifest = tmp_path / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text[:50])
    assert "manifest.json: damaged" in refused(path)
    manifest.write_text("[]")
    assert "not the manifest of a run" in refused(path)
    manifest.unlink()
    assert "no manifest.json, which a run writes last: `datapipe run` the recipe to its end" in refused(path)
    assert "no manifest.json" in refused(str(tmp_path / "nowhere"))


def test_another_format(tmp_path: Path) -> None:
    path = publish(tmp_path, table(20))
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["outputs"][0]["format"] = {"name": "mds"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert "published as mds" in refused(path)
    assert "add an output in that format" in refused(path)
    manifest["outputs"].append({"path": "s3://bucket/run", "format": {"name": "parquet"}})
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert refused(path).endswith("a stream reads parquet: give it s3://bucket/run")


def test_segments_that_do_not_add_up(tmp_path: Path) -> None:
    path = publish(tmp_path, table(20), segments=[("a", 10), ("b", 9)])
    assert "segments do not follow one another to the 20 rows" in refused(path)


@pytest.mark.parametrize("threads", [1, 3])
def test_files_that_are_not_what_was_published(tmp_path: Path, threads: int) -> None:
    rows = table(200)
    path = publish(tmp_path, rows, cuts=[100], group=10)
    second = tmp_path / "data/part-00001.parquet"
    data = second.read_bytes()
    seen = []
    second.unlink()
    with pytest.raises(StreamFailed, match=r"part-00001.parquet: missing, though the manifest lists it"):
        seen += [batch["n"].tolist() for batch in Stream(path, 4, threads=threads)]
    second.write_bytes(data[:-10])
    message = f"{len(data) - 10:,} bytes, the manifest says {len(data):,}; `datapipe verify {path}`"
    assert message in refused(path, threads=threads)
    second.write_bytes(data.replace(data[4:40], bytes(36)))
    assert "part-00001.parquet: truncated or changed since it was published" in refused(path, threads=threads)
    second.write_bytes(bytes(len(data)))
    assert "truncated or changed" in refused(path, threads=threads)
    pq.write_table(rows.slice(0, 30), second)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["outputs"][0]["files"][1]["bytes"] = second.stat().st_size
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert "30 rows, the manifest says 100" in refused(path, threads=threads)


def test_rows_before_a_fault_are_given(tmp_path: Path) -> None:
    path = publish(tmp_path, table(40), cuts=[20], group=5)
    (tmp_path / "data/part-00001.parquet").unlink()
    stream = Stream(path, 5, threads=1)
    reading = iter(stream)
    assert next(reading)["n"].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(StreamFailed, match="missing"):
        list(reading)
    assert stream.step < 4


def test_states_of_something_else(tmp_path: Path) -> None:
    rows = table(60)
    stream = Stream(publish(tmp_path / "a", rows, group=7, segments=[("x", 30), ("y", 30)]), 3, world=4)
    state = stream.state_dict(step=2)
    same = Stream(publish(tmp_path / "elsewhere", rows, group=7, segments=[("x", 30), ("y", 30)]), 3, world=4)
    same.load_state_dict(state)  # a copy of the data is the same data
    assert same.step == 2
    other = publish(tmp_path / "b", table(61), segments=[("x", 30), ("y", 31)])
    cases = [
        (Stream(other, 3, world=4), "the state is of other data"),
        (Stream(str(tmp_path / "a"), 3, world=4, segments=["x"]), "the state is of other segments"),
        (Stream(str(tmp_path / "a"), 3, world=4, drop_last=False), "the state is of another drop_last"),
        (
            Stream(str(tmp_path / "a"), 3, world=5),
            "the state counts steps of 12 rows, this stream has world 5 x batch_size 3 = 15 rows; any world and batch_size "
            "with that product can go on",
        ),
    ]
    for wrong, message in cases:
        with pytest.raises(StreamFailed, match=message):
            wrong.load_state_dict(state)
        assert wrong.step == 0


def test_arguments_that_make_no_sense(tmp_path: Path) -> None:
    path = publish(tmp_path, table(10))
    for options, message in [
        ({"batch_size": 0}, "batch_size=0: expected a whole number, 1 or more"),
        ({"batch_size": 8.0}, "batch_size=8.0: expected a whole number"),
        ({"batch_size": 2, "segments": []}, r"segments=\[\]: expected names"),
        ({"batch_size": 2, "rank": 2, "world": 2}, "rank=2: expected 0 to 1"),
        ({"batch_size": 2, "step": 6}, "step 6: expected 0 to 5"),
        ({"batch_size": 11}, r"10 rows fill no global batch of world 1 x batch_size 11 = 11 rows; drop_last=False"),
    ]:
        with pytest.raises(ValueError, match=message):
            Stream(path, **options)  # type: ignore[arg-type]
    assert "no column input_idz; did you mean input_ids?" in refused(path, columns=["input_idz"])


def test_missing_numbers(tmp_path: Path) -> None:
    rows = pa.table({"score": pa.array([0.5, None, 2.0, 1.0]), "n": pa.array([1, None, 3, 4])})
    path = publish(tmp_path, rows, group=2)
    (batch,) = Stream(path, 4, columns=["score"])
    np.testing.assert_array_equal(batch["score"], [0.5, np.nan, 2.0, 1.0])
    assert "the column n holds null, which no array of int64 can: leave it out of `columns`" in refused(path)
    lists = pa.table({"x": pa.array([[1, 2], None, [3, 4], [5, 6]], pa.list_(pa.uint16(), 2))})
    assert "the column x holds null" in refused(publish(tmp_path / "lists", lists))


def test_columns_and_states_by_mistake(tmp_path: Path) -> None:
    path = publish(tmp_path, table(20))
    stream = Stream(path, 4, columns="id")
    assert list(next(iter(stream))) == ["id"]
    with pytest.raises(ValueError, match=r"columns=\[\]: expected names"):
        Stream(path, 4, columns=[])
    state = stream.state_dict()
    del state["step"]
    wrong: Any
    for wrong in (state, {}, None, [], "step"):
        with pytest.raises(StreamFailed, match="no state of a stream: expected what state_dict gave"):
            stream.load_state_dict(wrong)
    assert json.loads(json.dumps(Stream(path, np.int64(4)).state_dict()))["global_batch"] == 4  # type: ignore[arg-type]  # as trainers have it
    (tmp_path / "manifest.json").write_text('{"outputs": [{}]}')
    assert "not the manifest of a run" in refused(path)
