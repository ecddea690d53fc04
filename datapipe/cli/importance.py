"""The selection report: what the importance weights of a dsir step are worth, and what was drawn by source and language."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

WEIGHT = "dsir_weight"


class _Worth:
    """Sums of weights and of their squares, in units of the greatest one: they are e to the power of thousands."""

    def __init__(self) -> None:
        self.rows, self._greatest, self._sum, self._squares = 0, -math.inf, 0.0, 0.0

    def add(self, logs: npt.NDArray[np.float64]) -> None:
        import numpy as np

        if not len(logs):
            return
        greatest = max(self._greatest, float(logs.max()))
        shrink = math.exp(self._greatest - greatest)
        weights = np.exp(logs - greatest)
        self._sum = self._sum * shrink + float(weights.sum())
        self._squares = self._squares * shrink**2 + float((weights * weights).sum())
        self._greatest, self.rows = greatest, self.rows + len(logs)

    def effective(self) -> float:
        """(sum of weights)² / sum of their squares: so many documents of equal weight tell as much; 0 of none."""
        return self._sum**2 / self._squares if self.rows else 0.0


def selection(folder: str, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """For the last dsir step: documents, what their weights are worth, bytes, and counts by source and language.

    Documents of the output and those the step dropped; others that later steps dropped left no weight behind.
    """
    steps = [step for step in manifest["steps"] if step["operator"] == "dsir"]
    if not steps:
        return []
    step = steps[-1]
    worth, drawn = _Worth(), _Worth()
    groups: dict[tuple[str, str], list[int]] = {}
    for sources, langs, logs, stays in _weights(folder, manifest, step["label"]):
        worth.add(logs)
        drawn.add(logs[stays])
        for source, lang, stay in zip(sources, langs, stays.tolist(), strict=True):
            counts = groups.setdefault((source, lang or ""), [0, 0])
            counts[0] += 1
            counts[1] += stay
    whole = max(drawn.rows, 1)
    if not worth.rows:
        return []
    return [
        {
            "step": step["label"], "documents": worth.rows, "effective": round(worth.effective(), 2), "drawn": drawn.rows,
            "drawn_effective": round(drawn.effective(), 2), "bytes_in": step["bytes_in"], "bytes_out": step["bytes_out"],
            "groups": [
                {"source": source, "lang": lang, "documents": n, "drawn": kept, "share_of_drawn": round(kept / whole, 6)}
                for (source, lang), (n, kept) in sorted(groups.items())
            ],
        }
    ]  # fmt: skip


def _weights(folder: str, manifest: dict[str, Any], label: str) -> Iterator[tuple[list[str], list[str], Any, Any]]:
    """Sources, languages, log-weights and whether it was drawn, of rows as they come."""
    import numpy as np
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from datapipe.cli.runfolder import open_output, tables
    from datapipe.io.files import parquet_source

    store = open_output(folder)
    for file in manifest["outputs"][0]["files"]:
        if not file["path"].endswith(".parquet"):
            return
        parquet = pq.ParquetFile(parquet_source(store.url(file["path"])))
        there = set(parquet.schema_arrow.names)
        if WEIGHT not in there:
            return
        tag = [name for name in (f"{label}.keep", "dsir.keep") if name in there][:1]  # of action: tag
        names = ["source", "lang", WEIGHT, *tag]
        for batch in parquet.iter_batches(1 << 16, columns=names):
            batch = batch.filter(pc.is_valid(batch.column(WEIGHT)))  # outside `where` there is none
            logs = batch.column(WEIGHT).to_numpy(zero_copy_only=False)
            stays = batch.column(tag[0]).to_numpy(zero_copy_only=False) if tag else np.ones(len(logs), np.bool_)
            yield batch.column("source").to_pylist(), batch.column("lang").to_pylist(), logs, stays
    for table in tables(folder, manifest, "ledger", ["step", "source", "lang", "scores"], pc.field("step") == label):
        logs = np.array([dict(scores)[WEIGHT] for scores in table.column("scores").to_pylist()], np.float64)
        yield table.column("source").to_pylist(), table.column("lang").to_pylist(), logs, np.zeros(len(logs), np.bool_)


def show_selection(found: list[dict[str, Any]], file: IO[str]) -> None:
    """Print what the weights are worth, and a row for each source and language."""
    if not found:
        return
    console = Console(file=file, highlight=False, soft_wrap=not file.isatty(), width=None if file.isatty() else 140)
    for step in found:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name in ("source", "language", "weighed", "drawn", "% drawn", "% of all drawn"):
            table.add_column(name, justify="left" if name in ("source", "language") else "right")
        for group in step["groups"]:
            table.add_row(
                Text(group["source"]), Text(group["lang"] or "-"), f"{group['documents']:,}", f"{group['drawn']:,}",
                f"{group['drawn'] / group['documents']:.1%}", f"{group['share_of_drawn']:.1%}",
            )  # fmt: skip
        console.print(table)
        console.print(
            f"{step['step']}: the weights of {step['documents']:,} documents are worth {step['effective']:,.1f} of equal "
            f"weight, those of the {step['drawn']:,} drawn {step['drawn_effective']:,.1f}; "
            f"{step['bytes_in'] / 1e6:,.1f} MB came, {step['bytes_out'] / 1e6:,.1f} MB stay",
            markup=False,
        )
