"""Rules for source code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from datapipe.arrow.text import column_of, text_of, valid_of
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Numbers, Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.code import MEASURES, SCRIPT, STYLE, XML, code_shape, visible_text
from datapipe.kernels.comments import (
    BACK,
    DOCSTRINGS,
    DOUBLE,
    MULTILINE,
    RAW,
    REGEX,
    SINGLE,
    TRIPLE,
    WORD_START,
    count_comments,
    cut_slices,
)

# Marks of comments to the end of a line (two at most), pairs around comments (two at most), and the strings.
BOTH = DOUBLE | SINGLE
SYNTAX: dict[str, tuple[str, str, int]] = {
    "c": ("//", "/* */", BOTH),
    "script": ("//", "/* */", BOTH | BACK | REGEX),
    "go": ("//", "/* */", BOTH | BACK),
    "block": ("//", "/* */", BOTH | TRIPLE),
    "rust": ("//", "/* */", DOUBLE | MULTILINE),
    "css": ("", "/* */", BOTH),
    "php": ("// #", "/* */", BOTH | MULTILINE),
    "python": ("#", "", BOTH | TRIPLE | DOCSTRINGS),
    "hash": ("#", "", BOTH | MULTILINE | WORD_START),
    "shell": ("#", "", BOTH | MULTILINE | RAW | WORD_START),
    "config": ("#", "", BOTH | TRIPLE | WORD_START),
    "julia": ("#", "#= =#", DOUBLE | TRIPLE),
    "power": ("#", "<# #>", BOTH | RAW),
    "sql": ("--", "/* */", BOTH | MULTILINE | RAW),
    "lua": ("--", "--[[ ]]", BOTH),
    "haskell": ("--", "{- -}", DOUBLE),
    "ada": ("--", "", DOUBLE),
    "lisp": (";", "#| |#", DOUBLE | MULTILINE),
    "percent": ("%", "", 0),
    "exclamation": ("!", "", BOTH),
    "markup": ("", "<!-- -->", 0),
}
# Names of languages in lower case, and extensions.
LANGUAGES = """c: c h c++ cpp cc cxx hpp c# c-sharp csharp cs objective-c m objective-c++ mm java dart d glsl cuda cu proto
protobuf solidity sol zig verilog systemverilog v sv scss less
script: javascript js jsx mjs cjs typescript ts tsx vue svelte
go: go
block: kotlin kt scala swift groovy gradle
rust: rust rs / css: css / php: php / python: python py pyi cython pyx starlark bzl
hash: ruby rb perl pl pm r elixir ex exs crystal tcl awk nim cmake
shell: shell sh bash zsh fish makefile mk dockerfile
config: yaml yml toml ini cfg properties / julia: julia jl / power: powershell ps1
sql: sql plsql plpgsql tsql / lua: lua / haskell: haskell hs elm purescript agda idris / ada: ada adb ads vhdl vhd
lisp: lisp common-lisp scheme scm clojure clj racket emacs-lisp el assembly asm
percent: tex latex matlab erlang erl prolog / exclamation: fortran f90 f95 f03
markup: html htm xhtml xml svg markdown md"""
HTML = ("html", "htm", "xhtml")
PYTHON = ("python", "py", "pyi", "cython", "pyx", "starlark", "bzl")
# Where a recipe names this variant it gets these defaults unless it says more.
CURATOR: dict[str, Any] = {
    "max_line_length": None, "max_mean_line_length": None, "min_alphanumeric": None, "min_letters": 0.25,
    "max_comments": 0.85, "comment_languages": None, "min_lines": 10, "max_lines": 20_000,
}  # fmt: skip


class CodeQuality(ThresholdFilter):
    """Drop source files of long lines, few letters, no or only comments, hidden XML, or HTML without visible text.

    The variant `bigcode` is bigcode-project/bigcode-dataset, preprocessing/filtering.py: lines at most 1000 characters, 100
    on average, alphanumeric share, `<?xml version=` in the first 100 characters (StarCoder, arXiv:2305.06161), more than
    20 % and 100 characters of HTML visible, comments more than 1 % and less than 80 % in Python, Java and JavaScript
    (SantaCoder, arXiv:2301.03988), in Python without their marks. `curator` is NVIDIA-NeMo/Curator,
    stages/text/filters/heuristic/code/code.py: letters instead, 10 to 20,000 lines, comments from 1 to 85 % in any
    language, without their marks. There comments are found by lexers; here by the marks and strings of 21 syntaxes, and
    a Python string alone on its line is one. Files of other languages have no comment score. The score
    `licence_header` is the share of the first comments before all code that name a licence or copyright, up to a blank
    line; `cut_licence_header` takes them away, as RedPajama and Data-Juicer do for all such comments. An empty file is
    dropped as `empty`. None disables a rule; 0 is a threshold.
    """

    name: ClassVar[str] = "code_quality"
    reads: ClassVar[tuple[str, ...]] = ("text", "language")
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        "too_few_lines": ("min_lines", "lines"),
        "too_many_lines": ("max_lines", "lines"),
        "too_few_characters": ("min_characters", "characters"),
        "too_many_characters": ("max_characters", "characters"),
        "long_line": ("max_line_length", "max_line_length"),
        "long_lines": ("max_mean_line_length", "mean_line_length"),
        "few_alphanumeric": ("min_alphanumeric", "alphanumeric"),
        "few_letters": ("min_letters", "letters"),
        "few_comments": ("min_comments", "comments"),
        "many_comments": ("max_comments", "comments"),
        "licence_header": ("max_licence_header", "licence_header"),
        "hidden_text": ("min_visible", "visible"),
        "little_visible_text": ("min_visible_characters", "visible_characters"),
    }
    choices: ClassVar[tuple[str, ...]] = ("xml_header",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"variant": "curator"},
        {"language": None},
        {"cut_licence_header": True},
    )

    variant: Literal["bigcode", "curator"] = Field("bigcode", description="whose definitions and defaults to follow")
    language: str | None = Field(
        "language", description="column of the programming language or file extension; null: no rules for one"
    )
    max_line_length: int | None = Field(1000, ge=0, description="longest line, in characters (curator: null)")
    max_mean_line_length: float | None = Field(100, ge=0, description="longest mean line (curator: null)")
    min_alphanumeric: float | None = Field(
        0.25, ge=0, le=1, description="smallest share of letters and numbers (curator: null)"
    )
    min_letters: float | None = Field(None, ge=0, le=1, description="smallest share of letters (curator: 0.25)")
    min_comments: float | None = Field(0.01, ge=0, le=1, description="smallest share of characters in comments")
    max_comments: float | None = Field(
        0.8, ge=0, le=1, description="largest share of characters in comments (curator: 0.85)"
    )
    comment_languages: tuple[str, ...] | None = Field(
        ("python", "py", "java", "javascript", "js"),
        description="where comments are measured (curator: null); null: all with a syntax",
    )
    max_licence_header: float | None = Field(
        None, ge=0, le=1, description="largest share of characters in a licence or copyright header; null: any"
    )
    cut_licence_header: bool = Field(False, description="cut that header from the text, after all is measured")
    min_visible: float | None = Field(0.2, ge=0, le=1, description="smallest share of visible characters of HTML")
    min_visible_characters: int | None = Field(100, ge=0, description="fewest visible characters of HTML")
    xml_header: bool = Field(True, description="drop files with an XML declaration in their first 100 characters")
    min_lines: int | None = Field(None, ge=0, description="fewest lines (curator: 10)")
    max_lines: int | None = Field(None, ge=0, description="most lines (curator: 20000)")
    min_characters: int | None = Field(None, ge=0, description="smallest file (StarCoder's JSON and YAML: 100)")
    max_characters: int | None = Field(None, ge=0, description="largest file (StarCoder's JSON and YAML: 5000)")

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_variant(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("variant") == "curator":
            return {**CURATOR, **values}
        return values

    def columns_read(self) -> tuple[str, ...]:
        """The text and, unless there is none, the column of the language."""
        return ("text",) if self.language is None else ("text", self.language)

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """The text, where headers are cut."""
        return {"text": pa.large_string()} if self.cut_licence_header else {}

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """All measures, and the text without its header where that is asked for."""
        column = batch.column("text")
        scores, header = self._measure(column, self._names(batch))
        return Verdict(batch.num_rows, {"empty": scores["characters"] == 0}, scores, self._cut(column, header))

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """Where curator keeps a share that is at its bound, bigcode drops it."""
        failed = super().rules(measured)
        if self.xml_header:
            failed["xml_header"] = measured.scores["xml_header"] > 0
        if self.variant == "bigcode":
            for rule in ("few_comments", "many_comments", "hidden_text", "little_visible_text"):
                if rule in failed:
                    parameter, score = self.bounds[rule]
                    failed[rule] |= measured.scores[score] == getattr(self, parameter)
        return failed

    def _cut(self, column: pa.Array, header: Numbers) -> dict[str, pa.Array]:
        """The text without its header, given by its first byte and the one after it."""
        if not self.cut_licence_header:
            return {}
        text = text_of(column)
        starts, stops = np.nan_to_num(header, nan=-1).astype(np.int64)
        offsets = np.empty(len(text) + 1, np.int64)
        data = np.empty(int(text.offsets[-1] - text.offsets[0]), np.uint8)
        cut_slices(text.offsets, text.data, starts, stops, offsets, data)
        return {"text": column_of(offsets, data[: offsets[-1]], valid_of(column))}

    def _names(self, batch: pa.RecordBatch) -> npt.NDArray[np.str_]:
        """The language of each file in lower case, without spaces and a dot before; empty where there is none."""
        if self.language is None:
            return np.zeros(batch.num_rows, "U1")
        column = pc.fill_null(batch.column(self.language).cast(pa.string()), "")
        plain = pc.utf8_ltrim(pc.replace_substring(pc.utf8_lower(column), " ", "-"), ".")
        return np.array(plain.to_pylist() or [], np.str_)

    def _measure(self, column: pa.Array, names: npt.NDArray[np.str_]) -> tuple[dict[str, Numbers], Numbers]:
        """All scores, and the bytes between which a licence stands."""
        text = text_of(column)
        shape, comments = np.empty((len(MEASURES), len(text))), np.empty((5, len(text)))
        code_shape(text.offsets, text.data, class_table(), XML, shape)
        places, starts, marks, kinds, hot = _syntax()
        unique, where = np.unique(names, return_inverse=True)
        syntax = np.array([places.get(str(name), -1) for name in unique], np.int64)[where]
        count_comments(text.offsets, text.data, syntax, starts, marks, kinds, hot, comments)
        shown = np.full(len(text), np.nan)
        visible_text(text.offsets, text.data, np.flatnonzero(np.isin(names, HTML)), SCRIPT, STYLE, shown)
        scores = dict(zip(MEASURES, shape, strict=True))
        if self.variant == "curator":
            breaks = pc.count_substring(pc.fill_null(column, ""), "\n")
            scores["lines"] = breaks.to_numpy(zero_copy_only=False) + 1.0
        whole = np.where(shape[0] > 0, shape[0], np.nan)
        bare = np.isin(names, PYTHON) | (self.variant == "curator")
        scores["comments"] = (comments[0] - np.where(bare, comments[1], 0)) / whole
        if self.comment_languages is not None:
            scores["comments"][~np.isin(names, self.comment_languages)] = np.nan
        scores["licence_header"] = comments[2] / whole
        scores["visible"], scores["visible_characters"] = shown / whole, shown
        return scores, comments[3:]


Syntaxes = tuple[
    dict[str, int], npt.NDArray[np.int64], npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.bool_]
]


@cache
def _syntax() -> Syntaxes:
    """Where each language's syntax stands in the tables of `count_comments`, and these."""
    order = list(SYNTAX)
    places = {}
    syntax = ""
    for word in LANGUAGES.split():
        if word.endswith(":"):
            syntax = word.removesuffix(":")
        elif word != "/":
            places[word] = order.index(syntax)
    marks: list[bytes] = []
    hot = np.zeros((len(order), 256), np.bool_)
    for s, (line, block, kind) in enumerate(SYNTAX.values()):
        lines, pairs = line.encode().split(), block.encode().split()
        marks += [*lines, *[b""] * (2 - len(lines)), *pairs, *[b""] * (4 - len(pairs))]
        quotes = (b'"', DOUBLE), (b"'", SINGLE), (b"`", BACK), (b"([{)]}", DOCSTRINGS)
        hot[s, [mark[0] for mark in (*lines, *pairs[::2])]] = True
        for signs, flag in quotes:
            if kind & flag:
                hot[s, list(signs)] = True
    starts = np.cumsum([0, *map(len, marks)])
    kinds = np.array([kind for _, _, kind in SYNTAX.values()])
    return places, starts, np.frombuffer(b"".join(marks), np.uint8), kinds, hot
