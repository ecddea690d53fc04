"""kill -9 in a run with a mixture, a curriculum, packing and a shuffle: always the bytes of an undisturbed run.

Processes die in the middle of a file that a draw chooses, so that every kill hits work: about 150 files make a run, rows
being scattered and gathered among them. DATAPIPE_LONG_FAULTS=50 kills 50 times as often.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.conftest import Runs
from tests.faults.corpus import leftovers
from tests.faults.drivers import said
from tests.faults.ordered import OTHER, RECIPE, write_ordered
from tests.faults.scene import Digests, Scene

TIMES = int(os.environ.get("DATAPIPE_LONG_FAULTS", "1"))


@pytest.fixture
def scene(runs: Runs, digests: Digests, request: pytest.FixtureRequest) -> Iterator[Scene]:
    write_ordered(runs)
    scene = Scene(runs, digests, (RECIPE, OTHER), request.node.name)
    yield scene
    scene.end()


def die(scene: Scene, recipe: int, files: int) -> bool:
    """Start a driver that dies in one of its next files; whether it did, for it may be done before."""
    process = scene.start(recipe=recipe, fuse=scene.draw.randrange(2, files))
    process.join(300)
    assert process.exitcode in (0, -signal.SIGKILL), said(scene.out)
    return bool(process.exitcode)


def test_killed_again_and_again_on_the_way(scene: Scene) -> None:
    """With kills so near to each other all that can lie half written does so once; what was done is not done again."""
    kills = 0
    for _ in range(TIMES):
        while die(scene, 0, 40):
            kills += 1
        assert kills > 3
        scene.check()
        scene.forget()


def test_a_curriculum_changed_between_kill_and_resume(scene: Scene) -> None:
    for _ in range(6 * TIMES):
        recipe = scene.draw.randrange(2)
        if not die(scene, recipe, 100):
            scene.check(recipe)
    scene.finish(0)
    scene.finish(1)


def test_members_of_an_array_killed(scene: Scene) -> None:
    """Each dies twice, in a file of its own, while the others go on or wait; started again it takes up its part."""
    kills = 0
    for _ in range(TIMES):
        fuses = [[scene.draw.randrange(2, 30) for _ in range(2)] for _ in range(3)]
        members = {i: scene.start(member=i, fuse=fuses[i].pop()) for i in range(3)}
        until = time.monotonic() + 300
        while members:
            assert time.monotonic() < until, said(scene.out)
            for i, process in list(members.items()):
                process.join(0.05)
                if process.exitcode == -signal.SIGKILL:
                    kills += 1
                    members[i] = scene.start(member=i, fuse=fuses[i].pop() if fuses[i] else None)
                elif process.exitcode is not None:
                    assert process.exitcode == 0, said(scene.out)
                    del members[i]
        assert kills > 2
        scene.check()
        assert leftovers(scene.out) == []
        scene.forget()
