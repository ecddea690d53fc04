"""kill -9 of drivers, workers and members at random moments, and two at once: the same bytes, or a sentence.

DATAPIPE_LONG_FAULTS=50 kills 50 times as often.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.conftest import Runs
from tests.engine.test_interruptions import workers_of
from tests.faults.corpus import RECIPE, leftovers, write_corpus
from tests.faults.drivers import said
from tests.faults.scene import Digests, Scene

TIMES = int(os.environ.get("DATAPIPE_LONG_FAULTS", "1"))
OTHER = RECIPE.replace("min_words: 4", "min_words: 6").replace("fraction: 0.9", "fraction: 0.5")


@pytest.fixture
def scene(runs: Runs, digests: Digests, request: pytest.FixtureRequest) -> Iterator[Scene]:
    write_corpus(runs)
    scene = Scene(runs, digests, (RECIPE, OTHER), request.node.name)
    yield scene
    scene.end()


def test_drivers_killed_at_random_moments(scene: Scene) -> None:
    kills = 0
    while kills < 10 * TIMES:
        process = scene.start()
        kills += scene.kill_after(process, scene.draw.uniform(0, 1.1) * scene.took)
        if (scene.out / "manifest.json").exists():
            scene.check()
            scene.forget()
    scene.finish()


def test_drivers_and_workers_killed(scene: Scene) -> None:
    """With a pool: the orphans must not write beside the next driver; a dead worker is replaced."""
    kills = 0
    while kills < 4 * TIMES:
        scene.forget()
        process = scene.start(workers=2)
        time.sleep(scene.draw.uniform(0.3, 2.5))
        if kills % 2 and (workers := workers_of(process)):
            os.kill(scene.draw.choice(workers), signal.SIGKILL)
            process.join(300)
            assert process.exitcode == 0, said(scene.out)
            scene.check()
            kills += 1
        else:
            kills += scene.kill_after(process, 0)
    scene.finish()


def test_members_of_an_array_killed(scene: Scene) -> None:
    for _ in range(2 * TIMES):
        members = [scene.start(member=i) for i in range(3)]
        for _ in range(4):
            time.sleep(scene.draw.uniform(0, scene.took / 2))
            victim = scene.draw.randrange(3)
            members[victim].kill()
            members[victim].join()
            members[victim] = scene.start(member=victim)
        for member in members:
            member.join(300)
            assert member.exitcode == 0, said(scene.out)
        scene.check()
        assert leftovers(scene.out) == []
        scene.forget()


def test_a_recipe_changed_between_kill_and_resume(scene: Scene) -> None:
    for _ in range(8 * TIMES):
        recipe = scene.draw.randrange(2)
        scene.kill_after(scene.start(recipe=recipe), scene.draw.uniform(0, 1.1) * scene.took)
        if scene.draw.random() < 0.3:
            scene.finish(recipe)
    scene.finish(0)
    scene.finish(1)


def test_many_at_once(scene: Scene) -> None:
    """Drivers and members of two recipes start together: some work, the others say who does; then one finishes."""
    for _ in range(2 * TIMES):
        scene.forget()
        (scene.out.parent / "out.said").unlink(missing_ok=True)
        draw = scene.draw
        together = [scene.start(member=draw.choice([None, 0, 1]), of=2, recipe=draw.randrange(2)) for _ in range(4)]
        time.sleep(draw.uniform(0, 2 * scene.took))
        for process in together:
            if draw.random() < 0.5:
                process.join(0.5)
            process.kill()
            process.join()
            assert process.exitcode in (0, 1, 75, -signal.SIGKILL)
        told = said(scene.out).splitlines()
        assert all("is at work in" in line for line in told), told
        scene.finish(draw.randrange(2))


def test_a_driver_and_members_keep_each_other_out(scene: Scene) -> None:
    waiting = scene.start(member=0, of=2)  # waits for the other one
    while not list(scene.out.glob("work/*/shard-*.json")):
        time.sleep(0.02)
    for more, words in (({}, "another run"), ({"member": 1, "of": 2, "recipe": 1}, "a job array with another recipe")):
        second = scene.start(**more)
        second.join(300)
        assert second.exitcode == 1
        assert words in said(scene.out)
    other = scene.start(member=1, of=2)
    other.join(300)
    waiting.join(300)
    assert (other.exitcode, waiting.exitcode) == (0, 0)
    scene.check()
