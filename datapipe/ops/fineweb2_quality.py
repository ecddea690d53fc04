"""FineWeb-2's quality rules, with thresholds of their own for each of 1,929 languages and scripts."""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import zstandard
from pydantic import Field

from datapipe.arrow.text import text_of
from datapipe.core.operator import Filter
from datapipe.core.segmenters import Segmented
from datapipe.core.stop_words import tables
from datapipe.core.verdict import Mask, Numbers, Verdict
from datapipe.kernels import lines, ngrams, quality
from datapipe.kernels.classes import class_table
from datapipe.kernels.words import abbreviations

# The thresholds: configs/*.yml of huggingface/fineweb-2 at d0defb2 (2025-10-27), a row a file, under the file's names,
# n-grams by their n, stop words between bars; within a language the script of most documents in the published set
# (fineweb2-language-distribution.csv) comes first.
TABLE = Path(__file__).with_suffix(".csv.zst")
NGRAMS = (*(f"top_{n}" for n in ngrams.TOP), *(f"dup_{n}" for n in ngrams.REPEATED))
# FineWeb-2 has no English: these are the defaults of the same rules in datatrove, which FineWeb used.
ENGLISH = {
    "language": "eng_Latn", "language_score": "0.65", "dup_line_frac": "0.3", "line_punct_thr": "0.12",
    "new_line_ratio": "0.3", "min_avg_word_length": "3", "max_avg_word_length": "10", "max_non_alpha_words_ratio": "0.8",
    "stopwords": "the|be|to|of|and|that|have|with",
    **dict(zip(NGRAMS, ("0.2", "0.18", "0.16", "0.15", "0.14", "0.13", "0.12", "0.11", "0.1"), strict=True)),
}  # fmt: skip
# What language_id and others call a language (ISO 639-1, macrolanguages), and what the table does (ISO 639-3). The `als`
# of lid.176 is Alemannic, as in Wikipedia; Tosk Albanian is `sq` or als_Latn.
CODES = """af=afr als=gsw am=amh an=arg ar=arb ara=arb as=asm av=ava az=azj aze=azj ba=bak be=bel bg=bul bh=bho bn=ben
bo=bod br=bre bs=bos ca=cat ce=che co=cos cs=ces cv=chv cy=cym da=dan de=deu dv=div el=ell en=eng eo=epo es=spa est=ekk
et=ekk eu=eus fa=fas fi=fin fr=fra fy=fry ga=gle gd=gla gl=glg gn=gug grn=gug gu=guj gv=glv ha=hau he=heb hi=hin hr=hrv
ht=hat hu=hun hy=hye ia=ina id=ind ie=ile ig=ibo io=ido is=isl it=ita ja=jpn jv=jav ka=kat ki=kik kk=kaz km=khm kn=kan
ko=kor ku=kmr kur=kmr kv=kpv kw=cor ky=kir la=lat lav=lvs lb=ltz lg=lug li=lim lo=lao lt=lit lv=lvs mg=plt mi=mri mk=mkd
ml=mal mlg=plt mn=khk mon=khk mr=mar ms=zsm msa=zsm mt=mlt my=mya nb=nob ne=npi nep=npi nl=nld nn=nno no=nob nor=nob
oc=oci om=gaz or=ory ori=ory orm=gaz os=oss pa=pan pl=pol ps=pbt pt=por pus=pbt qu=quy que=quy rm=roh ro=ron ru=rus
rw=kin sa=san sc=srd sd=snd si=sin sk=slk sl=slv sm=smo sn=sna so=som sq=als sqi=als sr=srp st=sot su=sun sv=swe sw=swh
swa=swh ta=tam te=tel tg=tgk th=tha ti=tir tk=tuk tl=fil tn=tsn tr=tur ts=tso tt=tat ug=uig uk=ukr ur=urd uz=uzn uzb=uzn
vi=vie vo=vol wa=wln wo=wol xh=xho yi=ydd yid=ydd yo=yor zh=cmn zho=cmn zu=zul"""
SCORES = (
    "duplicate_lines", *(f"top_{n}_gram" for n in ngrams.TOP), *(f"duplicate_{n}_gram" for n in ngrams.REPEATED),
    "lines", "punctuated_lines", "duplicate_line_characters", "newlines_per_word", *quality.MEASURES,
)  # fmt: skip


