"""An index between runs: what earlier dumps held is dropped, what is new is added, once, whatever happens."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from datapipe.core.errors import RecipeError, RunFailed, Waiting
from datapipe.engine import driver
from datapipe.engine.executors.local import InProcess
from datapipe.engine.member import Member
from datapipe.engine.pin import pinned_plan
from datapipe.io.store import LocalStore
from datapipe.plan.locate import parse
from datapipe.plan.plan import Plan
from tests.conftest import Quiet, Runs, compile_text

RECIPE = """
name: dump
read: {{jsonl: {inputs}}}
steps:
{steps}
write: {{path: {out}}}
"""


def recipe(inputs: str, out: str, steps: str = "- exact_dedup: {index: seen}") -> str:
    return RECIPE.format(inputs=inputs, out=out, steps=steps)


def dumps(runs: Runs) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads((runs.folder / "seen/index.json").read_bytes())["dumps"]
    return found


@pytest.fixture
def halves(runs: Runs) -> Runs:
    """Two dumps of two files each, which share documents within and between them."""
    for file in range(4):
        rows = [{"id": f"{file}-{n}", "text": f"document {(n * (file + 3)) % 40}"} for n in range(30)]
        runs.jsonl(f"{'ab'[file // 2]}-{file}.jsonl", rows)
    return runs


def kept(runs: Runs, out: str) -> list[str]:
    return [row["id"] for row in runs.table("data", out)]


@pytest.mark.parametrize("workers", [0, 2])
def test_two_halves_equal_the_whole(halves: Runs, workers: int) -> None:
    halves(recipe("'[ab]-*.jsonl'", "whole", "- exact_dedup"), "whole")
    halves(recipe("a-*.jsonl", "one"), "one", workers)
    manifest = halves(recipe("b-*.jsonl", "two"), "two", workers)
    assert kept(halves, "one") + kept(halves, "two") == kept(halves, "whole")
    twins = {row["id"]: row["duplicate_of"] for out in ("one", "two") for row in halves.table("ledger", out)}
    assert twins == {row["id"]: row["duplicate_of"] for row in halves.table("ledger", "whole")}
    (told,) = manifest["indexes"]
    assert (told["held"], told["rows"]) == (1, len(kept(halves, "two")))
    assert sum(dump["rows"] for dump in dumps(halves)) == len(kept(halves, "whole"))


def test_a_dump_takes_its_own_place_when_it_runs_again(halves: Runs) -> None:
    halves(recipe("a-*.jsonl", "one"), "one")
    halves(recipe("b-*.jsonl", "two"), "two")
    before = dumps(halves)
    expected = kept(halves, "one"), kept(halves, "two")
    halves(recipe("a-*.jsonl", "one"), "one", fresh=True)  # again
    halves(recipe("b-*.jsonl", "other"), "other")  # into another folder
    assert (kept(halves, "one"), kept(halves, "other")) == expected
    assert dumps(halves) == before
    shorter = "- length: {min_characters: 11}\n- exact_dedup: {index: seen}"
    halves(recipe("a-*.jsonl", "one", shorter), "one")  # an earlier step was changed
    assert kept(halves, "one")
    assert [dump["dump"] for dump in dumps(halves)] == [dump["dump"] for dump in before]
    assert dumps(halves)[0]["folder"] != before[0]["folder"]
    assert not (halves.folder / "seen" / before[0]["folder"]).exists()


def test_a_run_that_dies_after_extending_finds_itself(halves: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*arguments: object) -> None:
        raise RunFailed("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(driver, "commit", die)
        with pytest.raises(RunFailed, match="power cut"):
            halves(recipe("a-*.jsonl", "one"), "one")
    assert len(dumps(halves)) == 1
    halves(recipe("a-*.jsonl", "one"), "one")
    halves(recipe("a-*.jsonl", "whole", "- exact_dedup"), "whole")
    assert kept(halves, "one") == kept(halves, "whole")
    assert len(dumps(halves)) == 1


def test_reading_alone_leaves_the_index(halves: Runs) -> None:
    halves(recipe("a-*.jsonl", "one"), "one")
    before = (halves.folder / "seen/index.json").read_bytes()
    halves(recipe("b-*.jsonl", "two", "- exact_dedup: {index: seen, extend_index: false}"), "two")
    assert len(kept(halves, "two")) < 40
    assert (halves.folder / "seen/index.json").read_bytes() == before


def test_another_run_in_between_is_told(halves: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    extend = driver.extend_indexes

    def meanwhile(*arguments: Any) -> Any:
        monkeypatch.setattr(driver, "extend_indexes", extend)
        halves(recipe("b-*.jsonl", "two"), "two")
        return extend(*arguments)

    monkeypatch.setattr(driver, "extend_indexes", meanwhile)
    with pytest.raises(RunFailed, match="extended by another run since this one began; run again"):
        halves(recipe("a-*.jsonl", "one"), "one")
    assert len(list((halves.folder / "seen").glob("*/dump.json"))) == 1, "what could not be added is gone"
    halves(recipe("a-*.jsonl", "one"), "one")
    halves(recipe("'[ba]-*.jsonl'", "whole", "- exact_dedup"), "whole")
    assert len(kept(halves, "one")) + len(kept(halves, "two")) == len(kept(halves, "whole"))


def test_members_plan_anew_when_another_run_extended_the_index(halves: Runs) -> None:
    store = LocalStore(halves.folder / "one")
    located = parse(recipe("a-*.jsonl", "one"), str(halves.folder / "recipe.yaml"))

    def member(index: int) -> tuple[Plan, int]:
        plan = pinned_plan(located, store)
        try:
            driver.Driver(plan, store.root, InProcess(), Quiet(), Member(index, 2, shared=True)).run()
        except Waiting as waiting:
            return plan, waiting.exit_code
        return plan, 0

    first, _ = member(0)
    halves(recipe("b-*.jsonl", "two"), "two")
    plans = [member(n % 2) for n in range(8)]
    assert plans[-1][1] == 0
    assert {plan.fingerprint for plan, _ in plans} == {plans[0][0].fingerprint} != {first.fingerprint}
    halves(recipe("'[ba]-*.jsonl'", "whole", "- exact_dedup"), "whole")
    assert len(kept(halves, "one")) + len(kept(halves, "two")) == len(kept(halves, "whole"))
    halves(recipe("b-*.jsonl", "new", "- length: {min_characters: 12}\n- exact_dedup: {index: seen}"), "new")
    assert pinned_plan(located, store).fingerprint != plans[0][0].fingerprint, "what it was compared with is another"


def test_what_cannot_be_is_said_before_work(halves: Runs) -> None:
    halves(recipe("a-*.jsonl", "one"), "one")
    with pytest.raises(RecipeError, match=r"index .*seen was made with ignore .*; give it the same parameters"):
        compile_text(recipe("b-*.jsonl", "two", "- exact_dedup: {index: seen, ignore: []}"), halves.folder)
    steps = "- exact_dedup: {index: seen}\n- exact_dedup: {index: seen}"
    with pytest.raises(RecipeError, match=r"an earlier step extends .*seen; give each step an index of its own"):
        compile_text(recipe("b-*.jsonl", "two", steps), halves.folder)
    (halves.folder / "seen/index.json").write_text("{")
    with pytest.raises(RecipeError, match=r"index .*index\.json cannot be read"):
        compile_text(recipe("b-*.jsonl", "two"), halves.folder)


def test_a_damaged_index_is_named(halves: Runs) -> None:
    halves(recipe("a-*.jsonl", "one"), "one")
    (dump,) = dumps(halves)
    file = Path(halves.folder / "seen" / dump["folder"] / "part-00000.arrow")
    file.write_bytes(file.read_bytes()[:-600])
    with pytest.raises(RunFailed, match=r"index file .*part-00000\.arrow is not what was written.*restore it"):
        halves(recipe("b-*.jsonl", "two"), "two")
    shutil.rmtree(file.parent)
    with pytest.raises(RunFailed, match=r"index file .*dump\.json is gone"):
        halves(recipe("b-*.jsonl", "two"), "two")


def test_an_index_has_a_place_of_its_own_and_can_be_written(halves: Runs) -> None:
    for place, expected in (
        ("out", "lies among the files of an output"),
        ("out/work/seen", "lies among the files of an output"),
        (".", r"is the folder of the input .*a-0\.jsonl"),
        ("/proc/none", "cannot be written: .*; choose another folder, or say extend_index: false"),
    ):
        with pytest.raises(
            RecipeError, match=rf"^{halves.folder}/recipe.yaml: dump.01.exact_dedup: the index .*{expected}"
        ):
            halves(recipe("a-*.jsonl", "out", f"- exact_dedup: {{index: {place}}}"), "out")
        assert not (halves.folder / "out/ledger").exists()
    halves(recipe("a-*.jsonl", "out", "- exact_dedup: {index: /proc/none, extend_index: false}"), "out")


def test_a_dump_that_has_grown_takes_its_place(halves: Runs) -> None:
    halves(recipe("a-*.jsonl", "one"), "one")
    halves(recipe("b-2.jsonl", "two"), "two")
    halves(recipe("b-*.jsonl", "two"), "two")  # another file has come
    halves(recipe("'[ab]-*.jsonl'", "whole", "- exact_dedup"), "whole")
    assert kept(halves, "one") + kept(halves, "two") == kept(halves, "whole")
    assert [len(dump["inputs"]) for dump in dumps(halves)] == [2, 2]
    assert len(list((halves.folder / "seen").glob("*/dump.json"))) == 2
    with pytest.raises(RecipeError, match="holds a dump of 2 files, of which this run reads 1 again; read all of them"):
        compile_text(recipe("'[!b]-1.jsonl'", "three"), halves.folder)
