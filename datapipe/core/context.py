"""What an operator may ask of the world while it sets itself up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class Context:
    """Given to `Operator.setup`.

    label   the step's label, unique in the recipe
    seed    a 64-bit number of (recipe seed, label): mix it with a row's id for randomness
    open    opens any path or URL for reading; ops touch the disk only through it
    local   the path of a model on this machine's disk, for those who must map it; a URL's copy has another
    memory  bytes that a task at a barrier may hold, about (the recipe's `memory`); it changes no answer
    worker  this worker's number among those of its machine, from 0: which GPU is its own
    progress  to be called now and then within a call that may take longer than the recipe's `task_timeout`
    whole   whether the run is of all its input; `check --estimate` runs a sample, of which less can be asked
    """

    label: str
    seed: int
    open: Callable[[str], BinaryIO]
    memory: int = 2_000_000_000
    local: Callable[[str], str] = str
    worker: int = 0
    progress: Callable[[], None] = lambda: None
    whole: bool = True

    def lines(self, path: str) -> list[str]:
        """The non-empty lines of a word list, stripped, `#` comments left out."""
        with self.open(path) as stream:
            text = stream.read().decode("utf-8-sig")
        stripped = (line.strip() for line in text.splitlines())
        return [line for line in stripped if line and not line.startswith("#")]
