"""Documents to the ids of a tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datapipe.arrow.text import text_of
from datapipe.core.columns import BASE, set_columns
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.operator import Map
from datapipe.core.path_parameters import ModelGlob
from datapipe.core.tokenizers.marks import MODEL, NONE, Mark, find_mark
from datapipe.core.tokenizers.model_file import read_tokenizer, tokenizer_among
from datapipe.core.tokenizers.tokenizer import Encoded, Tokenizer
from datapipe.core.trained import TrainedModel

CONFIGS = ("tokenizer_config.json", "special_tokens_map.json")
MOST = (1 << 31) - 1  # tokens of a batch: Arrow's lists count them by int32


class Tokenize(Map):
    """Write the ids of each text as a tokenizer's own library gives them, and their number.

    `model` is a tokenizer.json, a SentencePiece model, a .tiktoken file whose name tells its pattern (cl100k_base.tiktoken),
    or a folder with one of them. Byte-level BPE and SentencePiece are done by our kernels; where the library does the work,
    text by text, `check` says so and why.

    A document ends with the model's own EOS, and begins with nothing, as GPT-2, Dolma and OLMo have it; Llama 3 begins
    with BOS, too: `bos: model`. A text without tokens gets neither. Which token that is, tokenizer_config.json says where
    `model` is a folder, else its usual names (<|endoftext|>, <|end_of_text|>, </s>, ...); `check` prints it.

    A special token that stands in a text is text here, as tiktoken's encode_ordinary has it, so that no page can end its
    own document. `special: split` reads it as the token: for text whose special tokens you wrote.

    Ids are uint16 where the vocabulary fits, else uint32. The step's tallies in the manifest are tokens by source and
    language, marks among them; `datapipe report` prints them.
    """

    name: ClassVar[str] = "tokenize"
    writes: ClassVar[Mapping[str, pa.DataType]] = {"tokens": pa.list_(pa.uint32()), "n_tokens": pa.int32()}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ()  # no model ships with the package; its own tests train some

    model: tuple[ModelGlob, ...] | TrainedModel = Field(
        description="a tokenizer's file, its URL, or the folder it lies in; or {step: LABEL}, what an earlier step trains"
    )
    bos: str = Field(NONE, min_length=1, description="token before each document: none, model (its own), or by name")
    eos: str = Field(
        MODEL, min_length=1, description="token after each document: model (its own, if any), none, or by name"
    )
    special: Literal["text", "split"] = Field(
        "text",
        description="what special tokens spelled in a text are: text, or (only of a tokenizer.json) those tokens",
    )
    dtype: Literal["uint16", "uint32"] | None = Field(None, description="of the ids; null: the least that holds them")
    column: str = Field("tokens", min_length=1, description="the column of the ids")
    count: str = Field("n_tokens", min_length=1, description="the column of their number")
    keep_text: bool = Field(True, description="false: the text goes once it is tokens (each row counts as edited)")

    _tokenizer: Tokenizer | None = PrivateAttr(None)
    _dtype: pa.DataType = PrivateAttr(default_factory=pa.uint32)
    _there: pa.DataType | None = PrivateAttr(None)
    _before: tuple[int, ...] = PrivateAttr(())
    _after: tuple[int, ...] = PrivateAttr(())

    @field_validator("model", mode="before", json_schema_input_type=str | list[str] | TrainedModel)
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _possible(self) -> Tokenize:
        if not isinstance(self.model, TrainedModel):
            tokenizer_among(self.model)
        for name in (self.column, self.count):
            if name in BASE.names:
                raise ValueError(f"{name} is a column every document has; choose another name")
        if self.column == self.count:
            raise ValueError(f"column and count are both {self.column}")
        return self

    def files(self) -> tuple[str, ...]:
        """Of a folder the tokenizer, and what names its special tokens: not the weights that lie beside it."""
        if isinstance(self.model, TrainedModel):
            return ()  # there is none before the run
        configs = [path for name in CONFIGS for path in self.model if PurePath(path).name == name]
        return (tokenizer_among(self.model), *configs)

    def model_files(self) -> tuple[str, ...]:
        """All of them."""
        return self.files()

    def check(self, schema: pa.Schema) -> str | None:
        """Ids of two steps (each with its own `where`) may meet in one column; other columns are not overwritten."""
        ids, number = (schema.field(name).type if name in schema.names else None for name in (self.column, self.count))
        if ids not in (None, pa.list_(pa.uint16()), pa.list_(pa.uint32())):
            return f"the column {self.column} is there already and is {ids}, not a list of ids; choose another name"
        if number not in (None, pa.int32()):
            return f"the column {self.count} is there already and is {number}, not int32; choose another name"
        self._there = ids
        return None

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """The vocabulary, the marks, and whose work it is; of a model still to be trained its size alone."""
        if isinstance(self.model, TrainedModel):
            self._choose_dtype(self.model.vocab_size)
            dtype = str(self._dtype)
            remark = f"{self.model.vocab_size:,} tokens, ids {dtype}; the model is trained by {self.model.step}"
            return {"vocabulary": self.model.vocab_size, "dtype": dtype, "remarks": [remark]}
        tokenizer, marks = self._read(ctx)
        if self._there not in (None, pa.list_(self._dtype)):
            raise RecipeError(
                f"the column {self.column} is there already and is {self._there}, not of {self._dtype}; say the same dtype in "
                "both steps, or choose another name"
            )
        named = {role: {"token": mark.token, "id": mark.id} for role, mark in marks.items() if mark}
        dtype = str(self._dtype)
        says = [
            *(f"{role} {mark.token} = {mark.id}" for role, mark in marks.items() if mark),
            *(["no eos: the model has none, documents end unmarked"] if self.eos == MODEL and not marks["eos"] else []),
        ]
        remarks = [f"{tokenizer.size:,} tokens, ids {dtype}; {', '.join(says) or 'neither bos nor eos'}"]
        if tokenizer.slow:
            remarks.append(f"by the library, text by text: {tokenizer.slow}")
            native = [path for path in self.model if path.endswith(".model") and path != tokenizer_among(self.model)]
            if native:  # its added tokens may be fewer, so which one is meant is not ours to say
                remarks.append(f"{native[0]} lies beside it: a SentencePiece model named itself goes by kernels")
        remarks += [
            f"{m.token} is an ordinary token: a text that spells it gives it, too"
            for m in marks.values()
            if m and m.forgeable
        ]
        return {"vocabulary": tokenizer.size, "dtype": dtype, **named, "slow": tokenizer.slow, "remarks": remarks}

    def setup(self, ctx: Context) -> None:
        """Load the model."""
        self._tokenizer, marks = self._read(ctx)
        self._before, self._after = (() if mark is None else (mark.id,) for mark in (marks["bos"], marks["eos"]))

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """Ids, of the type that `facts` or `setup` found, and their number."""
        text = {} if self.keep_text else {"text": pa.large_string()}
        return {self.column: pa.list_(self._dtype), self.count: pa.int32(), **text}

    def tallied(self) -> tuple[str, ...]:
        """The number of tokens."""
        return (self.count,)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Ids of the batch's texts."""
        assert self._tokenizer is not None, "set up first"
        found = self._tokenizer.encode(text_of(batch.column("text")))
        ids, lengths = _marked(found, self._before, self._after)
        if len(ids) > MOST:
            raise ValueError(f"{len(ids):,} tokens in one batch; a list column holds {MOST:,}")
        offsets = np.zeros(len(lengths) + 1, np.int32)
        np.cumsum(lengths, out=offsets[1:])
        values = pa.array(ids.astype(self._dtype.to_pandas_dtype(), copy=False))
        columns = {
            self.column: pa.ListArray.from_arrays(pa.array(offsets), values),
            self.count: pa.array(lengths, pa.int32()),
        }
        if not self.keep_text:
            columns["text"] = pa.nulls(batch.num_rows, pa.large_string())
        return set_columns(batch, columns)

    def _read(self, ctx: Context) -> tuple[Tokenizer, dict[str, Mark | None]]:
        path, *configs = _of_trained(self.model, ctx) if isinstance(self.model, TrainedModel) else self.files()
        tokenizer = read_tokenizer(path, ctx, "text")
        marks = {
            "bos": find_mark("bos", self.bos, tokenizer, configs, ctx),
            "eos": find_mark("eos", self.eos, tokenizer, configs, ctx),
        }
        if self.bos == MODEL and marks["bos"] is None:
            raise RecipeError(f"bos: model: {path} has none of the usual names; name its token")
        # In a sample's run what is trained may be smaller than the planner said.
        planned = self.model.vocab_size if isinstance(self.model, TrainedModel) else 0
        self._choose_dtype(max(tokenizer.size, planned))
        return (tokenizer if self.special == "text" else read_tokenizer(path, ctx, self.special)), marks

    def _choose_dtype(self, size: int) -> None:
        least = pa.uint16() if size <= 1 << 16 else pa.uint32()
        if self.dtype == "uint16" and least != pa.uint16():
            raise RecipeError(
                f"dtype: uint16 holds ids below 65,536, and the vocabulary has {size:,}; say uint32, or leave it out"
            )
        self._dtype = least if self.dtype is None else pa.type_for_alias(self.dtype)


def _of_trained(model: TrainedModel, ctx: Context) -> tuple[str, str]:
    """The tokenizer and what names its special tokens: SentencePiece's own file, if there is one, for its kernels."""
    names = "tokenizer.model", "tokenizer.json"
    for name in names:
        with suppress(FileNotFoundError), ctx.open(model.file(name)):
            return model.file(name), model.file("tokenizer_config.json")
    raise RecipeError(f"model: what {model.step} trains is no tokenizer: it has neither {' nor '.join(names)}")


def _marked(
    found: Encoded, before: tuple[int, ...], after: tuple[int, ...]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Ids with the marks around those of each text that has any, and how many each text has."""
    lengths = np.diff(found.ends, prepend=0)
    if not before and not after:
        return found.ids, lengths
    some = lengths > 0
    full = lengths + (len(before) + len(after)) * some
    ends = np.cumsum(full)
    out = np.empty(ends[-1] if len(ends) else 0, np.int32)
    own = np.ones(len(out), np.bool_)
    for marks, at in ((before, (ends - full)[some]), (after, ends[some] - 1)):
        if marks:
            out[at], own[at] = marks[0], False
    out[own] = found.ids
    return out, full
