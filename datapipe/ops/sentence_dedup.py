"""De-duplication of sentences: runs of three that the corpus holds more than once."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from datapipe.core.dedup.unit_dedup import UnitDedup
from datapipe.core.dedup.units import Form, Unit


class SentenceDedup(UnitDedup):
    """Cut every run of three sentences that stands elsewhere in the corpus, or earlier in the document; one copy stays.

    Rule of Raffel et al. 2020, arXiv:1910.10683, section 2.2, as datatrove 0.10.1 does it (pipeline/dedup/
    sentence_dedup.py), with its defaults: every run is compared, also those that overlap, and where one was seen before
    all its sentences go, so that each sentence stays somewhere. A document that lost something and has fewer than
    `min_words` or `min_sentences` left is dropped; one that lost nothing stays, however short. A sentence ends before
    the first word after . ? ! (of any script) that belong to no abbreviation, as for spaCy's sentencizer.
    """

    name: ClassVar[str] = "sentence_dedup"
    what: ClassVar[str] = "sentence"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"span": 1, "min_words": 0, "min_sentences": 0})

    span: int = Field(3, ge=1, description="how many sentences in a row are compared")
    normalize: Form = Field(
        "datatrove",
        description="what makes no difference; datatrove: case, punctuation, white space, marks on letters, and which "
        "number it is; ccnet: case, digits, signs beyond ASCII; c4: case; exact: nothing",
    )
    min_words: int = Field(50, ge=0, description="fewest words of what is left where something was cut; 0: any number")
    min_sentences: int = Field(3, ge=0, description="fewest sentences of what is left where something was cut; 0: any")

    def units(self) -> tuple[Unit, int]:
        """Sentences."""
        return "sentence", self.span
