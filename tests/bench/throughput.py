"""Speed and memory of the engine on a bulk corpus: `python tests/bench/throughput.py BULK [--only NAME]`.

BULK is a folder of uncompressed JSON lines (300 MB or more). Each measurement is a whole `datapipe run` in a process of
its own, start-up included, best of three; memory is the largest resident set of any one worker.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard


def run(recipe: str, folder: Path, workers: int, repeat: int = 3) -> dict[str, float]:
    """Best wall seconds, text MB/s and the peak memory of a worker over `repeat` fresh runs of a recipe."""
    best: dict[str, float] = {}
    (folder / "recipe.yaml").write_text(recipe)
    for _ in range(repeat):
        shutil.rmtree(folder / "out", ignore_errors=True)
        command = [
            sys.executable,
            "-m",
            "datapipe",
            "run",
            str(folder / "recipe.yaml"),
            "--workers",
            str(workers),
            "--quiet",
        ]
        began = time.perf_counter()
        process = subprocess.Popen(command)
        peak = [0]
        watcher = threading.Thread(target=watch, args=(process.pid, peak))
        watcher.start()
        if process.wait():
            raise SystemExit("the run failed")
        seconds = time.perf_counter() - began
        watcher.join()
        manifest = json.loads((folder / "out/manifest.json").read_text())
        found = {"seconds": seconds, "MB/s": manifest["bytes_read"] / 1e6 / seconds, "worker MB": peak[0] / 1e6,
                 "documents/s": manifest["rows_read"] / seconds, "rows": manifest["rows_written"],
                 "step seconds": sum(step["seconds"] for step in manifest["steps"])}  # fmt: skip
        if not best or seconds < best["seconds"]:
            best = found
    return best


def watch(pid: int, peak: list[int]) -> None:
    """Follow the largest resident set of a process's children while it lives; pages of mapped files do not count."""
    while psutil.pid_exists(pid):
        try:
            for child in psutil.Process(pid).children():
                info = child.memory_info()
                peak[0] = max(peak[0], info.rss - info.shared)
        except psutil.Error:
            pass
        time.sleep(0.02)


def take(bulk: str, folder: Path, name: str, megabytes: int, kind: str) -> Path:
    """The first `megabytes` of the bulk corpus as jsonl, jsonl.zst or parquet; repeated with new ids if it is too small."""
    target = folder / name
    if target.exists():
        return target
    target.mkdir(parents=True)
    left, number, turn = megabytes * 1_000_000, 0, 0
    while left > 0:
        for path in sorted(Path(bulk).glob("*.jsonl")):
            if left <= 0:
                break
            lines = []
            with path.open("rb") as stream:
                for line in stream:
                    if left <= 0:
                        break
                    row = json.loads(line)
                    left -= len(row["text"].encode())
                    lines.append({**row, "id": f"{turn}-{row['id']}"})
            out = target / f"part-{number:04d}"
            data = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in lines)
            if kind == "jsonl":
                out.with_suffix(".jsonl").write_bytes(data)
            elif kind == "zst":
                out.with_suffix(".jsonl.zst").write_bytes(zstandard.ZstdCompressor(level=3).compress(data))
            else:
                table = pa.Table.from_pylist([{"id": r["id"], "text": r["text"], "lang": r["lang"]} for r in lines])
                pq.write_table(table, out.with_suffix(".parquet"), compression="zstd", row_group_size=2000)
            number += 1
        turn += 1
    return target


PLUGIN = '''from datapipe import per_document
@per_document.filter("nothing")
def nothing(text: str) -> str | None:
    """Keep everything: what is left is the framework's own cost."""
    return None
'''


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bulk")
    parser.add_argument("--only", default="", help="measurements whose name holds this")
    parser.add_argument("--work", default=str(Path(tempfile.gettempdir()) / "datapipe-bench"))
    arguments = parser.parse_args()
    work = Path(arguments.work)
    work.mkdir(parents=True, exist_ok=True)
    bulk = arguments.bulk

    def wanted(name: str) -> bool:
        return arguments.only in name

    def show(name: str, value: dict[str, float]) -> None:
        print(f"{name:<44}" + "  ".join(f"{k} {v:,.1f}" for k, v in value.items()), flush=True)

    plain = "read: {{{reader}: {path}}}\nsteps: [{steps}]\nwrite: {{path: out}}\n"
    if wanted("parquet to parquet"):
        path = take(bulk, work, "parquet-500", 500, "parquet")
        show("parquet to parquet, 1 worker, 500 MB", run(plain.format(reader="parquet", path=path, steps=""), work, 1))
    if wanted("jsonl.zst to parquet"):
        path = take(bulk, work, "zst-500", 500, "zst")
        show("jsonl.zst to parquet, 1 worker, 500 MB", run(plain.format(reader="jsonl", path=path, steps=""), work, 1))
    if wanted("workers"):
        path = take(bulk, work, "jsonl-300", 300, "jsonl")
        steps = "normalize, gopher_repetition, gopher_quality, exact_dedup"
        for name, chain in (("rules", steps), ("none", "")):
            one, two = (run(plain.format(reader="jsonl", path=path, steps=chain), work, n) for n in (1, 2))
            show(f"300 MB, steps: {name}, 1 worker", one)
            show(f"300 MB, steps: {name}, 2 workers", two)
            print(f"    two workers are {one['seconds'] / two['seconds']:.2f} times as fast")
    if wanted("memory"):
        steps = "normalize, gopher_quality, exact_dedup"
        small, large = (
            run(plain.format(reader="jsonl", path=take(bulk, work, f"jsonl-{n}", n, "jsonl"), steps=steps), work, 1, 1)
            for n in (100, 1000)
        )
        show("memory, 100 MB", small)
        show("memory, 1 GB", large)
        print(f"    a worker's peak grows {large['worker MB'] / small['worker MB']:.2f} times")
    if wanted("huge document"):
        huge = work / "huge"
        huge.mkdir(exist_ok=True)
        text = "One line of a very long document, with words and a full stop.\n" * 3_200_000
        (huge / "huge.jsonl").write_text(json.dumps({"id": "huge", "text": text}) + "\n")
        steps = "normalize, {length: {min_words: 3}}, exact_dedup"
        show("one document of 200 MB", run(plain.format(reader="jsonl", path=huge, steps=steps), work, 1, 1))
    if wanted("plugin"):
        short = work / "short"
        short.mkdir(exist_ok=True)
        if not list(short.glob("*")):
            table = pa.table(
                {"id": [str(i) for i in range(2_000_000)], "text": ["A short document of some words."] * 2_000_000}
            )
            pq.write_table(table, short / "short.parquet", row_group_size=200_000)
        (work / "nothing.py").write_text(PLUGIN)
        head = "plugins: [nothing.py]\n"
        with_it = run(head + plain.format(reader="parquet", path=short, steps="nothing"), work, 1)
        without = run(plain.format(reader="parquet", path=short, steps=""), work, 1)
        show("2 M short documents, no step", without)
        show("2 M short documents, a Python filter", with_it)
        print(f"    the filter's own step: {with_it['rows'] / with_it['step seconds']:,.0f} documents/s")


if __name__ == "__main__":
    main()
