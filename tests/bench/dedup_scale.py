"""Near-dedup of 1, 3 and 10 million documents: `python tests/bench/dedup_scale.py [MILLIONS …] [--memory 2GB] [--workers 2]`.

Whole runs of `datapipe run` over documents without text whose clusters are planted (`planted.py`): what is measured is
everything but reading text and signatures. The memory is that of all processes together, at the worst moment. At 1
million documents, what is kept is compared with scipy's connected components. Before that, buckets of 6,400 documents
(20 million pairs) and more.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from planted import PlantedDedup, band_keys
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components as scipy_components

from datapipe.engine.asking import ask

RECIPE = """
name: planted
plugins: [{plugin}]
memory: {memory}
read: {{planted: numbers, documents: {documents}, shard: {shard}, duplicate_ids: keep}}
steps: [{{planted_dedup: {{documents: {documents}, giant: {giant}, keep: first}}}}]
write: {{path: {out}}}
ledger: {{text: none}}
"""


def run(documents: int, giant: int, arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One run: seconds, CPU seconds, bytes of memory, files, rows."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    plugin = Path(__file__).with_name("planted.py")
    recipe = RECIPE.format(
        plugin=plugin, documents=documents, giant=giant, shard=arguments.shard, out=folder / "out", memory=arguments.memory
    )  # fmt: skip
    (folder / "recipe.yaml").write_text(recipe)
    command = [sys.executable, "-m", "datapipe", "run", str(folder / "recipe.yaml"), "--quiet"]
    began, spent = time.perf_counter(), os.times()
    process = subprocess.Popen([*command, "--workers", str(arguments.workers)])
    peak = {"rss": 0, "private": 0}
    watcher = threading.Thread(target=watch, args=(process.pid, peak))
    watcher.start()
    if process.wait():
        raise SystemExit("the run failed")
    seconds, after = time.perf_counter() - began, os.times()
    watcher.join()
    manifest = json.loads((folder / "out/manifest.json").read_text())
    files = sum(path.is_file() for path in (folder / "out/work").rglob("*"))
    cpu = after.children_user + after.children_system - spent.children_user - spent.children_system
    return {"seconds": seconds, "cpu": cpu, **peak, "files": files, "rows": manifest["rows_written"]}


def watch(pid: int, peak: dict[str, int]) -> None:
    """The most that a process and its children hold together, with the pages of mapped files and without them."""
    while psutil.pid_exists(pid):
        try:
            top = psutil.Process(pid)
            held = [process.memory_info() for process in (top, *top.children(recursive=True))]
            peak["rss"] = max(peak["rss"], sum(info.rss for info in held))
            peak["private"] = max(peak["private"], sum(info.rss - info.shared for info in held))
            if top.status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.Error:
            pass
        time.sleep(0.05)


def oracle(documents: int, giant: int) -> npt.NDArray[np.int64]:
    """The least document of every component, all keys in memory."""
    keys = band_keys(np.arange(documents), documents, giant, 14)
    pairs = []
    for band in keys.T:
        order = np.argsort(band, kind="stable")
        same = np.flatnonzero(band[order][1:] == band[order][:-1])
        pairs.append(np.stack([order[same], order[same + 1]]))
    a, b = np.concatenate(pairs, axis=1)
    _, label = scipy_components(coo_matrix((np.ones(len(a), bool), (a, b)), (documents,) * 2), directed=False)
    return np.unique(label, return_index=True)[1]


def copies(n: int) -> float:
    """CPU seconds of both rounds over n documents that are all in one bucket of every band, without a run folder."""
    numbers = pa.array(range(n))
    columns = {"_addr": numbers.cast(pa.uint64()), "id": numbers.cast(pa.string())}
    batch = pa.RecordBatch.from_pydict({**columns, "text": columns["id"].cast(pa.large_string())})
    question = PlantedDedup(documents=n, giant=n, shared=1, keep="first")
    began = time.process_time()
    ask(question.rounds(), [batch])
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", nargs="*", type=float, default=[1, 3, 10])
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shard", type=int, default=30_000, help="documents of a shard")
    parser.add_argument("--giant", type=int, default=100_000, help="documents of the largest cluster")
    arguments = parser.parse_args()
    copies(10)  # compiles
    for n in (6_400, 100_000, 1_000_000):
        spent = min(copies(n) for _ in range(3))
        print(f"{n:>11,} documents in one bucket: {spent:.2f} CPU s, {1e6 * spent / n:.1f} us each", flush=True)
    before: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="datapipe-bench-") as folder:
        for millions in arguments.millions:
            documents = int(millions * 1e6)
            giant = min(arguments.giant, documents)
            found = run(documents, giant, arguments, Path(folder))
            grown = ""
            if before:
                n, m = documents, before["documents"]
                grown = f" ({found['cpu'] / before['cpu']:.2f} times; n log n: {n * np.log(n) / (m * np.log(m)):.2f})"
            print(
                f"{documents:>11,} documents: {found['seconds']:.0f} s, {found['cpu']:.0f} CPU s{grown}, "
                f"{found['rss'] / 1e9:.2f} GB ({found['private'] / 1e9:.2f} GB without mapped files), "
                f"{found['files']} files, {found['rows']:,} kept",
                flush=True,
            )
            if documents <= 1_000_000:
                ids = pq.read_table(Path(folder) / "out/data", columns=["id"]).column("id")
                kept = np.sort(np.array(ids.to_pylist(), np.int64))
                assert np.array_equal(kept, np.sort(oracle(documents, giant))), (
                    "kept documents differ from the oracle's"
                )
                print("            kept documents equal those by scipy", flush=True)
            before = {**found, "documents": documents}


if __name__ == "__main__":
    main()
