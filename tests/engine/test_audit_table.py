"""The table `audit/`: whom audited steps keep, the same bytes however the run went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from datapipe.core.errors import RecipeError
from tests.conftest import Runs, compile_text

Digests = Callable[[Path], dict[str, str]]
RECIPE = """
name: web
input_split: 8KB
audit: [length]
read: {jsonl: in-*.jsonl}
steps:
  - normalize
  - sample: {fraction: 0.9}
  - length: {min_words: 4, MORE}
write: {path: out}
"""
STEP = "web.03.length"
URLS = ("https://www.Boards.example/t/{n}", "http://user@news.example:8080/{n}", "not a url", None)


@pytest.fixture
def web(runs: Runs) -> Runs:
    for k in range(3):
        rows = [
            {"id": f"{k}-{n}", "lang": ("de", "en", None)[n % 3], "url": (URLS[n % 4] or "").format(n=n) or None,
             "text": "wörd " * (n % 9) + "é" * (n % 50)}
            for n in range(400)
        ]  # fmt: skip
        runs.jsonl(f"in-{k}.jsonl", rows)
    return runs


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So small that windows end within batches."""
    monkeypatch.setattr("datapipe.engine.judged.WINDOW", 37)
    return


def counts(rows: list[dict[str, Any]], step: str, dimension: str) -> dict[Any, tuple[int, int, int, int]]:
    """Sums of a dimension's rows, by value and length."""
    names = ("rows_in", "rows_kept", "bytes_in", "bytes_kept")
    mine = [row for row in rows if (row["step"], row["dimension"]) == (step, dimension)]
    return {(row["value"], row["length"]): tuple(row[name] for name in names) for row in mine}


def test_counts_are_those_of_data_and_ledger(web: Runs, small_windows: None) -> None:
    """Of a last step, DuckDB counts its rows from what was published and what it dropped."""
    manifest = web(RECIPE.replace("MORE", "max_words: 8"), workers=0)
    out = web.folder / "out"
    judged = f"""
      SELECT source, lang, lower(regexp_extract(url, '//(?:[^/]*@)?(?:www[.])?([^/:]+)', 1)) AS host, text, true AS kept
      FROM '{out}/data/*.parquet'
      UNION ALL SELECT source, lang, lower(regexp_extract(url, '//(?:[^/]*@)?(?:www[.])?([^/:]+)', 1)), text, false
      FROM '{out}/ledger/*.parquet' WHERE step = '{STEP}'"""
    found = web.table("audit")
    for dimension, value in (("lang", "lang"), ("source", "source"), ("domain", "nullif(host, '')")):
        asked = f"""
          SELECT {value}, CASE WHEN length(text) = 0 THEN 0 ELSE 4 ** floor(log2(length(text)) / 2) END::BIGINT, count(*),
            count(*) FILTER (kept), sum(strlen(text)), coalesce(sum(strlen(text)) FILTER (kept), 0)
          FROM ({judged}) GROUP BY 1, 2"""
        told = {row[:2]: row[2:] for row in duckdb.sql(asked).fetchall()}
        assert counts(found, STEP, dimension) == told
    assert {row["value"] for row in found if row["dimension"] == "domain"} == {"boards.example", "news.example", None}
    lengths = counts(found, STEP, "length")
    assert sum(n for n, *_ in lengths.values()) == next(s["judged"] for s in manifest["steps"] if s["label"] == STEP)
    assert dict(lengths.keys()) == {"0": 0, "1-3": 1, "4-15": 4, "16-63": 16, "64-255": 64}
    (file,) = manifest["tables"]["audit"]
    assert (file["path"], file["rows"]) == ("audit/part-00000.parquet", len(found))
    assert CliRunner().invoke(datapipe, ["verify", str(out)]).exit_code == 0


