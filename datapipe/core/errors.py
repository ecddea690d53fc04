"""What can go wrong, and which exit code tells it.

DatapipeError                1   every failure a person should read; the command line prints it without a traceback
├── RecipeError              2   the recipe or the command is wrong: file, line, the nearest right name
├── MissingDependency        2   an optional package is not installed; carries the pip command
├── ContractError            1   an operator broke the law of its class (wrong length, wrong type): its author must act
├── RunFailed                1   a shard could not be done, or too many rows went to quarantine
│   └── WorkLost             1   a file of an earlier stage is gone or damaged: the driver makes it anew
├── StreamFailed             1   published data cannot be read as a stream: not finished, changed, other than a state's
├── Waiting                 75   this part of the run is done; the barrier waits for the others
└── Interrupted            130   stopped by a signal; the run can be resumed
"""

from collections.abc import Iterable
from difflib import get_close_matches


class DatapipeError(Exception):
    """A failure to be read by a person; `str(error)` says what was found, what was expected and what to do."""

    exit_code = 1


class RecipeError(DatapipeError):
    """The recipe or the command line is wrong; nothing was started."""

    exit_code = 2

    def __init__(self, message: str, file: str | None = None, line: int | None = None) -> None:
        where = "" if file is None else f"{file}: " if line is None else f"{file}:{line}: "
        super().__init__(where + message)


class TooLittleText(RecipeError):
    """A sample gives fewer tokens than are wanted; `most` says how many."""

    def __init__(self, most: int, wanted: int, what: str = "tokens") -> None:
        self.most = most
        super().__init__(
            f"vocab_size: the sample gives {most:,} {what}, not {wanted:,}; take at most {most}, or more text"
        )


class MissingDependency(DatapipeError):
    """An optional package is absent."""

    exit_code = 2

    def __init__(self, package: str, extra: str, wanted_by: str) -> None:
        super().__init__(f"{wanted_by} needs the package {package}: pip install 'datapipe[{extra}]'")


class ContractError(DatapipeError):
    """An operator returned what its class forbids; the row is not to blame, so nothing is quarantined."""


class RunFailed(DatapipeError):
    """The run cannot go on; what was done is kept and a new run resumes there."""


class WorkLost(RunFailed):
    """A file that the run made is absent, or not what was written; `name` is its name in the run folder."""

    def __init__(self, name: str, found: str) -> None:
        self.name = name
        self.found = found
        super().__init__(f"{name}: {found}")


class StreamFailed(DatapipeError):
    """Published data cannot be read as a stream: they are not finished, were changed, or a state is of other data."""


class Waiting(DatapipeError):
    """A member of a job array has done its part, and the others have not."""

    exit_code = 75


class Interrupted(DatapipeError):
    """Stopped by a signal, cleanly."""

    def __init__(self, signal_number: int, resumes: bool = True) -> None:
        self.exit_code = 128 + signal_number
        super().__init__(f"stopped; run the same command again to {'resume' if resumes else 'start anew'}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean min_words?`, or the known names when none is near."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known: {', '.join(names)}" if names else ""
