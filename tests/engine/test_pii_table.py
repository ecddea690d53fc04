"""The table `pii/`: one row an entity, the same bytes however the run went, and gone with the step that found them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from tests.conftest import Runs

Digests = Callable[[Path], dict[str, str]]
RECIPE = """
name: mail
input_split: 8KB
read: {jsonl: in-*.jsonl}
steps:
  - normalize
  - pii_scrub: {entities: [email], MORE}
  - length: {min_words: 3}
write: {path: out}
"""
PLUGIN = """
import os, time
import pyarrow as pa
from datapipe.core.operator import Map
class Stumbles(Map):
    '''Fails on the texts that say so, and sleeps on one where the environment says so.'''
    name = "stumbles"
    def apply(self, batch):
        text = " ".join(text or "" for text in batch.column("text").to_pylist())
        if "asleep" in text:
            time.sleep(float(os.environ.get("DATAPIPE_TEST_SLEEP", "0")))
        if "stumble" in text:
            raise ValueError("stumbled")
        return batch
"""


def documents(runs: Runs, files: int = 3, rows: int = 250) -> list[dict[str, Any]]:
    """Some with addresses, one of them in every file; some empty, some too short; in two languages."""
    texts = ("Write to person{n}@mail.invalid.org or ümläut desk@shop{k}.com — today.", "Nothing in it at all.",
             "a{n}@b.com", "", "Ask desk@shop1.com twice: desk@shop1.com, and stumble.")  # fmt: skip
    made = []
    for k in range(files):
        part = [
            {"id": f"{k}-{n}", "lang": "de" if n % 2 else "en", "text": text.format(n=n, k=k)}
            for n in range(rows)
            for text in [texts[n % len(texts)]]
        ]
        runs.jsonl(f"in-{k}.jsonl", part)
        made += part
    return made


@pytest.fixture
def mail(runs: Runs) -> Runs:
    documents(runs)
    return runs


def test_one_row_an_entity_and_places_in_both_texts(mail: Runs) -> None:
    before = {row["id"]: row["text"] for row in documents(mail)}
    mail(RECIPE.replace("MORE", "values: true"))
    found = mail.table("pii")
    kept = {row["id"]: row["text"] for row in mail.table("data")}
    gone = {row["id"]: row["text"] for row in mail.table("ledger")}
    assert len(found) == sum(text.count("@") for text in before.values())
    for row in found:
        assert before[row["id"]][row["start"] : row["end"]] == row["value"]
        after = {**gone, **kept}[row["id"]]
        assert after[row["start_after"] : row["end_after"]] == "<EMAIL>"
        assert (row["type"], row["action"], row["step"]) == ("email", "mask", "mail.02.pii_scrub")
        assert row["lang"] == ("de" if int(row["id"].partition("-")[2]) % 2 else "en")
    shop = {row["hash"] for row in found if row["value"] == "desk@shop1.com"}
    assert len(shop) == 1  # by which the report knows it again
    assert {row["id"] for row in found} & gone.keys()  # of documents that a later step drops, too


def test_no_value_unless_the_recipe_asks(mail: Runs) -> None:
    mail(RECIPE.replace("MORE", "values: false"))
    assert {row["value"] for row in mail.table("pii")} == {None}
    assert not any("@" in value for row in mail.table("pii") for value in row.values() if isinstance(value, str))


def test_a_tag_leaves_the_text_and_reports(mail: Runs) -> None:
    mail(RECIPE.replace("MORE", "action: tag"))
    found = mail.table("pii")
    assert {(row["action"], row["start_after"], row["end_after"]) for row in found} == {("report", None, None)}
    assert any("@" in row["text"] for row in mail.table("data"))


def test_dropped_documents_have_their_entities_and_a_clean_text(mail: Runs) -> None:
    recipe = RECIPE.replace("[email], MORE", "{email: {action: drop_document, above: 1}}")
    mail(recipe)
    found = mail.table("pii")
    dropped = {row["id"]: row["text"] for row in mail.table("ledger") if row["operator"] == "pii_scrub"}
    assert dropped
    assert {row["id"] for row in found} >= dropped.keys()
    assert not any("@" in text for text in dropped.values())
    assert {row["action"] for row in found} <= {"drop_document", "mask"}  # as the step says it


def test_rows_that_fail_in_the_step_leave_no_entities(runs: Runs, digests: Digests) -> None:
    """The step's batch is halved until the failing rows stand alone; the others are entered once."""
    documents(runs)
    (runs.folder / "stumbles.py").write_text(PLUGIN)
    recipe = "plugins: [stumbles.py]\nmax_error_rate: 0.5\n" + RECIPE.replace(
        "  - pii_scrub", "  - stumbles\n  - pii_scrub"
    )
    recipe = recipe.replace("MORE", "min_score: 0.4")
    manifest = runs(recipe)
    assert manifest["rows_quarantined"] == 150
    ids = {row["id"] for row in runs.table("quarantine")}
    found = runs.table("pii")
    assert found
    assert not ids & {row["id"] for row in found}
    assert len({(row["id"], row["start"]) for row in found}) == len(found)


