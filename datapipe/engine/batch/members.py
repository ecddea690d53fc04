"""The members of a run as processes of this machine; one that is killed is started again."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from datapipe.core.errors import RunFailed
from datapipe.engine.batch.command import Command

STARTS = 4  # of a member that is killed again and again


@dataclass
class _Process:
    words: list[str]
    log: Path
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.starts += 1
        with self.log.open("ab" if self.starts > 1 else "wb") as log:
            # In a session of its own: Ctrl-C reaches this process alone, which then stops all of them.
            self.process = subprocess.Popen(
                self.words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def message(self) -> str:
        """The error it ended with, which is the last thing it said."""
        said = re.split(r"^datapipe:\s", self.log.read_text("utf-8", "replace"), flags=re.MULTILINE)[-1].strip()
        return said or f"a member ended without a word; see {self.log}"


def run_members(command: Command, members: int, workers: int, logs: Path) -> None:
    """Run all members at once until each has ended well.

    Raises RunFailed, with its message and exit code, at the first one that fails; the others are then stopped, as they
    are by any error that comes up here.
    """
    logs.mkdir(parents=True, exist_ok=True)
    shared = [*command.words(), "--workers", str(workers), "--wait", "--quiet", "--shards"]
    processes = [_Process([*shared, f"{i}/{members}"], logs / f"member-{i}.log") for i in range(members)]
    try:
        for process in processes:
            process.start()
        while [process for process in processes if _goes_on(process)]:
            time.sleep(0.1)
    finally:
        _stop(processes)


def _goes_on(member: _Process) -> bool:
    """Whether a member is still at work; one that was killed is started again."""
    code = member.process.poll() if member.process else None
    if code is None or code == 0:
        return code is None
    if code > 0:
        error = RunFailed(member.message())
        error.exit_code = code
        raise error
    if member.starts >= STARTS:
        name = signal.Signals(-code).name
        hint = "; out of memory? fewer members need less" if name == "SIGKILL" else ""
        raise RunFailed(f"member {member.words[-1]} was killed {STARTS} times ({name}){hint}; see {member.log}")
    member.start()
    return True


def _stop(members: list[_Process]) -> None:
    alive = [member.process for member in members if member.process and member.process.poll() is None]
    for process in alive:
        process.terminate()
    deadline = time.monotonic() + 5
    for process in alive:
        try:
            process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()  # its workers follow it
            process.wait()
