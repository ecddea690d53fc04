"""`datapipe verify`: every published file against the manifest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datapipe.io.store import Store


@click.command()
@click.argument("folder", metavar="RUN")
def verify(folder: str) -> None:
    """Re-read every published file of a run and compare size, digest and rows with the manifest."""
    from datapipe.cli.runfolder import open_output, read_manifest
    from datapipe.core.errors import DatapipeError

    manifest = read_manifest(folder)
    run = open_output(folder)
    files = [(open_output(output["path"]), f) for output in manifest["outputs"] for f in output["files"]]
    files += [(run, f) for table in manifest["tables"].values() for f in table]
    files += [(run, f) for model in manifest.get("trained", []) for f in model["files"]]
    wrong = [fault for store, told in files if (fault := _changed(store, told))]
    if not wrong:  # what a file says of itself is of interest where it is what was written
        wrong = [fault for output in manifest["outputs"] for fault in _miscounted(output)]
        wrong += [
            fault for table in manifest["tables"].values() for fault in _miscounted({"path": folder, "files": table})
        ]
    known = {told["path"] for _, told in files}
    strays = [f"data/{name}" for name in run.names("data") if name.startswith("part-") and f"data/{name}" not in known]
    wrong += [f"{run.url(name)}: not in the manifest" for name in strays]
    if wrong:
        raise DatapipeError("\n".join([*wrong, f"{len(wrong)} of {len(files)} files are not as the manifest says"]))
    rows = manifest["rows_written"]
    click.echo(f"{len(files)} file{'s' if len(files) != 1 else ''}, {rows:,} rows: as the manifest says")


def _changed(store: Store, told: dict[str, Any]) -> str:
    """What became of a file; "" if it is what was written."""
    from datapipe.io.files import open_input

    name = told["path"]
    where = store.url(name)
    if not store.exists(name):
        return f"{where}: missing"
    digest, size = hashlib.sha256(), 0
    with open_input(where) as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
            size += len(block)
    found = digest.hexdigest()
    if size != told["bytes"] or found != told["sha256"]:
        return (
            f"{where}: changed: {size:,} bytes, sha256 {found[:16]}…, "
            f"expected {told['bytes']:,}, {told['sha256'][:16]}…"
        )
    return ""


def _miscounted(output: dict[str, Any]) -> Iterator[str]:
    """Parts of an output whose files hold other rows than the manifest says, and an output that holds other tokens."""
    from functools import partial

    import pyarrow as pa

    from datapipe.cli.runfolder import open_output
    from datapipe.io.files import open_input
    from datapipe.io.formats.choice import format_of

    form, store = format_of(output), open_output(output["path"])
    parts = [f for f in output["files"] if f["path"].endswith(tuple(f".{suffix}" for suffix in form.suffixes))]
    step, tokens = len(form.suffixes), 0
    for at in range(0, len(parts), step):
        where = store.url(parts[at]["path"])
        try:
            held = form.holds([partial(open_input, store.url(f["path"])) for f in parts[at : at + step]])
        except (pa.ArrowException, OSError, ValueError) as error:
            yield f"{where}: cannot be read: {error}"
            continue
        if held.rows is not None and held.rows != parts[at]["rows"]:
            yield f"{where}: {held.rows:,} rows, expected {parts[at]['rows']:,}"
        tokens += held.tokens or 0
    if tokens and tokens != output["tokens"]:
        yield f"{output['path']}: {tokens:,} tokens, expected {output['tokens']:,}"
