"""Fixtures that write a recipe and run it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from datapipe.core.registry import operators, readers
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess, LocalPool
from datapipe.engine.training.classifier import Training, train_classifier
from datapipe.engine.training.fasttext import FastTextSettings
from datapipe.engine.training.labelled import Read, two_classes
from datapipe.engine.training.language_model import Request, train_language_model
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import parse
from datapipe.plan.plan import Plan

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample_data"


class Quiet:
    """An observer that shows nothing."""

    def begin(self, title: str, tasks: int, done: int) -> None: ...
    def advance(self, rows: int, size: int) -> None: ...
    def end(self) -> None: ...
    def tell(self, notice: str) -> None: ...


def compile_text(recipe: str, folder: Path) -> Plan:
    """The plan of a recipe that would lie in this folder."""
    return compile_recipe(parse(recipe, str(folder / "recipe.yaml")))


class Runs:
    """Runs recipes in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def jsonl(self, name: str, rows: list[dict[str, Any]]) -> Path:
        """Write rows as JSON lines."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        return path

    def __call__(self, recipe: str, out: str = "out", workers: int = 0, fresh: bool = False) -> dict[str, Any]:
        """Run a recipe (its text) into a folder beside it; the manifest."""
        plan = compile_text(recipe, self.folder)
        pool = LocalPool(workers) if workers else InProcess()
        try:
            return Driver(plan, str(self.folder / out), pool, Quiet()).run(fresh)
        finally:
            pool.close()

    def table(self, name: str, out: str = "out") -> list[dict[str, Any]]:
        """All rows of `data`, `ledger`, `quarantine` or `edits`."""
        files = sorted((self.folder / out / name).glob("part-*.parquet"))
        return [row for file in files for row in pq.read_table(file).to_pylist()]


@pytest.fixture(autouse=True)
def no_plugins() -> Iterator[None]:
    """A test's plugins go with it: two tests may call their operators the same."""
    yield
    plugins = {name for name in sys.modules if name.startswith("datapipe_plugin_")}
    for registry in (operators, readers):
        registry.forget(plugins)
    for name in plugins:
        del sys.modules[name]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """A folder in which recipes run."""
    return Runs(tmp_path)


@pytest.fixture(scope="session")
def language_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small models of English and Spanish books, as `datapipe train lm` writes them."""
    folder = tmp_path_factory.mktemp("models")
    for lang in ("en", "es"):
        request = Request((str(SAMPLE / "books" / "books.parquet"),), folder, order=3, lang=lang, vocab_size=500)
        train_language_model(request, lambda said: None)
    return folder


@pytest.fixture(scope="session")
def quality_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small classifier of books (hq) against the web (cc), as `datapipe train quality` writes it."""
    folder = tmp_path_factory.mktemp("quality")
    settings = FastTextSettings(lr=0.5, dim=16, word_ngrams=2, bucket=20_000)
    training = Training("quality", folder, max_examples=200, fasttext=settings)
    read = Read()
    sides = ("hq", "books/books.parquet"), ("cc", "web/web.jsonl.zst")
    classes = [(label, (str(SAMPLE / file),)) for label, file in sides]
    train_classifier(training, two_classes(classes, None, read), read, "hq", lambda said: None)
    return folder / "quality.bin"


@pytest.fixture
def digests() -> Callable[[Path], dict[str, str]]:
    """What must be equal between two runs: every file of data and side tables by its digest."""

    def of(out: Path) -> dict[str, str]:
        names = ("data", "ledger", "quarantine", "edits", "pii", "scores", "audit", "models/*")
        files = [p for name in names for p in sorted((out / name).glob("*"))]
        return {str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    return of
