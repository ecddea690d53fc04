"""De-duplication of lines over the corpus."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from datapipe.core.dedup.unit_dedup import UnitDedup
from datapipe.core.dedup.units import Form, Unit


class LineDedup(UnitDedup):
    """Cut every line that stands elsewhere in the corpus, or earlier in the document; one copy stays.

    As C4's published code does it (tensorflow_datasets, text/c4_utils.py, remove_duplicate_text): lines between newlines,
    stripped, in lower case; a document of which fewer than 3 sentences are left is dropped. There the copy at a URL
    chosen by hash stays, and the minimum holds for pages that lost nothing, too; here `keep` and `prefer` choose, and
    who loses nothing stays. Blank lines are not compared; one goes with the line after it.
    """

    name: ClassVar[str] = "line_dedup"
    what: ClassVar[str] = "line"

    span: int = Field(1, ge=1, description="how many lines in a row, blank ones not counted, are compared")
    normalize: Form = Field(
        "c4",
        description="what makes no difference; c4: case; exact: nothing; ccnet: case, digits, signs beyond ASCII; "
        "datatrove: case, punctuation, white space, marks on letters, and which number it is",
    )
    min_sentences: int = Field(3, ge=0, description="fewest sentences of what is left where something was cut; 0: any")

    def units(self) -> tuple[Unit, int]:
        """Lines."""
        return "line", self.span
