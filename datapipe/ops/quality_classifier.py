"""Quality as a text classifier sees it: the chance of a label, for documents or their parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr, model_validator

from datapipe.arrow.text import Text, text_of
from datapipe.core.classifier.classifier import Classifier
from datapipe.core.classifier.model_file import read_classifier
from datapipe.core.classifier.scoring import Scale, scale_of, scores_of
from datapipe.core.context import Context
from datapipe.core.cutting import cut_units, rows_of, texts_of
from datapipe.core.dedup.units import Units, sentences_in_lines, units_of
from datapipe.core.errors import RecipeError
from datapipe.core.path_parameters import ModelPath
from datapipe.core.seeds import uniform
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Numbers, Verdict

SCORE, DRAW = "quality_score", "pareto_draw"
SOMETHING = r"[^\s\x00]"  # what is white space to fastText is nothing
HINT = (
    "top_fraction: a question to the whole corpus; add the step `top_fraction: {{column: {}, fraction: {}}}` after this"
)


class QualityClassifier(ThresholdFilter):
    """Score each document by a text classifier; keep what lies between the bounds, or is drawn by its score.

    The model is any fastText classifier (DCLM's, Dolma's, RedPajama's), or one of `datapipe train quality`; the score is
    its chance of `positive`, or with `expected` the mean of the labels' values weighed by their chances (FineWeb-Edu: 3).
    Documents are one line to it, white space of any kind a space. DCLM-Baseline keeps `{positive: hq, min_score: 0.018112}`
    (Li et al. 2024, arXiv:2406.11794; mlfoundations/dclm, baselines/baselines_configs/fasttext_filter.yaml; there it is 1
    less the chance of cc where that is greater, 0.00002 below the library's own). Without a bound, all is scored and
    nothing dropped: `top_fraction` keeps the best of the corpus.

    `pareto: 9` is GPT-3's draw (Brown et al. 2020, arXiv:2005.14165, appendix A), from a hash of the recipe's seed, the
    step's label and the id: kept if a number of Lomax's distribution (numpy.random.pareto) is more than 1 - score, of
    which the chance is (2 - score)^-pareto. The score `pareto_draw` is the uniform number u it is made of, by
    (1 - u)^(-1/pareto) - 1. With bounds, a document must pass both.

    With `level: paragraph` or `sentence` (which ends at newlines, too), parts out of bounds are cut from the text; a
    document without any left is dropped as `empty`; the score is that of the other parts, weighed by their bytes. Parts
    without a score stay. Blank texts, and those of which the model knows no word, have no score: `no_score`.
    """

    name: ClassVar[str] = "quality_classifier"
    audited: ClassVar[bool] = True
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        "low_score": ("min_score", SCORE),
        "high_score": ("max_score", SCORE),
    }
    choices: ClassVar[tuple[str, ...]] = ("pareto", "missing")
    writes: ClassVar[Mapping[str, pa.DataType]] = {SCORE: pa.float64()}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ()  # no model ships with the package; its own tests write one

    model: ModelPath = Field(description="a fastText classifier (.bin, .ftz), or one of `datapipe train quality`")
    positive: str | None = Field(
        None,
        description="the label whose chance is the score; null: hq of hq and cc, positive of positive and negative, ...",
    )
    expected: bool | Mapping[str, float] = Field(
        False, description="score with the expected value of labels that are numbers (true), or whose values are given"
    )
    min_score: float | None = Field(None, description="lowest score kept; null: no bound")
    max_score: float | None = Field(None, description="highest score kept; null: no bound")
    level: Literal["document", "paragraph", "sentence"] = Field("document", description="what the bounds judge")
    pareto: float | None = Field(None, gt=0, description="keep by chance, more of what scores high; GPT-3: 9")
    missing: Literal["drop", "keep"] = Field(
        "drop", description="what happens to documents without a score, if anything is dropped at all"
    )
    column: str = Field(SCORE, min_length=1, description="the column that takes the score")

    _classifier: Classifier | None = PrivateAttr(None)
    _scale: Scale | None = PrivateAttr(None)
    _seed: int = PrivateAttr(0)

    @model_validator(mode="before")
    @classmethod
    def _no_fraction(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "top_fraction" in data:
            raise ValueError(HINT.format(data.get("column", SCORE), data["top_fraction"]))
        return data

    @model_validator(mode="after")
    def _possible(self) -> QualityClassifier:
        low, high = self.min_score, self.max_score
        if low is not None and high is not None and low > high:
            raise ValueError(f"min_score {low} is more than max_score {high}")
        if not self.expected:
            for name, bound in (("min_score", low), ("max_score", high)):
                if bound is not None and not 0 <= bound <= 1:
                    raise ValueError(
                        f"{name}: {bound} is no chance, 0 to 1; for labels that are numbers say expected: true"
                    )
        elif self.positive is not None:
            raise ValueError("positive and expected exclude each other: the chance of one label, or the mean of all")
        elif self.pareto is not None:
            raise ValueError("pareto draws by a chance, and expected values are none; say positive")
        return self

    def columns_read(self) -> tuple[str, ...]:
        """The id is for the draw."""
        return ("text",) if self.pareto is None else ("id", "text")

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """The score, and the text where parts are cut from it."""
        return {**({} if self.level == "document" else {"text": pa.large_string()}), self.column: pa.float64()}

    def check(self, schema: pa.Schema) -> str | None:
        """The score takes no other column's place."""
        if self.column in schema.names:
            return f"column: {self.column} is there already, as {schema.field(self.column).type}; choose another name"
        return super().check(schema)

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """The model's labels, and which is the score."""
        classifier, scale = self._read(ctx)
        chosen = None if scale.chance is None else classifier.labels[scale.chance]
        if ctx.label in classifier.labels and ctx.label != chosen:  # a recipe's label: is the step's name
            raise RecipeError(f"label: names the step; whose chance is the score says `positive: {ctx.label}`")
        return {"labels": list(classifier.labels), **({} if chosen is None else {"positive": chosen})}

    def setup(self, ctx: Context) -> None:
        """Load the model; take the step's seed."""
        self._classifier, self._scale = self._read(ctx)
        self._seed = ctx.seed

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """Score every document, or its parts; cut where these are judged."""
        column = batch.column("text")
        text = text_of(column)
        if self.level == "document":
            measured = Verdict(len(text), scores={SCORE: self._scores(column, text)})
        else:
            units = sentences_in_lines(text) if self.level == "sentence" else units_of(text, self.level)
            measured = self._parts(column, text, units)
        found = measured.scores[SCORE]
        draw: dict[str, Numbers] = {}
        if self.pareto is not None:
            draw[DRAW] = uniform(self._seed, [name or "" for name in batch.column("id").to_pylist()])
        columns = {**measured.columns, self.column: pa.array(found, mask=np.isnan(found))}
        return Verdict(len(text), measured.failed, {SCORE: found, **draw}, columns, spans=measured.spans)

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """Bounds on documents; those on their parts were applied when they were measured."""
        found = measured.scores[SCORE]
        failed = {}
        if self.missing == "drop" and (self.min_score, self.max_score, self.pareto) != (None, None, None):
            failed["no_score"] = np.isnan(found)
        if self.level == "document":
            failed |= super().rules(measured)
        if self.pareto is not None:
            failed["not_drawn"] = lomax(measured.scores[DRAW], self.pareto) <= 1 - found
        return failed

    def tunable(self) -> tuple[str, ...]:
        """Bounds only where they are on documents, and a draw's shape only where there was a draw."""
        bounds = ("min_score", "max_score") if self.level == "document" else ()
        return (*bounds, *(("pareto",) if self.pareto is not None else ()), "missing")

    def _read(self, ctx: Context) -> tuple[Classifier, Scale]:
        classifier = read_classifier(self.model, ctx)
        try:
            return classifier, scale_of(classifier.labels, self.positive, self.expected)
        except ValueError as error:
            raise RecipeError(f"{error} ({self.model})") from None

    def _scores(self, column: pa.Array, text: Text) -> Numbers:
        """NaN for texts of white space: what the library says of them is of its mark for the end of a line."""
        assert self._classifier is not None, "setup was not called"
        assert self._scale is not None
        found = scores_of(self._classifier, text, self._scale)
        some = pc.fill_null(pc.match_substring_regex(column, SOMETHING), False)
        found[~some.to_numpy(zero_copy_only=False)] = np.nan
        return found

    def _parts(self, column: pa.Array, text: Text, units: Units) -> Verdict:
        assert self._classifier is not None, "setup was not called"
        assert self._scale is not None
        found = scores_of(self._classifier, texts_of(text, units), self._scale)[::2]
        low = -np.inf if self.min_score is None else self.min_score
        high = np.inf if self.max_score is None else self.max_score
        failed = {"low_score": found < low, "high_score": found > high}
        left = cut_units(column, text, units, failed, whole_lines=self.level == "paragraph")
        counts = ~(failed["low_score"] | failed["high_score"] | np.isnan(found))
        row, size = rows_of(units)[counts], np.diff(units.rows)[counts, 0].astype(np.float64)
        total = np.bincount(row, size, len(text))
        weighed = np.bincount(row, size * found[counts], len(text))
        score = np.divide(weighed, total, out=np.full(len(text), np.nan), where=total > 0)
        return Verdict(len(text), {"empty": left.empty}, {SCORE: score}, {"text": left.column}, spans=left.spans)


def lomax(uniform: Numbers, alpha: float) -> Numbers:
    """Numbers of Lomax's distribution, as numpy.random.pareto has them, from uniform ones in [0, 1)."""
    return np.asarray((1 - uniform) ** (-1 / alpha) - 1)
