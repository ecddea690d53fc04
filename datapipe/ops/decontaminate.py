"""Evaluation items kept out of the corpus, with the evidence: which benchmark, which item, where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from datapipe.arrow.scatter import scatter_column
from datapipe.arrow.text import Text, text_of
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.evaluation.benchmark import Item, Layout, read_benchmarks
from datapipe.core.evaluation.known_texts import Found, KnownTexts, Spelling
from datapipe.core.operator import Filter
from datapipe.core.path_parameters import FileGlob
from datapipe.core.spans import spans_column
from datapipe.core.verdict import Verdict

Int64s = npt.NDArray[np.int64]
SEAM = b"\n\n"  # between the pieces that are left of a text


class _Rule(NamedTuple):
    """What a variant says where the recipe does not."""

    ngram: int
    min_words: int
    min_share: float
    mode: str
    questions: bool
    spelling: Spelling


PARTED = Spelling(joined=False, plain=False)
# From 8 words on: of 700 documents with a planted item 645 are found (615 from 13 on) and of 1,048 clean ones none is hit;
# 6 words find 5 more, but 6 Han signs are four words only: clauses of XQuAD hit 118 of 2,195 Chinese pages, at 8 one.
VARIANTS = {
    "ngram": _Rule(13, 8, 0.0, "document", True, PARTED),
    "gpt3": _Rule(13, 13, 0.0, "span", True, Spelling(joined=True, plain=False)),
    "palm": _Rule(8, 8, 0.7, "document", True, PARTED),
    "fineweb": _Rule(12, 12, 0.0, "document", False, Spelling(joined=False, plain=True)),
}


class Fields(BaseModel):
    """The fields of an item that hold its question and its answers; `a.b` is a field in a field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: tuple[str, ...] = Field((), description="fields of the question; several are read as one text")
    answer: tuple[str, ...] = Field((), description="fields of answers; each text in them is an answer")

    @field_validator("question", "answer", mode="before", json_schema_input_type=str | tuple[str, ...])
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class Decontaminate(Filter):
    """Drop documents that hold evaluation items, or cut the items out of them, by word n-grams.

    An item's question, its answer, and both together are looked for. Words are runs of letters, digits and marks in lower
    case (a written syllable where a script has no spaces), and a hit is verified letter by letter.

    ngram    any 13 words in a row; a question or answer of 8 to 12 words counts when all of it is found
    gpt3     13-grams of words between white space, without punctuation; the match and 200 characters on each side are
             cut, pieces under 200 characters dropped, documents in more than 10 pieces too (Brown et al. 2020, appendix C;
             EleutherAI/lm-evaluation-harness, lm_eval/decontamination/janitor.py, whose cutoff counts n-grams instead).
             Not done: n-grams that many documents hold are not spared, for that asks the whole corpus
    palm     8-grams, of which the document must hold 70 % of those of a question or an answer (Chowdhery et al. 2022, 8)
    fineweb  12-grams of the answer and those that span question and answer; numbers are one, accents are left out
             (datatrove 0.10.0, pipeline/decont/n_grams.py, on spaCy's words)

    Each hit is evidence in the ledger or in edits: the benchmark, `benchmark:item#field` and the place; of several items
    with the same words the one of which the document holds most. `cut` marks what a text lost. `datapipe report` counts
    items found for each benchmark. With action: tag only verdict and scores are kept.
    """

    name: ClassVar[str] = "decontaminate"
    # The contract's own texts stand in this file, so that the laws are tried on hits.
    examples: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"against": [str(Path(__file__).parents[1] / "engine" / "contract.py")], **more}
        for more in ({}, {"variant": "gpt3", "window": 5, "min_piece": 1}, {"variant": "palm"}, {"ngram": 4})
    )

    against: tuple[FileGlob, ...] = Field(
        min_length=1,
        description="evaluation sets: paths or globs of JSON lines, JSON lists or text (one item a paragraph, or a line "
        "where no blank line parts them), also .gz and .zst; a benchmark is called by its file's name",
    )
    variant: Literal["ngram", "gpt3", "palm", "fineweb"] = Field("ngram", description="whose rules (see above)")
    fields: Fields = Field(
        Fields(),
        description="{question: […], answer: […]}: the fields to compare; otherwise they are known by usual names",
    )
    ngram: int | None = Field(None, ge=1, le=100, description="words of an n-gram; null: the variant's")
    min_words: int | None = Field(
        None,
        ge=1,
        description="a shorter question or answer counts as one n-gram, from so many words on; null: variant's",
    )
    min_share: float | None = Field(
        None,
        ge=0,
        le=1,
        description="part of the n-grams of a question or answer it takes; 0: any one; null: variant's",
    )
    questions: bool | None = Field(
        None,
        description="whether n-grams count that lie wholly in the question of an item with answers; null: variant's",
    )
    mode: Literal["document", "span"] | None = Field(
        None, description="drop documents, or cut what was found out of them; null: the variant's"
    )
    window: int = Field(200, ge=0, description="characters cut on each side of a match, with mode: span")
    min_piece: int = Field(200, ge=0, description="characters; what is left in shorter pieces goes, too")
    max_pieces: int | None = Field(10, ge=1, description="a document in more pieces is dropped; null: never")

    _items: list[Item] = PrivateAttr(default_factory=list)
    _known: KnownTexts | None = PrivateAttr(None)

    @field_validator("against", mode="before", json_schema_input_type=str | tuple[str, ...])
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits(self) -> Decontaminate:
        if self.min_words is not None and self.min_words > self._rule().ngram:
            raise ValueError(
                f"min_words: expected at most ngram, which is {self._rule().ngram}; found {self.min_words}"
            )
        return self

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """The text, where it is cut."""
        return {"text": pa.large_string()} if self._rule().mode == "span" else {}

    def setup(self, ctx: Context) -> None:
        """Read the benchmarks and index their n-grams: 1 s for 10,000 items of 500,000 n-grams, and 40 MB."""
        rule = self._rule()
        self._items = read_benchmarks(self.against, Layout(self.fields.question, self.fields.answer), ctx)
        self._known = KnownTexts(self._items, rule.ngram, rule.min_words, rule.questions, rule.spelling)
        if not len(self._known.searched):
            raise RecipeError(f"against: no question or answer has {rule.min_words} words; lower ngram or min_words")

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """How many items each benchmark has, and of how many something is long enough to be looked for."""
        self.setup(ctx)
        assert self._known is not None
        items = Counter(item.benchmark for item in self._items)
        searched = Counter(self._items[number].benchmark for number in self._known.searched.tolist())
        return {"benchmarks": {name: {"items": n, "searched": searched[name]} for name, n in items.items()}}

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """All documents in one pass; what follows costs only where something is found."""
        assert self._known is not None, "setup was not called"
        rule = self._rule()
        column = batch.column("text")
        text = text_of(column)
        found = self._known.find(text, rule.min_share)
        scores = {"hits": found.hits.astype(np.float64), "item_share": found.shares}
        if rule.mode == "document":
            failed = {"contaminated": found.hits > 0}
            return Verdict(batch.num_rows, failed, scores, spans=self._evidence(text, found))
        rows = np.unique(found.rows)
        left, counts, cuts = self._cut(text, found)
        pieces = np.ones(batch.num_rows, np.int64)
        pieces[rows] = counts
        failed = {"nothing_left": pieces == 0}
        if self.max_pieces is not None:
            failed["too_many_pieces"] = pieces > self.max_pieces
        spans = self._evidence(text, found, cuts)
        column = scatter_column(column, rows, pa.array(left, pa.large_string())) if left else column
        return Verdict(batch.num_rows, failed, scores, {"text": column}, spans=spans)

    def _rule(self) -> _Rule:
        rule = VARIANTS[self.variant]
        own = {name: getattr(self, name) for name in ("ngram", "min_words", "min_share", "mode", "questions")}
        rule = rule._replace(**{name: value for name, value in own.items() if value is not None})
        return rule if self.min_words is not None else rule._replace(min_words=min(rule.min_words, rule.ngram))

    def _evidence(self, text: Text, found: Found, cuts: Int64s | None = None) -> pa.Array:
        """A span for each run of hits, and for each part cut out: document, start, stop."""
        assert self._known is not None
        cuts = np.zeros((0, 3), np.int64) if cuts is None else cuts
        items = [self._items[number] for number in self._known.items[found.units].tolist()]
        fields = [self._known.fields[unit] for unit in found.units.tolist()]
        of: list[str | None] = [f"{i.benchmark}:{i.name}#{f}" for i, f in zip(items, fields, strict=True)]
        reasons = [item.benchmark for item in items] + ["cut"] * len(cuts)
        rows = np.concatenate([found.rows, cuts[:, 0]])
        order = np.argsort(rows, kind="stable")
        return spans_column(
            text,
            rows[order],
            np.concatenate([found.starts, cuts[:, 1]])[order],
            np.concatenate([found.stops, cuts[:, 2]])[order],
            pa.array(reasons, pa.string()).take(pa.array(order)),
            pa.array([*of, *[None] * len(cuts)], pa.string()).take(pa.array(order)),
        )

    def _cut(self, text: Text, found: Found) -> tuple[list[str], list[int], Int64s]:
        """The texts in which something was found, without it; their pieces; and what was cut: document, start, stop."""
        left, counts, cuts = [], [], []
        borders = np.flatnonzero(np.diff(found.rows, prepend=-1, append=-1)) if len(found.rows) else np.zeros(1, int)
        for first, last in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
            row = int(found.rows[first])
            data = text.data[text.offsets[row] : text.offsets[row + 1]]
            # Where each character starts, and the text ends: windows and pieces are measured in characters.
            heads = np.append(np.flatnonzero(data & 0xC0 != 0x80), len(data))
            starts = np.searchsorted(heads, found.starts[first:last]) - self.window
            stops = np.searchsorted(heads, found.stops[first:last]) + self.window
            pieces = self._pieces(len(heads) - 1, np.maximum(starts, 0), np.minimum(stops, len(heads) - 1))
            parts = [data[heads[a] : heads[b]].tobytes() for a, b in pieces]
            left.append(SEAM.join(parts).decode())
            counts.append(len(pieces))
            edges = [0, *(edge for piece in pieces for edge in piece), len(heads) - 1]
            cuts += [(row, heads[a], heads[b]) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
        return left, counts, np.array(cuts, np.int64).reshape(-1, 3)

    def _pieces(self, end: int, starts: Int64s, stops: Int64s) -> list[tuple[int, int]]:
        """What is left between these spans, which may overlap, in pieces that are long enough."""
        order = np.argsort(starts, kind="stable")
        reached = np.maximum.accumulate(stops[order])
        begins = np.concatenate([[0], reached])
        ends = np.append(starts[order], end)
        keep = (ends - begins >= max(self.min_piece, 1)) & (ends > begins)
        return [(int(a), int(b)) for a, b in zip(begins[keep], ends[keep], strict=True)]
