"""Documents of tokens to training sequences of a fixed length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datapipe.core.context import Context
from datapipe.core.merged import Merged
from datapipe.core.operator import Merge
from datapipe.core.packing.buckets import Method, buckets, packed_by_length
from datapipe.core.packing.methods import Spans
from datapipe.core.packing.sequences import (
    DOCUMENTS,
    Documents,
    Rules,
    documents_column,
    documents_of,
    lay_out,
    list_lengths,
)
from datapipe.core.packing.tallies import tallies_of
from datapipe.core.seeds import uniform
from datapipe.core.tokenizers.named import NamesTokens, Token
from datapipe.core.verdict import Verdict

Extra = Literal["segment_ids", "position_ids", "loss_mask"]
_TYPES: dict[str, pa.DataType] = {
    "segment_ids": pa.int32(),
    "position_ids": pa.int32(),
    "loss_mask": pa.uint8(),
}


class Pack(NamesTokens, Merge):
    """Pack documents of tokens into sequences of a fixed length; what is split, padded, cropped or dropped is counted.

    concat       one document after another, cut wherever a sequence is full (Megatron-LM, Dolma, datatrove)
    best_fit     best-fit decreasing: only documents longer than a sequence are cut (Ding et al. 2024, arXiv:2404.10830)
    bos_aligned  every sequence begins with a document's beginning and is full: of the next `buffer` documents the longest
                 that fits, where none does the shortest, whose end is cropped (karpathy/nanochat, dataloader.py; there a
                 document longer than a sequence is only ever laid cropped, here it may fill one of its own)

    A row becomes a sequence: `input_ids`, of the column's type; `segment_ids`, the document's number in the sequence from
    1 on, 0 where there is padding; `position_ids`, from 0 on for each document; `loss_mask`, 1 where a token is learned;
    `length`; and `documents`: each one's id, from which token to which it stands here, and how many it has with those
    added.

    Sequences hold documents of one shard, packed `window` tokens at a time, so that any number of workers writes the same.
    By best_fit they stand, within a window, in the order of the first document of each. Every token stands in one
    sequence, or is counted as cropped or dropped. Padding is what is left at the end of a window and of a shard: by concat
    one sequence at most. Of documents with 1,800 tokens on average best_fit left 0.05 % of the
    places at 2,048 and 0.06 % at 8,192, and bos_aligned cropped 41 % and 13 % of the tokens. With several lengths a
    document goes to the least that holds it whole, one that none holds to the greatest; lists are then of variable size,
    and `length` tells the stages apart.
    """

    name: ClassVar[str] = "pack"
    unit: ClassVar[str] = "tokens"
    reads: ClassVar[tuple[str, ...]] = ("id", "tokens")
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {"length": 64},
        {"length": [32, 256], "method": "best_fit", "eos": 300, "mask": ["first", "eos"], "window": 500},
        {"length": 100, "method": "bos_aligned", "bos": 301, "plus_one": True, "columns": []},
        {"length": [16, 64], "shares": {16: 0.5, 64: 0.5}, "too_long": "drop"},
    )

    length: tuple[int, ...] = Field(
        min_length=1,
        description="tokens of a sequence, such as 2048; several, such as [2048, 8192], for several stages",
    )
    method: Method = Field("concat", description="see above")
    column: str = Field("tokens", description="the column of tokens, lists of uint16 or uint32")
    plus_one: bool = Field(
        False,
        description="sequences are one token longer: what trains on `length` of them needs the next one as target",
    )
    bos: Token | None = Field(
        None, description="token put before documents that do not begin with it: its id, or its name"
    )
    eos: Token | None = Field(
        None, description="token put after documents that do not end with it: its id, or its name"
    )
    pad: Token = Field(0, description="token that fills up a sequence: its id, or its name")
    too_long: Literal["split", "crop", "drop"] | None = Field(
        None,
        description="what becomes of documents longer than the greatest length: split, its beginning kept, or dropped; "
        "default split, by bos_aligned crop",
    )
    shares: dict[int, float] | None = Field(
        None,
        description="by length: documents that several lengths hold are drawn for one of them by these weights; without, "
        "they go to the least",
    )
    mask: tuple[Literal["first", "eos"], ...] = Field(
        (), description="no loss on the first token of each document in a sequence, on EOS"
    )
    learned: str | None = Field(
        None, description="a column of lists as long as those of tokens: no loss where a value is 0 or false (a prompt)"
    )
    columns: tuple[Extra, ...] = Field(
        ("segment_ids", "position_ids", "loss_mask"), description="what is written beside input_ids"
    )
    buffer: int = Field(1000, ge=1, description="of bos_aligned: documents among which the one that fits is sought")
    window: int = Field(
        16_000_000,
        ge=1,
        le=1_000_000_000,
        description="tokens of a shard that are packed together; they take about 20 bytes each",
    )
    dtype: Literal["uint16", "uint32"] | None = Field(None, description="of input_ids; default: that of the column")

    _seed: int = PrivateAttr(0)

    @field_validator("length", mode="before", json_schema_input_type=int | tuple[int, ...])
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, int) else value

    @field_validator("length")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if min(value) < 2 or max(value) > 1 << 24 or len(set(value)) < len(value):
            raise ValueError(f"expected different lengths from 2 to {1 << 24:,} tokens, such as [2048, 8192]")
        return tuple(sorted(value))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.method == "bos_aligned" and self.too_long == "split":
            raise ValueError("bos_aligned cannot split: the second part has no beginning; say too_long: crop or drop")
        if self.shares is not None and (set(self.shares) != set(self.length) or min(self.shares.values()) <= 0):
            raise ValueError("shares: expected a number above 0 for each length, and for no other")
        self.check_named()
        return self

    def named(self) -> tuple[Token | None, ...]:
        """Those added."""
        return self.bos, self.eos, self.pad

    def columns_read(self) -> tuple[str, ...]:
        """Tokens, the id that sequences name, and what is learned."""
        return ("id", self.column, *([self.learned] if self.learned else []))

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """Lists of fixed size where there is one length."""
        types = {"input_ids": pa.uint16() if self.dtype == "uint16" else pa.uint32()}
        types |= {name: _TYPES[name] for name in self.columns}
        size = self._sizes()[0] if len(self.length) == 1 else -1
        return {
            **{name: pa.list_(dtype, size) for name, dtype in types.items()},
            "length": pa.int32(),
            "documents": DOCUMENTS,
        }

    def placed(self, schema: pa.Schema) -> Self:
        """With the type of the tokens' column, unless the recipe names one."""
        index = schema.get_field_index(self.column)
        values = getattr(schema.field(index).type, "value_type", None) if index >= 0 else None
        if self.dtype is not None or values not in (pa.uint16(), pa.uint32()):
            return self
        return self.model_copy(update={"dtype": str(values)})

    def check(self, schema: pa.Schema) -> str | None:
        """Tokens are lists of unsigned numbers that fit into what is written, and so are the ids added."""
        dtype = schema.field(self.column).type
        if not (pa.types.is_list(dtype) or pa.types.is_large_list(dtype)):
            return f"the column {self.column} is {dtype}, expected lists of tokens, as tokenize writes them"
        if dtype.value_type not in (pa.uint16(), pa.uint32()):
            return f"the column {self.column} holds lists of {dtype.value_type}, expected uint16 or uint32"
        if self.dtype == "uint16" and dtype.value_type == pa.uint32():
            return f"the column {self.column} holds lists of uint32, which do not fit into dtype: uint16"
        if self.dtype == "uint16" and any(isinstance(token, int) and token > 0xFFFF for token in self.named()):
            return f"bos, eos or pad does not fit into uint16, the type of {self.column}; say dtype: uint32"
        if self.learned is not None and not pa.types.is_list(schema.field(self.learned).type):
            return f"the column {self.learned} is {schema.field(self.learned).type}, expected lists of 0 and 1"
        return None

    def setup(self, ctx: Context) -> None:
        """Take the step's seed, and the ids of named tokens."""
        self._seed = ctx.seed
        self.find_named(ctx)

    def weights(self, batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
        """Tokens of each document."""
        return list_lengths(batch.column(self.column))

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Drop what has no tokens and, if the recipe says so, what is too long."""
        count = self.weights(batch)
        failed = {"no_tokens": count == 0}
        if self.learned is not None and (list_lengths(batch.column(self.learned)) != count).any():
            raise ValueError(f"the column {self.learned} has not as many values as there are tokens")
        if self.too_long == "drop":
            failed["too_long"] = self._documents(batch).sizes > self._sizes()[-1]
        return Verdict(batch.num_rows, failed, {"tokens": count.astype(np.float64)})

    def merge(self, window: pa.RecordBatch) -> Merged:
        """Pack a window, length by length."""
        documents = self._documents(window)
        sizes, lengths = documents.sizes, self._sizes()
        crops = self.too_long == "crop" or self.method == "bos_aligned"
        ends = np.minimum(sizes, lengths[-1]) if crops else sizes
        spans = Spans(np.arange(len(sizes)), np.zeros_like(sizes), ends)
        found = packed_by_length(spans, self._buckets(sizes, window), lengths, self.method, self.buffer)
        laid = lay_out(documents, found, lengths, np.uint16 if self.dtype == "uint16" else np.uint32, self._rules())
        written = {
            "input_ids": laid.ids,
            "segment_ids": laid.segments,
            "position_ids": laid.positions,
            "loss_mask": laid.mask,
        }
        columns = {
            name: _lists(values, laid.length, dtype) for name, dtype in self.columns_written().items()
            if (values := written.get(name)) is not None
        }  # fmt: skip
        columns["length"] = pa.array(laid.length - self.plus_one, pa.int32())
        columns["documents"] = documents_column(laid, window.column("id"), sizes)
        source = window.column("source") if "source" in window.schema.names else None
        tallies, own = tallies_of(documents, laid, self.length, lengths, source)
        return Merged(pa.RecordBatch.from_pydict(columns), laid.ends, laid.packed.spans.row, tallies, own)

    def _sizes(self) -> list[int]:
        return [length + self.plus_one for length in self.length]

    def _documents(self, batch: pa.RecordBatch) -> Documents:
        learned = batch.column(self.learned) if self.learned else None
        rules = self._rules()
        return documents_of(batch.column(self.column), learned, rules.bos, rules.eos)

    def _rules(self) -> Rules:
        bos, eos = (-1 if token is None else self.id_of(token) for token in (self.bos, self.eos))
        return Rules(bos, eos, self.id_of(self.pad), "first" in self.mask, "eos" in self.mask)

    def _buckets(self, sizes: npt.NDArray[np.int64], window: pa.RecordBatch) -> npt.NDArray[np.int64]:
        if self.shares is None:
            return buckets(sizes, self._sizes(), (), np.zeros(0))
        draw = uniform(self._seed, [name or "" for name in window.column("id").to_pylist()])
        return buckets(sizes, self._sizes(), [self.shares[length] for length in self.length], draw)


def _lists(values: npt.NDArray[Any], length: npt.NDArray[np.int64], dtype: pa.DataType) -> pa.Array:
    if pa.types.is_fixed_size_list(dtype):
        return pa.FixedSizeListArray.from_arrays(pa.array(values), type=dtype)
    offsets = pa.array(np.concatenate([[0], np.cumsum(length)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(values), type=dtype)
