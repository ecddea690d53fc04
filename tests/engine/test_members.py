"""Members of a job array: any order, any number, killed, twice at once; always the bytes of an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from datapipe.core.errors import RunFailed, Waiting
from datapipe.engine import admission
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess
from datapipe.engine.member import EVERYTHING, Member
from datapipe.engine.names import LOCK
from datapipe.engine.pin import inputs_changed, pinned_plan
from datapipe.io.store import LocalStore
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import load
from tests.arrays import RECIPE, finish, result, start, write_recipe
from tests.conftest import Quiet, Runs


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe(tmp_path_factory.mktemp("array"))


@pytest.fixture(scope="module")
def expected(recipe: Path) -> dict[str, str]:
    code, said = finish(start("run", str(recipe), "--workers", "1", "--quiet"))
    assert code == 0, said
    whole = result(recipe.parent / "out")
    assert sum("gathered-" in name for name in whole) > 3
    assert sum("artifacts" in name and "/part-" in name for name in whole) > 3
    assert sum(name.startswith("data/") for name in whole) > 2
    return whole


class Array:
    """Members in this process, one after the other."""

    def __init__(self, recipe: Path, out: Path) -> None:
        self.recipe = recipe
        self.out = out

    def __call__(self, index: int, of: int, stages: int | None = None, member: Member | None = None) -> int:
        """The exit code of a member."""
        plan = pinned_plan(load(str(self.recipe)), LocalStore(self.out))
        member = member or Member(index, of, shared=True, stages=stages)
        try:
            Driver(plan, str(self.out), InProcess(), Quiet(), member).run()
        except Waiting as waiting:
            return waiting.exit_code
        return 0


@pytest.fixture
def array(recipe: Path, tmp_path: Path) -> Array:
    return Array(recipe, tmp_path / "out")


@pytest.mark.parametrize("seed", range(3))
def test_any_order_again_and_again_and_another_number(array: Array, expected: dict[str, str], seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(400):
        of = draw.choice((2, 3, 50)) if seed else 3
        if array(draw.randrange(of), of) == 0:
            break
        assert not (array.out / "manifest.json").exists()
    assert result(array.out) == expected
    assert [array(index, 3) for index in range(3)] == [0, 0, 0]
    assert result(array.out) == expected


def test_an_array_whose_members_have_all_ended_completes_a_phase(array: Array, expected: dict[str, str]) -> None:
    phases = 1 + 2 + 2 + 1 + 1  # the stage, two questions of two phases each, the last stage, publication
    codes = [[array(index, 3) for index in range(3)] for _ in range(phases)]
    assert codes[-1][-1] == 0
    assert all(code == 75 for part in codes[: phases - 2] for code in part[:1])
    assert result(array.out) == expected


def test_members_leave_stages_to_others(array: Array) -> None:
    for _ in range(6):
        assert [array(index, 2, stages=1) for index in range(2)] == [75, 75]
    folders = [path for path in array.out.glob("work/*/") if (path / "stage.json").exists()]
    assert len(folders) == 1
    assert len(list(folders[0].glob("artifacts/*.json"))) == 2
    assert not (array.out / "data").exists()


def test_late_members_find_the_run_at_its_end_whatever_came_meanwhile(tmp_path: Path) -> None:
    array = Array(write_recipe(tmp_path), tmp_path / "out")
    while [array(index, 2) for index in range(2)] != [0, 0]:
        pass
    before = result(array.out)
    Runs(tmp_path).jsonl("in/9.jsonl", [{"id": "new", "text": "something else"}])
    assert array(1, 2) == 0
    assert result(array.out) == before
    assert array(0, 1) == 0  # the one that ends an array tidies up: the next run looks for new files
    assert array(0, 2) == 75


def test_a_run_and_an_array_keep_out_of_each_others_way(array: Array) -> None:
    array(0, 2)
    store = LocalStore(array.out)
    with store.alone(LOCK, shared=True), pytest.raises(RunFailed, match="another run is at work"):
        array(0, 0, member=EVERYTHING)
    with store.alone(LOCK), pytest.raises(RunFailed, match="another run is at work"):
        array(0, 2)


def test_a_member_that_comes_while_another_tidies_up_waits(array: Array) -> None:
    array(0, 2)
    store = LocalStore(array.out)
    held = threading.Event()

    def tidy() -> None:
        with store.alone(LOCK):
            held.set()
            time.sleep(0.5)

    other = threading.Thread(target=tidy)
    other.start()
    held.wait()
    assert array(1, 2) == 75
    other.join()


def test_too_many_errors_fail_every_member(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, RECIPE.replace("max_error_rate: 0.1", "max_error_rate: 0"))
    array = Array(recipe, tmp_path / "out")
    assert array(0, 2) == 75
    for index in (1, 0, 1):
        with pytest.raises(RunFailed, match=r"4 of 798 rows .* went to quarantine, more than max_error_rate"):
            array(index, 2)


def test_damaged_work_is_made_anew_by_whose_part_it_is(array: Array, expected: dict[str, str]) -> None:
    while not list(array.out.glob("work/*/artifacts/*exact_dedup.json")):
        array(0, 2)
        array(1, 2)
    for path in array.out.glob("work/*/shard-00000[01].arrow"):
        path.write_bytes(path.read_bytes()[:-200] + b"x" * 200)
    for _ in range(10):
        array(0, 2)
        array(1, 2)
    assert result(array.out) == expected


@pytest.mark.parametrize(
    "words", [("2/2",), ("1",), ("-1/2",), ("0/0",), ("0/2", "--fresh"), ("0/2", "--wait", "--stages", "1")]
)
def test_a_wrong_part_is_told_with_exit_code_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    code, said = finish(start("run", str(tmp_path / "recipe.yaml"), "--shards", *words))
    assert code == 2
    assert f"--{'shards' if len(words) == 1 else words[1][2:]}" in said


def test_members_at_once_and_one_of_them_twice(recipe: Path, tmp_path: Path, expected: dict[str, str]) -> None:
    run = ("run", str(recipe), "--out", str(tmp_path / "out"), "--workers", "0")
    members = [start(*run, "--shards", f"{i}/3", "--wait", slow="0.01") for i in (0, 1, 1, 2)]
    deadline = time.monotonic() + 300
    while not list(tmp_path.glob("out/work/*/shard-*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    code, said = finish(start(*run))
    assert (code, "another run is at work" in said) == (1, True)
    for member in members:
        code, said = finish(member)
        assert code == 0, said
    assert result(tmp_path / "out") == expected


def test_members_killed_at_any_moment_and_started_again(recipe: Path, tmp_path: Path, expected: dict[str, str]) -> None:
    draw = random.Random(9)

    def begin(index: int) -> subprocess.Popen[str]:
        words = ("run", str(recipe), "--out", str(tmp_path / "out"), "--workers", "1")
        return start(*words, "--shards", f"{index}/3", "--wait", slow="0.001")

    members = {index: begin(index) for index in range(3)}
    for _ in range(9):
        time.sleep(draw.uniform(0.1, 1.2))
        index = draw.randrange(3)
        if members[index].poll() is None:
            os.kill(members[index].pid, signal.SIGKILL)
        members[index].communicate()
        members[index] = begin(index)
    for member in members.values():
        code, said = finish(member)
        assert code == 0, said
    assert result(tmp_path / "out") == expected


def test_an_input_that_changes_or_goes_during_the_run_is_told(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("read: {jsonl: in/*.jsonl}\ninput_split: 1KB\nsteps: [normalize]\nwrite: {path: out}\n")
    for name in ("a", "b"):
        Runs(tmp_path).jsonl(f"in/{name}.jsonl", [{"id": f"{name}{i}", "text": f"old {i}"} for i in range(100)])
    array, plan = Array(recipe, tmp_path / "out"), compile_recipe(load(str(recipe)))
    assert array(0, 2) == 75
    changed = tmp_path / "in/b.jsonl"
    changed.write_text(changed.read_text().replace("old", "new"))
    os.utime(changed, ns=(0, 1))
    with pytest.raises(RunFailed, match=r"b\.jsonl: has changed since the run was planned; to plan anew, run it witho"):
        array(1, 2)
    assert inputs_changed(plan, compile_recipe(load(str(recipe))))
    changed.unlink()
    with pytest.raises(RunFailed, match=r"b\.jsonl: the file was there .* No such file or directory; to plan anew"):
        array(1, 2)
    plan = compile_recipe(load(str(recipe)))
    Runs(tmp_path).jsonl("in/c.jsonl", [{"id": "c", "text": "more"}])
    assert not inputs_changed(plan, compile_recipe(load(str(recipe))))


def test_who_waits_says_so_once_a_barrier() -> None:
    barriers = ["a: others are not; run it again when they are"] * 2 + ["b: others are not; run it again when they are"]
    said: list[str] = []

    def go() -> str:
        if barriers:
            raise Waiting(barriers.pop(0))
        return "done"

    assert Member(0, 2, shared=True, wait=True).patient(go, said.append) == "done"
    assert said == ["a: others are not; it goes on when they are", "b: others are not; it goes on when they are"]


def test_nothing_is_pinned_where_a_driver_works(recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At its end it sweeps away what others are writing: a member came to a FileNotFoundError."""
    monkeypatch.setattr(admission, "PATIENCE", 0)
    store = LocalStore(tmp_path)
    with store.alone(LOCK), pytest.raises(RunFailed, match="another run is at work in"):
        pinned_plan(load(str(recipe)), store)
    assert store.names("work") == ["lock"]
    with store.alone(LOCK, shared=True):  # another member
        plan = pinned_plan(load(str(recipe)), store)
    with store.alone(LOCK):
        assert pinned_plan(load(str(recipe)), store) == plan, "reading it does no harm"
