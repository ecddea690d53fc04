"""Workers of a DataLoader share the steps and keep the global order; states go on where they were taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.stream.folders import publish, table

torch = pytest.importorskip("torch")
from torch.utils.data import DataLoader  # noqa: E402

from datapipe.core.errors import StreamFailed  # noqa: E402
from datapipe.stream.torch import StreamDataset  # noqa: E402


def rows(loader: Any) -> list[list[int]]:
    return [batch["n"].tolist() for batch in loader]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return publish(tmp_path, table(61), cuts=[10, 11, 40], group=7)


def expected(path: str, **options: Any) -> list[list[int]]:
    return rows(StreamDataset(path, 3, 1, 2, **options))


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
def test_order_is_that_of_one_worker(path: str, workers: int) -> None:
    run = expected(path)
    assert run[:2] == [[3, 4, 5], [9, 10, 11]]
    assert len(run) == 10
    dataset = StreamDataset(path, 3, 1, 2)
    loader = DataLoader(dataset, batch_size=None, num_workers=workers)
    assert len(loader) == 10
    assert rows(loader) == run
    assert rows(loader) == run  # a second epoch of the loader
    for step in (1, 4, 9, 10):
        dataset.load_state_dict(dataset.state_dict(step))
        assert rows(loader) == run[step:]


def test_tensors(path: str) -> None:
    batch = next(iter(StreamDataset(path, 3)))
    assert batch["input_ids"].dtype == torch.int64
    assert batch["input_ids"].tolist() == [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5]]
    assert batch["id"] == ["d0", "d1", "d2"]
    assert batch["tokens"] == [[], [1], [2, 2]]
    batch["input_ids"] += 1  # its own memory


def test_batches_are_not_batched_again(path: str) -> None:
    for options in ({}, {"batch_size": 2}):
        with pytest.raises(StreamFailed, match="batch_size=None"):
            next(iter(DataLoader(StreamDataset(path, 3, columns=["n"]), **options)))
    (batch, *_) = DataLoader(StreamDataset(path, 3), batch_size=None)
    assert batch["n"].tolist() == [0, 1, 2]


def test_a_resumed_epoch_and_the_next_one(path: str) -> None:
    dataset = StreamDataset(path, 3, 1, 2, 6)
    loader = DataLoader(dataset, batch_size=None, num_workers=2)
    assert rows(loader) == rows(loader) == expected(path)[6:]
    dataset.seek(0)
    assert rows(loader) == expected(path)


def test_workers_that_are_spawned_and_errors_in_workers(path: str) -> None:
    loader = DataLoader(StreamDataset(path, 3, 1, 2), batch_size=None, num_workers=2, multiprocessing_context="spawn")
    assert rows(loader) == expected(path)
    (Path(path) / "data/part-00002.parquet").unlink()
    with pytest.raises(StreamFailed, match="missing, though the manifest lists it"):
        rows(DataLoader(StreamDataset(path, 3), batch_size=None, num_workers=2))


@pytest.mark.parametrize("workers", [0, 2, 3])
def test_the_stateful_loader(path: str, workers: int) -> None:
    stateful = pytest.importorskip("torchdata.stateful_dataloader").StatefulDataLoader
    run = expected(path)
    loader = stateful(StreamDataset(path, 3, 1, 2), batch_size=None, num_workers=workers)
    states = [loader.state_dict()]
    states += [loader.state_dict() for _ in loader]
    for step in (0, 1, 2, 5, 9):
        resumed = stateful(StreamDataset(path, 3, 1, 2), batch_size=None, num_workers=workers)
        resumed.load_state_dict(states[step])
        assert rows(resumed) == run[step:]
        assert rows(resumed) == run
