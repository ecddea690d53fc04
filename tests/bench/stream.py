"""The reader of published streams: `python tests/bench/stream.py FOLDER [--gb 2] [--mosaic]`.

Sequences of 2,048 uint16 tokens (Zipf) are published in FOLDER, as the output formats write them. Time to the first batch
of any step, with the files in memory and without; decoded tokens a second; beside `datasets` (and mosaicml-streaming, on
the same rows as MDS) in the same process; ratios of seeks are of time on the clock, of speed by CPU time.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from datapipe.io.formats.format import Format
from datapipe.io.formats.mds import Mds
from datapipe.io.formats.parquet import Parquet
from datapipe.stream import Stream

LENGTH = 2048
PIECE = 244  # rows of 1 MB
PART = 128  # pieces


def pieces(part: int) -> Iterator[pa.RecordBatch]:
    """Rows of a part; a part repeats a pool of tokens, from another place on."""
    pool = np.random.default_rng(17).zipf(1.2, 1 << 22).clip(max=50_000).astype(np.uint16)
    for piece in range(PART):
        first = (part * PART + piece) * PIECE
        ids = np.take(pool, np.arange(first * LENGTH + part, (first + PIECE) * LENGTH + part), mode="wrap")
        yield pa.record_batch(
            {
                "id": [f"pack-{i}" for i in range(first, first + PIECE)],
                "source": ["web"] * PIECE,
                "input_ids": pa.FixedSizeListArray.from_arrays(pa.array(ids), LENGTH),
            }
        )


def publish(folder: Path, form: Format, parts: int) -> None:
    """What a run leaves: parts, small files and the manifest."""
    if (folder / "manifest.json").exists():
        return
    (folder / "data").mkdir(parents=True, exist_ok=True)
    schema = next(pieces(0)).schema
    files, reports = [], []
    for part in range(parts):
        names = [f"data/part-{part:05}.{suffix}" for suffix in form.suffixes]
        with contextlib.ExitStack() as opened:
            streams = [opened.enter_context((folder / name).open("wb")) for name in names]
            facts = form.write(pieces(part), form.published(schema), streams)
        told = [{"path": n, "bytes": (folder / n).stat().st_size, "sha256": digest(folder / n)} for n in names]
        files += [{**f, "rows": 0 if i else PART * PIECE} for i, f in enumerate(told)]
        reports.append({"rows": PART * PIECE, "tokens": None, "facts": facts, "files": told})
    for name, data in form.whole(reports, form.published(schema)).items():
        (folder / name).write_bytes(data)
    output = {"dataset": "bench", "format": form.model_dump(), "files": files}
    (folder / "manifest.json").write_text(json.dumps({"outputs": [output]}))


def digest(path: Path) -> str:
    """As of a published file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def forget(folder: Path) -> None:
    """Drop the files from the page cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def seek(
    name: str, first: Callable[[int], Any], steps: Iterable[int], before: Callable[[], None] = lambda: None
) -> float:
    """Milliseconds to the first batch of each of these steps; the median."""
    took, used = [], []
    for step in steps:
        before()
        time.sleep(0.03)  # threads of the seek before end
        started, cpu = time.perf_counter(), time.thread_time()
        first(step)
        took.append((time.perf_counter() - started) * 1e3)
        used.append((time.thread_time() - cpu) * 1e3)
    median, high = float(np.median(took)), float(np.quantile(took, 0.99))
    own = f"{np.median(used):6.1f} ms, 99 % {np.quantile(used, 0.99):6.1f}"
    print(f"{name:<38} median {median:7.1f} ms, 99 % {high:7.1f}; CPU {own}", flush=True)
    return median


def speed(name: str, batches: Iterable[Any], limit: int) -> float:
    """MB of decoded tokens, as published, for a second of CPU time; after so many MB."""
    started, cpu, size = time.perf_counter(), time.process_time(), 0
    for batch in batches:
        size += batch["input_ids"].size * 2  # `datasets` makes int64 of them
        if size >= limit * 1e6:
            break
    wall, used = time.perf_counter() - started, time.process_time() - cpu
    print(
        f"{name:<38} {size / wall / 1e6:7.0f} MB/s, {size / used / 1e6:5.0f} MB for a second of CPU ({size / 1e6:.0f} MB)"
    )
    return size / used / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gb", type=float, default=2.0, help="of decoded tokens")
    parser.add_argument("--mosaic", action="store_true", help="beside mosaicml-streaming, which must be installed")
    asked = parser.parse_args()
    parts = max(1, round(asked.gb * 1e9 / (PART * PIECE * LENGTH * 2)))
    folder = asked.folder / "parquet"
    publish(folder, Parquet(columns=["input_ids"]), parts)
    code = f"import time; t = time.perf_counter(); from datapipe.stream import Stream; s = Stream({str(folder)!r}, 8); a = "
    code += (
        "time.perf_counter(); next(iter(s)); b = time.perf_counter(); print(*(round(x * 1e3) for x in (a - t, b - a)))"
    )
    started, batch = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    print(f"a new process: import and manifest {started} ms, first batch {batch} ms")

    stream = Stream(folder, 8, columns=["input_ids"])
    steps = np.random.default_rng(3).integers(0, len(stream), 200).tolist()

    def ours(step: int) -> Any:
        found = Stream(folder, 8, step=step, columns=["input_ids"])  # the manifest is read, too
        return next(iter(found))

    print(
        f"{len(stream) * 8:,} sequences, {parts} parts, {sum(f.stat().st_size for f in folder.rglob('*')) / 1e9:.2f} GB"
    )
    warm = seek("seek, files in memory", ours, steps)
    seek("seek, no file in memory", ours, steps[:60], lambda: forget(folder))
    seek("seek, as rank 77 of 256", lambda k: next(iter(Stream(folder, 8, 77, 256, k // 256))), steps[:60])
    every = Stream(folder, 8, columns=["input_ids"])
    rate = speed("reading, batches of 8", every, 1500)
    speed("the same, one thread", Stream(folder, 8, threads=1), 1500)
    speed("the same, batches of 512", Stream(folder, 512), 1500)
    speed("as rank 3 of 8 (what it takes in)", Stream(folder, 8, 3, 8), 200)

    from datasets import load_dataset

    files = sorted(str(path) for path in (folder / "data").glob("*.parquet"))
    rival = load_dataset("parquet", data_files=files, split="train", streaming=True).select_columns(["input_ids"])

    def theirs(step: int) -> Any:
        return next(rival.skip(step * 8).with_format("numpy").iter(batch_size=8))

    print(f"  seek {seek('datasets: skip', theirs, steps[:8]) / warm:.0f} times as long")
    batches = rival.with_format("numpy").iter(batch_size=8)
    print(f"  ours {rate / speed('datasets: iter, numpy', batches, 400):.1f} times as fast")
    if asked.mosaic:
        beside_mosaic(asked.folder / "mds", parts, steps, warm, rate)


def beside_mosaic(folder: Path, parts: int, steps: list[int], warm: float, rate: float) -> None:
    """The same rows as MDS, not compressed, read by StreamingDataset without shuffling."""
    from streaming import StreamingDataset
    from streaming.base.util import clean_stale_shared_memory

    publish(folder, Mds(columns=["input_ids"]), parts)

    def dataset() -> Any:
        clean_stale_shared_memory()
        return StreamingDataset(local=str(folder / "data"), batch_size=8, shuffle=False)

    def theirs(step: int) -> Any:
        found = dataset()
        state = {"epoch": 0, "sample_in_epoch": step * 8, "num_canonical_nodes": 1, "initial_physical_nodes": 1}
        found.load_state_dict({**state, "shuffle_seed": found.shuffle_seed})
        samples = list(islice(iter(found), 8))
        return np.stack([sample["input_ids"] for sample in samples])

    def batches() -> Iterator[Any]:
        samples = iter(dataset())
        while eight := list(islice(samples, 8)):
            yield {"input_ids": np.stack([sample["input_ids"] for sample in eight])}

    print(f"  seek {seek('mosaicml-streaming: load_state_dict', theirs, steps[:8]) / warm:.0f} times as long")
    print(f"  ours {rate / speed('mosaicml-streaming: samples, stacked', batches(), 400):.1f} times as fast")


if __name__ == "__main__":
    main()
