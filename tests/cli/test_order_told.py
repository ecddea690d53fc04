"""What the command line says of an order: its plan, its forecast, its segments, and where each copy of a row lies."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pyarrow as pa
import pytest
from click.testing import CliRunner

from datapipe.cli.check import check
from datapipe.cli.wanted import Wanted
from tests.cli.test_cli import datapipe
from tests.conftest import Runs, compile_text
from tests.engine.ordering import PLUGIN

RECIPE = """
plugins: [orders.py]
input_split: 6KB
datasets:
  a: {read: {jsonl: a.jsonl}}
  b: {read: {jsonl: b.jsonl}}
  all: {from: [a, b], steps: [counted, {sample: {fraction: 0.9}}]}
write: {dataset: all, path: out, shard_size: 5KB}
"""


@pytest.fixture
def ordering(runs: Runs) -> Runs:
    (runs.folder / "orders.py").write_text(PLUGIN)
    (runs.folder / "recipe.yaml").write_text(RECIPE)
    for name, n in (("a", 300), ("b", 100)):
        runs.jsonl(f"{name}.jsonl", [{"id": f"{name}-{i}", "text": f"{i} {name} " * (i % 9)} for i in range(n)])
    return runs


def test_check_tells_the_new_shards(ordering: Runs) -> None:
    said = datapipe("check", "recipe.yaml", cwd=ordering.folder).stdout
    general, rest = re.findall(r"scatter by all\.01\.counted to new shards: general (\d+), rest (\d+)", said)[0]
    assert f"gather {int(general) + int(rest)} new shards from stage 3, in order" in said
    assert "all.01.counted  (places rows by what the barrier found; reads id; writes stage, epoch)" in said
    assert "in the order of all.01.counted; parts begin with general, rest" in said
    inputs = int(re.search(r"(\d+) shards, ", said)[1])  # type: ignore[index]  # else the test fails
    assert inputs == sum(int(n) for n in re.findall(r"files, .* MB, (\d+) shards", said))


def test_check_tells_of_too_many_pieces(ordering: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = compile_text(RECIPE, ordering.folder)
    stage = next(stage for stage in plan.stages if stage.scatter)
    assert stage.scatter is not None
    pieces = len(stage.numbers()) * len(stage.scatter.shards)
    for most in (pieces - 1, pieces):
        monkeypatch.setattr("datapipe.cli.check.MANY_PIECES", most)
        said = CliRunner().invoke(check, [str(ordering.folder / "recipe.yaml")]).output
        assert (f"in up to {pieces} pieces; a larger input_split makes fewer" in said) == (most < pieces)
        assert "scatter by" in said


def test_copies_are_found_by_the_id_of_their_row(ordering: Runs) -> None:
    manifest = ordering(RECIPE)
    first, _ = manifest["outputs"][0]["order"]["segments"]
    rows = {row["id"]: row for row in ordering.table("data")}
    name = next(name for name in ("a-3", "a-9", "a-27", "a-33") if {name, f"{name}#2"} <= set(rows))
    said = datapipe("why", "out", name, cwd=ordering.folder).stdout.splitlines()
    assert len(said) == 2
    for line in said:
        identifier, part, segment = re.findall(
            r"^(\S+) \(a\): kept, in out/data/part-(\d+).parquet, segment (\w+)$", line
        )[0]
        assert (int(part) < first["parts"]) == (segment == "general") == (rows[identifier]["stage"] == "s0")
    assert {line.split()[0] for line in said} == {name, f"{name}#2"}
    dropped = datapipe("why", "out", "a-5", cwd=ordering.folder).stdout
    assert dropped.startswith("a-5 (a): dropped by all.01.counted (counted): fifth")
    report = datapipe("report", "out", cwd=ordering.folder).stdout
    assert f"in the order of all.01.counted: general {first['rows']} rows from part 0; rest " in report
    assert datapipe("verify", "out", cwd=ordering.folder).returncode == 0


def test_a_forecast_goes_through_an_order(ordering: Runs) -> None:
    for name in ("a", "b"):
        rows = [{"id": f"{name}-{i}", "text": f"{i} {name} word " * 40} for i in range(3000)]
        ordering.jsonl(f"{name}.jsonl", rows)
    (ordering.folder / "recipe.yaml").write_text(RECIPE.replace("6KB", "400KB"))
    words = ("check", "recipe.yaml", "--estimate", "--json", "--sample", "0.5")
    told = datapipe(*words, cwd=ordering.folder)
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = orjson.loads(told.stdout)
    written = ordering(RECIPE.replace("6KB", "400KB"))["rows_written"]
    assert found["outputs"][0]["rows"]["likely"] == pytest.approx(written, rel=0.1)
    assert [phase["title"] for phase in found["phases"]].count("stage 3 all") == 1


@pytest.mark.parametrize(
    "name", ["a.b", "x_y", "a+b|c", "ü…", "[q]^{2}", "a\\d", "a b", "a/b?c=d&e", "\U0001f469", "-"]
)
def test_any_id_is_matched_as_it_is(name: str) -> None:
    ids = [name, f"{name}#2", f"{name}#13", f"{name}##2", f"{name}#2##3"]
    ids += [f"{name}#", f"{name}#2#2", f"#{name}", name.upper() + "z", "aXb", None]
    plain = Wanted(name, copies=False)
    copies = Wanted(name, copies=True)
    for wanted, hits in ((plain, ids[:1]), (copies, ids[:5])):
        assert [one for one in ids if wanted.holds(one)] == hits
        mask = wanted.mask(pa.array(ids, pa.string())).to_pylist()
        assert [one for one, hit in zip(ids, mask, strict=True) if hit] == hits
