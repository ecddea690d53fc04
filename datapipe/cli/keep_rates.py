"""The keep rates of a finished run's audited steps, read from the table `audit/` by ranges of its values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from datapipe.core.errors import DatapipeError, RecipeError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc

    from datapipe.core.bias.outliers import KeepRate

AT_ONCE = 1 << 20  # rows of the table held: a web corpus has millions of domains


@dataclass(frozen=True)
class Audit:
    """One step's: documents judged and kept, values compared and the rates of those told, by dimension."""

    step: str
    rows: int
    kept: int
    compared: dict[str, int]
    rates: dict[str, list[KeepRate]]

    @property
    def outliers(self) -> dict[str, list[KeepRate]]:
        """By dimension, most documents missing first."""
        from datapipe.core.bias.outliers import outliers

        compared = sum(self.compared.values())
        return {dimension: outliers(rates, compared) for dimension, rates in self.rates.items()}


def audits_of(folder: str, manifest: dict[str, Any], step: str | None = None) -> Iterator[Audit]:
    """Each audited step's audit, with the rates of uneven values alone; of one `step`, with those of all values."""
    import pyarrow.compute as pc

    from datapipe.core.bias.counts import DIMENSIONS
    from datapipe.core.bias.outliers import keep_rates

    if not manifest["tables"].get("audit") or gone(folder, manifest):
        return
    few = _read(folder, manifest, pc.field("dimension") != "domain")
    cuts = _cuts(folder, manifest)
    there = set(few.column("step").to_pylist())
    for label in [step["label"] for step in manifest["steps"] if step["label"] in there]:
        if step not in (None, label):
            continue
        mine = few.filter(pc.equal(few.column("step"), label))
        whole = mine.filter(pc.equal(mine.column("dimension"), "length"))
        compared, rates = dict.fromkeys(DIMENSIONS, 0), {dimension: list[Any]() for dimension in DIMENSIONS}
        for dimension in DIMENSIONS:
            parts = iter([mine.filter(pc.equal(mine.column("dimension"), dimension))])
            if dimension == "domain":
                of = (pc.field("step") == label) & (pc.field("dimension") == "domain")
                parts = (_read(folder, manifest, of & condition) for condition in cuts)
            for part in parts:
                found = keep_rates(part, whole, by_length=dimension != "length")
                compared[dimension] += len(found)
                rates[dimension] += [rate for rate in found if step or rate.uneven]
        rows, kept = (pc.sum(whole.column(name)).as_py() or 0 for name in ("rows_in", "rows_kept"))
        yield Audit(label, rows, kept, compared, rates)


def gone(folder: str, manifest: dict[str, Any]) -> list[str]:
    """Parts of the table that somebody removed: whoever hands a run on may leave it out."""
    from datapipe.cli.runfolder import open_output

    store = open_output(folder)
    return [file["path"] for file in manifest["tables"].get("audit", []) if not store.exists(file["path"])]


def only(step: str, folder: str, manifest: dict[str, Any]) -> Audit:
    """The whole audit of one step, by its label or its operator; RecipeError where there is none."""
    labels = [s["label"] for s in manifest["steps"] if s["operator"] == step] + [step]
    found = next((audit for label in labels for audit in audits_of(folder, manifest, label)), None)
    if found is None:
        if lost := gone(folder, manifest):
            raise DatapipeError(f"{folder}: {', '.join(lost)} is gone; `datapipe run` writes it anew")
        known = [audit.step for audit in audits_of(folder, manifest)]
        hint = did_you_mean(step, known) or "; the recipe's key `audit` names steps to be audited"
        raise RecipeError(f"{folder}: no step {step} with an audit{hint}")
    return found


def _read(folder: str, manifest: dict[str, Any], condition: pc.Expression) -> pa.Table:
    """The rows of the table that a condition holds of, each key once."""
    import pyarrow as pa

    from datapipe.cli.runfolder import open_output, read_parquet
    from datapipe.core.bias.counts import summed

    store = open_output(folder)
    files = [store.url(file["path"]) for file in manifest["tables"]["audit"]]
    return summed(pa.concat_tables([read_parquet(url, None, condition) for url in files]))


def _cuts(folder: str, manifest: dict[str, Any]) -> list[pc.Expression]:
    """Ranges of domains with about AT_ONCE rows of the table each: parts are sorted, so that little is read twice."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from datapipe.cli.runfolder import open_output
    from datapipe.io.files import parquet_source

    value = pc.field("value")
    files = manifest["tables"]["audit"]
    if sum(file["rows"] for file in files) <= AT_ONCE:
        return [value.is_null() | value.is_valid()]
    store = open_output(folder)
    groups = []
    for file in files:
        told = pq.read_metadata(parquet_source(store.url(file["path"])))
        column = told.schema.names.index("value")
        for i in range(told.num_row_groups):
            group = told.row_group(i)
            statistics = group.column(column).statistics
            if statistics is not None and statistics.has_min_max:
                groups.append((statistics.min, group.num_rows))
    starts, held = [], 0
    for start, rows in sorted(groups):
        held += rows
        if held > AT_ONCE:
            starts.append(start)
            held = rows
    starts = sorted(set(starts))
    if not starts:
        return [value.is_null() | value.is_valid()]
    between = [(value >= low) & (value < high) for low, high in pairwise(starts)]
    return [(value < starts[0]) | value.is_null(), *between, value >= starts[-1]]
