"""The document that somebody asks for, and its copies: an order may give a row several places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc


@dataclass(frozen=True)
class Wanted:
    """An id, matched exactly, and where there are copies `id#2`, `id#3`, … (of copies `id#2##2`) too."""

    identifier: str
    copies: bool

    @classmethod
    def of(cls, identifier: str, manifest: dict[str, Any]) -> Wanted:
        """As it is to be looked for in this run."""
        return cls(identifier, any(output.get("order") for output in manifest["outputs"]))

    def holds(self, name: str | None) -> bool:
        """Whether this id is it."""
        if name is None or not self.copies:
            return name == self.identifier
        return bool(re.fullmatch(self._pattern, name))

    def expression(self) -> pc.Expression:
        """The same of the column `id`; without copies one that finds its row groups by their least and greatest id."""
        import pyarrow.compute as pc

        return self._tested(pc.field("id"))

    def mask(self, ids: pa.Array) -> pa.Array:
        """The same of many ids."""
        return self._tested(ids)

    def _tested(self, ids: Any) -> Any:
        import pyarrow.compute as pc

        if not self.copies:
            return pc.equal(ids, self.identifier)
        return pc.match_substring_regex(ids, pattern=f"^(?:{self._pattern})$")

    @property
    def _pattern(self) -> str:
        exactly = re.sub(
            r"([!-/:-@\[-^`{-~])", r"\\\1", self.identifier
        )  # RE2 knows no escapes of letters, `_` or others
        return f"{exactly}(#[0-9]+)?(##+[0-9]+)*"
