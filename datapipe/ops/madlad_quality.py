"""MADLAD-400's rules for sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr, model_validator

from datapipe.arrow.text import Text, column_of, text_of
from datapipe.core.context import Context
from datapipe.core.path_parameters import FilePath
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.sentences import CAPITALS, CHARS, START, STOP, TECHNICAL, WIDTH, WORDS, measure_sentences
from datapipe.ops.language_id import LanguageId

Rule = Literal["list_case", "abnormal_length", "technical", "cursed", "document_consistency"]
RULES: tuple[Rule, ...] = ("list_case", "abnormal_length", "technical", "cursed")
# The paper's list, appendix A.2; the last four have wildcards.
CURSED = (
    " №", "���", r"\|\s*$", r" nr\.$", "aute irure dolor ", " sunt in culpa qui ", "orem ipsum ", " quis nostrud ",
    " adipisicing ", " dolore eu ", " cupidatat ", "autem vel eum", "wisi enim ad", " sex ", " porn ", "黄色电影", "mp3",
    "ownload", r"Vol\.", r" Ep\.", "Episode", r" г\.\s*$", r" кг\.\s*$", r" шт\.", "Develop", "Facebook", " crusher ",
    " xxx ", " ..." * 9, " ...." * 9, " [^ ]" * 9, ", ..,,? ..,,? ..,,? ..,,?",
)  # fmt: skip
PATTERNS = 4
# Where a recipe names this variant it gets these defaults unless it says more.
DATAMAP: dict[str, Any] = {"criteria": ("list_case", "cursed")}


class MadladQuality(ThresholdFilter):
    """Drop documents of few sentences, or of which many sentences are questionable: titles, odd lengths, code, spam.

    Rules of Kudugunta et al. 2023, arXiv:2309.04662, section 2.3 and appendix A.2. A sentence ends at . ! ? and white
    space. The variant `paper` drops documents with more than 20 % of questionable sentences. Its fifth rule,
    document_consistency (the sentence is in another language than the document's `lang`), is looked at where `criteria`
    names it, for it costs a prediction a sentence. `datamap` follows allenai/datamap-rs, src/map_fxn.rs and
    configs/all_dressed: list_case and cursed alone, dropped at 20 %, and two slips: lengths are in bytes, and patterns
    such as `Vol\\.` are looked for as written, backslash and all. Lengths suit no script of few signs a sentence, such
    as Han: leave abnormal_length out there. None disables a threshold; 0 is one.
    """

    name: ClassVar[str] = "madlad_quality"
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        "too_few_sentences": ("min_sentences", "sentences"),
        "questionable_sentences": ("max_questionable", "questionable"),
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"variant": "datamap"},
        {"criteria": ("list_case", "document_consistency")},
    )

    variant: Literal["paper", "datamap"] = Field("paper", description="whose definitions and defaults to follow")
    criteria: tuple[Rule, ...] = Field(
        RULES, min_length=1, description="what makes a sentence questionable (datamap: list_case, cursed)"
    )
    model: FilePath | None = Field(
        None, description="document_consistency: the fastText classifier that gave `lang`; null: lid.176.ftz"
    )
    min_sentences: int | None = Field(5, ge=0, description="fewest sentences of a document")
    max_questionable: float | None = Field(0.2, ge=0, le=1, description="largest share of questionable sentences")
    min_list_words: int = Field(12, ge=0, description="list_case: fewest words of a sentence that is looked at")
    max_capitalised: float = Field(
        0.5, ge=0, le=1, description="list_case: largest share of words with a capital first"
    )
    min_sentence_length: int = Field(20, ge=0, description="abnormal_length: fewest characters (datamap: bytes)")
    max_sentence_length: int = Field(500, ge=0, description="abnormal_length: most characters (datamap: bytes)")
    max_technical: float = Field(0.2, ge=0, le=1, description="technical: largest share of 0-9 { } + / ( ) >")

    _languages: LanguageId | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_variant(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("variant") == "datamap":
            return {**DATAMAP, **values}
        return values

    def columns_read(self) -> tuple[str, ...]:
        """The text and, to compare it with, its language."""
        return (*self.reads, "lang") if "document_consistency" in self.criteria else self.reads

    def files(self) -> tuple[str, ...]:
        """The model, where one is asked."""
        return LanguageId(model=self.model).files() if "document_consistency" in self.criteria else ()

    def setup(self, ctx: Context) -> None:
        """Load the model, where one is asked."""
        if "document_consistency" in self.criteria:
            self._languages = LanguageId(model=self.model, min_score=None)
            self._languages.setup(ctx)

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """Judge every sentence by every rule, then count them in their documents."""
        text = text_of(batch.column("text"))
        counts = np.empty(len(text), np.int64)
        room = int(text.offsets[-1] - text.offsets[0]) // 3 + len(text) + 1
        rows = np.empty((room, WIDTH), np.int64)
        rows = rows[: measure_sentences(text.offsets, text.data, class_table(), counts, rows)]
        datamap = self.variant == "datamap"
        size = rows[:, STOP] - rows[:, START] if datamap else rows[:, CHARS]
        marks = {
            "list_case": (rows[:, WORDS] >= self.min_list_words)
            & (rows[:, CAPITALS] > rows[:, WORDS] * self.max_capitalised),
            "abnormal_length": (size < self.min_sentence_length) | (size > self.max_sentence_length),
            "technical": rows[:, TECHNICAL] > size * self.max_technical,
            "cursed": _match(text, rows, _pattern(literal=datamap)),
        }
        document = np.repeat(np.arange(len(text)), counts)
        if self._languages is not None:
            marks["document_consistency"] = _foreign(self._languages, text, rows, batch.column("lang"), document)
        marks["questionable"] = np.any([marks[rule] for rule in self.criteria], axis=0)
        found = {name: np.bincount(document, mark, len(text)) for name, mark in marks.items()}
        whole = np.where(counts > 0, counts, np.nan)
        scores = {"sentences": counts.astype(np.float64), **{name: number / whole for name, number in found.items()}}
        return Verdict(len(text), scores=scores)

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """The two bounds; datamap holds the number of sentences against its share of all, and drops what is equal."""
        failed = super().rules(measured)
        if self.variant == "datamap" and self.max_questionable is not None:
            n = measured.scores["sentences"]
            questionable = np.rint(measured.scores["questionable"] * n)
            failed["questionable_sentences"] = questionable >= n * self.max_questionable
        return failed


def _pattern(literal: bool) -> str:
    """One regular expression for all of CURSED; `literal`: all but the last four stand for themselves."""
    plain = [re.escape(p) if literal else p.replace(r"\s", r"[\s\v\pZ\x{85}]") for p in CURSED[:-PATTERNS]]
    return "|".join([*plain, *CURSED[-PATTERNS:]])


def _match(text: Text, rows: npt.NDArray[np.int64], pattern: str) -> npt.NDArray[np.bool_]:
    """Which sentences match."""
    found: npt.NDArray[np.bool_] = pc.match_substring_regex(_pieces(text, rows), pattern).to_numpy(zero_copy_only=False)
    return found[::2]


def _foreign(
    languages: LanguageId, text: Text, rows: npt.NDArray[np.int64], lang: pa.Array, document: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which sentences have another language than their document, or none; a document without one has no such."""
    sentences = _pieces(text, rows).take(pa.array(np.arange(0, 2 * len(rows), 2)))
    found = languages.judge(pa.RecordBatch.from_pydict({"text": sentences})).columns["lang"]
    expected = lang.cast(pa.string()).take(pa.array(document))
    same = pc.fill_null(pc.equal(found, expected), False)
    foreign: npt.NDArray[np.bool_] = pc.and_(pc.invert(same), expected.is_valid()).to_numpy(zero_copy_only=False)
    return foreign


def _pieces(text: Text, rows: npt.NDArray[np.int64]) -> pa.Array:
    """The sentences and, between each two of them, their gap, as a column over the same bytes."""
    return column_of(rows[:, START : STOP + 1].ravel() if len(rows) else np.zeros(1, np.int64), text.data)
