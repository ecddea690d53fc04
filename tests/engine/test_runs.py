"""The engine: one graph, the same bytes on any number of workers, no row lost, every drop explained."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from datapipe.core.errors import ContractError, RunFailed
from tests.conftest import SAMPLE, Runs

GRAPH = f"""
name: graph
seed: 3
input_split: 200KB
datasets:
  web:
    read: {{jsonl: {SAMPLE}/web/*.jsonl.zst}}
    steps:
      - normalize
      - length: {{min_characters: 200}}
  books:
    read: {{parquet: {SAMPLE}/books/*.parquet}}
  talk:
    read: {{jsonl: {SAMPLE}/dialogue/*.jsonl.zst}}
    steps: [{{exact_dedup: {{keep: longest}}}}]
  corpus:
    from: [web, books, talk]
    steps:
      - exact_dedup
      - sample: {{fraction: 0.7}}
      - length: {{max_words: 3000, action: tag}}
write: {{dataset: corpus, path: out, shard_size: 500KB}}
"""

Digests = Callable[[Path], dict[str, str]]


def conserved(manifest: dict[str, Any]) -> bool:
    gone = manifest["rows_written"] + manifest["rows_dropped"] + manifest["rows_quarantined"]
    return bool(manifest["rows_read"] + manifest["rows_added"] == gone)


def test_any_number_of_workers_gives_the_same_bytes(runs: Runs, digests: Digests) -> None:
    manifests = [runs(GRAPH, f"out{n}", workers=n) for n in (0, 1, 2, 3)]
    first = digests(runs.folder / "out0")
    assert len([name for name in first if name.startswith("data/")]) > 3
    for n in (1, 2, 3):
        assert digests(runs.folder / f"out{n}") == first
    for manifest in manifests:
        assert conserved(manifest)
    assert manifests[0]["rows_dropped"] > 300


def test_batch_size_leaves_no_trace(runs: Runs, digests: Digests, monkeypatch: pytest.MonkeyPatch) -> None:
    runs(GRAPH, "one")
    monkeypatch.setattr("datapipe.engine.output.BATCH_BYTES", 10_000)
    monkeypatch.setattr("datapipe.io.readers.jsonl._ROWS", 7)
    monkeypatch.setattr("datapipe.io.arrow_chunks._ROWS", 5)
    runs(GRAPH, "two")
    assert digests(runs.folder / "one") == digests(runs.folder / "two")


def test_manifest_ledger_and_data_agree(runs: Runs) -> None:
    manifest = runs(GRAPH)
    ledger, data = runs.table("ledger"), runs.table("data")
    assert len(ledger) == manifest["rows_dropped"]
    assert len(data) == manifest["rows_written"] == sum(file["rows"] for file in manifest["files"])
    for file in manifest["files"]:
        path = runs.folder / "out" / file["path"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
        assert path.stat().st_size == file["bytes"]
    by_step: dict[str, int] = {}
    for row in ledger:
        by_step[row["step"]] = by_step.get(row["step"], 0) + 1
        assert row["reason"] == row["reasons"][0]
        assert (row["duplicate_of"] is not None) == (row["operator"] == "exact_dedup")
    for step in manifest["steps"]:
        assert by_step.get(step["label"], 0) == step["dropped"] == sum(step["reasons"].values()) - step["tagged"]
        assert step["rows_in"] + step["added"] == step["rows_out"] + step["dropped"] + step["quarantined"]
    kept, gone = {(r["source"], r["id"]) for r in data}, {(r["source"], r["id"]) for r in ledger}
    assert not kept & gone
    assert len(kept) + len(gone) == manifest["rows_read"]
    assert {row["length.keep"] for row in data} == {True, False}


def test_finished_runs_do_nothing_and_changed_ones_only_what_they_must(runs: Runs) -> None:
    runs(GRAPH)
    stamp = (runs.folder / "out/manifest.json").stat().st_mtime_ns
    runs(GRAPH)
    assert (runs.folder / "out/manifest.json").stat().st_mtime_ns == stamp
    before = {p: p.stat().st_mtime_ns for p in (runs.folder / "out/work").glob("*/shard-*.json")}
    manifest = runs(GRAPH.replace("fraction: 0.7", "fraction: 0.6"))
    after = {p: p.stat().st_mtime_ns for p in (runs.folder / "out/work").glob("*/shard-*.json")}
    same = [p for p in before if after.get(p) == before[p]]
    assert len({p.parent for p in same}) == len({p.parent for p in before}) - 1
    assert len(runs.table("data")) == manifest["rows_written"]
    runs(GRAPH, fresh=True)
    again = {p: p.stat().st_mtime_ns for p in (runs.folder / "out/work").glob("*/shard-*.json")}
    assert all(again[p] != t for p, t in before.items() if p in again)


def test_a_fanned_out_graph_conserves_rows(runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": str(i), "text": f"text {i % 7}"} for i in range(100)])
    manifest = runs(
        """
datasets:
  all: {read: {jsonl: a.jsonl}}
  unique: {from: [all], steps: [exact_dedup]}
  half: {from: [all], steps: [{sample: {fraction: 0.5}}]}
write:
  - {dataset: unique, path: out}
  - {dataset: half, path: half}
"""
    )
    assert conserved(manifest)
    assert manifest["rows_read"] == 100
    assert manifest["rows_added"] == 100
    assert manifest["outputs"][0]["rows"] == 7
    assert len(runs.table("data", "half")) == manifest["outputs"][1]["rows"]
    assert (runs.folder / "half/manifest.json").exists()


def test_empty_input(runs: Runs) -> None:
    (runs.folder / "a.jsonl").write_bytes(b"")
    manifest = runs("read: {jsonl: a.jsonl}\nsteps: [exact_dedup, gopher_quality]\nwrite: {path: out}\n")
    assert manifest["rows_written"] == 0
    table = pq.read_table(runs.folder / "out/data/part-00000.parquet")
    assert table.num_rows == 0
    assert table.column_names == ["id", "text", "source", "url", "lang", "metadata"]


def test_duplicate_ids_go_to_quarantine_not_silently_away(runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": "x", "text": "first"}, {"id": "y", "text": "second"}])
    runs.jsonl("b.jsonl", [{"id": "x", "text": "other"}, {"id": "z", "text": "second"}])
    recipe = (
        "input_split: 10\nmax_error_rate: 1\nread: {jsonl: [a.jsonl, b.jsonl]}\nsteps: [STEPS]\nwrite: {path: out}\n"
    )
    for out, steps in (("plain", ""), ("dedup", "exact_dedup")):
        manifest = runs(recipe.replace("STEPS", steps), out)
        assert conserved(manifest)
        assert manifest["rows_quarantined"] == 1
        bad = runs.table("quarantine", out)[0]
        assert bad["id"] == "x"
        assert bad["file"].endswith("b.jsonl")
        assert bad["error"] == "this id was already read: first in row 0 of shard 0"
    kept = [(r["id"], r["text"]) for r in runs.table("data", "plain")]
    assert kept == [("x", "first"), ("y", "second"), ("z", "second")]
    manifest = runs(recipe.replace("b.jsonl]", "b.jsonl], duplicate_ids: keep").replace("STEPS", ""), "keep")
    assert manifest["rows_written"] == 4


def test_a_duplicate_id_never_decides_which_copy_stays(runs: Runs) -> None:
    # The longest copy is itself a duplicate id: it goes to quarantine, so another copy must stay.
    runs.jsonl(
        "a.jsonl", [{"id": "x", "text": "zzz"}, {"id": "x", "text": "same  text"}, {"id": "y", "text": "same text"}]
    )
    runs("max_error_rate: 1\nread: {jsonl: a.jsonl}\nsteps: [{exact_dedup: {keep: longest}}]\nwrite: {path: out}\n")
    assert [(r["id"], r["text"]) for r in runs.table("data")] == [("x", "zzz"), ("y", "same text")]


def test_bad_rows_are_found_by_halving(runs: Runs) -> None:
    (runs.folder / "fragile.py").write_text(
        "from datapipe import per_document\n"
        "@per_document.map('fragile')\n"
        "def fragile(text: str) -> str:\n"
        "    if 'boom' in text: raise ValueError('no ' + text)\n"
        "    return text.upper()\n"
    )
    runs.jsonl("a.jsonl", [{"id": str(i), "text": "boom" if i in (3, 500, 999) else f"t{i}"} for i in range(1000)])
    recipe = (
        "max_error_rate: RATE\nplugins: [fragile.py]\nread: {jsonl: a.jsonl}\nsteps: [fragile]\nwrite: {path: out}\n"
    )
    manifest = runs(recipe.replace("RATE", "0.01"))
    assert conserved(manifest)
    bad = runs.table("quarantine")
    assert [(r["id"], r["row"], r["step"], r["error"]) for r in bad] == [
        (i, int(i), "recipe.01.fragile", "ValueError: no boom") for i in ("3", "500", "999")
    ]
    assert len(runs.table("data")) == 997
    with pytest.raises(RunFailed, match=r"3 of 1000 rows .* went to quarantine"):
        runs(recipe.replace("RATE", "0.001"), "strict")
    runs(recipe.replace("RATE", "0.01"), "strict")  # raising the rate resumes


def test_a_broken_operator_stops_the_run_and_is_named(runs: Runs) -> None:
    (runs.folder / "lossy.py").write_text(
        "from datapipe import Map\n"
        "class Lossy(Map):\n"
        "    '''Loses a row.'''\n"
        "    name = 'lossy'\n"
        "    writes = {}\n"
        "    def apply(self, batch): return batch.slice(1)\n"
    )
    runs.jsonl("a.jsonl", [{"id": "1", "text": "one"}])
    with pytest.raises(ContractError, match=r"01\.lossy: the operator lossy broke the law .* as many rows"):
        runs("plugins: [lossy.py]\nread: {jsonl: a.jsonl}\nsteps: [lossy]\nwrite: {path: out}\n")


def test_expansion(runs: Runs) -> None:
    (runs.folder / "lines.py").write_text(
        "from datapipe import per_document\n"
        "@per_document.expand('lines')\n"
        "def lines(text: str) -> list[str]:\n"
        "    return text.split()\n"
    )
    runs.jsonl("a.jsonl", [{"id": "a", "text": "x y x"}, {"id": "b", "text": ""}, {"id": "c", "text": "y"}])
    manifest = runs("plugins: [lines.py]\nread: {jsonl: a.jsonl}\nsteps: [lines, exact_dedup]\nwrite: {path: out}\n")
    assert conserved(manifest)
    assert (manifest["rows_read"], manifest["rows_added"], manifest["rows_dropped"]) == (3, 2, 3)
    assert [(r["id"], r["text"]) for r in runs.table("data")] == [("a#1", "x"), ("a#2", "y")]
    assert {(r["id"], r["reason"], r["duplicate_of"]) for r in runs.table("ledger")} == {
        ("b", "expanded_to_nothing", None),
        ("a#3", "duplicate", "a#1"),
        ("c", "duplicate", "a#2"),
    }


def test_where_tag_and_thresholds_by_language(runs: Runs) -> None:
    rows = [{"id": f"{lang}{n}", "text": "w " * n, "lang": lang} for lang in ("en", "de", "fr") for n in (1, 5, 9)]
    runs.jsonl("a.jsonl", rows)
    runs(
        "read: {jsonl: a.jsonl}\n"
        "steps:\n"
        "  - length: {min_words: 4, where: {lang: [en, de]}, by_lang: {de: {min_words: 6}}}\n"
        "  - length: {min_words: 6, action: tag, label: long, where: {lang: {not_in: [fr]}}}\n"
        "write: {path: out}\n"
    )
    data = {r["id"]: r for r in runs.table("data")}
    assert sorted(data) == ["de9", "en5", "en9", "fr1", "fr5", "fr9"]
    assert [data[i]["long.keep"] for i in ("en5", "en9", "fr1")] == [False, True, None]
    assert data["en5"]["long.reasons"] == ["too_few_words"]
    assert data["en5"]["long.words"] == 5
    assert {r["id"]: dict(r["scores"])["words"] for r in runs.table("ledger")} == {"en1": 1, "de1": 1, "de5": 5}


def test_a_tagged_global_names_the_twin(runs: Runs) -> None:
    rows = [{"id": str(i), "text": f"text {i % 4}"} for i in range(6)] + [{"id": "z", "text": "alone"}]
    runs.jsonl("a.jsonl", rows[:4])
    runs.jsonl("b.jsonl", rows[4:])
    recipe = (
        "input_split: 100\nread: {jsonl: [a.jsonl, b.jsonl]}\n"
        "steps: [{exact_dedup: {action: tag, label: d}}]\nwrite: {path: out}\n"
    )
    assert runs(recipe)["rows_written"] == 7
    data = [(r["id"], r["d.keep"], r["d.duplicate_of"]) for r in runs.table("data")]
    assert data == [*((str(i), True, None) for i in range(4)), ("4", False, "0"), ("5", False, "1"), ("z", True, None)]


def test_scores_written_by_a_tag_can_be_selected_on(runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": str(n), "text": "w " * n} for n in range(1, 10)])
    runs(
        "read: {jsonl: a.jsonl}\nsteps:\n  - length: {max_words: 5, action: tag, label: len}\n"
        "  - select: {len.words: {min: 3}, len.keep: true}\nwrite: {path: out}\n"
    )
    assert [r["id"] for r in runs.table("data")] == ["3", "4", "5"]


def test_edits_are_recorded(runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": "a", "text": "clean"}, {"id": "b", "text": "to   clean "}])
    runs("read: {jsonl: a.jsonl}\nsteps: [normalize]\nwrite: {path: out}\n")
    assert [(r["id"], r["step"], r["bytes_before"], r["bytes_after"]) for r in runs.table("edits")] == [
        ("b", "recipe.01.normalize", 11, 8)
    ]


@pytest.mark.parametrize(("text", "expected"), [("full", 2000), ("head", 500), ("none", 0)])
def test_the_ledger_keeps_as_much_text_as_asked(runs: Runs, text: str, expected: int) -> None:
    runs.jsonl("a.jsonl", [{"id": "a", "text": "ä" * 2000}])
    runs(
        f"ledger: {{text: {text}}}\nread: {{jsonl: a.jsonl}}\nsteps: [{{length: {{max_characters: 5}}}}]\nwrite: {{path: out}}\n"
    )
    assert len(runs.table("ledger")[0]["text"] or "") == expected
