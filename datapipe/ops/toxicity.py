"""Toxic text, by word lists or by classifiers: documents go, or the parts of them that are toxic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datapipe.arrow.text import Text, text_of
from datapipe.core.classifier.categories import Categories, Category
from datapipe.core.context import Context
from datapipe.core.cutting import cut_units, texts_of
from datapipe.core.errors import did_you_mean
from datapipe.core.parts import PartLevel, parts_of
from datapipe.core.path_parameters import FileGlob, FilePath, ModelPath
from datapipe.core.segmenters import Segmented
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.toxicity.list_files import files_of
from datapipe.core.toxicity.listed import check_lists, listed_scores
from datapipe.core.toxicity.word_lists import USUAL, Bytes, Disguise, WordLists
from datapipe.core.verdict import Mask, Numbers, Verdict

Words = FilePath | Annotated[tuple[str, ...], Field(min_length=1)]
OF_WORDS, OF_MODELS = ("max_hits", "max_ratio", "obfuscation", "segmenters"), ("categories", "max_score")


class Toxicity(Segmented, ThresholdFilter):
    """Score each document by listed words, or by classifiers; drop what is out of bounds, or cut the parts that are.

    words   `hits`, listed words of the language (column lang; `*` for all), and `hit_ratio`, hits per word: C4's list of
            bad words (`max_hits: 0`; Raffel et al. 2020), RedPajama-V2's counts of the LDNOOBW lists, Data-Juicer's ratio of
            flagged words (0.045). In scripts without spaces a word is found wherever its letters stand, in longer words,
            too (of 760 clean Thai documents the published list hits 15); `segmenters: {th: icu}` finds whole ones. Lists by
            category {en: {slur: a.txt, sexual: b.txt}} give `hits_slur`, ..., too
    models  the chance of each category, and `score`, the highest. Several labels of one model (`model`, `categories`:
            toxic, threat, insult of Jigsaw's, trained one-vs-all), or a model each (`models`). Dolma's way (Soldaini et
            al. 2024, arXiv:2402.00159; configs/dolma-v1_6/mixing): models of toxic and of nsfw, sentences over 0.4 cut

    With a level, parts are scored, each as one line, and a document's scores are the highest of any part. `do: drop` drops
    a document with a part out of bounds, or with more than `max_share` of its characters in such; `do: cut` cuts these
    parts, and drops the document when nothing is left, or when more than `max_share` of it would go. Lists and models are
    steps of their own, for a document that passes both has passed two rules, and `why` says which it failed.

    A text without words, or in a language without a list, is not judged: its scores are null, and it stays.

    Both methods err against people: lists drop text by and about minorities more often than other text (Dodge et al. 2021,
    arXiv:2104.08758, section 5, of C4's), and classifiers take identity terms, reclaimed slurs and African American English
    for toxic (Sap et al. 2019, ACL P19-1163; Xu et al. 2021, arXiv:2104.06390). Of HateCheck's harmless cases, a model of
    9,000 labelled comments called toxic 70 % of reclaimed slurs, 71 % of counter-speech and 47 % of kind or neutral mentions
    of groups, a list 53, 28 and 0 % (tests/bench/toxicity.py). See what would go with `action: tag` first.
    """

    name: ClassVar[str] = "toxicity"
    audited: ClassVar[bool] = True
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        "hits": ("max_hits", "hits"),
        "hit_ratio": ("max_ratio", "hit_ratio"),
        "score": ("max_score", "score"),
        "toxic_share": ("max_share", "share"),
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"words": {"en": ["lorem", "same line"], "*": ["句"]}, "max_hits": 1, "max_ratio": 0.5},
        {
            "words": {"*": {"a": ["word"], "b": ["line"]}},
            "level": "sentence",
            "do": "cut",
            "max_hits": 0,
            "max_share": 0.7,
        },
        {"words": {"*": ["line", "punkt"]}, "level": "paragraph", "max_ratio": 0.01, "max_share": 0.2},
    )  # no model ships with the package; its own tests make one

    words: FileGlob | tuple[FileGlob, ...] | Mapping[str, Words | Mapping[str, Words]] | None = Field(
        None, description="lists by language {en: en.txt, '*': [word]}, or by language and category; or published files"
    )
    model: ModelPath | None = Field(None, description="a classifier: fastText's .bin or .ftz, or by datapipe train")
    models: Mapping[str, ModelPath] | None = Field(
        None, description="several, by category {toxic: a.bin, nsfw: b.bin}; a category is the label called so"
    )
    categories: str | tuple[str, ...] | Mapping[str, str] | None = Field(
        None,
        description="labels of `model` that are categories: toxic, [toxic, threat]; {toxic: '1'} gives a label a name",
    )
    level: Literal["document", PartLevel] = Field("document", description="what is scored")
    do: Literal["drop", "cut"] = Field("drop", description="drop documents, or cut the parts that are out of bounds")
    max_hits: int | None = Field(None, ge=0, description="most listed words kept; null: no bound")
    max_ratio: float | None = Field(None, ge=0, le=1, description="most listed words per word kept; null: no bound")
    max_score: float | Mapping[str, float] | None = Field(
        None, description="greatest chance kept, of every category or of each {toxic: 0.4}; null: no bound"
    )
    max_share: float | None = Field(
        None,
        ge=0,
        le=1,
        description="greatest share of characters in parts out of bounds; null: none with drop, all but all with cut",
    )
    obfuscation: bool | tuple[Disguise, ...] = Field(
        False,
        description="find words in disguise, too: leet (4 for a), lookalike letters, repeated ones, spaced ones; true: these; "
        "masked (inner letters as *) finds formulas, too",
    )

    _judge: WordLists | Categories | None = PrivateAttr(None)

    @field_validator("words", mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        for lang, lists in value.items() if isinstance(value, Mapping) else ():
            for category, words in lists.items() if isinstance(lists, Mapping) else (("", lists),):
                where = f"{lang}.{category}" if category else lang
                if not isinstance(words, str | list | tuple) or not words:
                    raise ValueError(f"{where}: expected a file or a list of words, found {words!r}")
                if odd := [word for word in words if not isinstance(word, str)]:
                    raise ValueError(f"{where}: {odd[0]!r} is no word; write it in quotes")
        return value

    @model_validator(mode="after")
    def _possible(self) -> Toxicity:
        given = [name for name in ("words", "model", "models") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one of words, model, models, found {' and '.join(given) or 'none'}")
        by_words = self.words is not None
        for name in OF_MODELS if by_words else OF_WORDS:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name} goes with {'model or models' if by_words else 'words'}, not with {given[0]}")
        if not by_words:
            self._check_categories()
        if self.level == "document" and (self.do == "cut" or self.max_share is not None):
            what = "do: cut" if self.do == "cut" else "max_share"
            raise ValueError(f"{what} is of parts: add level: sentence (or line, paragraph)")
        if self._by_share() and not self._bounded():
            raise ValueError("which parts are out of bounds? expected max_hits, max_ratio or max_score")
        return self

    def _check_categories(self) -> None:
        if self.model is not None and not self.categories:
            raise ValueError("categories: say which of the model's labels are toxic, such as categories: toxic")
        if self.models is not None and not isinstance(self.categories, Mapping | None):
            raise ValueError("categories: each of models is one; give only names of labels, such as {toxic: '1'}")
        names = [category.name for category in self.named()]
        if not names:
            raise ValueError("models: expected {category: file}, found none")
        if taken := {"score", "share"} & {*names}:
            raise ValueError(f"categories: another score is called {taken.pop()}; name it {{toxic: label}}")
        bounds = self.max_score if isinstance(self.max_score, Mapping) else {}
        for where, chosen in (("max_score", bounds), ("categories", (self.models and self.categories) or {})):
            for name in chosen:
                if name not in names:
                    raise ValueError(f"{where}: no category is called {name!r}{did_you_mean(name, names)}")
        for bound in bounds.values() if isinstance(self.max_score, Mapping) else (self.max_score,):
            if bound is not None and not 0 <= bound <= 1:
                raise ValueError(f"max_score: {bound} is no chance, 0 to 1")

    def named(self) -> list[Category]:
        """The categories of the models: what each is called, the file, and the label in it."""
        given = self.categories or {}
        labels = [given] if isinstance(given, str) else given
        if self.model is not None:
            pairs = labels.items() if isinstance(labels, Mapping) else zip(labels, labels, strict=True)
            return [Category(name, self.model, label) for name, label in pairs]
        names = labels if isinstance(labels, Mapping) else {}
        return [Category(name, path, names.get(name, name)) for name, path in (self.models or {}).items()]

    def files(self) -> tuple[str, ...]:
        """The lists, or the models."""
        return self.model_files() if self.words is None else files_of(self.words)

    def columns_read(self) -> tuple[str, ...]:
        """The language, where it has lists of its own."""
        own = isinstance(self.words, Mapping) and set(self.words) == {"*"}
        return self.reads if self.words is None or (own and not self.segmenters) else (*self.reads, "lang")

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """The text, where parts are cut from it."""
        return {"text": pa.large_string()} if self.do == "cut" else {}

    def remarks(self) -> tuple[str, ...]:
        """That nothing is dropped, where no bound is given."""
        return () if self._bounded() else ("no max_hits, max_ratio or max_score: it scores, and keeps everything",)

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """Lists and models are read, and the labels looked for, before any work; what they can tell."""
        judge = self._made(ctx)
        if isinstance(judge, Categories):
            return {"labels": judge.labels()}
        never = {"never_found": len(judge.unread)} if judge.unread else {}  # without a letter or an emoji
        return {"languages": list(judge.languages), **never}

    def setup(self, ctx: Context) -> None:
        """Load the lists or the models."""
        super().setup(ctx)
        self._judge = self._made(ctx)

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """Score every document, or every part of it; cut where parts are to go."""
        column = batch.column("text")
        text = text_of(column)
        langs = batch.column("lang") if "lang" in self.columns_read() else pa.nulls(len(text), pa.string())
        breaks = self.breaks(batch, text)
        if self.level == "document":
            return Verdict(batch.num_rows, {}, self._scores(text, langs, breaks))
        parts = parts_of(text, self.level)
        every_other = np.repeat(parts.row, 2)[: max(2 * len(parts.row) - 1, 0)]
        found = self._scores(texts_of(text, parts.units), langs.take(pa.array(every_other)), breaks)
        scores = {name: values[::2] for name, values in found.items()}
        highest = {name: parts.highest(values) for name, values in scores.items()}
        if not self._by_share():
            return Verdict(batch.num_rows, {}, highest)
        out = self._out_of_bounds(scores)
        share = parts.share(np.logical_or.reduce(list(out.values())))
        share[np.isnan(np.array(list(highest.values()))).all(axis=0)] = np.nan  # nothing was judged
        highest["share"] = share
        if self.do == "drop":
            return Verdict(batch.num_rows, {}, highest)
        left = cut_units(column, text, parts.units, out, whole_lines=self.level != "sentence")
        return Verdict(batch.num_rows, {"nothing_left": left.empty}, highest, {"text": left.column}, spans=left.spans)

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """Bounds on the scores, or on the share of a document that is in parts out of bounds."""
        if not self._by_share():
            return self._out_of_bounds(measured.scores)
        if self.max_share is None:
            return {}
        return {"toxic_share": measured.scores["share"] > self.max_share}

    def tunable(self) -> tuple[str, ...]:
        """The share where parts were held against the other bounds, else these."""
        if self._by_share():
            return ("max_share",)
        return ("max_score",) if self.words is None else ("max_hits", "max_ratio")

    def _out_of_bounds(self, scores: Mapping[str, Numbers]) -> dict[str, Mask]:
        """By rule: a category, `hits` or `hit_ratio`."""
        if self.words is not None:
            bounds: dict[str, float | None] = {"hits": self.max_hits, "hit_ratio": self.max_ratio}
        elif isinstance(self.max_score, Mapping):
            bounds = dict(self.max_score)
        else:
            bounds = {category.name: self.max_score for category in self.named()}
        return {name: scores[name] > bound for name, bound in bounds.items() if bound is not None}

    def _by_share(self) -> bool:
        return self.do == "cut" or self.max_share is not None

    def _bounded(self) -> bool:
        return any(bound not in (None, {}) for bound in (self.max_hits, self.max_ratio, self.max_score))

    def _made(self, ctx: Context) -> WordLists | Categories:
        if self.words is None:
            return Categories(self.named(), ctx)
        check_lists(self.files(), ctx)
        disguises = self.obfuscation if isinstance(self.obfuscation, tuple) else USUAL if self.obfuscation else ()
        return WordLists.read(self.words, ctx, disguises=disguises)

    def _scores(self, text: Text, langs: pa.Array, breaks: Bytes) -> dict[str, Numbers]:
        assert self._judge is not None, "setup was not called"
        if isinstance(self._judge, WordLists):
            return listed_scores(self._judge, text, langs.to_pylist(), breaks)
        chances = self._judge.chances(text)
        return {**chances, "score": np.fmax.reduce(list(chances.values()))}
