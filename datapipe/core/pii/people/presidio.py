"""Microsoft Presidio with a spaCy model, beside the recognizers of the house; an optional package."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from datapipe.core.errors import MissingDependency, RecipeError, did_you_mean
from datapipe.core.pii.recognizer import Candidate, Hit, Int64s, Page, Recognizer

# LOCATION is no street address: spaCy's are countries, cities and rivers. ORGANIZATION, NRP, DATE_TIME and URL are nothing
# of a person. The national numbers of other countries have check digits, and recognizers of the house.
TYPES_OF = {
    "PERSON": "person",
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IP_ADDRESS": "ip",
    "MAC_ADDRESS": "mac",
    "CREDIT_CARD": "credit_card",
    "IBAN_CODE": "iban",
    "CRYPTO": "crypto_wallet",
    "US_SSN": "national_id.us_ssn",
}
_TAG = re.compile(r"<[A-Z_]{2,40}(?::[a-z]{1,40})?>")
PIECE = 50_000  # characters: spaCy takes about 1 GB of memory for 100,000, and refuses 1,000,000


class PresidioOptions(BaseModel):
    """What a recipe says about Presidio."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field("en_core_web_sm", description="spaCy model, an installed package")
    languages: tuple[str, ...] = Field(
        ("en",), min_length=1, description="languages of rows that it reads; rows without one are read as the first"
    )
    entities: tuple[str, ...] = Field(
        ("PERSON",), min_length=1, description="Presidio's names of types: " + ", ".join(TYPES_OF)
    )
    min_score: float = Field(0.5, ge=0, le=1, description="lowest score that Presidio gives")

    @field_validator("entities")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in TYPES_OF:
                raise ValueError(f"no type of Presidio that is one here: {name}{did_you_mean(name, list(TYPES_OF))}")
        return names


def presidio_facts(options: PresidioOptions) -> Mapping[str, Any]:
    """The versions of the packages and of the model, on which hits depend; nothing is imported.

    MissingDependency without the package, RecipeError without the model.
    """
    try:
        packages = {name: version(name) for name in ("presidio-analyzer", "spacy")}
    except PackageNotFoundError:
        raise MissingDependency("presidio-analyzer", "presidio", "pii_scrub: presidio") from None
    try:
        return {"presidio": {**packages, options.model: version(options.model)}}
    except (PackageNotFoundError, ValueError):
        raise RecipeError(
            f"presidio: the spaCy model {options.model} is not installed: python -m spacy download {options.model}"
        ) from None


class Presidio(Recognizer):
    """What Presidio's AnalyzerEngine finds in texts of these languages, with its scores.

    A long text is read in pieces that end with a paragraph where there is one. Each piece goes through spaCy alone: in a
    batch the sums of its network may round otherwise, and a text's entities must not depend on its neighbours. What a model
    says of a word depends on the words around it: after one scrubbing it may find names that it did not see before.
    """

    types: ClassVar[tuple[str, ...]] = tuple(TYPES_OF.values())
    everywhere: ClassVar[bool] = True

    def __init__(self, options: PresidioOptions) -> None:
        self._options = options
        self._engine = _engine(options.model, options.languages)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """The entities of all texts in the model's languages."""
        languages = self._options.languages
        for row, lang in enumerate(page.langs):
            if lang is not None and lang not in languages:
                continue
            base = page.offsets[row]
            for piece in pieces(page.data[base : page.offsets[row + 1]].decode("utf-8", "replace"), PIECE):
                if not piece.isspace():
                    yield from self._find(piece, lang or languages[0], row, base)
                base += len(piece.encode())

    def _find(self, piece: str, lang: str, row: int, base: int) -> Iterator[Hit]:
        found = self._engine.analyze(
            piece, lang, entities=list(self._options.entities), score_threshold=self._options.min_score
        )
        places = None
        tags = [tag.span() for tag in _TAG.finditer(piece)] if found else []
        for one in found:
            if any(begin < one.end and one.start < stop for begin, stop in tags):
                continue  # what stands for a value that was scrubbed before
            value = piece[one.start : one.end]
            start = one.start + len(value) - len(value.lstrip())
            end = start + len(value.strip())
            if start < end:
                places = byte_places(piece) if places is None else places
                kind = TYPES_OF[one.entity_type]
                yield Hit(row, base + int(places[start]), base + int(places[end]), kind, float(one.score))


def pieces(text: str, most: int) -> Iterator[str]:
    """The text in pieces of at most so many characters, cut after a paragraph, a line or a word in their second half."""
    start = 0
    while len(text) - start > most:
        half, stop = start + most // 2, start + most
        cuts = (text.rfind(sign, half, stop) + len(sign) for sign in ("\n\n", "\n", " "))
        end = next((cut for cut in cuts if cut > half), stop)
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def byte_places(text: str) -> Int64s:
    """Of each character, and of the end, how many bytes of UTF-8 stand before it."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    sizes = 1 + (points > 0x7F).astype(np.int64) + (points > 0x7FF) + (points > 0xFFFF)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])


@cache
def _engine(model: str, languages: tuple[str, ...]) -> Any:
    """The engine, once a process (3 seconds)."""
    import spacy
    import tldextract.tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    # Presidio checks e-mail addresses with the list of domains that tldextract would load from the network, and warns of
    # each entity that a model knows and it does not.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    nlp: Any = SpacyNlpEngine(models=[{"lang_code": lang, "model_name": model} for lang in languages])
    nlp.nlp = dict.fromkeys(languages, spacy.load(model))  # in place of load(), which would download it
    return AnalyzerEngine(nlp_engine=nlp, supported_languages=list(languages))
