"""`datapipe audit-pii`: counts of a finished corpus, examples without values, and labels beside hits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from datapipe.cli.main import datapipe
from datapipe.core.errors import RecipeError, RunFailed
from datapipe.core.pii.gold import Measure, Span, compare, type_of
from tests.conftest import Runs

TEXTS = [
    "Write to desk@shop.com, or to one@b.org; desk@shop.com too.",
    "nothing here",
    "Größe 👩‍💻 desk@shop.com",
    "",
]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(datapipe, ["audit-pii", "--workers", "0", "--quiet", *map(str, arguments)])


def told(*arguments: str) -> dict[str, Any]:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = orjson.loads(result.stdout)
    return found


@pytest.fixture
def corpus(runs: Runs) -> Path:
    """One file of JSON lines and one of Parquet, each with all texts."""
    rows = [
        {"id": f"d{n}", "text": text, "source": "web" if n else "list", "lang": "de" if n == 2 else "en"}
        for n, text in enumerate(TEXTS)
    ]
    runs.jsonl("lines/a.jsonl", rows)
    (runs.folder / "tables").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), runs.folder / "tables/a.parquet")
    return runs.folder


@pytest.mark.parametrize("form", ["lines", "tables", "lines/a.jsonl", "tables/*.parquet", "run"])
def test_counts_of_any_form(corpus: Path, runs: Runs, form: str) -> None:
    if form == "run":
        runs("read: {jsonl: lines/a.jsonl, columns: {source2: source}}\nwrite: {path: run}\n", out="run")
    found = told(f"{corpus}/{form}", "--entities", "email")
    characters = sum(map(len, TEXTS))
    assert (found["documents"], found["characters"]) == (4, characters)
    assert (found["entities"], found["documents_with"], found["unreadable"]) == (4, 2, 0)
    assert found["types"] == [
        {"type": "email", "entities": 4, "documents": 2, "per_million": pytest.approx(4e6 / characters)}
    ]
    by_lang = {row["lang"]: (row["documents"], row["documents_with"], row["entities"]) for row in found["langs"]}
    assert by_lang == {"en": (3, 1, 3), "de": (1, 1, 1)}
    if form != "run":
        assert {row["source"]: row["entities"] for row in found["sources"]} == {"web": 1, "list": 3}
    (value,) = found["repeated"]
    assert (value["type"], value["documents"], value["entities"], value["first"]) == ("email", 2, 3, "d0")


def test_values_are_told_only_when_asked(corpus: Path) -> None:
    shown = invoke(f"{corpus}/lines", "--entities", "email")
    assert "@" not in shown.stdout
    assert "Write to <EMAIL>, or to <EMAIL>; <EMAIL> too." in shown.stdout
    assert "4 documents, " in shown.stdout
    found = told(f"{corpus}/lines", "--entities", "email", "--values")
    assert found["repeated"][0]["value"] == "desk@shop.com"
    assert {row["value"] for row in found["examples"]} == {"desk@shop.com"}
    assert found["examples"][0]["context"].startswith("Write to desk@shop.com, or to one@b.org")
    for row in found["examples"]:
        assert TEXTS[int(row["id"][1:])][row["start"] : row["end"]] == row["value"]


def test_two_workers_find_the_same(corpus: Path) -> None:
    assert told(f"{corpus}/lines", "--workers", "2") == told(f"{corpus}/lines")


def test_limits_fields_and_the_exit_code(corpus: Path, runs: Runs) -> None:
    assert told(f"{corpus}/lines", "--limit", "2")["documents"] == 2
    assert told(f"{corpus}/tables", "--limit", "2", "--entities", "email")["entities"] == 3
    assert invoke(f"{corpus}/lines", "--fail-above", "4", "--entities", "email").exit_code == 0
    failed = invoke(f"{corpus}/lines", "--fail-above", "3", "--entities", "email")
    assert isinstance(failed.exception, RunFailed)
    assert failed.exception.exit_code == 1
    assert "4 hits, more than --fail-above 3" in str(failed.exception)
    runs.jsonl("other.jsonl", [{"name": "x", "body": {"plain": "a@b.com"}}, {"name": "y", "body": None}])
    found = told(f"{corpus}/other.jsonl", "--text-field", "body.plain", "--id-field", "name")
    assert (found["entities"], found["unreadable"], found["examples"][0]["id"]) == (1, 1, "x")
    nothing = invoke(f"{corpus}/other.jsonl")
    assert "none of 2 records could be read; the first one: the field text is missing" in str(nothing.exception)
    assert isinstance(invoke(str(corpus)).exception, RecipeError)  # both kinds of files


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lines", "--entities", "emial"], "entities: no type emial; did you mean email?"),
        (["lines", "--regions", "ZZ"], "regions: no country 'ZZ'"),
        (["{jsnl: lines}"], "expected one reader, found jsnl; did you mean jsonl"),
        (["."], "holds runs, whose folders have tables besides texts; name one, such as"),
    ],
)
def test_what_is_refused(
    corpus: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    runs("read: {jsonl: lines/a.jsonl}\nwrite: {path: run}\n", out="run")
    monkeypatch.chdir(corpus)
    result = invoke(*arguments)
    assert isinstance(result.exception, RecipeError)
    assert said in str(result.exception)


def test_a_folder_that_is_not_there_is_told_first(runs: Runs) -> None:
    labelled = gold(runs, {"text": "a", "spans": []})
    result = invoke(labelled, "--gold", "--errors", f"{runs.folder}/nowhere/errors.jsonl")
    assert result.exit_code == 2
    assert "there is no such folder" in result.output


@pytest.mark.parametrize("more", [[], ["--limit", "2"]])
def test_a_damaged_file_is_told(tmp_path: Path, more: list[str]) -> None:
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    result = invoke(str(tmp_path / "cut.parquet"), *more)
    assert isinstance(result.exception, RunFailed)
    assert "none of 1 records could be read; the first one: the file cannot be read as Parquet" in str(result.exception)


def test_a_run_by_any_name(corpus: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs("read: {jsonl: lines/a.jsonl}\nwrite: {path: run}\n", out="run")
    monkeypatch.chdir(corpus)
    for name in ("run/", "lines/../run", f"file://{corpus}/run"):
        assert told(name)["documents"] == len(TEXTS)


def gold(runs: Runs, *rows: dict[str, Any]) -> str:
    return str(runs.jsonl("gold.jsonl", [{"id": f"g{n}", **row} for n, row in enumerate(rows)]))


def test_precision_and_recall(runs: Runs, tmp_path: Path) -> None:
    text = "mail a@b.com, c@d.com or e@f.com"
    spans = [(5, 12, "EMAIL"), (14, 21, "e-mail"), (0, 4, "VERB")]
    labelled = [{"start": a, "end": b, "type": kind} for a, b, kind in spans]
    path = gold(
        runs,
        {"text": text, "spans": labelled},
        {"text": "to g@h.com", "spans": [{"start": 0, "end": 10, "type": "POST"}], "recall_only": True},
        {"text": "to g@h.com or i@j.com", "spans": [{"start": 14, "end": 21, "type": "EMAIL"}], "recall_only": True},
        {"text": "phone home", "spans": [{"start": 0, "end": 5, "type": "EMAIL"}]},
    )
    found = told(path, "--gold", "--entities", "email", "--gold-types", "POST=email", "--errors", str(tmp_path / "e"))
    row = found["types"]["email"]
    assert (row["gold"], row["found"], row["found_exact"]) == (5, 4, 3)
    assert (row["hits"], row["right"], row["right_exact"]) == (3, 2, 2)
    assert (row["recall"], row["precision"]) == (4 / 5, 2 / 3)
    assert row["covered"] == 4
    assert found["unknown"] == {"VERB": 1}
    errors = [orjson.loads(line) for line in (tmp_path / "e").read_bytes().splitlines()]
    assert [(e["error"], e["id"], e["value"]) for e in errors] == [
        ("false", "g0", "e@f.com"),
        ("missed", "g3", "phone"),
    ]
    shown = invoke(path, "--gold", "--entities", "email").stdout
    assert "labels of types that are not looked for: POST 1, VERB 1" in shown


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        (None, "row 2 (g1): spans: found None; expected a list"),
        ([7], "row 2 (g1): spans[0]: found 7"),
        ([{"end": 2, "type": "A"}], "row 2 (g1): spans[0].start: missing; expected a number"),
        ([{"start": 0, "end": "2", "type": "A"}], "spans[0].end: found '2'"),
        ([{"start": 0, "end": 99, "type": "A"}], "spans[0]: 0 to 99 is no part of a text of 4 characters"),
        ([{"start": 2, "end": 2, "type": "A"}], "spans[0]: 2 to 2 is no part"),
    ],
)
def test_wrong_labels_are_named(runs: Runs, spans: Any, said: str) -> None:
    result = invoke(
        gold(runs, {"text": "good", "spans": []}, {"text": "text", "spans": spans}), "--gold", "--entities", "email"
    )
    assert isinstance(result.exception, RecipeError)
    assert said in str(result.exception)


def test_a_wrong_pair_of_types_is_named(runs: Runs) -> None:
    result = invoke(gold(runs, {"text": "x", "spans": []}), "--gold", "--gold-types", "A=emial")
    assert "--gold-types A=emial: no type emial" in str(result.exception)
    assert invoke("x.jsonl", "--errors", "e").exit_code == 2


def test_compare_beside_all_pairs() -> None:
    """Against the definition, over random spans."""
    draw = np.random.default_rng(5)
    for _ in range(200):
        labels, hits = (
            [
                Span("email", int(a), int(a + n))
                for a, n in zip(draw.integers(0, 60, 12), draw.integers(1, 20, 12), strict=True)
            ]
            for _ in range(2)
        )
        measures: dict[str, Measure] = {}
        missed, false = compare(labels, hits, False, measures)

        def meet(one: Span, two: Span) -> bool:
            shared = len(set(range(one.start, one.end)) & set(range(two.start, two.end)))
            return shared >= min(one.end - one.start, two.end - two.start) / 2

        other = [span._replace(type="phone") for span in hits]
        crossed: dict[str, Measure] = {}
        compare(labels, other, False, crossed)
        assert (crossed["email"].found, crossed["email"].covered) == (0, len(labels) - len(missed))
        assert missed == sorted(a for a in labels if not any(meet(a, b) for b in hits))
        assert false == sorted(b for b in hits if not any(meet(a, b) for a in labels))


def test_types_go_by_names_of_other_tools_too() -> None:
    assert type_of("IBAN_CODE", {}) == type_of("iban", {}) == "iban"
    assert type_of("IPV6", {}) == type_of("ip.v4", {}) == "ip"
    assert type_of("US_SSN", {}) == type_of("national_id.us_ssn", {}) == "national_id"
    assert type_of("STREET_ADDRESS", {}) == type_of("Address", {}) == "street_address"
    assert type_of("ZIP_CODE", {}) is None
    assert type_of("ZIP_CODE", {"ZIP_CODE": "street_address"}) == "street_address"
