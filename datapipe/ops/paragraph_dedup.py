"""De-duplication of paragraphs over the corpus."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from datapipe.core.dedup.unit_dedup import UnitDedup
from datapipe.core.dedup.units import Form, Unit


class ParagraphDedup(UnitDedup):
    """Cut every paragraph that stands elsewhere in the corpus, or earlier in the document; one copy stays.

    Equal is what CCNet takes for equal (Wenzek et al. 2020, arXiv:1911.00359, section 3.1; facebookresearch/cc_net,
    cc_net/dedup.py): the paragraphs of its pages are lines, in lower case, digits as 0, without signs beyond ASCII and
    control characters. Its `deduplicate` keeps the first, as here; its mining (`DuplicatesRemover` over collected
    hashes) none, and blank lines go with the others. Here a blank line goes with the paragraph after it.
    """

    name: ClassVar[str] = "paragraph_dedup"
    what: ClassVar[str] = "paragraph"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"parted_by": "blank_line"})

    parted_by: Literal["newline", "blank_line"] = Field("newline", description="what ends a paragraph")
    normalize: Form = Field(
        "ccnet",
        description="what makes no difference; ccnet: case, digits, signs beyond ASCII, control characters; c4: case; "
        "exact: nothing; datatrove: case, punctuation, white space, marks on letters, and which number it is",
    )

    def units(self) -> tuple[Unit, int]:
        """Lines, or what stands between blank ones."""
        return ("line" if self.parted_by == "newline" else "paragraph"), 1
