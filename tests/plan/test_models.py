"""Models named by URL: fetched when the recipe allows it, known by what they hold, read from this machine."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from datapipe.core.errors import RecipeError, RunFailed
from datapipe.engine.build import load_operators
from datapipe.io.model_cache import local_copy
from datapipe.ops.language_id import LanguageId
from datapipe.plan.resources import file_digest
from tests.conftest import Runs, compile_text

LID = LanguageId().files()[0]
TEXTS = ["The cat sat on the mat and looked at the dog.", "Die Katze saß auf der Matte und sah den Hund an."]


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing."""

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A web server with the model; the cache is a new folder."""
    monkeypatch.setenv("DATAPIPE_MODELS", str(tmp_path / "cache"))
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "lid.ftz").write_bytes(Path(LID).read_bytes())
    handler = functools.partial(Handler, directory=str(tmp_path / "web"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def recipe(runs: Runs, url: str, models: str = "", parameters: str = "") -> str:
    runs.jsonl("in.jsonl", [{"id": str(i), "text": text} for i, text in enumerate(TEXTS)])
    steps = f"[{{language_id: {{model: '{url}', min_score: 0{parameters}}}}}]"
    return f"name: m\n{models}read: {{jsonl: in.jsonl}}\nsteps: {steps}\nwrite: {{path: out}}\n"


def test_not_without_leave(runs: Runs, server: str) -> None:
    with pytest.raises(RecipeError) as error:
        compile_text(recipe(runs, f"{server}/lid.ftz"), runs.folder)
    assert str(error.value).endswith(
        f"recipe.yaml:3: language_id: {server}/lid.ftz would be downloaded; allow it by `models: {{allow_download: true}}` in "
        "the recipe, or copy the file to this machine and give its path"
    )
    with pytest.raises(RecipeError, match="would be downloaded"):  # nor what one language's own parameters name
        compile_text(recipe(runs, LID, "", f", by_lang: {{de: {{model: '{server}/lid.ftz'}}}}"), runs.folder)
    assert not (runs.folder / "cache").exists()


def test_fetched_once_and_named(runs: Runs, server: str) -> None:
    text = recipe(runs, f"{server}/lid.ftz", "models: {allow_download: true}\n")
    (runs.folder / "recipe.yaml").write_text(text)
    said = CliRunner().invoke(datapipe, ["check", str(runs.folder / "recipe.yaml")], catch_exceptions=False).output
    sha256, size = file_digest(LID)
    assert f"{server}/lid.ftz  {size:,} bytes  sha256 {sha256[:16]}…  for m.01.language_id" in said
    manifest = runs(text)
    assert manifest["models"] == [{"name": "lid.ftz", "sha256": sha256, "bytes": size, "steps": ["m.01.language_id"]}]
    assert [row["lang"] for row in runs.table("data")] == ["en", "de"]
    (runs.folder / "web" / "lid.ftz").unlink()
    again = runs(text.replace("models: {allow_download: true}\n", ""), out="again")  # no download, so no leave needed
    assert again["fingerprint"] == manifest["fingerprint"]


def test_what_cannot_be_had(runs: Runs, server: str) -> None:
    text = recipe(runs, f"{server}/none.ftz", "models: {allow_download: true}\n")
    with pytest.raises(RecipeError, match=r"none\.ftz: the model cannot be fetched: nothing is at this address"):
        compile_text(text, runs.folder)
    assert not [file for file in (runs.folder / "cache").rglob("*") if file.is_file()]


def test_another_machine_has_another_file(runs: Runs, server: str) -> None:
    """A worker reads the planned model or none: here the cache's file changes between plan and work."""
    url = f"{server}/lid.ftz"
    text = recipe(runs, url, "models: {allow_download: true}\n")
    compile_text(text, runs.folder)
    plan = compile_text(text, runs.folder)
    changed = Path(local_copy(url)).read_bytes()[:-1] + b"\1"
    Path(local_copy(url)).write_bytes(changed)
    assert compile_text(text, runs.folder).fingerprint != plan.fingerprint
    with pytest.raises(RunFailed, match=r"is not what .* was when the run was planned"):
        load_operators(plan).of(plan.steps()[0])


def test_an_unknown_key(runs: Runs) -> None:
    with pytest.raises(
        RecipeError, match=r"recipe\.yaml:2: models\.allow_downloads: unknown; did you mean allow_download"
    ):
        compile_text(recipe(runs, LID, "models: {allow_downloads: true}\n"), runs.folder)


def test_own_models_of_a_language_are_part_of_the_key(runs: Runs, tmp_path: Path) -> None:
    own = tmp_path / "own.ftz"
    own.write_bytes(Path(LID).read_bytes())
    plan = compile_text(recipe(runs, LID, "", f", by_lang: {{de: {{model: '{own}'}}}}"), runs.folder)
    assert {r.path for r in plan.resources} == {LID, str(own)}
    assert orjson.loads(plan.model_dump_json())["allow_download"] is False


def test_models_within_a_parameter(runs: Runs, server: str, language_models: Path) -> None:
    for name in ("en.arpa.bin", "en.sp.model"):
        (runs.folder / "web" / name).write_bytes((language_models / name).read_bytes())
    runs.jsonl("in.jsonl", [{"id": "1", "text": "She was very happy.", "lang": "en"}])
    pair = f"{{lm: '{server}/en.arpa.bin', sentencepiece: '{server}/en.sp.model'}}"
    text = f"MODELSread: {{jsonl: in.jsonl}}\nsteps: [perplexity: {{models: {{en: {pair}}}}}]\nwrite: {{path: out}}\n"
    with pytest.raises(RecipeError, match="would be downloaded"):
        compile_text(text.replace("MODELS", ""), runs.folder)
    manifest = runs(text.replace("MODELS", "models: {allow_download: true}\n"))
    assert {m["name"] for m in manifest["models"]} == {"en.arpa.bin", "en.sp.model"}
    own = text.replace("MODELS", "").replace(server, str(language_models))
    assert runs.table("data")[0]["perplexity"] == (runs(own, out="own") and runs.table("data", "own")[0]["perplexity"])
