"""`datapipe report` counts personal data and the values that come again; `why` tells a document's, and never a value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from datapipe.core.columns import ADDR
from datapipe.core.pii import evidence
from datapipe.core.pii.evidence import counts, repeated
from tests.conftest import Runs

RECIPE = """
name: mail
datasets:
  web: {read: {jsonl: web.jsonl}}
  list: {read: {jsonl: list.jsonl}}
  corpus:
    from: [web, list]
    steps:
      - pii_scrub: {entities: {email: MORE}}
write: {dataset: corpus, path: out}
"""


@pytest.fixture
def mail(runs: Runs) -> Runs:
    web = ["desk@shop.com and desk@shop.com", "nothing", "Desk@Shop.com or one@b.org"]
    runs.jsonl("web.jsonl", [{"id": f"w{n}", "lang": "en", "text": text} for n, text in enumerate(web)])
    runs.jsonl("list.jsonl", [{"id": f"l{n}", "text": text} for n, text in enumerate(["two@b.org", "desk@shop.com"])])
    runs(RECIPE.replace("MORE", "mask"))
    return runs


def told(runs: Runs) -> tuple[dict[str, Any], str]:
    out = str(runs.folder / "out")
    shown = CliRunner().invoke(datapipe, ["report", out])
    assert shown.exit_code == 0, shown.exception
    return orjson.loads(CliRunner().invoke(datapipe, ["report", out, "--json"]).stdout)["pii"], shown.stdout


def test_counts_by_step_type_language_and_source(mail: Runs) -> None:
    found, shown = told(mail)
    step = {"step": "corpus.01.pii_scrub"}
    assert found["steps"] == [{**step, "entities": 6, "documents": 4}]
    assert found["types"] == [{**step, "type": "email", "action": "mask", "entities": 6, "documents": 4}]
    assert found["langs"] == [
        {**step, "lang": "en", "entities": 4, "documents": 2},
        {**step, "lang": None, "entities": 2, "documents": 2},
    ]
    assert found["sources"] == [
        {**step, "source": "web", "entities": 4, "documents": 2},
        {**step, "source": "list", "entities": 2, "documents": 2},
    ]
    assert "80.0%" in shown  # of five documents judged


def test_repeated_values_by_hash_alone(mail: Runs) -> None:
    found, shown = told(mail)
    (value,) = found["repeated"]
    assert found["repeated_exact_from"] == 2
    expected = {"type": "email", "documents": 3, "entities": 4, "sources": ["list", "web"], "first": "w0"}
    assert value == {**expected, "hash": value["hash"]}
    assert value["hash"][:16] in shown
    assert "@" not in shown + orjson.dumps(found).decode()


def test_why_tells_the_entities(mail: Runs) -> None:
    out = str(mail.folder / "out")
    shown = CliRunner().invoke(datapipe, ["why", out, "w0"]).stdout
    assert "w0: personal data found by corpus.01.pii_scrub: 2" in shown
    assert "characters 18 to 31 → 12 to 19: email, score 1: mask" in shown
    assert "@" not in shown
    mail(RECIPE.replace("MORE", "{action: drop_document}"))
    shown = CliRunner().invoke(datapipe, ["why", out, "l1"]).stdout
    assert "l1 (list): dropped by corpus.01.pii_scrub (pii_scrub): email_found" in shown
    assert "characters 0 to 13 → 0 to 7: email, score 1: " in shown
    assert "@" not in shown
    assert "personal data" not in CliRunner().invoke(datapipe, ["why", out, "w1"]).stdout


def test_a_removed_table_is_told(mail: Runs) -> None:
    (mail.folder / "out/pii/part-00000.parquet").unlink()
    found, shown = told(mail)
    assert found == {"gone": ["pii/part-00000.parquet"]}
    assert "personal data: not told, for pii/part-00000.parquet was removed" in shown
    assert CliRunner().invoke(datapipe, ["why", str(mail.folder / "out"), "w0"]).exit_code == 0


def test_runs_without_such_steps_say_nothing(runs: Runs) -> None:
    runs.jsonl("in.jsonl", [{"text": "a@b.org"}])
    runs("read: {jsonl: in.jsonl}\nwrite: {path: out}\n")
    found, shown = told(runs)
    assert found == {}
    assert "personal data" not in shown


def rows(cuts: list[int]) -> Iterator[pa.RecordBatch]:
    """2,000 documents with up to three entities each, in batches cut at these rows."""
    draw = np.random.default_rng(3)
    each = draw.integers(0, 4, 2000)
    address = np.repeat(np.arange(2000, dtype=np.uint64), each)
    value = np.minimum(draw.zipf(1.5, len(address)), 500)
    table = pa.table(
        {
            ADDR: address,
            "id": [f"d{a}" for a in address],
            "step": ["s"] * len(address),
            "source": [f"from{a % 3}" for a in address],
            "type": ["email" if v % 2 else "phone" for v in value],
            "hash": [f"{v * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}" for v in map(int, value)],
        }
    ).combine_chunks()
    for low, high in pairwise([0, *cuts, table.num_rows]):
        yield from table.slice(low, high - low).to_batches()


@pytest.mark.parametrize("cuts", [[], [1, 2, 3, *range(4, 2500, 311)]])
def test_counts_of_a_table_whatever_its_batches(cuts: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    everything = [row for batch in rows([]) for row in batch.to_pylist()]
    (by_type,) = counts(rows(cuts), ("type",))
    for (kind,), count in by_type.items():
        mine = [row for row in everything if row["type"] == kind]
        assert count == (len(mine), len({row[ADDR] for row in mine}))
    documents: dict[str, set[int]] = {}
    for row in everything:
        documents.setdefault(row["hash"], set()).add(row[ADDR])
    expected = sorted(documents.items(), key=lambda item: -len(item[1]))
    found, least = repeated(lambda names: (batch.select(names) for batch in rows(cuts)), 10)
    assert least == 2
    assert [one.documents for one in found] == [len(ids) for _, ids in expected[:10]]
    for one in found:
        assert documents[one.hash]
        assert one.documents == len(documents[one.hash])
        assert one.first == f"d{min(documents[one.hash])}"
        assert one.entities == sum(row["hash"] == one.hash for row in everything)
        assert one.sources == sorted({row["source"] for row in everything if row["hash"] == one.hash})
    monkeypatch.setattr(evidence, "WEIGHED", 20)  # as if the table were too large to compare every value
    few, least = repeated(lambda names: (batch.select(names) for batch in rows(cuts)), 10)
    assert least > 2
    assert few[:5] == found[:5]
