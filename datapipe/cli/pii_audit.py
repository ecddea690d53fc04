"""A corpus through the step of `datapipe audit-pii`, and what its rows come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datapipe.cli.progress import progress
from datapipe.cli.run import local_pool
from datapipe.cli.stopping import stopping
from datapipe.core.columns import ADDR
from datapipe.core.errors import RunFailed
from datapipe.core.pii.evidence import Count, counts, plain, repeated
from datapipe.engine.driver import Driver
from datapipe.plan.compile import compile_recipe
from datapipe.plan.pii_audit import audit_recipe, read_of_dataset, reader_of

TOP = 20  # repeated values told


@dataclass(frozen=True)
class Audited:
    """Documents by what was found in them: id, origin, lang, characters, entities; with labels, text and metadata, too."""

    files: list[str]
    values: bool
    unreadable: int

    def rows(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """These columns of all documents, in order; some hundred at a time where texts are among them."""
        size = 256 if "text" in columns else 1 << 13
        for file in self.files:
            yield from pq.ParquetFile(file).iter_batches(size, columns=columns)

    def evidence(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """These columns of one row an entity, as the table `pii/` has them; `_addr` counts documents."""
        own = [name for name in columns if name in ("id", "lang")] + (["origin"] if "source" in columns else [])
        document = 0
        for batch in self.rows([*own, "entities"]):
            entities = batch.column("entities")
            parents = entities.value_parent_indices()
            found = entities.flatten()
            of_rows = {name: batch.column(name).take(parents) for name in own}
            given = {
                **{field.name: found.field(field.name) for field in found.type},
                **of_rows,
                ADDR: pc.add(parents.cast(pa.int64()), document),
                "step": pa.array(["audit"] * len(found), pa.string()),
            }
            if "origin" in of_rows:
                given["source"] = of_rows["origin"]
            document += batch.num_rows
            yield pa.RecordBatch.from_pydict({name: given[name] for name in columns})


def run_audit(dataset: str, folder: str, asked: dict[str, Any]) -> Audited:
    """Run the corpus into a folder; RunFailed where nothing in it could be read."""
    read = read_of_dataset(dataset, asked["text_field"], asked["id_field"])
    lost, why = 0, ""
    if asked["limit"]:
        read, lost, why = _first(read, asked["limit"], f"{folder}/first.parquet")
    search: dict[str, Any] = {"method": "report", "values": asked["values"] and not asked["gold"]}
    given = asked["entities"] or ("all" if asked["gold"] else None)
    if given:
        search["entities"] = given if given == "all" else [name.strip() for name in given.split(",") if name.strip()]
    if asked["min_score"] is not None:
        search["min_score"] = asked["min_score"]
    if asked["private_addresses"]:
        search["private_addresses"] = True
    if asked["regions"]:
        search["regions"] = [name.strip() for name in asked["regions"].split(",") if name.strip()]
    plan = compile_recipe(audit_recipe(read, search, f"{folder}/run", asked["gold"]))
    pool = local_pool(asked["workers"])
    with stopping():
        try:
            pool.start()
            with progress(asked["quiet"]) as observer:
                manifest = Driver(plan, f"{folder}/run", pool, observer).run()
        finally:
            pool.close()
    bad = manifest["rows_quarantined"] + lost
    if bad and not manifest["rows_written"]:
        for file in manifest["tables"]["quarantine"][: 0 if why else 1]:
            why = pq.read_table(f"{folder}/run/{file['path']}", columns=["error"]).column("error")[0].as_py()
        raise RunFailed(f"{dataset}: none of {bad:,} records could be read; the first one: {why}")
    (output,) = manifest["outputs"]
    return Audited([f"{folder}/run/{file['path']}" for file in output["files"]], asked["values"], bad)


def audit(run: Audited, examples: int) -> dict[str, Any]:
    """Everything counted, for people and for programs; memory for some million repeated values at most."""
    groups: list[tuple[str, ...]] = [("type",), ("lang",), ("source",), ("step",)]
    by_type, by_lang, by_source, whole = counts(run.evidence([ADDR, "type", "lang", "source", "step"]), *groups)
    sizes = {"lang": _sizes(run, "lang"), "source": _sizes(run, "origin")}
    documents = sum(n for n, _ in sizes["lang"].values())
    characters = sum(n for _, n in sizes["lang"].values())
    values, least = repeated(run.evidence, TOP, run.values)
    total = whole.get(("audit",), Count(0, 0))
    return {
        "documents": documents,
        "characters": characters,
        "unreadable": run.unreadable,
        "entities": total.entities,
        "documents_with": total.documents,
        "types": [
            {"type": kind, **_rate(count, characters)}
            for (kind,), count in sorted(by_type.items(), key=lambda item: (-item[1].entities, item[0]))
        ],
        "langs": _groups("lang", sizes["lang"], by_lang),
        "sources": _groups("source", sizes["source"], by_source),
        "repeated": [plain(value) for value in values],
        "repeated_exact_from": least,
        "examples": _examples(run, examples),
    }


def _rate(count: Count, characters: int) -> dict[str, Any]:
    return {**count._asdict(), "per_million": count.entities / characters * 1e6 if characters else 0.0}


def _groups(name: str, sizes: dict[str | None, tuple[int, int]], found: dict[Any, Count]) -> list[dict[str, Any]]:
    """Of each language or source the documents, the characters and what is in them; the largest first."""
    order = sorted(sizes.items(), key=lambda item: (-item[1][1], item[0] or ""))
    return [
        {name: key, "documents": n, "characters": size, "documents_with": (count := found.get((key,), Count(0, 0))).documents,
         "entities": count.entities, "per_million": count.entities / size * 1e6 if size else 0.0}
        for key, (n, size) in order
    ]  # fmt: skip


def _sizes(run: Audited, column: str) -> dict[str | None, tuple[int, int]]:
    """Documents and characters by a column's values."""
    found: dict[str | None, tuple[int, int]] = {}
    for batch in run.rows([column, "characters"]):
        table = pa.Table.from_batches([batch]).group_by(column).aggregate([("characters", "sum"), ([], "count_all")])
        for row in table.to_pylist():
            documents, characters = found.get(row[column], (0, 0))
            found[row[column]] = (documents + row["count_all"], characters + row["characters_sum"])
    return found


