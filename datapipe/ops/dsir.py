"""Documents drawn so that their n-grams become those of a target: importance resampling."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.importance.drawing import greatest, gumbel
from datapipe.core.importance.features import (
    Numbers,
    buckets_of,
    counts_of,
    counts_of_texts,
    log_ratio,
    log_weights,
    words_in,
)
from datapipe.core.importance.target import check_target, target_texts
from datapipe.core.operator import Filter, Global
from datapipe.core.path_parameters import FileGlob
from datapipe.core.verdict import Verdict
from datapipe.kernels.hashing import BASE
from datapipe.kernels.sha256 import BUCKETS

WEIGHT = "dsir_weight"
Round = TypeVar("Round", bound="Dsir")
_TARGET = str(Path(__file__).parents[1] / "engine" / "contract.py")  # the contract's own texts stand in this file


class Dsir(Global):
    """Draw documents by how much likelier their n-grams are in a target than in this corpus; the others are `not_drawn`.

    DSIR (Xie et al. 2023, arXiv:2302.03169). Words (runs of letters and digits, runs of signs, in lower case) and pairs
    of them are counted in 10,000 buckets by SHA-256, in the target and in all documents that come here. The weight of a
    document is the sum of its n-grams' log(share in the target + 1e-8) - log(share here + 1e-8), which is the
    log-importance weight of p-lambda/dsir (data_selection/hashed_ngram_dsir.py); it is written as `dsir_weight`. The
    greatest weights with Gumbel noise from the id stay, equal ones in the order of reading. Documents below `min_words`
    are `too_short` and never drawn. Unlike there all of the corpus is counted (there up to 1e9 n-grams), and noise is
    the same each time. Weights grow with length: long documents are drawn first or last.
    """

    name: ClassVar[str] = "dsir"
    audited: ClassVar[bool] = True
    writes: ClassVar[Mapping[str, pa.DataType]] = {WEIGHT: pa.float64()}
    partition_by: ClassVar[str] = "key"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"target": [_TARGET], "keep": 0.3, "min_words": 1},
        {"target": [_TARGET], "count": 3, "top_k": True, "min_words": 5, "words": "python"},
    )

    target: tuple[FileGlob, ...] = Field(
        min_length=1,
        description="documents as the corpus should become: paths or globs of JSON lines, CSV or Parquet, or of texts "
        "(one a file), also .gz and .zst",
    )
    field: str = Field("text", description="the field or column that holds the text of a target's rows")
    keep: float | None = Field(None, gt=0, le=1, description="share of the documents that is drawn")
    count: int | None = Field(None, ge=1, description="documents that are drawn, instead of a share")
    top_k: bool = Field(False, description="take the greatest weights, without noise")
    words: Literal["unicode", "python"] = Field(
        "unicode",
        description="unicode: marks are of words, as NLTK since 3.10 cuts them; python: marks part words, as NLTK before did",
    )
    min_words: int = Field(100, ge=0, description="words a document must have to be drawn, signs among them")

    _context: Context | None = PrivateAttr(None)

    @field_validator("target", mode="before", json_schema_input_type=str | tuple[str, ...])
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.keep is None) == (self.count is None):
            raise ValueError("expected either keep (a share, such as 0.1) or count (a number of documents)")
        return self

    def columns_read(self) -> tuple[str, ...]:
        """The id is for the noise."""
        return ("id", "text")

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """The beginning of each target file is looked at before any work."""
        check_target(self.target, self.field, ctx)
        return {}

    def setup(self, ctx: Context) -> None:
        """Remember the seed, and how to open the target, which is read once: when the corpus is counted."""
        self._context = ctx

    def rounds(self) -> tuple[Global, ...]:
        """The counts, and the weights; before them a barrier behind which no row is left whose id was read twice."""
        return (self, self._later(NGramCounts), self._later(Weights))

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Nothing: counts are of many rows together, of which none could be taken out again."""
        return _empty({})

    def reduce(self, part: pa.Table) -> pa.Table:
        """Nothing."""
        return pa.table({"nothing": pa.nulls(0)})

    def bind(self, artifact: pa.Table) -> Filter | Global:
        """The counts, to be asked now."""
        asked = self._later(NGramCounts)
        asked._asked = True
        return asked

    def _marks(self) -> bool:
        return self.words == "unicode"

    def _later(self, kind: type[Round]) -> Round:
        later = kind.model_validate(self.model_dump())
        later._context = self._context
        return later


