"""A published stream as a data set of PyTorch: tensors, workers that share the steps, and a state to go on from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from datapipe.core.errors import MissingDependency, StreamFailed
from datapipe.stream.columns import Column
from datapipe.stream.stream import Stream

try:
    import torch
    from torch.utils.data import IterableDataset, get_worker_info
    from torch.utils.data._utils.collate import default_collate_fn_map
except ImportError:
    raise MissingDependency("torch", "mixture", "datapipe.stream.torch") from None


class Whole(dict[str, Any]):
    """A batch, of which no DataLoader makes batches."""


def _refuse(_: list[Whole], **_options: Any) -> None:
    """Instead of `default_collate`, which would add a dimension and take several steps as one."""
    raise StreamFailed("StreamDataset gives whole batches: use DataLoader(dataset, batch_size=None)")


default_collate_fn_map[Whole] = _refuse  # the way that `default_collate` documents for types of one's own


class StreamDataset(Stream, IterableDataset[dict[str, Any]]):  # type: ignore[misc]  # Any, where torch is not installed
    """A `Stream` for `DataLoader(dataset, batch_size=None, num_workers=n)`: it gives whole batches, in global order.

    Of n workers the one of number w reads the steps k = w, w + n, w + 2n … from `step` on; the DataLoader takes from
    them by turns, so the order is that of one worker. Numbers become tensors, int64 where they were unsigned (what
    embeddings and losses take), all else lists.

    With workers the data set of the main process does not move. Either save the state of torchdata's
    `StatefulDataLoader`, which asks the workers, or `state_dict(step)` for the number of steps trained, and load it
    before the DataLoader is iterated. Each iteration then begins at that step: `seek(0)` before the next epoch, or ask
    for all of them by `epochs`.
    """

    def seek(self, step: int) -> None:
        """Go to a step of all workers."""
        super().seek(step)
        self._share: list[int] | None = None  # whose steps these are: worker and workers

    def state_dict(self, step: int | None = None) -> dict[str, Any]:
        """As of `Stream`; in a worker of a DataLoader what that worker goes on from."""
        return {**super().state_dict(step), "worker": self._share if step is None else None}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """As of `Stream`."""
        super().load_state_dict(state)
        self._share = state.get("worker")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Batches from `step` to the end; in a worker of a DataLoader its share of them."""
        if self._ended:
            self.seek(0)
        info = get_worker_info()
        worker, workers = (0, 1) if info is None else (info.id, info.num_workers)
        share = [worker, workers] if workers > 1 else None
        if self._share is not None and self._share != share:
            raise StreamFailed(
                f"the state is of worker {self._share[0]} of {self._share[1]} of a DataLoader, this is {worker} of {workers}: "
                "give it as many workers"
            )
        first = self._step + (0 if self._share else worker)
        return self._shared(range(first, len(self), workers), share)

    def _shared(self, steps: range, share: list[int] | None) -> Iterator[dict[str, Any]]:
        for batch in self._walk(steps):
            self._share = share
            yield Whole({name: _tensor(column) for name, column in batch.items()})


def _tensor(column: Column) -> Any:
    """A copy, which may be written to, and lets go of the row group."""
    if not isinstance(column, np.ndarray):
        return column.to_pylist()
    wide = column.dtype.kind == "u" and column.dtype.itemsize > 1
    return torch.from_numpy(column.astype(np.int64) if wide else column.copy())
