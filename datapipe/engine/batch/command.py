"""The command line of a run's members."""

from __future__ import annotations

from dataclasses import dataclass

HEADROOM = 2_000_000_000  # bytes beside the workers: the member's driver, which plans, sums up and commits


@dataclass(frozen=True)
class Command:
    """`datapipe run` as every member is started. All paths hold on every machine.

    out  the run folder, if it is not the recipe's
    """

    python: str
    recipe: str
    out: str | None = None
    settings: tuple[str, ...] = ()

    def words(self) -> list[str]:
        """The words that all members share; who it is, and what it may take, come after them."""
        out = ["--out", self.out] if self.out else []
        settings = [word for setting in self.settings for word in ("--set", setting)]
        return [self.python, "-m", "datapipe", "run", self.recipe, *out, *settings]


def memory(worker: int | None, workers: int) -> int | None:
    """MiB of a member with so many workers of so many bytes."""
    return None if worker is None else -(-(worker * workers + HEADROOM) // (1 << 20))
