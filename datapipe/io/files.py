"""Which files a path means, and how they are opened: plain calls for local ones, fsspec for every other store."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, BinaryIO, cast

from datapipe.core.errors import DatapipeError, RecipeError, RunFailed
from datapipe.io.filesystem import filesystem, refuse_credentials
from datapipe.io.remote_file import Access, RemoteFile
from datapipe.io.retry import retrying

_CHECKSUMS = (
    "ETag",
    "etag",
    "md5Hash",
    "md5",
    "crc32c",
    "checksum",
    "LastModified",
    "last_modified",
    "mtime",
    "updated",
    "created",
)
_BUCKETS = ("s3://", "s3a://", "gs://", "gcs://")
_ANEW = "to plan anew, run it without --shards, or submit it again"


@dataclass(frozen=True)
class InputFile:
    """A file to read: where it lies, its bytes on disk, and a version that changes when its content does."""

    url: str
    size: int
    version: str


def is_local(url: str) -> bool:
    """Whether the path lies in this machine's file system (a `file://` URL does, too)."""
    return "://" not in url or url.startswith("file://")


def is_hub(url: str) -> bool:
    """Whether the path lies on the Hugging Face hub, which takes commits of files, not single writes."""
    return url.startswith("hf://")


def local_path(url: str) -> str:
    """The plain path of a local URL."""
    return url.removeprefix("file://")


def expand(paths: Iterable[str], extensions: tuple[str, ...]) -> list[InputFile]:
    """Files, folders (all files below with one of the extensions) and globs as one list, sorted by URL, each file once.

    Hidden files and those whose name starts with `_` are met by naming them only. Raises RecipeError for a path that
    means no file, or that carries a password.
    """
    found: dict[str, InputFile] = {}
    for path in paths:
        refuse_credentials(path)
        files = _local(local_path(path), extensions) if is_local(path) else _listed(path, extensions)
        if not files:
            raise RecipeError(_nothing(path, extensions))
        found.update((file.url, file) for file in files)
    return [found[url] for url in sorted(found)]


def open_input(url: str, access: Access = "stream") -> BinaryIO:
    """The file for reading, at its start; RunFailed if it cannot be opened. `access` saves requests to a store."""
    with reading(url):
        if is_local(url):
            return Path(local_path(url)).open("rb", buffering=0)
        return cast(BinaryIO, RemoteFile(url, access))


def parquet_source(url: str, access: Access = "blocks") -> str | BinaryIO:
    """What pyarrow is to open: the path of a local file, which it maps, or a stream."""
    return local_path(url) if is_local(url) else open_input(url, access)


