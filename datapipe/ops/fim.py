"""Fill-in-the-middle: some documents are rearranged so that a model learns to fill a gap from both of its sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from datapipe.core.columns import set_columns
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.fim import Marks, line_starts, rearranged_text, rearranged_tokens
from datapipe.core.operator import Map
from datapipe.core.packing.sequences import list_lengths
from datapipe.core.seeds import step_seed, uniform
from datapipe.core.tokenizers.named import NamesTokens, Token

Numbers = npt.NDArray[np.float64]


class FimTokens(BaseModel):
    """The tokens that stand before the three parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: Token = Field("<|fim_prefix|>", description="before what precedes the gap")
    middle: Token = Field("<|fim_middle|>", description="before what fills the gap")
    suffix: Token = Field("<|fim_suffix|>", description="before what follows the gap")

    def said(self) -> Marks:
        """Ids or names, as the recipe has them."""
        return Marks(self.prefix, self.middle, self.suffix)


class Fim(NamesTokens, Map):
    """Rearrange a share of the documents for fill-in-the-middle: cut at two random places, the middle comes last.

    Bavarian et al. 2022 (arXiv:2207.14255, section 3 and appendix D): PSM is `<prefix> P <suffix> S <middle> M`, SPM (their
    second variant, for training on both) `<prefix> <suffix> S <middle> P M`. Both are read back alike: after prefix, after
    middle, after suffix. Which documents, which order and which places follow from the seed, the step's label and the id.
    A document that holds one of the three tokens already is left as it is.

    Levels character and line work on `text`, before tokenize, which must then read special tokens in texts; no token spans
    a cut. Level token works on the column of tokens, before pack: no page can write such a token itself. There `context`
    cuts documents into pieces of so many tokens, each decided on its own (context level, section 4.4); packed by best_fit
    to sequences of this length, without BOS, each piece is a sequence and no part loses its middle. Use `where` to say
    what is code.
    """

    name: ClassVar[str] = "fim"
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {},
        {"rate": 1, "level": "line", "spm_rate": 0},
        {
            "level": "token",
            "tokens": {"prefix": 300, "middle": 301, "suffix": 302},
            "context": 64,
            "bos": 65,
            "eos": 46,
        },
    )

    rate: float = Field(0.5, ge=0, le=1, description="share of the documents (with `context`: of the pieces)")
    spm_rate: float = Field(0.5, ge=0, le=1, description="share of those in which the suffix comes first")
    level: Literal["character", "line", "token"] = Field("character", description="between what the cuts may lie")
    tokens: FimTokens = Field(FimTokens(), description="the three special tokens; at token level their ids, or names")
    column: str = Field("tokens", description="at token level: the column of tokens, lists of uint16 or uint32")
    context: int | None = Field(None, ge=8, description="at token level: cut documents into pieces of so many tokens")
    bos: Token | None = Field(None, description="at token level: a first token that stays where it is")
    eos: Token | None = Field(None, description="at token level: a last token that stays where it is")
    dtype: Literal["uint16", "uint32"] | None = Field(None, description="of the tokens; default: that of the column")

    _seed: int = PrivateAttr(0)

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        marks, at_ids = self.tokens.said(), self.level == "token"
        if not at_ids and not all(isinstance(mark, str) for mark in marks):
            raise ValueError(f"tokens: level {self.level} takes strings, such as <|fim_prefix|>")
        if len(set(marks)) < 3:
            raise ValueError(f"tokens: expected three different {'tokens' if at_ids else 'strings'}")
        if not at_ids and any(a != b and a in b for a in marks for b in marks):
            raise ValueError("tokens: one of the three stands in another, so that they cannot be told apart")
        if not at_ids and any(given is not None for given in (self.context, self.bos, self.eos)):
            raise ValueError("context, bos and eos are for level: token")
        self.check_named()
        return self

    def named(self) -> tuple[Token | None, ...]:
        """At token level."""
        return (*self.tokens.said(), self.bos, self.eos) if self.level == "token" else ()

    def columns_read(self) -> tuple[str, ...]:
        """The id decides."""
        return ("id", self.column if self.level == "token" else "text")

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """What it reads, rearranged."""
        if self.level != "token":
            return {"text": pa.large_string()}
        return {self.column: pa.list_(pa.uint16() if self.dtype == "uint16" else pa.uint32())}

    def placed(self, schema: pa.Schema) -> Self:
        """With the type of the tokens' column, unless the recipe names one."""
        index = schema.get_field_index(self.column)
        values = getattr(schema.field(index).type, "value_type", None) if index >= 0 else None
        if self.level != "token" or self.dtype is not None or values not in (pa.uint16(), pa.uint32()):
            return self
        return self.model_copy(update={"dtype": str(values)})

    def check(self, schema: pa.Schema) -> str | None:
        """Lists of tokens, of a type that holds the three."""
        if self.level != "token":
            return None
        dtype = schema.field(self.column).type
        if not pa.types.is_list(dtype) or dtype.value_type not in (pa.uint16(), pa.uint32()):
            return f"the column {self.column} is {dtype}, expected lists of uint16 or uint32, as tokenize writes them"
        large = any(isinstance(token, int) and token > 0xFFFF for token in self.named())
        if self.dtype == "uint16" and (dtype.value_type == pa.uint32() or large):
            return f"its tokens, or the ids of the three, do not fit into uint16 ({self.column}); say dtype: uint32"
        return None

    def setup(self, ctx: Context) -> None:
        """Take the step's seed, and the ids of named tokens."""
        self._seed = ctx.seed
        self.find_named(ctx)

    def find_named(self, ctx: Context) -> None:
        """The three must not be one token, be it by its name and by its id."""
        super().find_named(ctx)
        if len(set(self._marks())) < len(Marks._fields):
            raise RecipeError(
                f"tokens: expected three different ones, found the ids {', '.join(map(str, self._marks()))}"
            )

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rearrange the documents drawn."""
        names = [name or "" for name in batch.column("id").to_pylist()]
        if self.level != "token":
            return set_columns(batch, {"text": self._texts(names, batch.column("text"))})
        return set_columns(batch, {self.column: self._tokens(names, batch.column(self.column))})

    def _marks(self) -> Marks:
        """Strings in text, ids among tokens."""
        marks = self.tokens.said()
        return Marks(*map(self.id_of, marks)) if self.level == "token" else marks

    def _draw(self, what: str, names: list[str]) -> Numbers:
        return uniform(step_seed(self._seed, what), names)

    def _places(self, names: list[str], choices: npt.NDArray[np.int64]) -> tuple[list[int], list[int]]:
        """Two of so many places for each, in order."""
        two = [np.floor(self._draw(what, names) * choices).astype(np.int64) for what in ("first", "second")]
        return np.minimum(*two).tolist(), np.maximum(*two).tolist()

    def _texts(self, names: list[str], column: pa.Array) -> pa.Array:
        texts, marks = column.to_pylist(), self._marks()
        drawn = [
            row for row in np.flatnonzero(self._draw("rate", names) < self.rate).tolist()
            if (text := texts[row]) and not any(mark in text for mark in marks)
        ]  # fmt: skip
        mine = [names[row] for row in drawn]
        lines = [line_starts(texts[row]) for row in drawn] if self.level == "line" else None
        choices = [len(texts[row]) + 1 for row in drawn] if lines is None else [len(starts) for starts in lines]
        spm = self._draw("spm", mine) < self.spm_rate
        for i, (row, first, second) in enumerate(
            zip(drawn, *self._places(mine, np.array(choices, np.int64)), strict=True)
        ):
            if lines is not None:
                first, second = lines[i][first], lines[i][second]
            texts[row] = rearranged_text(texts[row], first, second, marks, bool(spm[i]))
        return pa.array(texts, pa.large_string())

    def _tokens(self, names: list[str], column: pa.Array) -> pa.Array:
        counts = list_lengths(column)
        starts = np.concatenate([[0], np.cumsum(counts)])
        tokens = column.flatten().to_numpy(zero_copy_only=False)
        if self.dtype is not None:
            tokens = tokens.astype(self.dtype, copy=False)
        parts: list[npt.NDArray[Any]] = [tokens[:0]]
        sizes = np.zeros(len(counts), np.int64)
        held = np.isin(tokens, self._marks())
        for row, name in enumerate(names):
            document = tokens[starts[row] : starts[row + 1]]
            if len(document):
                own = [document] if held[starts[row] : starts[row + 1]].any() else list(self._pieces(name, document))
                parts += own
                sizes[row] = sum(map(len, own))
        offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32(), mask=_ends(column))
        return pa.ListArray.from_arrays(offsets, pa.array(np.concatenate(parts)))

    def _pieces(self, name: str, document: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
        """The document piece by piece, each rearranged or not; a first and a last token that stay are pieces, too."""
        bos, eos = (-1 if token is None else self.id_of(token) for token in (self.bos, self.eos))
        begin, end = int(document[0] == bos), len(document)
        if document[-1] == eos and end > begin:
            end -= 1
        yield document[:begin]
        at, number = begin, 0
        room = (self.context or len(document) + len(Marks._fields)) - begin
        while at < end:
            key = [f"{name}#{number}" if number else name]
            drawn = bool(self._draw("rate", key)[0] < self.rate)
            piece = document[at : min(end, at + room - (len(Marks._fields) if drawn else 0))]
            at += len(piece)
            if drawn:
                (first,), (second,) = self._places(key, np.array([len(piece) + 1]))
                piece = rearranged_tokens(
                    piece, first, second, self._marks(), bool(self._draw("spm", key)[0] < self.spm_rate)
                )
            yield piece
            number, room = number + 1, self.context or 0
        yield document[end:]


def _ends(column: pa.Array) -> npt.NDArray[np.bool_] | None:
    """Where offsets are null: those of null lists, which stay null."""
    if not column.null_count:
        return None
    return np.append(column.is_null().to_numpy(zero_copy_only=False), False)
