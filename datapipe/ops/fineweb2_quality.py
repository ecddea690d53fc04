"""FineWeb-2's quality rules, with thresholds of their own for each of 1,929 languages and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import zstandard
from pydantic import Field

from datapipe.core.segmenters import Segmented
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Numbers, Verdict
from datapipe.kernels.ngrams import REPEATED, TOP
from datapipe.ops.fineweb_quality import FinewebQuality
from datapipe.ops.gopher_quality import GopherQuality
from datapipe.ops.gopher_repetition import GopherRepetition

# The thresholds: configs/*.yml of huggingface/fineweb-2 (Apache-2.0) at d0defb2 (2025-10-27), a row a file, under the
# file's names, n-grams by their n, stop words between bars; within a language the script of most documents in the
# published set (fineweb2-language-distribution.csv) comes first.
TABLE = Path(__file__).with_suffix(".csv.zst")
NGRAMS = (*(f"top_{n}" for n in TOP), *(f"dup_{n}" for n in REPEATED))
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
BY_LANGUAGE = {
    "duplicate_lines": ("dup_line_frac", "duplicate_lines"),
    **{f"top_{n}_gram": (f"top_{n}", f"top_{n}_gram") for n in TOP},
    **{f"duplicate_{n}_gram": (f"dup_{n}", f"duplicate_{n}_gram") for n in REPEATED},
    "unpunctuated_lines": ("line_punct_thr", "punctuated_lines"),
    "many_newlines": ("new_line_ratio", "newlines_per_word"),
    "short_words": ("min_avg_word_length", "mean_word_length"),
    "long_words": ("max_avg_word_length", "mean_word_length"),
    "non_alphabetic_words": ("max_non_alpha_words_ratio", "alphabetic_words"),  # a least, whatever its name says
}
LEAST = ("unpunctuated_lines", "short_words", "non_alphabetic_words")
SCORES = ("lines", "duplicate_line_characters", *dict.fromkeys(score for _, score in BY_LANGUAGE.values()), "words",
          "hashes_per_word", "ellipses_per_word", "bullet_lines", "ellipsis_lines", "stop_words")  # fmt: skip


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


class Fineweb2Quality(Segmented, ThresholdFilter):
    """Drop documents by the rules of FineWeb-2, each by the thresholds and stop words of the document's language.

    Penedo et al. 2025, arXiv:2506.20920; huggingface/fineweb-2, fineweb-2-pipeline.py and configs/*.yml: repeated lines
    and n-grams (as gopher_repetition), unpunctuated lines, newlines per word and characters in repeated lines (as
    fineweb_quality), word count and length, symbols, bullets, ellipses, words with a letter and stop words (as
    gopher_quality, all of them in the variant `datatrove`). The language is that of the column `lang`: `de`, `deu` and
    `deu_Latn` are one; without a script it is the one of most documents. English has the defaults of the same rules;
    so has a language that the table lacks, but for stop words and word lengths. The thresholds were chosen on words
    that datatrove cut by a tokenizer for each language; ours are kernels/words.py for all, so in scripts without spaces
    n-grams are of syllables and stop words of more than one are not found. None disables a rule; 0 is a threshold.
    """

    name: ClassVar[str] = "fineweb2_quality"
    reads: ClassVar[tuple[str, ...]] = ("text", "lang")
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        "duplicate_line_characters": ("max_duplicate_line_characters", "duplicate_line_characters"),
        "too_few_words": ("min_words", "words"),
        "too_many_words": ("max_words", "words"),
        "hash_symbols": ("max_symbol_word_ratio", "hashes_per_word"),
        "ellipsis_symbols": ("max_symbol_word_ratio", "ellipses_per_word"),
        "bullet_lines": ("max_bullet_lines_ratio", "bullet_lines"),
        "ellipsis_lines": ("max_ellipsis_lines_ratio", "ellipsis_lines"),
        "few_stop_words": ("min_stop_words", "stop_words"),
    }
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
        return tuple(dict.fromkeys((*super().columns_read(), *(name for name in extra if name is not None))))

    def files(self) -> tuple[str, ...]:
        """The table: other thresholds are another result."""
        return (str(TABLE),)

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """Measure every document once, then hold the measures against its language's thresholds."""
        table = thresholds()
        row = self._rows(batch, table)
        scores = self._scores(batch, row)
        scores["stop_words"][row < 0] = np.nan
        failed: dict[str, Mask] = {"unknown_language": row < 0} if self.unknown == "drop" else {}
        if self.unknown == "keep":
            for values in scores.values():
                values[row < 0] = np.nan
        failed["empty"] = scores["lines"] == 0
        for rule, (column, score) in BY_LANGUAGE.items():
            bound = table.values[column][row]
            failed[rule] = scores[score] < bound if rule in LEAST else scores[score] > bound
        failed["unpunctuated_lines"] &= scores["lines"] > 0
        if self.language_score:
            known = pc.fill_null(batch.column("lang_score").cast(pa.float64()), 0).to_numpy(zero_copy_only=False)
            low = known < table.values["language_score"][row]
            failed["low_language_score"] = low & (row >= 0) if self.unknown == "keep" else low
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

    def _scores(self, batch: pa.RecordBatch, row: npt.NDArray[np.int64]) -> dict[str, Numbers]:
        """What the three operators measure; a language's stop words are looked for in its own documents."""
        quality: dict[str, Numbers] = {}
        batch = batch.select(["text", "lang"])
        for language in np.unique(row) if len(row) else (-1,):
            rows = np.flatnonzero(row == language)
            some = batch if len(rows) == batch.num_rows else batch.take(pa.array(rows))
            for name, score in self._quality(int(language)).measure(some).scores.items():
                quality.setdefault(name, np.empty(batch.num_rows))[rows] = score
        measured = {
            **GopherRepetition(segmenters=self.segmenters).measure(batch).scores,
            **FinewebQuality(segmenters=self.segmenters).measure(batch).scores,
            **quality,
        }
        return {name: measured[name] for name in SCORES}

    def _quality(self, row: int) -> GopherQuality:
        """What looks for a language's stop words."""
        return GopherQuality(stop_words=thresholds().stop_words[row], segmenters=self.segmenters)
