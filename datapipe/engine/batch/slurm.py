"""A run as Slurm jobs: a batch script an array, and `submit.sh`, which starts each after the one before."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from datapipe.core.errors import RecipeError
from datapipe.engine.batch.chain import Job, largest
from datapipe.engine.batch.command import Command, memory
from datapipe.plan.plan import Limit, Plan

Option = str | int | bool  # true: an option without a value

OURS = {
    "array": "--tasks says how many members an array has",
    "dependency": "each job waits for the one before",
    "job-name": "it is made of the recipe's `name`",
    "cpus-per-task": "say `resources.cpus`",
    "ntasks": "a member is one task",
    "parsable": "it belongs to submit.sh",
}


def slurm_files(
    plan: Plan, jobs: list[Job], command: Command, folder: str, options: Mapping[str, Option]
) -> dict[str, str]:
    """Names and texts of the files that belong into `folder`."""
    for name, why in OURS.items():
        if name in options:
            raise RecipeError(f"resources.slurm.{name}: datapipe gives it itself; {why}", plan.file)
    files = {}
    of = len(jobs) + 1
    for number, job in enumerate(jobs, 1):
        files[f"{number}-of-{of}.sbatch"] = _array(plan, job, f"{plan.name}-{number}-of-{of}", command, folder, options)
    last = f"{plan.name}-{of}-of-{of}"
    files[f"{of}-of-{of}.sbatch"] = _end(last, largest(plan), command, folder, options)
    files["submit.sh"] = _submit(plan.name, of, folder)
    return files


def _array(plan: Plan, job: Job, name: str, command: Command, folder: str, options: Mapping[str, Option]) -> str:
    stages = ["--stages", str(job.stages)] if job.stages else []
    words = shlex.join([*command.words(), "--workers", str(job.limit.cpus), *stages, "--quiet"])
    start = shlex.join(["bash", f"{folder}/submit.sh"])
    again = shlex.quote(f"; what comes after it will not start. Mend the cause, then start again: {start}")
    return f"""{_head(name, job.limit, folder, options, array=job.members)}
# {job.title}: part I of {job.members}. It does no harm to start this again, at any time.
{words} --shards "$SLURM_ARRAY_TASK_ID/{job.members}"
code=$?
if [ $code -eq 75 ]; then exit 0; fi  # this part is done, others are not: the next job starts when they are
if [ $code -ne 0 ]; then echo "{name} part $SLURM_ARRAY_TASK_ID ended with code $code"{again} >&2; fi
exit $code
"""


def _end(name: str, limit: Limit, command: Command, folder: str, options: Mapping[str, Option]) -> str:
    words = shlex.join([*command.words(), "--workers", str(limit.cpus), "--shards", "0/1"])
    return f"""{_head(name, limit, folder, options)}
# The end: whatever is left is done, everything is checked and tidied up, and the funnel is shown.
{words}
"""


def _head(name: str, limit: Limit, folder: str, options: Mapping[str, Option], array: int | None = None) -> str:
    log = f"{folder.replace('%', '%%')}/logs/{name}{'.%a' if array else ''}.log"
    mebibytes = memory(limit.memory, limit.cpus)
    lines = [
        f"--job-name={name}",
        f"--array=0-{array - 1}" if array else "",
        f"--cpus-per-task={limit.cpus}",
        f"--gres=gpu:{limit.gpus}" if limit.gpus else "",
        f"--mem={mebibytes}M" if mebibytes else "",
        f"--time={_clock(limit.time)}" if limit.time else "",
        f"--output={shlex.quote(log)}",
        "--open-mode=append",
        "--requeue",  # a node that fails is no reason to stop
        "--kill-on-invalid-dep=yes",  # not to wait for ever for a job that failed
        *(_option(key, value) for key, value in options.items() if value is not False),
    ]
    return "\n".join(["#!/bin/bash", *(f"#SBATCH {line}" for line in lines if line)])


def _option(name: str, value: Option) -> str:
    return f"--{name}" if value is True or value == "" else f"--{name}={shlex.quote(str(value))}"


def _submit(name: str, of: int, folder: str) -> str:
    place = shlex.quote(folder)
    return f"""#!/bin/bash
# Submits the run {name} as {of} jobs, each after the one before. After a failure start it again: work that is done stays.
set -euo pipefail
mkdir -p {place}/logs
previous=
for number in $(seq {of}); do
  job=$(sbatch --parsable ${{previous:+--dependency=afterok:$previous}} {place}/"$number-of-{of}.sbatch")
  previous=${{job%%;*}}  # with several clusters it is id;cluster
  echo "{name} $number of {of}: job $previous"
done
"""


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds as Slurm reads them; it counts whole minutes."""
    minutes = -(-int(seconds) // 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"