@contextmanager
def reading(url: str) -> Iterator[None]:
    """Turn what the operating system or the store refuses into RunFailed naming the file."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise RunFailed(
            f"{url}: the file was there when the run was planned but cannot be read: {reason}; {_ANEW}"
        ) from error


def refuse_changed(url: str, version: str) -> None:
    """RunFailed if the input is not the one that was planned: of its pieces some would be old and some new.

    A store is asked only where its listings and its answers about one file are known to name the same version.
    """
    if is_local(url) and re.fullmatch(r"\d+-\d+", version):
        now = _local_file(local_path(url)).version
    elif url.startswith(_BUCKETS) and "-" in version:
        fs, path = filesystem(url)
        with reading(url):
            now = _remote_file(fs, retrying(url, "look it up", lambda: fs.info(path))).version
    else:
        return
    if now != version:
        raise RunFailed(f"{url}: has changed since the run was planned; {_ANEW}")


def _shown(matches: Iterable[str], pattern: str) -> list[str]:
    """The matches without those below hidden names, unless the pattern itself names hidden ones."""
    parts = pattern.strip("/").split("/")
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    if any(map(_is_hidden, parts[fixed:])):
        return list(matches)
    return [match for match in matches if not any(map(_is_hidden, match.strip("/").split("/")[fixed:]))]


def _is_hidden(name: str) -> bool:
    """Whether folder listings leave the name out: `.git`, `_SUCCESS`, `_temporary`."""
    return name.startswith((".", "_"))


def _wanted(name: str, extensions: tuple[str, ...]) -> bool:
    return not _is_hidden(name) and (not extensions or name.lower().endswith(extensions))


def _local(path: str, extensions: tuple[str, ...]) -> list[InputFile]:
    if Path(path).is_dir():
        return [_local_file(p) for p in _walk(path, extensions)]
    if Path(path).exists():
        return [_local_file(path)]
    if not glob.has_magic(path):
        return []
    files: list[str] = []
    matches = glob.glob(path, recursive=True)  # noqa: PTH207  # an absolute pattern, which Path.glob refuses
    for match in _shown(matches, path):
        if not Path(match).is_dir():
            files.append(match)
        elif "**" not in path:  # which reaches the files below by itself; `2024-*` means the folders it names
            files += _walk(match, extensions)
    return [_local_file(file) for file in files]


def _walk(folder: str, extensions: tuple[str, ...]) -> list[str]:
    files: list[str] = []
    for root, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        files += [str(Path(root, name)) for name in names if _wanted(name, extensions)]
    return files


def refuse_unreadable(path: str) -> None:
    """Raise RecipeError for a path that cannot stand in a manifest or a message: they are UTF-8."""
    shown = os.fsencode(path).decode(errors="replace")
    if shown != path:
        raise RecipeError(f"{shown}: its name is not UTF-8; rename it")


def _local_file(path: str) -> InputFile:
    refuse_unreadable(path)
    with reading(path):
        stat = Path(path).stat()
    return InputFile(path, stat.st_size, f"{stat.st_size}-{stat.st_mtime_ns}")


def _listed(url: str, extensions: tuple[str, ...]) -> list[InputFile]:
    try:
        return retrying(url, "list it", lambda: _remote(url, extensions))
    except FileNotFoundError:  # gone between two requests
        return []


def _remote(url: str, extensions: tuple[str, ...]) -> list[InputFile]:
    fs, path = filesystem(url)
    if glob.has_magic(path) and not fs.exists(path):
        matches = fs.glob(path, detail=True)
        files: list[dict[str, Any]] = []
        for name in _shown(matches, path):
            info = matches[name]
            if info["type"] != "directory":
                files.append(info)
            elif "**" not in path:
                files += _below(fs, name, extensions)
    elif fs.isdir(path):
        files = _below(fs, path, extensions)
    elif fs.exists(path):
        files = [fs.info(path)]
    else:
        files = []
    return [_remote_file(fs, info) for info in files]


def _below(fs: Any, folder: str, extensions: tuple[str, ...]) -> list[dict[str, Any]]:
    root = folder.rstrip("/")
    files = []
    for name, info in fs.find(root, detail=True).items():
        *folders, last = name.removeprefix(root).strip("/").split("/")
        if _wanted(last, extensions) and not any(part.startswith((".", "_")) for part in folders):
            files.append(info)
    return files


def _remote_file(fs: Any, info: dict[str, Any]) -> InputFile:
    size = int(info.get("size") or 0)
    mark = next((str(info[key]).strip('"') for key in _CHECKSUMS if info.get(key)), "")
    return InputFile(fs.unstrip_protocol(info["name"]), size, f"{size}-{mark}" if mark else str(size))


def _nothing(path: str, extensions: tuple[str, ...]) -> str:
    kinds = f" (in a folder: {', '.join(extensions)})" if extensions else ""
    where = "no file matches" if glob.has_magic(path) else "no such file, or a folder without matching files"
    if missing := _missing_bucket(path):
        return f"{path}: the bucket {missing} does not exist; correct the name"
    message = f"{path}: {where}; expected a file, a folder or a glob{kinds}"
    folder, _, name = path.rstrip("/").rpartition("/")
    near = get_close_matches(name, _names(folder), n=1, cutoff=0.5)
    return f"{message}; did you mean {folder}/{near[0]}?" if near and near[0] != name else message


def _missing_bucket(path: str) -> str | None:
    """The bucket of a URL, if its store says that there is none: listings of s3fs and gcsfs are just empty."""
    if not path.startswith(_BUCKETS):
        return None
    fs, inside = filesystem(path)
    bucket = inside.split("/", 1)[0]
    with suppress(OSError, ValueError):  # it may not tell these credentials
        return None if fs.exists(bucket) else bucket
    return None


def _names(folder: str) -> list[str]:
    """What lies in the folder; nothing if it cannot be listed, for this only serves a hint."""
    try:
        if is_local(folder):
            return sorted(os.listdir(local_path(folder) or "/"))  # noqa: PTH208  # names are all that is wanted
        fs, path = filesystem(folder)
        return sorted(str(name).rstrip("/").rsplit("/", 1)[-1] for name in fs.ls(path, detail=False))
    except (OSError, ValueError, DatapipeError):
        return []