class Thresholds(NamedTuple):
    """The table: a row for each language, then English, then the fallback."""

    values: dict[str, Numbers]
    stop_words: list[tuple[str, ...]]
    rows: dict[str, int]  # by `deu_Latn` and by `deu`
    codes: dict[str, str]

    def row(self, language: str | None) -> int:
        """The row of `de`, `deu` or `deu_Latn`; -1, the last, for what the table does not have."""
        if language is None:
            return -1
        code, joint, script = language.partition("_")
        if joint and language in self.rows:
            return self.rows[language]
        return self.rows.get(self.codes.get(code, code) + joint + script, -1)


@cache
def thresholds() -> Thresholds:
    """Read the table, once a process."""
    text = zstandard.decompress(TABLE.read_bytes()).decode()
    table = [*csv.DictReader(io.StringIO(text)), ENGLISH]
    nothing = {"stopwords": "", "min_avg_word_length": "0", "max_avg_word_length": "inf", "language_score": "0"}
    table.append({**ENGLISH, **nothing})
    numbers = [name for name in ENGLISH if name not in ("language", "stopwords")]
    values = {name: np.array([float(row[name]) for row in table]) for name in numbers}
    values["dup_line_frac"][values["dup_line_frac"] == 0] = np.inf  # datatrove's way to disable it
    rows: dict[str, int] = {}
    for i, row in enumerate(table[:-1]):
        rows[row["language"]] = i
        rows.setdefault(row["language"].partition("_")[0], i)
    stop_words = [tuple(row["stopwords"].split("|")) if row["stopwords"] else () for row in table]
    codes = {ours: theirs for ours, _, theirs in (pair.partition("=") for pair in CODES.split())}
    return Thresholds(values, stop_words, rows, codes)


