"""Head, middle and tail of this very corpus by perplexity: cut-offs are percentiles of each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr, model_validator

from datapipe.core.columns import ADDR
from datapipe.core.language_model.buckets import ANY, Cutoffs, bucket_column
from datapipe.core.operator import Filter, Global
from datapipe.core.verdict import Verdict
from datapipe.kernels.hashing import BASE

SHOWN = 5  # languages whose cut-offs are printed; the manifest has all
STEP = 2.0**-12  # of the binary logarithm in which perplexities are counted: 0.017 %


class PerplexityBuckets(Global):
    """Write the column bucket: head below the first percentile of the language's perplexities, middle below the second, tail.

    CCNet's buckets (Wenzek et al. 2020, arXiv:1911.00359, section 3.4; 30 and 60), with this corpus in place of its table.
    Perplexities are read from a column, which the step `perplexity` writes, and counted in steps of 0.017 %: those of a
    step are in one bucket. Documents without a perplexity are in `all`. `keep: [head, middle]` drops the others. The manifest
    has the cut-offs found, as `cutoffs` of `perplexity` takes them for another corpus.
    """

    name: ClassVar[str] = "perplexity_buckets"
    version: ClassVar[int] = 2  # the ledger tells the perplexity
    audited: ClassVar[bool] = True
    partition_by: ClassVar[str] = "key"
    writes: ClassVar[Mapping[str, pa.DataType]] = {"bucket": pa.string()}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"by_language": False, "keep": ["head"]})

    column: str = Field("perplexity", description="the column of perplexities; lower is better")
    percentiles: tuple[float, float] = Field((30, 60), description="where middle and tail begin, in % of the documents")
    by_language: bool = Field(True, description="percentiles of each language (column lang); false: of all documents")
    keep: tuple[Literal["head", "middle", "tail", "all"], ...] | None = Field(
        None, min_length=1, description="buckets kept; null: all"
    )

    @model_validator(mode="after")
    def _rising(self) -> PerplexityBuckets:
        if not 0 < self.percentiles[0] <= self.percentiles[1] < 100:
            raise ValueError("percentiles: expected two numbers between 0 and 100, the lower one first")
        return self

    def columns_read(self) -> tuple[str, ...]:
        """The perplexities, and the language where it decides."""
        return (self.column, "lang") if self.by_language else (self.column,)

    def check(self, schema: pa.Schema) -> str | None:
        """Perplexities are numbers."""
        dtype = schema.field(self.column).type
        if not (pa.types.is_floating(dtype) or pa.types.is_integer(dtype)):
            return f"column: {self.column} is {dtype}, expected a number"
        return super().check(schema)

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The step of each perplexity, with its language."""
        found = numbers_of(batch, self.column)
        rows = np.flatnonzero(np.isfinite(found) & (found > 0))
        address = batch.column(ADDR).to_numpy()[rows]
        taken = languages_of(batch, self.by_language).take(pa.array(rows))
        columns = {ADDR: pa.array(address), "key": pa.array(address * BASE), "lang": taken}
        return pa.RecordBatch.from_pydict({**columns, "step": pa.array(steps_of(found[rows]))})

    def reduce(self, part: pa.Table) -> pa.Table:
        """How many documents of a language are in each step."""
        return _counted(part.append_column("count", pa.array(np.ones(part.num_rows, np.int64))))

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """The two cut-offs of each language: of all its documents, the share of a percentile is below, or as near to it."""
        counts = _counted(pa.concat_tables(parts))
        langs, low, high = [], [], []
        for lang in sorted(pc.unique(counts.column("lang")).to_pylist()):
            mine = counts.filter(pc.equal(counts.column("lang"), lang))
            steps, below = mine.column("step").to_numpy(), np.cumsum(mine.column("count").to_numpy())
            wanted = np.array(self.percentiles) / 100 * below[-1]
            at = np.minimum(np.searchsorted(below, wanted, "right"), len(steps) - 1)  # whose step holds the percentile
            langs.append(lang)
            low.append(int(steps[at[0]]))
            high.append(int(steps[at[1]]))
        return pa.table({"lang": pa.array(langs, pa.string()), "middle": pa.array(low, pa.int64()),
                         "tail": pa.array(high, pa.int64())})  # fmt: skip

    def answer(self, artifact: pa.Table) -> Mapping[str, Any]:
        """The cut-offs, as `perplexity` takes them."""
        cutoffs = {
            row["lang"]: [2 ** (row[name] * STEP) for name in ("middle", "tail")] for row in artifact.to_pylist()
        }
        said = [f"{lang} {low:.6g} and {high:.6g}" for lang, (low, high) in cutoffs.items()]
        more = [f"and {len(said) - SHOWN} more languages"] if len(said) > SHOWN else []
        return {"cutoffs": cutoffs, "remarks": ["cut-offs " + ", ".join(said[:SHOWN] + more)]} if said else {}

    def bind(self, artifact: pa.Table) -> Filter:
        """Writes the buckets, and drops those not kept."""
        bound = Bucketing(column=self.column, by_language=self.by_language, keep=self.keep)
        bound._cutoffs = {row["lang"]: (row["middle"], row["tail"]) for row in artifact.to_pylist()}
        return bound


class Bucketing(Filter):
    """Puts documents into buckets by the cut-offs it was given, in steps."""

    writes: ClassVar[Mapping[str, pa.DataType]] = PerplexityBuckets.writes

    column: str
    by_language: bool
    keep: tuple[str, ...] | None

    _cutoffs: Cutoffs = PrivateAttr(default_factory=dict)

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """A look-up a row."""
        found = numbers_of(batch, self.column)
        good = np.isfinite(found) & (found > 0)
        steps = np.full(len(found), np.nan)
        steps[good] = steps_of(found[good])
        bucket = bucket_column(steps, languages_of(batch, self.by_language).to_pylist(), self._cutoffs)
        failed = {}
        if self.keep is not None:
            failed["bucket"] = ~np.asarray(pc.is_in(bucket, pa.array(self.keep)).to_numpy(zero_copy_only=False))
        return Verdict(len(found), failed, {"perplexity": found}, {"bucket": bucket})


def numbers_of(batch: pa.RecordBatch, column: str) -> npt.NDArray[np.float64]:
    """The column as float64; NaN for null."""
    found: npt.NDArray[np.float64] = batch.column(column).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def languages_of(batch: pa.RecordBatch, by_language: bool) -> pa.Array:
    """The language of each row; one name for all, and for those that have none, where none decides."""
    if not by_language:
        return pa.array([ANY] * batch.num_rows, pa.string())
    lang = batch.column("lang")
    return pc.fill_null(lang.dictionary_decode() if pa.types.is_dictionary(lang.type) else lang, ANY)


def steps_of(perplexities: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The step of each perplexity, a positive number."""
    return np.floor(np.log2(perplexities) / STEP).astype(np.int64)


def _counted(rows: pa.Table) -> pa.Table:
    """Counts of equal language and step added up, in order."""
    grouped = rows.group_by(["lang", "step"], use_threads=False).aggregate([("count", "sum")])
    grouped = grouped.select(["lang", "step", "count_sum"]).rename_columns(["lang", "step", "count"])
    return grouped.sort_by([("lang", "ascending"), ("step", "ascending")])
