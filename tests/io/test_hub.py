"""Publishing to the hub, against a stand-in that answers what its client asks."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from datapipe.core.errors import MissingDependency, RecipeError, RunFailed
from datapipe.io import hub, retry
from tests.conftest import Runs
from tests.tokens import lay_out, texts

constants = pytest.importorskip("huggingface_hub.constants")

TOKEN = "hf_neverToBePrinted"
URL = "hf://datasets/someone/corpus/v1"


class Hub:
    """The hub's side: repositories, files, large objects and commits."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.objects: dict[str, bytes] = {}
        self.commits: list[dict[str, list[str]]] = []
        self.uploads = 0
        self.faults: list[tuple[str, int]] = []  # (part of a path, status), each met once
        self.endpoint = ""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        for fault in self.faults:
            if fault[0] in path:
                self.faults.remove(fault)
                return fault[1], {"error": "as the test asked"}
        if path == "/api/repos/create":
            asked = json.loads(body)
            known = asked["name"] in self.repositories
            self.repositories.setdefault(asked["name"], asked)
            return 409 if known else 200, {"url": f"{self.endpoint}/datasets/someone/corpus"}
        if "/branch/" in path:
            return 200, {}
        if "/tree/" in path:
            return 200, [{"type": "file", "path": p, "size": len(b), "oid": "0"} for p, b in self.files.items()]
        if "/preupload/" in path:
            wanted = [file["path"] for file in json.loads(body)["files"]]
            return 200, {"files": [self.mode(path) for path in wanted]}
        if path.endswith("/objects/batch"):
            return 200, {"transfer": "basic", "objects": [self.place(o) for o in json.loads(body)["objects"]]}
        if method == "PUT":
            self.uploads += 1
            self.objects[path.rpartition("/")[2]] = body
            return 200, {}
        if "/commit/" in path:
            self.commit([json.loads(line) for line in body.splitlines()])
            return 200, {"commitUrl": f"{self.endpoint}/datasets/someone/corpus/commit/0", "commitOid": "0" * 40}
        if "/revision/" in path:
            return 200, {"id": "someone/corpus", "sha": "0" * 40}
        return 404, {"error": path}

    def mode(self, path: str) -> dict[str, Any]:
        large = path.endswith(".parquet")
        old = self.files.get(path)
        oid = None if old is None else hashlib.sha256(old).hexdigest() if large else git_oid(old)
        return {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False, "oid": oid}

    def place(self, wanted: dict[str, Any]) -> dict[str, Any]:
        oid = wanted["oid"]
        upload = {"upload": {"href": f"{self.endpoint}/objects/{oid}"}}
        return {**wanted, **({} if oid in self.objects else {"actions": upload})}

    def commit(self, lines: list[dict[str, Any]]) -> None:
        done: dict[str, list[str]] = {"add": [], "delete": []}
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.files[value["path"]] = self.objects[value["oid"]]
            elif line["key"] == "deletedFile":
                del self.files[value["path"]]
                done["delete"].append(value["path"])
            if line["key"] in ("file", "lfsFile"):
                done["add"].append(value["path"])
        self.commits.append(done)


def git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, value = state.answer(self.command, self.path.partition("?")[0], body)
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = reply  # noqa: N815  # the names http.server looks for

        def log_message(self, *args: Any) -> None: ...

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.endpoint = f"http://127.0.0.1:{web.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", state.endpoint)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.01)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield state
    web.shutdown()
    thread.join()
    web.server_close()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    names = [*(f"data/part-{i:05d}.parquet" for i in range(7)), "manifest.json"]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"content of {name}")
    return {name: tmp_path / name for name in names}