def test_the_same_bytes_for_any_workers_and_batches(
    mail: Runs, digests: Digests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a step that only reports, and of one that tells values and drops documents, in one run."""
    recipe = RECIPE.replace("MORE}", "action: tag}\n  - pii_scrub: {entities: [email], values: true, max_entities: 1}")
    mail(recipe, "one")
    mail(recipe, "two", workers=2)
    monkeypatch.setattr("datapipe.engine.shard.GATHER_ROWS", 7)
    monkeypatch.setattr("datapipe.engine.shard.GATHER_BYTES", 1)
    mail(recipe, "small")
    first = digests(mail.folder / "one")
    assert any(name.startswith("pii/") for name in first)
    assert {row["action"] for row in mail.table("pii", "one")} == {"report", "mask"}
    assert {row["operator"] for row in mail.table("ledger", "one")} >= {"pii_scrub"}
    assert first == digests(mail.folder / "two") == digests(mail.folder / "small")


def test_killed_and_run_again_the_same_bytes(mail: Runs, digests: Digests) -> None:
    """One worker sleeps while the other finishes shards: then both are killed."""
    mail.jsonl("in-asleep.jsonl", [{"id": "z", "lang": "en", "text": "It is asleep, write to z@b.com."}])
    (mail.folder / "stumbles.py").write_text(PLUGIN)
    path = mail.folder / "recipe.yaml"
    recipe = "plugins: [stumbles.py]\nmax_error_rate: 0.5\n" + RECIPE.replace("  - length", "  - stumbles\n  - length")
    path.write_text(recipe.replace("MORE", "values: true"))
    command = [sys.executable, "-m", "datapipe", "run", str(path), "--workers", "2", "--quiet"]
    run = subprocess.Popen(command, env={**os.environ, "DATAPIPE_TEST_SLEEP": "99"}, start_new_session=True)
    deadline = time.monotonic() + 300
    while not (done := list((mail.folder / "out/work").glob("*/shard-*.json"))) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    assert run.wait(300) == -signal.SIGKILL
    assert done
    assert not (mail.folder / "out/manifest.json").exists()
    mail(path.read_text(), "out", workers=2)
    mail(path.read_text(), "whole")
    assert digests(mail.folder / "out") == digests(mail.folder / "whole")
    assert CliRunner().invoke(datapipe, ["verify", str(mail.folder / "out")]).exit_code == 0


def test_a_text_is_not_copied_for_each_of_its_entities(runs: Runs) -> None:
    n = 20_000
    runs.jsonl("in-0.jsonl", [{"id": "list", "text": "a@b.org " * n}])
    runs(RECIPE.replace("MORE", ""), workers=0)
    assert len(runs.table("pii")) == n
    assert pa.default_memory_pool().max_memory() < 2_000_000_000  # 3.2 GB with copies


def test_a_changed_table_is_noticed_and_a_lost_one_written_anew(mail: Runs, digests: Digests) -> None:
    recipe = RECIPE.replace("MORE", "values: true")
    mail(recipe)
    before = digests(mail.folder / "out")
    (file,) = (mail.folder / "out/pii").iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    shown = CliRunner().invoke(datapipe, ["verify", str(mail.folder / "out")])
    assert "pii/part-00000.parquet: changed" in str(shown.exception)
    file.unlink()
    mail(recipe)
    assert digests(mail.folder / "out") == before


def test_only_runs_that_look_for_it_publish_it(mail: Runs) -> None:
    recipe = RECIPE.replace("MORE", "min_score: 0.5")
    assert mail(recipe)["tables"]["pii"]
    assert not mail(recipe.replace("  - pii_scrub", "  - sample: {fraction: 1}\n#"))["tables"]["pii"]
    assert not list((mail.folder / "out").glob("pii/*"))  # what the earlier plan left is gone
    for n in range(3):
        mail.jsonl(f"in-{n}.jsonl", [{"id": f"{n}", "text": "Nothing at all in this."}])
    assert [file["rows"] for file in mail(recipe)["tables"]["pii"]] == [0]  # looked for, and not there