def test_the_same_bytes_for_any_workers_and_batches(
    web: Runs, digests: Digests, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = RECIPE.replace("[length]", f"[sample, {STEP}]").replace("MORE", "max_words: 8")
    web(recipe, "one")
    web(recipe, "two", workers=2)
    for name in ("ROWS", "BYTES"):
        monkeypatch.setattr(f"datapipe.engine.shard.GATHER_{name}", 7 if name == "ROWS" else 1)
    web(recipe, "small")
    first = digests(web.folder / "one")
    assert "audit/part-00000.parquet" in first
    assert {row["step"] for row in web.table("audit", "one")} == {"web.02.sample", STEP}
    assert first == digests(web.folder / "two") == digests(web.folder / "small")


def test_many_parts_add_up(web: Runs, small_windows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = RECIPE.replace("MORE", "max_words: 8")
    web(recipe, "one")
    monkeypatch.setattr("datapipe.engine.collect.PART_ROWS", 60)
    monkeypatch.setattr("datapipe.engine.collect.GROUP_ROWS", 16)
    assert len(web(recipe, "many")["tables"]["audit"]) > 2
    added: Counter[tuple[Any, ...]] = Counter()
    for row in web.table("audit", "many"):
        for name in ("rows_in", "rows_kept", "bytes_in", "bytes_kept"):
            added[row["step"], row["dimension"], row["value"], row["length"], name] += row[name]
    for row in web.table("audit", "one"):
        for name in ("rows_in", "rows_kept", "bytes_in", "bytes_kept"):
            assert added.pop((row["step"], row["dimension"], row["value"], row["length"], name)) == row[name]
    assert not added


def test_resumed_and_written_anew_the_same_bytes(web: Runs, digests: Digests, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = RECIPE.replace("MORE", "max_words: 8")
    web(recipe, "whole")
    monkeypatch.setattr("datapipe.engine.driver.commit", _fail)
    with pytest.raises(OSError, match="no space"):
        web(recipe)
    monkeypatch.undo()
    (report,) = sorted((web.folder / "out/work").glob("*/shard-000001.json"))[:1]
    report.unlink()  # as if this shard had not come to its end
    for name in web.folder.glob("out/work/*/stage.json*"):
        name.unlink()
    web(recipe)
    whole = digests(web.folder / "whole")
    assert digests(web.folder / "out") == whole
    (web.folder / "out/audit/part-00000.parquet").unlink()
    web(recipe)
    assert digests(web.folder / "out") == whole


def _fail(*_: Any) -> None:
    raise OSError("no space")


def test_tagging_counts_what_it_would_drop_and_where_is_respected(web: Runs) -> None:
    recipe = RECIPE.replace("MORE", "max_words: 8, where: {lang: [de]}")
    web(recipe, "drops")
    web(recipe.replace("max_words", "action: tag, max_words"), "tags")
    dropped = web.table("audit", "drops")
    assert dropped == web.table("audit", "tags")
    assert {row["value"] for row in dropped if row["dimension"] == "lang"} == {"de"}
    assert sum(row["rows_in"] - row["rows_kept"] for row in dropped if row["dimension"] == "source") == len(
        [row for row in web.table("ledger", "drops") if row["operator"] == "length"]
    )


def test_bound_answers_are_counted_also_where_they_say_nothing(web: Runs) -> None:
    """Two shards hold copies of documents, the others none; all rows are counted."""
    recipe = RECIPE.replace("  - length: {min_words: 4, MORE}", "  - exact_dedup").replace("[length]", "[exact_dedup]")
    web.jsonl("in-9.jsonl", [{"id": "x", "lang": "xx", "text": "Not a copy of anything."}])
    steps = {step["operator"]: step for step in web(recipe)["steps"]}
    rows = [row for row in web.table("audit") if row["dimension"] == "source"]
    assert sum(row["rows_in"] for row in rows) == steps["exact_dedup"]["rows_in"]
    assert sum(row["rows_kept"] for row in rows) == steps["exact_dedup"]["rows_out"]
    assert counts(web.table("audit"), "web.03.exact_dedup", "lang")["xx", 16] == (1, 1, 23, 23)


def test_only_runs_with_audited_steps_publish_it(web: Runs) -> None:
    recipe = RECIPE.replace("MORE", "max_words: 8")
    assert web(recipe)["tables"]["audit"]
    assert not web(recipe.replace("audit: [length]", ""))["tables"]["audit"]
    assert not list((web.folder / "out").glob("audit/*"))


def test_a_wrong_name_is_refused(web: Runs) -> None:
    recipe = RECIPE.replace("MORE", "max_words: 8")
    with pytest.raises(
        RecipeError, match=r"recipe.yaml:4: audit: no step is labelled or runs lenght; did you mean length"
    ):
        compile_text(recipe.replace("[length]", "[lenght]"), web.folder)
    with pytest.raises(RecipeError, match="audit: normalize is a map; only filters keep and drop"):
        compile_text(recipe.replace("[length]", "[normalize]"), web.folder)
