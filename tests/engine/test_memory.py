"""`memory` cuts a barrier into more or fewer partitions, and changes nothing of what comes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datapipe.core.columns import ADDR
from datapipe.engine import driver as driver_module
from datapipe.engine import output
from datapipe.engine.by_key import by_key
from datapipe.engine.reduce import group_sketches
from tests.conftest import Runs, compile_text

RECIPE = """
input_split: 4KB
read: {jsonl: a.jsonl}
steps: [exact_dedup]
write: {path: out}
"""


def written(runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": str(i), "text": f"text {i * 7 % 311}"} for i in range(1000)])


def cut(folder: Path) -> tuple[int, int]:
    """Groups and partitions of the de-duplication."""
    stage = next(folder.glob("work/*/artifacts/*exact_dedup"))
    return len(list(stage.glob("gathered-*.arrow"))), len(list(stage.glob("part-*.arrow")))


def partitions(folder: Path) -> int:
    """What the summary says of them."""
    summaries = [orjson.loads(p.read_bytes().splitlines()[0])["sketches"] for p in folder.glob("work/*/stage.json")]
    return next(int(of["of"]) for found in summaries for label, of in found.items() if "exact_dedup" in label)


def published(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for n in ("data", "ledger") for p in (folder / n).glob("*")}


def artifact(folder: Path) -> bytes:
    return next(folder.glob("work/*/artifacts/*exact_dedup.arrow")).read_bytes()


def test_any_memory_gives_the_same_bytes(runs: Runs) -> None:
    written(runs)
    runs(RECIPE, "plenty")
    for name, memory in (("some", "100KB"), ("little", "16KB")):
        runs(f"memory: {memory}{RECIPE}", name)
        assert published(runs.folder / name) == published(runs.folder / "plenty")
        assert artifact(runs.folder / name) == artifact(runs.folder / "plenty")
    assert cut(runs.folder / "plenty") == (1, 1)
    groups, parts = cut(runs.folder / "little")
    assert groups > cut(runs.folder / "some")[0] > 1
    assert parts > cut(runs.folder / "some")[1] > 1


def test_as_many_files_as_shards_and_partitions(runs: Runs) -> None:
    written(runs)
    runs(f"memory: 16KB{RECIPE}")
    groups, parts = cut(runs.folder / "out")
    stage = next(runs.folder.glob("out/work/*/artifacts/*exact_dedup"))
    assert len(list(stage.iterdir())) == 2 * (groups + parts)  # each with its report
    shards = len(list(stage.parent.parent.glob("shard-*.json")))
    assert shards > 5
    assert len(list(stage.parent.parent.glob("shard-*"))) == 4 * shards  # report, rows, and what two questions sketch


def test_a_shard_of_more_than_a_task_may_hold(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": str(i % 1900), "text": f"text {i * 7 % 1301} " + "word " * 900} for i in range(2000)]
    runs.jsonl("a.jsonl", rows)
    recipe = RECIPE.replace("4KB", "1GB\nmax_error_rate: 0.1")
    runs(recipe, "plenty")
    monkeypatch.setattr(output, "RUN_BYTES", 1)  # a run for every batch
    runs(f"memory: 64KB{recipe}", "little")
    assert published(runs.folder / "little") == published(runs.folder / "plenty")
    assert artifact(runs.folder / "little") == artifact(runs.folder / "plenty")
    groups, parts = cut(runs.folder / "little")
    assert groups == 1
    assert parts > 1
    (report,) = runs.folder.glob("little/work/*/artifacts/*exact_dedup/gathered-*.json")
    batches = orjson.loads(report.read_bytes().splitlines()[0])["file"]["batches"]
    assert len(batches) % parts == 0
    assert len(batches) > 2 * parts  # several runs


@pytest.mark.parametrize("lost", [False, True])
def test_a_run_goes_on_with_another_memory(runs: Runs, monkeypatch: pytest.MonkeyPatch, lost: bool) -> None:
    written(runs)
    runs(RECIPE, "expected")

    def killed(driver: driver_module.Driver, *_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:  # with everything reduced, nothing combined
        task = driver_module.Driver._task
        patch.setattr(
            driver_module.Driver,
            "_task",
            lambda self, kind, *more, **named: (
                killed(self) if kind == "combine" and "exact" in named["name"] else task(self, kind, *more, **named)
            ),
        )
        with pytest.raises(KeyboardInterrupt):
            runs(f"memory: 16KB{RECIPE}")
    before = cut(runs.folder / "out")
    assert min(before) > 1
    if lost:  # and so is made anew, for the memory that there is now
        for summary in runs.folder.glob("out/work/*/stage.json"):
            summary.unlink()
    runs(f"memory: 64KB{RECIPE}")
    assert published(runs.folder / "out") == published(runs.folder / "expected")
    assert (partitions(runs.folder / "out") < before[1]) == lost


def test_what_an_index_holds_counts(runs: Runs) -> None:
    step = "exact_dedup: {index: seen}"
    for n, memory in enumerate(("1GB", "64KB")):
        rows = [{"id": f"{n}-{i}", "text": f"{n} text {i}"} for i in range(30 if n else 3000)]
        runs.jsonl(f"{n}.jsonl", rows)
        recipe = RECIPE.replace("exact_dedup", step).replace("a.jsonl", f"{n}.jsonl")
        runs(f"memory: {memory}{recipe}", f"out{n}")
    assert partitions(runs.folder / "out1") > 8


def test_groups_and_partitions_by_memory() -> None:
    assert group_sketches([100] * 10, 8 * 250) == {"of": 4, "groups": [[0, 2], [2, 4], [4, 6], [6, 8], [8, 10]]}
    assert group_sketches([100] * 10, 8 * 2000, held=7000) == {"of": 4, "groups": [[0, 10]]}
    assert group_sketches([], 1) == {"of": 1, "groups": [[0, 0]]}


@pytest.mark.parametrize(
    ("said", "memory"),
    [
        ("", 2_000_000_000),
        ("memory: 500MB", 500_000_000),
        ("resources: {memory: 3GB}", 1_500_000_000),
        ("resources: {memory: 64GB}", 2_000_000_000),
        ("resources: {datasets: {recipe: {memory: 1GB}}}", 500_000_000),
        ("resources: {memory: 3GB}\nmemory: 2GiB", 2 << 30),
    ],
)
def test_memory_of_a_task(runs: Runs, said: str, memory: int) -> None:
    written(runs)
    plan = compile_text(f"{said}{RECIPE}", runs.folder)
    assert plan.memory == memory
    assert plan.fingerprint == compile_text(RECIPE, runs.folder).fingerprint


def test_operators_are_told(runs: Runs) -> None:
    (runs.folder / "told.py").write_text(
        "import numpy as np\nfrom typing import ClassVar\nfrom datapipe import Filter, Verdict\n"
        "class Told(Filter):\n"
        "    name: ClassVar[str] = 'told'\n"
        "    def setup(self, ctx): self.__dict__['held'] = ctx.memory\n"
        "    def judge(self, batch):\n"
        "        return Verdict(batch.num_rows, {'other': np.full(batch.num_rows, self.held != 123_000_000)})\n"
    )
    written(runs)
    recipe = "plugins: [told.py]\nread: {jsonl: a.jsonl}\nsteps: [told]\nwrite: {path: out}\n"
    assert runs(f"{recipe}memory: 123MB")["rows_written"] == 1000
    assert runs(f"{recipe}memory: 124MB", "other")["rows_written"] == 0


@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=9), max_size=5), st.booleans())
def test_rows_come_by_key_and_address_whatever_they_came_by(runs: list[list[tuple[int, int]]], ordered: bool) -> None:
    if ordered:
        runs = [sorted((key, 10 * n + address) for key, address in run) for n, run in enumerate(runs)]
    rows = [pair for run in runs for pair in run]
    columns = np.array(rows, np.uint64).reshape(-1, 2)
    chunks = [pa.table({"key": part[:, 0], ADDR: part[:, 1]}) for part in np.array_split(columns, 3)]
    table = by_key(pa.concat_tables(chunks), "key")
    assert list(zip(table["key"].to_pylist(), table[ADDR].to_pylist(), strict=True)) == sorted(rows)