class Fineweb2Quality(Segmented, Filter):
    """Drop documents by the rules of FineWeb-2, each by the thresholds and stop words of the document's language.

    Penedo et al. 2025, arXiv:2506.20920; huggingface/fineweb-2, fineweb-2-pipeline.py and configs/*.yml: repeated lines
    and n-grams (as gopher_repetition), unpunctuated lines, newlines per word and characters in repeated lines (as
    fineweb_quality), word count and length, symbols, bullets, ellipses, words with a letter and stop words (as
    gopher_quality, all of them in the variant `datatrove`). The language is that of the column `lang`: `de`, `deu` and
    `deu_Latn` are one; without a script it is the one of most documents. English has the defaults of the same rules;
    so has a language that the table lacks, but for stop words and word lengths. The thresholds were chosen on words
    that datatrove cut by a tokenizer for each language; ours are kernels/words.py for all, so in scripts without spaces
    n-grams are of written syllables and only stop words of one syllable are found, where a language has none of the
    `segmenters`. None disables a rule; 0 is a threshold.
    """

    name: ClassVar[str] = "fineweb2_quality"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("text", "lang")
    examples: ClassVar[tuple[dict[str, object], ...]] = ({}, {"unknown": "drop"}, {"language_score": True})

    script: str | None = Field(
        None, description="column of the script, such as Latn, where lang is without; null: the usual one"
    )
    unknown: Literal["english", "keep", "drop"] = Field(
        "english",
        description="rows of other languages: English thresholds but stop words and word lengths, keep, or drop",
    )
    language_score: bool = Field(
        False, description="drop where lang_score is below the language's bound, which was chosen for GlotLID"
    )
    max_duplicate_line_characters: float | None = Field(
        0.1, ge=0, le=1, description="largest share of characters in lines that occurred before, in any language"
    )
    min_words: int | None = Field(50, ge=0, description="fewest words in any language; symbols are none")
    max_words: int | None = Field(100_000, ge=0, description="most words in any language")
    max_symbol_word_ratio: float | None = Field(0.1, ge=0, description="most hash signs, most ellipses per word")
    max_bullet_lines_ratio: float | None = Field(0.9, ge=0, le=1, description="largest share of lines with a bullet")
    max_ellipsis_lines_ratio: float | None = Field(
        0.3, ge=0, le=1, description="largest share of lines that end in an ellipsis"
    )
    min_stop_words: int | None = Field(2, ge=0, description="fewest different stop words of the language")

    def columns_read(self) -> tuple[str, ...]:
        """The text, its language and, where asked for, the script and the language's score."""
        extra = (self.script, "lang_score" if self.language_score else None)
        return (*self.reads, *(name for name in extra if name is not None))

    def files(self) -> tuple[str, ...]:
        """The table: other thresholds are another result."""
        return (str(TABLE),)

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Measure every document once, then hold the measures against its language's thresholds."""
        table = thresholds()
        row = self._rows(batch, table)
        scores = self._measure(batch, row)
        limit = {name: values[row] for name, values in table.values.items()}
        failed: dict[str, Mask] = {"empty": scores["lines"] == 0}
        failed["duplicate_lines"] = scores["duplicate_lines"] > limit["dup_line_frac"]
        for name, column in zip(SCORES[1:], NGRAMS, strict=False):
            failed[name] = scores[name] > limit[column]
        failed["unpunctuated_lines"] = (scores["punctuated_lines"] < limit["line_punct_thr"]) & (scores["lines"] > 0)
        if self.max_duplicate_line_characters is not None:
            failed["duplicate_line_characters"] = (
                scores["duplicate_line_characters"] > self.max_duplicate_line_characters
            )
        failed["many_newlines"] = scores["newlines_per_word"] > limit["new_line_ratio"]
        if self.min_words is not None:
            failed["too_few_words"] = scores["words"] < self.min_words
        if self.max_words is not None:
            failed["too_many_words"] = scores["words"] > self.max_words
        failed["short_words"] = scores["mean_word_length"] < limit["min_avg_word_length"]
        failed["long_words"] = scores["mean_word_length"] > limit["max_avg_word_length"]
        if self.max_symbol_word_ratio is not None:
            failed["hash_symbols"] = scores["hashes_per_word"] > self.max_symbol_word_ratio
            failed["ellipsis_symbols"] = scores["ellipses_per_word"] > self.max_symbol_word_ratio
        if self.max_bullet_lines_ratio is not None:
            failed["bullet_lines"] = scores["bullet_lines"] > self.max_bullet_lines_ratio
        if self.max_ellipsis_lines_ratio is not None:
            failed["ellipsis_lines"] = scores["ellipsis_lines"] > self.max_ellipsis_lines_ratio
        failed["non_alphabetic_words"] = scores["alphabetic_words"] < limit["max_non_alpha_words_ratio"]
        if self.min_stop_words is not None:
            failed["few_stop_words"] = (scores["stop_words"] < self.min_stop_words) & (row >= 0)
        if self.language_score:
            score = pc.fill_null(batch.column("lang_score").cast(pa.float64()), 0).to_numpy(zero_copy_only=False)
            failed["low_language_score"] = score < limit["language_score"]
        if self.unknown == "keep":
            failed = {name: mask & (row >= 0) for name, mask in failed.items()}
        if self.unknown == "drop":
            failed = {"unknown_language": row < 0, **failed}
        return Verdict(batch.num_rows, failed, scores)

    def _rows(self, batch: pa.RecordBatch, table: Thresholds) -> npt.NDArray[np.int64]:
        """The table's row for each document."""
        language = batch.column("lang").cast(pa.string())
        if self.script is not None:
            script = batch.column(self.script).cast(pa.string())
            joined = pc.binary_join_element_wise(language, script, "_")
            bare = pc.invert(pc.match_substring(language, "_"))
            language = pc.if_else(pc.and_(bare, script.is_valid()), joined, language)
        names = pc.dictionary_encode(language, null_encoding="encode")
        found = np.array([table.row(name) for name in names.dictionary.to_pylist()], np.int64)
        rows: npt.NDArray[np.int64] = found[names.indices.to_numpy(zero_copy_only=False)]
        return rows

    def _measure(self, batch: pa.RecordBatch, row: npt.NDArray[np.int64]) -> dict[str, Numbers]:
        """All scores; a language's stop words are looked for in its own documents."""
        text = text_of(batch.column("text"))
        n = len(text)
        breaks = self.breaks(batch, text)
        repetition, shape, words = np.empty((13, n)), np.empty((5, n)), np.empty((len(quality.MEASURES), n))
        ngrams.gopher_repetition(text.offsets, text.data, class_table(), abbreviations(), breaks, repetition)
        lines.fineweb_quality(text.offsets, text.data, class_table(), abbreviations(), 0, breaks, shape)
        languages, lists = np.unique(np.append(row, -1), return_inverse=True)
        stop_words, shapes, starts = tables([thresholds().stop_words[language] for language in languages])
        bullets, ellipses = quality.SIGNS["published"]
        quality.gopher_quality(
            text.offsets,
            text.data,
            class_table(),
            abbreviations(),
            stop_words,
            shapes,
            starts,
            lists[:-1],
            bullets,
            ellipses,
            breaks,
            words,
        )
        measures = (repetition[2], *repetition[4:], shape[0], shape[1], shape[3], shape[4], *words)
        return dict(zip(SCORES, measures, strict=True))
