"""Files of rows on their way to new shards, and of those shards, lost or damaged: made anew, and the bytes are the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.conftest import Runs
from tests.faults.corpus import conserved, leftovers
from tests.faults.ordered import RECIPE, write_ordered
from tests.faults.scene import Digests
from tests.faults.test_lost_files import DAMAGES, THIEF, files, forget_the_end, kinds


@pytest.fixture
def out(runs: Runs) -> Path:
    write_ordered(runs)
    runs(RECIPE)
    return runs.folder / "out"


def test_a_file_of_every_kind(runs: Runs, out: Path, digests: Digests) -> None:
    """Of each stage one of each, in a way that a draw chooses, before what was made of it is asked for again."""
    expected, draw = digests(out), random.Random(7)
    found = kinds(out)
    assert sum("scattered" in kind for kind in found) == 3
    for kind, paths in found.items():
        forget_the_end(out, draw.random() < 0.8)
        if victims := [path for path in paths if path.exists()]:  # what was forgotten is lost enough
            draw.choice(DAMAGES)(draw.choice(victims), draw)
        assert conserved(runs(RECIPE)), kind
        assert digests(out) == expected, kind
        assert leftovers(out) == [], kind


def test_many_files_at_once(runs: Runs, out: Path, digests: Digests) -> None:
    expected, draw = digests(out), random.Random(12)
    for _ in range(5):
        forget_the_end(out, draw.random() < 0.5)
        victims = files(out)
        for path in draw.sample(victims, len(victims) // 2):
            draw.choice(DAMAGES)(path, draw)
        assert conserved(runs(RECIPE))
        assert digests(out) == expected


STOLEN = ("shard-*.arrow", "shard-*.json", "scattered.arrow", "stage.*", "artifacts/*.arrow", "artifacts/*.json")


def test_files_lost_while_rows_are_gathered(runs: Runs, digests: Digests) -> None:
    """The stage that gathers what the mixture scattered takes them away when some of its shards are done."""
    write_ordered(runs)
    (runs.folder / "thief.py").write_text(THIEF.replace("number 150 ", "web-1 50 "))
    for number, kind in enumerate(("", *(f"*/{kind}" for kind in STOLEN))):
        out = runs.folder / f"out-{number}"
        step = f"- thief: {{work: {out / 'work'}, kind: '{kind}'}}\n      - curriculum:"
        text = RECIPE.replace("- curriculum:", step).replace("[orders.py]", "[orders.py, thief.py]")
        assert conserved(runs(text, out.name))
        assert (out / "work/stolen").exists() == bool(kind)
        assert digests(out) == digests(runs.folder / "out-0"), kind