def test_the_manifest_is_the_commit(server: Hub, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_FILES", 3)
    server.files = {"v1/data/part-00009.parquet": b"old", "README.md": b"mine"}
    hub.publish(URL, files, lambda path: path.startswith("data/part-"))
    assert server.repositories["corpus"]["organization"] == "someone"
    assert "private" in json.dumps(server.repositories["corpus"])
    assert [len(commit["add"]) for commit in server.commits] == [3, 3, 1, 1]
    assert server.commits[-1] == {"add": ["v1/manifest.json"], "delete": ["v1/data/part-00009.parquet"]}
    expected = {f"v1/{name}": path.read_bytes() for name, path in files.items()}
    assert server.files == {**expected, "README.md": b"mine"}


def test_what_is_there_is_not_sent_again(server: Hub, files: dict[str, Path]) -> None:
    hub.publish(URL, files)
    assert server.uploads == 7
    files["data/part-00003.parquet"].write_text("changed")
    hub.publish(URL, files)
    assert server.uploads == 8
    assert server.commits[-1]["add"] == ["v1/data/part-00003.parquet"]


def test_failures_that_pass_and_those_that_do_not(
    server: Hub, files: dict[str, Path], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults = [("/commit/", 503), ("/api/repos/create", 500)]
    hub.publish(URL, files)
    assert len(server.files) == 8
    assert f"datapipe: {URL}: 503" in capfd.readouterr().err
    server.faults = [("/commit/", 403)]
    files["manifest.json"].write_text("changed")
    with pytest.raises(RunFailed, match=rf"{URL}: the store refuses to commit to it \(403.*HF_TOKEN") as failure:
        hub.publish(URL, files)
    said = capfd.readouterr()
    assert TOKEN not in str(failure.value) + said.out + said.err


def test_places() -> None:
    assert hub.parse_place("hf://datasets/a/b") == ("a/b", "", "")
    assert hub.parse_place("hf://datasets/a/b@dev/x/y/") == ("a/b", "dev", "x/y")
    for wrong in ("hf://a/b", "hf://datasets/a", "hf://models/a/b", "s3://a/b"):
        with pytest.raises(RecipeError, match=re.escape("expected hf://datasets/USER/NAME")):
            hub.parse_place(wrong)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(MissingDependency, match=r"pip install 'datapipe\[huggingface\]'"):
        hub.publish(URL, {})


def test_a_run_has_the_hub_as_its_second_output(server: Hub, runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": str(i), "text": f"document {i} " * 50} for i in range(100)])
    recipe = f"""
datasets: {{a: {{read: {{jsonl: a.jsonl}}}}}}
write: [{{dataset: a, path: out}}, {{dataset: a, path: "{URL}", shard_size: 20KB}}]
"""
    manifest = runs(recipe)
    assert manifest["rows_written"] == 200
    there = json.loads(server.files["v1/manifest.json"])
    assert there["rows_written"] == 100
    for file in there["files"]:
        assert hashlib.sha256(server.files[f"v1/{file['path']}"]).hexdigest() == file["sha256"]
    assert len(there["files"]) > 2
    commits = len(server.commits)
    runs(recipe)
    assert len(server.commits) == commits


def test_files_that_speak_of_all_parts_go_there_too(server: Hub, runs: Runs) -> None:
    rows = texts(60)
    lay_out(runs, rows)
    recipe = f"""
plugins: [hashed.py]
datasets: {{a: {{read: {{jsonl: in}}, steps: [hashed]}}}}
write: [{{dataset: a, path: out}}, {{dataset: a, path: "{URL}", shard_size: 5KB, format: FORMAT}}]
"""
    for form, also in (("mds", "v1/data/index.json"), ("megatron", None), ("{parquet: {card: true}}", "v1/README.md")):
        runs(recipe.replace("FORMAT", form))
        there = json.loads(server.files["v1/manifest.json"])
        found = {name: hashlib.sha256(data).hexdigest() for name, data in server.files.items()}
        del found["v1/manifest.json"]
        assert found == {f"v1/{file['path']}": file["sha256"] for file in there["files"]}
        assert also is None or also in found
        assert there["outputs"][0]["tokens"] == sum(len(row["text"].split()) for row in rows)