def _examples(run: Audited, most: int) -> list[dict[str, Any]]:
    """The first entities of each type that have a context: of each type one a document."""
    found: dict[str, list[dict[str, Any]]] = {}
    for batch in run.evidence(["type", "id", "start", "end", "score", "value", "context"]) if most else ():
        batch = batch.filter(pc.is_valid(batch.column("context")))
        kinds = np.array(batch.column("type").to_pylist(), object)
        for kind in set(kinds):
            rows = np.flatnonzero(kinds == kind)[: most - len(found.get(kind, ()))]
            found.setdefault(kind, []).extend(batch.take(pa.array(rows)).to_pylist())
    told = [row for kind in sorted(found) for row in found[kind]]
    return [{name: value for name, value in row.items() if name != "value" or run.values} for row in told]


def _first(read: dict[str, Any], most: int, path: str) -> tuple[dict[str, Any], int, str]:
    """The first documents of a corpus as a file, and how to read it; how many records before them are damaged, and how."""
    reader = reader_of(read)
    left, lost, why = most, 0, ""
    with pq.ParquetWriter(path, reader.row_schema()) as writer:
        for piece in reader.pieces(1 << 26):
            for chunk in reader.read(piece):
                lost += sum(record.rows for _, record in chunk.bad)
                why = why or next((record.error for _, record in chunk.bad), "")
                writer.write_batch(chunk.batch.slice(0, left))
                left -= min(left, chunk.batch.num_rows)
                if not left:
                    break
            if not left:
                break
    columns = {name: name for name in reader.extra_columns()}
    return {"parquet": path, "columns": columns, "duplicate_ids": "keep"}, lost, why
