"""Any file of a run removed, changed, cut or emptied: the next run makes it anew, and the bytes are the same."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from datapipe.cli.verify import verify
from datapipe.core.errors import DatapipeError
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess, LocalPool
from tests.conftest import Quiet, Runs, compile_text
from tests.faults.corpus import RECIPE, conserved, leftovers, write_corpus

Digests = Callable[[Path], dict[str, str]]


def remove(path: Path, draw: random.Random) -> None:
    path.unlink()


def flip(path: Path, draw: random.Random) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


def cut(path: Path, draw: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path, draw: random.Random) -> None:
    path.write_bytes(b"")


DAMAGES = (remove, flip, cut, empty)


@pytest.fixture
def out(runs: Runs) -> Path:
    write_corpus(runs)
    assert conserved(runs(RECIPE))
    return runs.folder / "out"


def files(out: Path) -> list[Path]:
    """The files of a run's work, without locks."""
    return [p for p in sorted(out.glob("work/**/*")) if p.is_file() and p.name != "lock"]


def kinds(out: Path) -> dict[str, list[Path]]:
    """The files by what is left of their names without numbers and keys: a new kind is found by itself."""
    found: dict[str, list[Path]] = {}
    for path in files(out):
        stages = sorted(p.name for p in (out / "work").iterdir())
        name = "/".join(f"S{stages.index(part)}" if part in stages else part for part in path.parts[-3:-1])
        found.setdefault(f"{name}/{re.sub('[0-9a-f]{16}|[0-9]{5,}', 'N', path.name)}", []).append(path)
    return found


def forget_the_end(out: Path, everything: bool) -> None:
    """Make the next run read its work again: the publication's, and that of all barriers."""
    (out / "manifest.json").unlink(missing_ok=True)
    for folder in (out / "work").glob("publish-*"):
        shutil.rmtree(folder)
    if everything:
        for path in [*out.glob("work/*/artifacts/**/*.json"), *out.glob("work/*/stage.json")]:
            path.unlink()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("everything", [False, True], ids=["published again", "answered again"])
def test_a_file_of_every_kind(
    runs: Runs, out: Path, digests: Digests, damage: Callable[[Path, random.Random], None], everything: bool
) -> None:
    expected = digests(out)
    draw = random.Random(f"{damage.__name__}{everything}")
    found = kinds(out)
    assert len(found) >= 15, found
    for kind, paths in found.items():
        forget_the_end(out, everything)
        victims = [path for path in paths if path.exists()]  # what was forgotten is lost enough
        for path in draw.sample(victims, min(2, len(victims))):
            damage(path, draw)
        manifest = runs(RECIPE)
        assert conserved(manifest), kind
        assert digests(out) == expected, kind
        assert leftovers(out) == [], kind
    assert {path for path in files(out) if not path.exists()} == set()


def test_many_files_at_once(runs: Runs, out: Path, digests: Digests) -> None:
    expected = digests(out)
    draw = random.Random(11)
    for _ in range(5):
        forget_the_end(out, draw.random() < 0.5)
        victims = files(out)
        for path in draw.sample(victims, len(victims) // 2):
            draw.choice(DAMAGES)(path, draw)
        assert conserved(runs(RECIPE))
        assert digests(out) == expected


def test_all_data_of_the_stages_at_once(runs: Runs, out: Path, digests: Digests) -> None:
    """As a cleaner of old files does, or the lifecycle rule of a bucket: more files than a run would lose one by one."""
    expected = digests(out)
    victims = [path for path in files(out) if path.suffix == ".arrow"]
    assert len(victims) > 20
    for path in victims:
        path.unlink()
    forget_the_end(out, False)
    runs(RECIPE)
    assert digests(out) == expected


@pytest.mark.parametrize("table", ["data", "ledger", "quarantine", "edits", "scores"])
def test_published_files(runs: Runs, out: Path, digests: Digests, table: str) -> None:
    expected = digests(out)
    draw = random.Random(table)
    for damage in DAMAGES:
        victim = draw.choice(sorted((out / table).glob("part-*")))
        damage(victim, draw)
        with pytest.raises(DatapipeError, match=victim.name):
            verify.callback(str(out))
        if damage is flip:  # of the same size: a run has no reason to read it, `verify` does
            runs(RECIPE)
            victim.unlink()
        runs(RECIPE)
        assert digests(out) == expected


def test_a_manifest_damaged_anywhere(runs: Runs, out: Path, digests: Digests) -> None:
    expected = digests(out)
    manifest = out / "manifest.json"
    whole = manifest.read_bytes()
    draw = random.Random(4)
    for damage in [remove, cut, empty, *[flip] * 40]:
        manifest.write_bytes(whole)
        damage(manifest, draw)
        runs(RECIPE)
        assert digests(out) == expected


THIEF = """
from pathlib import Path
from datapipe import per_document
@per_document.map('thief')
def thief(text: str, *, work: str, kind: str) -> str:
    marker = Path(work, 'stolen')
    if kind and not marker.exists() and 'number 150 ' in text:
        marker.touch()
        for victim in Path(work).glob(kind):
            victim.unlink()
    return text
"""
STOLEN = ("shard-*.arrow", "shard-*.json", "stage.*", "artifacts/*.arrow", "artifacts/*.json", "*.ledger.arrow")


@pytest.mark.parametrize("workers", [0, 2])
def test_files_lost_while_the_run_is_on(runs: Runs, digests: Digests, workers: int) -> None:
    """An operator of the last stage removes what this and the earlier stages have left."""
    write_corpus(runs)
    (runs.folder / "thief.py").write_text(THIEF)
    pool = LocalPool(workers) if workers else InProcess()
    for number, kind in enumerate(("", *(f"*/{kind}" for kind in STOLEN), "plan-*.json")):
        out = runs.folder / f"out-{number}"
        step = f"{{thief: {{work: {out / 'work'}, kind: '{kind}'}}}}, {{sample:"
        plan = compile_text("plugins: [thief.py]\n" + RECIPE.replace("{sample:", step), runs.folder)
        assert conserved(Driver(plan, str(out), pool, Quiet()).run())
        assert (out / "work/stolen").exists() == bool(kind)
        assert digests(out) == digests(runs.folder / "out-0"), kind
    pool.close()
