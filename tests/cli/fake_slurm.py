"""A stand-in for `sbatch` that runs what it is given, at once: two tasks of an array at a time, in the order it likes.

It reads a script's #SBATCH lines as Slurm does, honours --parsable and --dependency=afterok, and keeps a list of what
ended how in $FAKE_SLURM/jobs.jsonl.
"""

import json
import os
import random
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def main() -> None:
    state = Path(os.environ["FAKE_SLURM"], "jobs.jsonl")
    jobs = [json.loads(line) for line in state.read_text().splitlines()] if state.exists() else []
    *options, script = sys.argv[1:]
    lines = Path(script).read_text().splitlines()
    assert lines[0] == "#!/bin/bash"
    for line in lines[1:]:
        if not line.startswith("#SBATCH "):
            break  # Slurm reads no further either
        words = shlex.split(line)[1:]
        assert len(words) == 1, line
        options += words
    given = dict(option.removeprefix("--").partition("=")[::2] for option in options)
    number = len(jobs) + 1
    after = given.get("dependency", "").removeprefix("afterok:")
    codes: dict[int, int] = {}
    if not after or not any(jobs[int(after) - 1]["codes"].values()):
        first, _, last = given.get("array", "0").partition("-")
        tasks = list(range(int(first), int(last or first) + 1))
        random.Random(number).shuffle(tasks)
        with ThreadPoolExecutor(2) as pool:
            codes = dict(zip(tasks, pool.map(lambda task: _run(script, task, given), tasks), strict=True))
    else:
        codes = {-1: 1}  # cancelled
    job = {"id": number, "name": given["job-name"], "options": given, "codes": codes}
    with state.open("a") as out:
        out.write(json.dumps(job) + "\n")
    assert "parsable" in given
    print(f"{number};cluster")


def _run(script: str, task: int, given: dict[str, str]) -> int:
    log = given["output"].replace("%a", str(task)).replace("%%", "%")
    env = {**os.environ, "SLURM_ARRAY_TASK_ID": str(task)} if "array" in given else dict(os.environ)
    with Path(log).open("ab") as out:
        return subprocess.run(["bash", script], stdout=out, stderr=out, env=env, cwd="/", check=False).returncode


if __name__ == "__main__":
    main()