class NGramCounts(Dsir):
    """The second round: how often each bucket occurs in the corpus."""

    name: ClassVar[str] = ""

    _asked: bool = PrivateAttr(False)

    def rounds(self) -> tuple[Global, ...]:
        """This one."""
        return (self,)

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The buckets of these rows with their counts: 10,000 rows at most for a batch, under its first address."""
        if not self._asked or not batch.num_rows:
            return _empty({"bucket": pa.uint16(), "times": pa.int64()})
        counts = counts_of(batch.column("text"), self._marks())
        bucket = np.flatnonzero(counts)
        address = np.repeat(batch.column(ADDR).to_numpy()[:1], len(bucket))
        columns = {ADDR: address, "key": bucket.astype(np.uint64) * BASE, "bucket": bucket.astype(np.uint16)}
        return pa.RecordBatch.from_pydict({**columns, "times": counts[bucket]})

    def reduce(self, part: pa.Table) -> pa.Table:
        """Sums, a row for each bucket."""
        bucket, times = part.column("bucket").to_numpy(), part.column("times").to_numpy()
        order = np.argsort(bucket, kind="stable")
        used, first = np.unique(bucket[order], return_index=True)
        summed = np.add.reduceat(times[order], first) if len(first) else np.zeros(0, np.int64)
        return pa.table({"bucket": used, "times": summed})

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """The log-ratio of target to corpus, a row for each bucket."""
        corpus = np.zeros(BUCKETS, np.int64)
        for part in parts:
            corpus[part.column("bucket").to_numpy()] = part.column("times").to_numpy()
        assert self._context is not None
        target = counts_of_texts(target_texts(self.target, self.field, self._context), self._marks())
        if not target.any():
            raise RecipeError(f"{', '.join(self.target)}: no words; expected documents as the corpus should become")
        return pa.table({"log_ratio": log_ratio(target, corpus)})

    def bind(self, artifact: pa.Table) -> Global:
        """The weights, with the ratio."""
        asked = self._later(Weights)
        asked._ratio = artifact.column("log_ratio").to_numpy()
        return asked


class Weights(Dsir):
    """The third round: each document's weight, and which are drawn."""

    name: ClassVar[str] = ""

    _ratio: Numbers | None = PrivateAttr(None)

    def rounds(self) -> tuple[Global, ...]:
        """This one."""
        return (self,)

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The weight of each row, and its score: the weight with noise, -inf for a text too short."""
        if self._ratio is None or not batch.num_rows:
            return _empty({WEIGHT: pa.float64(), "score": pa.float64()})
        assert self._context is not None
        offsets, buckets = buckets_of(batch.column("text"), self._marks())
        weight = log_weights(offsets, buckets, self._ratio)
        score = weight.copy()
        if not self.top_k:
            score += gumbel(self._context.seed, [name or "" for name in batch.column("id").to_pylist()])
        score[words_in(offsets) < self.min_words] = -np.inf
        address = batch.column(ADDR).to_numpy()
        columns = {ADDR: address, "key": address * BASE, WEIGHT: weight, "score": score}
        return pa.RecordBatch.from_pydict({name: pa.array(values) for name, values in columns.items()})

    def reduce(self, part: pa.Table) -> pa.Table:
        """The rows as they are: which score is the last that stays, all of them say."""
        return part.select([ADDR, WEIGHT, "score"])

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """All rows, with whether they are drawn; 9 bytes a row in memory, beside the parts."""
        batches = [batch for part in parts for batch in part.to_batches()]
        scores = [batch.column("score").to_numpy() for batch in batches]
        rows = sum(len(part) for part in scores)
        count = self.count if self.count is not None else round((self.keep or 0) * rows)
        drawn = greatest(scores, [batch.column(ADDR).to_numpy() for batch in batches], count)
        found = [b.append_column("drawn", pa.array(flags)) for b, flags in zip(batches, drawn, strict=True)]
        return pa.Table.from_batches(found, parts[0].schema.append(pa.field("drawn", pa.bool_())))

    def bind(self, artifact: pa.Table) -> Filter:
        """Drops the documents that are not drawn."""
        bound = Drawn()
        bound._found = artifact
        return bound


class Drawn(Filter):
    """Drops the rows that were not drawn, and writes the weight of all."""

    reads: ClassVar[tuple[str, ...]] = (ADDR,)
    writes: ClassVar[Mapping[str, pa.DataType]] = {WEIGHT: pa.float64()}

    _found: pa.Table | None = PrivateAttr(None)

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """A binary search a row in the sorted addresses of its shard."""
        assert self._found is not None
        at = np.searchsorted(self._found.column(ADDR).to_numpy(), batch.column(ADDR).to_numpy())
        weight, score, drawn = (self._found.column(name).to_numpy()[at] for name in (WEIGHT, "score", "drawn"))
        short = score == -np.inf
        failed = {"too_short": short, "not_drawn": ~drawn & ~short}
        return Verdict(len(at), failed, {WEIGHT: weight}, {WEIGHT: pa.array(weight)})


def _empty(columns: Mapping[str, pa.DataType]) -> pa.RecordBatch:
    """No rows of a sketch."""
    schema = pa.schema({ADDR: pa.uint64(), "key": pa.uint64(), **columns})
    return pa.RecordBatch.from_pylist([], schema=schema)
