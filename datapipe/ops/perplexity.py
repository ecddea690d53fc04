"""Perplexity under a language model: how far a text is from the text the model was made of."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.language_model.buckets import ANY, Cutoffs, bucket_column, read_cutoffs
from datapipe.core.language_model.model_files import LanguageModels, by_language, kind_of
from datapipe.core.language_model.parts import cut_parts
from datapipe.core.language_model.pieces import load_pieces, sentencepiece
from datapipe.core.language_model.scorer import Scorer, perplexity
from datapipe.core.path_parameters import FilePath, ModelGlob
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Numbers, Verdict

PAIR = "{lm: FILE, sentencepiece: FILE}"


class Perplexity(ThresholdFilter):
    """Score each document with the models of its language (column lang); keep what lies between the bounds, if there are any.

    CCNet's measure (Wenzek et al. 2020, arXiv:1911.00359): text normalised, cut by SentencePiece, each line scored by an
    n-gram model (KenLM) between <s> and </s>; 10^(-sum of log10 p / sum of (pieces + 1)). Lower is likelier. Blank lines
    do not count. A document without text, or in a language without models, has no perplexity, and stays.

    CCNet itself scores a document as one line: its normalisation takes the newlines out before the lines are told apart,
    and words at their borders grow together. `ccnet_compatible: true` does so, and rounds to 0.1: for CCNet's cut-offs.
    The default scores lines as lines, as `datapipe train lm` reads them.

    With `level: paragraph` or `line`, those out of bounds are cut from the text; perplexity is that of the rest.
    `cutoffs` adds the column bucket: head, middle or tail, and all where that cannot be told.
    """

    name: ClassVar[str] = "perplexity"
    audited: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("text",)
    writes: ClassVar[Mapping[str, pa.DataType]] = {"perplexity": pa.float64()}
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        "low_perplexity": ("min_perplexity", "perplexity"),
        "high_perplexity": ("max_perplexity", "perplexity"),
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = ()  # no model ships with the package; its own tests train one

    models: Mapping[str, LanguageModels] | tuple[ModelGlob, ...] = Field(
        description="by language {en: {lm: en.arpa.bin, sentencepiece: en.sp.model}}, '*' for all others; or a folder or "
        "patterns of files so named"
    )
    level: Literal["document", "paragraph", "line"] = Field("document", description="what the bounds judge")
    min_perplexity: float | None = Field(None, ge=0, description="least perplexity kept: below it, text repeats itself")
    max_perplexity: float | None = Field(None, gt=0, description="greatest perplexity kept; null: no bound")
    cutoffs: FilePath | Mapping[str, tuple[float, float]] | None = Field(
        None,
        description="where middle and tail begin, by language {en: [340, 520]}; or a table such as CCNet's cutoff.csv",
    )
    percentiles: tuple[float, float] = Field((30, 60), description="rows of that table where middle and tail begin")
    ccnet_compatible: bool = Field(False, description="the document as one line, rounded to 0.1, as CCNet has it")

    _scorers: dict[str, Scorer] = PrivateAttr(default_factory=dict)
    _cutoffs: Cutoffs = PrivateAttr(default_factory=dict)

    @field_validator("models", mode="before", json_schema_input_type=Mapping[str, LanguageModels] | str | list[str])
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, Mapping | list | tuple):
            raise ValueError(f"expected a folder, patterns of files, or {{en: {PAIR}}}, found {value!r}")
        for lang, pair in value.items() if isinstance(value, Mapping) else ():
            if not isinstance(pair, LanguageModels) and (
                not isinstance(pair, Mapping) or {*pair} != {"lm", "sentencepiece"}
            ):
                raise ValueError(f"{lang}: expected {PAIR}, found {pair!r}")
        return value

    @model_validator(mode="after")
    def _possible(self) -> Perplexity:
        self.pairs()
        if self.ccnet_compatible and self.level != "document":
            raise ValueError(f"ccnet_compatible scores documents; it has no level: {self.level}")
        if self.max_perplexity is not None and (self.min_perplexity or 0) > self.max_perplexity:
            raise ValueError(f"min_perplexity {self.min_perplexity} is more than max_perplexity {self.max_perplexity}")
        if isinstance(self.cutoffs, str) and "://" in self.cutoffs:
            raise ValueError(f"cutoffs: {self.cutoffs}: give a file of this machine")
        if isinstance(self.cutoffs, Mapping) and any(low > high for low, high in self.cutoffs.values()):
            raise ValueError("cutoffs: the middle begins before the tail")
        return self

    def pairs(self) -> Mapping[str, LanguageModels]:
        """The two files of each language."""
        return self.models if isinstance(self.models, Mapping) else by_language(self.models)

    def columns_read(self) -> tuple[str, ...]:
        """The language, where it decides."""
        cutoffs = self.cutoffs
        alone = set(self.pairs()) == {ANY} and (
            cutoffs is None or (isinstance(cutoffs, Mapping) and set(cutoffs) == {ANY})
        )
        return self.reads if alone else (*self.reads, "lang")

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """The perplexity, the bucket where there are cut-offs, and the text where parts are cut from it."""
        text = {} if self.level == "document" else {"text": pa.large_string()}
        return {**text, **self.writes, **({} if self.cutoffs is None else {"bucket": pa.string()})}

    def files(self) -> tuple[str, ...]:
        """Models, and the table of cut-offs."""
        table = (self.cutoffs,) if isinstance(self.cutoffs, str) else ()
        return (*self.model_files(), *table)

    def model_files(self) -> tuple[str, ...]:
        """The two models of each language."""
        return tuple(path for pair in self.pairs().values() for path in (pair.lm, pair.sentencepiece))

    def remarks(self) -> tuple[str, ...]:
        """Which models cost every worker their size."""
        parsed = [pair.lm for pair in self.pairs().values() if pair.lm.endswith(".arpa")]
        return tuple(
            f"{path}: ARPA, parsed and held by each worker; as .arpa.bin (train lm, build_binary) they share it"
            for path in parsed
        )

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """Packages and files are seen to before any work; the languages and kinds of model."""
        sentencepiece("perplexity")
        try:
            kinds = {lang: kind_of(pair.lm, ctx) for lang, pair in self.pairs().items()}
            for pair in self.pairs().values():
                _read_pieces(pair.sentencepiece, ctx)
        except OSError as error:
            raise RecipeError(f"{error.filename}: {error.strerror}" if error.strerror else str(error)) from None
        except ValueError as error:
            raise RecipeError(str(error)) from None
        self._read_cutoffs(ctx)
        return {"models": kinds}

    def setup(self, ctx: Context) -> None:
        """Load the models."""
        self._cutoffs = self._read_cutoffs(ctx)
        for lang, pair in self.pairs().items():
            self._scorers[lang] = Scorer(ctx.local(pair.lm), _read_pieces(pair.sentencepiece, ctx))

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """Score every document that has models; cut where parts are judged."""
        column = batch.column("text")
        langs = batch.column("lang").to_pylist() if "lang" in self.columns_read() else [None] * batch.num_rows
        columns: dict[str, pa.Array] = {}
        failed: dict[str, Mask] = {}
        spans = None
        if self.level == "document":
            sums = self._documents(column.to_pylist(), langs)
        else:
            low = -np.inf if self.min_perplexity is None else self.min_perplexity
            high = np.inf if self.max_perplexity is None else self.max_perplexity
            cut = cut_parts(column, self.level, low, high, lambda row: self._scorer(langs[row]))
            sums, failed, columns["text"], spans = cut.sums, {"empty": cut.empty}, cut.column, cut.spans
        found: Numbers = perplexity(sums[:, 0], sums[:, 1])
        if self.ccnet_compatible:
            found = np.array([round(value, 1) for value in found.tolist()])  # numpy rounds 0.25 otherwise
        columns["perplexity"] = pa.array(found, mask=np.isnan(found))
        if self.cutoffs is not None:
            columns["bucket"] = bucket_column(found, langs, self._cutoffs)
        return Verdict(batch.num_rows, failed, {"perplexity": found}, columns, spans=spans)

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """Bounds on documents; those on their parts were applied when they were measured."""
        return super().rules(measured) if self.level == "document" else {}

    def tunable(self) -> tuple[str, ...]:
        """The bounds on documents."""
        return super().tunable() if self.level == "document" else ()

    def _scorer(self, lang: str | None) -> Scorer | None:
        return self._scorers.get(lang or ANY) or self._scorers.get(ANY)

    def _documents(self, texts: list[str | None], langs: list[str | None]) -> np.ndarray:
        """Sum of log10 probabilities, and of words, of each document; those of a language together."""
        rows: dict[Scorer, list[int]] = {}
        for row, (text, lang) in enumerate(zip(texts, langs, strict=True)):
            scorer = self._scorer(lang)
            if text and scorer is not None:
                rows.setdefault(scorer, []).append(row)
        sums = np.zeros((len(texts), 2))
        for scorer, own in rows.items():
            documents = [texts[row] or "" for row in own]
            cut = [[text] if self.ccnet_compatible else text.split("\n") for text in documents]
            starts = np.cumsum([0, *map(len, cut[:-1])])
            lines = list(chain.from_iterable(cut))
            sums[own] = np.add.reduceat(scorer.lines(lines, single=self.ccnet_compatible), starts, axis=0)
        return sums

    def _read_cutoffs(self, ctx: Context) -> Cutoffs:
        if not isinstance(self.cutoffs, str):
            return self.cutoffs or {}
        try:
            with ctx.open(self.cutoffs) as stream:
                return read_cutoffs(stream.read().decode("utf-8-sig"), self.percentiles)
        except (OSError, ValueError) as error:
            raise RecipeError(f"cutoffs: {self.cutoffs}: {getattr(error, 'strerror', None) or error}") from None


def _read_pieces(path: str, ctx: Context) -> Any:
    """The SentencePiece model of a file; RecipeError, naming it, for another file."""
    with ctx.open(path) as stream:
        model = stream.read()
    try:
        return load_pieces(model, "perplexity")
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from None
