"""How true a forecast is: `python tests/bench/estimate.py BULK [--sample FRACTION] [--seeds N]`.

BULK is a folder of uncompressed JSON lines (300 MB or more), of which each half is a dataset. `check --estimate` and
then the run itself are told as predicted / actual; core-seconds and memory of the run are the system's own account of
its processes. Run it on an idle machine: both sides are measured on the clock.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

CHAIN = "normalize, gopher_repetition, gopher_quality, fineweb_quality"
RECIPES = {
    "rules, then exact_dedup over both": """
datasets:
  a: {{read: {{jsonl: {a}}}, steps: [{chain}]}}
  b: {{read: {{jsonl: {b}}}, steps: [{chain}]}}
  corpus: {{from: [a, b], steps: [exact_dedup]}}
write: {{dataset: corpus, path: out}}
""",
    "exact_dedup over both, then rules": """
datasets:
  a: {{read: {{jsonl: {a}}}, steps: [normalize]}}
  b: {{read: {{jsonl: {b}}}, steps: [normalize]}}
  corpus: {{from: [a, b], steps: [exact_dedup, gopher_repetition, gopher_quality, fineweb_quality]}}
write: {{dataset: corpus, path: out}}
""",
}


def datapipe(*arguments: str) -> list[str]:
    """The command of this checkout."""
    return [sys.executable, "-m", "datapipe", *arguments]


def watched(command: list[str]) -> dict[str, float]:
    """Run a command; seconds, CPU seconds of it and its workers, and the largest resident set of one of them."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(command)
    peak = [0]
    watcher = threading.Thread(target=watch, args=(process.pid, peak))
    watcher.start()
    if process.wait():
        raise SystemExit("the run failed")
    seconds = time.perf_counter() - began
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "core_seconds": cpu, "peak_memory": peak[0]}


def watch(pid: int, peak: list[int]) -> None:
    """Follow the largest resident set of a process's children while it lives."""
    while psutil.pid_exists(pid):
        try:
            for child in psutil.Process(pid).children():
                peak[0] = max(peak[0], child.memory_info().rss)
        except psutil.Error:
            pass
        time.sleep(0.02)


def actual(folder: Path, took: dict[str, float]) -> dict[str, float]:
    """What the run gave and took, under the names of `predicted`."""
    manifest = json.loads((folder / "out/manifest.json").read_text())
    dropped = {f"dropped by {step['label']}": step["dropped"] for step in manifest["steps"] if step["dropped"]}
    return {
        "documents read": manifest["rows_read"],
        **dropped,
        "documents kept": manifest["rows_written"],
        "bytes of data files": sum(file["bytes"] for file in manifest["files"]),
        "disk": sum(p.stat().st_size for p in (folder / "out").rglob("*") if p.is_file()),
        "core-seconds": took["core_seconds"],
        "seconds on 2 cores": took["seconds"],
        "memory of a worker": took["peak_memory"],
    }


def predicted(found: dict[str, Any]) -> dict[str, float]:
    """The same of a forecast."""
    return {
        "documents read": found["rows_read"],
        **{f"dropped by {step['label']}": step["dropped"]["likely"] for step in found["steps"]},
        "documents kept": sum(output["rows"]["likely"] for output in found["outputs"]),
        "bytes of data files": sum(output["bytes"]["likely"] for output in found["outputs"]),
        "disk": found["disk"]["work"] + found["disk"]["output"],
        "core-seconds": found["core_seconds"],
        "seconds on 2 cores": found["seconds"],
        "memory of a worker": found["peak_memory"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bulk")
    parser.add_argument("--sample", help="as of `check --estimate`")
    parser.add_argument("--seeds", type=int, default=1, help="so many forecasts, each of another sample")
    arguments = parser.parse_args()
    files = sorted(str(path.resolve()) for path in Path(arguments.bulk).glob("*.jsonl"))
    halves = {"a": json.dumps(files[: len(files) // 2]), "b": json.dumps(files[len(files) // 2 :])}
    for title, recipe in RECIPES.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "recipe.yaml").write_text(recipe.format(chain=CHAIN, **halves))
            path = str(folder / "recipe.yaml")
            forecasts = []
            for seed in range(arguments.seeds):
                options = ["--json", "--cores", "2", "--set", f"seed={seed}"]
                options += ["--sample", arguments.sample] if arguments.sample else []
                began = time.perf_counter()
                done = subprocess.run(datapipe("check", path, "--estimate", *options), capture_output=True, check=True)
                forecasts.append(
                    {**predicted(json.loads(done.stdout)), "the forecast took": time.perf_counter() - began}
                )
            real = actual(folder, watched(datapipe("run", path, "--quiet", "--workers", "2")))
        print(f"\n{title}: predicted / actual")
        for key, value in real.items():
            ratios = " ".join(f"{forecast.get(key, 0) / value:6.2f}" for forecast in forecasts)
            print(f"  {key:<36}{value:>16,.1f}  {ratios}")
        print(f"  {'seconds of the forecast':<52}  " + " ".join(f"{f['the forecast took']:6.1f}" for f in forecasts))


if __name__ == "__main__":
    main()
