"""The recipe behind `datapipe audit-pii`: a finished corpus through one step that looks for personal data."""

from __future__ import annotations

from os.path import normpath
from pathlib import Path
from typing import Any

from datapipe.core.errors import RecipeError
from datapipe.core.reader import Reader
from datapipe.io.compression import plain_name, with_compressed
from datapipe.io.files import expand
from datapipe.plan.calibration import READERS, read_of
from datapipe.plan.inputs import build_reader
from datapipe.plan.locate import Located

NAME = "audit"
STEP = "datapipe.engine.pii_audit"


def read_of_dataset(dataset: str, text_field: str | None, id_field: str | None) -> dict[str, Any]:
    """`read:` for a corpus: a run folder, a file, a folder or a pattern, on disk or at a URL; or what `read:` takes."""
    if dataset.startswith("{"):
        read = read_of(dataset)
        reader_of(read)  # errors tell what was written, not what is added here
    else:
        read = _by_ending(dataset)
    named = {"text": text_field, "id": id_field, "origin": "source"}
    columns = {name: field for name, field in named.items() if field is not None}
    return {"duplicate_ids": "keep", **read, "columns": {**columns, **read.get("columns", {})}}


def audit_recipe(read: dict[str, Any], search: dict[str, Any], out: str, whole: bool) -> Located:
    """Look for what `search` (parameters of pii_scrub) says; `whole`: the texts are kept, to compare with labels."""
    data = {
        "name": NAME, "plugins": [STEP], "read": read, "write": {"path": out}, "max_error_rate": 1.0,
        "steps": [{"audit_pii": {"search": search, "whole": whole}}], "ledger": {"text": "none", "edits": False},
    }  # fmt: skip
    return Located(NAME, data)


def reader_of(read: dict[str, Any]) -> Reader:
    """The reader that these words mean."""
    return build_reader(read, ("read",), Located(NAME, {"read": read}), str(Path.cwd()))


def _by_ending(dataset: str) -> dict[str, Any]:
    """A reader by the endings of the files there; of a run folder, what the run published."""
    at = dataset if "://" in dataset else str(Path.cwd() / dataset)
    files = [file.url for file in expand((at,), with_compressed(*READERS))]
    runs = [name.rsplit("/", 1)[0] for name in files if name.endswith("/manifest.json")]
    if any(_plain(name) == _plain(at) for name in runs):
        return _by_ending(f"{dataset.rstrip('/')}/data")
    if runs:
        raise RecipeError(
            f"{dataset}: holds runs, whose folders have tables besides texts; name one, such as {runs[0]}"
        )
    found = sorted({READERS[suffix] for name in files if (suffix := Path(plain_name(name)).suffix) in READERS})
    if len(found) != 1:
        which = " and ".join(found) if found else "neither Parquet nor JSON lines"
        raise RecipeError(f"{dataset}: {which}; say how to read it as a recipe does, such as '{{jsonl: {dataset}}}'")
    return {found[0]: at}


def _plain(folder: str) -> str:
    return normpath(folder.removeprefix("file://"))
