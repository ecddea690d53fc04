"""`datapipe report`: whom a filter drops more often is named, and by how much."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from datapipe.cli import keep_rates
from datapipe.cli.bias import LEGEND
from datapipe.cli.main import datapipe
from tests.conftest import Runs

PLUGIN = '''
from typing import ClassVar
import numpy as np
from datapipe.core.operator import Filter
from datapipe.core.verdict import Verdict
class Bookish(Filter):
    """A classifier that takes its words from books: what is written as spoken it drops more often."""
    name = "bookish"
    audited: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("id", "text")
    def judge(self, batch):
        told = zip(batch.column("id").to_pylist(), batch.column("text").to_pylist())
        low = [int(name) % 10 < (7 if "innit" in text else 2) for name, text in told]
        return Verdict(batch.num_rows, {"low_quality": np.array(low, np.bool_)})
'''
RECIPE = """
name: web
plugins: [bookish.py]
audit: [sample]
read: {jsonl: in.jsonl}
steps:
  - bookish
  - sample: {fraction: 0.5}
write: {path: out}
"""
PLAIN = "The committee met in the town hall and heard what the engineers had to say about the bridge."
SPOKEN = "so yeh we was goin down the bridge innit an me mate goes it's never gonna hold is it"
STEP = "web.01.bookish"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 documents of ten hosts in two languages; on one host people write as they speak."""
    runs = Runs(tmp_path_factory.mktemp("web"))
    (runs.folder / "bookish.py").write_text(PLUGIN)
    rows = []
    for n in range(3000):
        host = n // 10 % 10
        text = SPOKEN if host == 3 else PLAIN
        lang = "en" if n // 100 % 3 else "sw"
        rows.append({"id": f"{n}", "lang": lang, "url": f"https://h{host}.example/{n}", "text": text})
    runs.jsonl("in.jsonl", rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datapipe.engine.collect.GROUP_ROWS", 8)
        runs(RECIPE)
    return runs.folder / "out"


def report(out: Path, *more: str) -> str:
    done = CliRunner().invoke(datapipe, ["report", str(out), *more])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_outlier_is_named_and_no_other(out: Path) -> None:
    lines = report(out).splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("bias audit"))
    assert lines[at] == f"bias audit of {STEP}: 75.0 % of 3,000 documents kept"
    assert lines[at + 1 : at + 3] == [
        "  domain h3.example 30.0 % kept (rest 80.0 %), expected from its lengths 80.0 %: 150 documents fewer",
        "  no outlier among 2 languages",
    ]
    of = re.fullmatch(r"bias audit of web.02.sample: \d\d.\d % of 2,250 documents kept", lines[at + 4])
    assert of
    assert lines[at + 5] == "  no outlier among 2 languages, 10 domains"
    assert LEGEND in lines


def test_programs_get_the_numbers(out: Path) -> None:
    found = {audit["step"]: audit for audit in orjson.loads(report(out, "--json"))["bias"]}
    audit = found[STEP]
    assert (audit["rows"], audit["kept"]) == (3000, 2250)
    assert audit["compared"] == {"lang": 2, "source": 0, "domain": 10, "length": 0}
    (outlier,) = audit["outliers"]["domain"]
    numbers = {"value": "h3.example", "rows": 300, "kept": 90, "rest_rate": 0.8, "expected": 240, "missing": 150}
    assert {name: pytest.approx(outlier[name]) if name != "value" else outlier[name] for name in numbers} == numbers
    assert outlier["chance"] < 1e-50
    assert "values" not in audit


def test_all_values_of_one_step(out: Path) -> None:
    shown = report(out, "--bias", "bookish")
    assert re.search(r"h3\.example +outlier +300 +90 +30\.0 % +80\.0 % +80\.0 % +-150", shown)
    assert re.search(r"h0\.example +300 +240 +80\.0 %", shown)
    assert "funnel" not in shown
    values = orjson.loads(report(out, "--bias", STEP, "--json"))["values"]
    assert {rate["value"] for rate in values["domain"]} == {f"h{n}.example" for n in range(10)}


def test_by_ranges_of_domains_as_at_once(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = report(out, "--json")
    cuts, found = keep_rates._cuts, list[Any]()
    monkeypatch.setattr(keep_rates, "AT_ONCE", 8)
    monkeypatch.setattr(keep_rates, "_cuts", lambda *told: found.extend(cuts(*told)) or found)
    assert report(out, "--json") == whole
    assert len(found) > 2


def test_a_step_without_an_audit(out: Path) -> None:
    done = CliRunner().invoke(datapipe, ["report", str(out), "--bias", "bokish"])
    assert "no step bokish with an audit; did you mean" in str(done.exception)


def test_check_says_what_is_counted(out: Path) -> None:
    (out.parent / "recipe.yaml").write_text(RECIPE)
    shown = CliRunner().invoke(datapipe, ["check", str(out.parent / "recipe.yaml")]).stdout
    assert shown.count("keep rates counted") == 2


def test_a_part_that_was_removed_is_told(out: Path) -> None:
    (out / "audit/part-00000.parquet").rename(out / "away")
    assert "bias audit: not told, for audit/part-00000.parquet was removed" in report(out)
    (out / "away").rename(out / "audit/part-00000.parquet")
