"""A tokenizer from the corpus that passes by; the run publishes it, and later steps may use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import PrivateAttr

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError, RunFailed
from datapipe.core.operator import Global, Map
from datapipe.core.tokenizer_training.sample import Drawn, Group, Quotas, Share, drawn, shares
from datapipe.core.tokenizer_training.settings import TokenizerSettings
from datapipe.core.tokenizer_training.training import check, trained, with_card
from datapipe.core.working import working
from datapipe.kernels.hashing import BASE

Round = TypeVar("Round", bound="TrainTokenizer")
LONGEST = 60  # CPU seconds of learning from a MB: 20 times what a unigram model takes, which takes the most
_ROWS = 256  # windows that are Python's at once: 1 MB
_SIZES = {"source": pa.string(), "lang": pa.string(), "bytes": pa.int64()}
_WINDOWS = {"source": pa.string(), "lang": pa.string(), "corpus": pa.int64(), "sample": pa.int64()}
_WINDOWS["text"] = pa.large_string()


class TrainTokenizer(Global, TokenizerSettings):
    """Train a tokenizer on a sample of the documents that come here; all of them go on as they are.

    Byte-level BPE and WordPiece by Hugging Face's `tokenizers`, BPE and unigram models by SentencePiece. The sample is of
    windows of 4,000 bytes by a hash of seed and text, so it depends on no id, shard or order, shared among sources and
    languages by temperature (Conneau et al. 2020, arXiv:1911.02116, section 3.1) and weights. The folder
    `models/LABEL/` of the run has the model, `tokenizer.json` and what `transformers.AutoTokenizer` reads, and the card
    `card.json`. Later steps name it by `model: {step: LABEL}`.
    """

    name: ClassVar[str] = "train_tokenizer"
    reads: ClassVar[tuple[str, ...]] = ("text", "source", "lang")
    partition_by: ClassVar[str] = "key"
    publishes: ClassVar[bool] = True
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"kind": "byte_level_bpe", "vocab_size": 280, "additional_tokens": ["<|im_start|>"]},
        {"kind": "sentencepiece_bpe", "vocab_size": 420, "temperature": 3.3, "character_coverage": 1.0},
        {"kind": "sentencepiece_unigram", "vocab_size": 400, "character_coverage": 1.0, "user_symbols": ["\n\n"]},
        {"kind": "wordpiece", "vocab_size": 180, "character_coverage": 1.0},
    )

    _context: Context | None = PrivateAttr(None)

    def sources(self) -> tuple[str, ...]:
        """Those with a weight."""
        return tuple(self.source_weights)

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """Nothing; refuses what cannot be trained here: without its package, or from a file that is no model."""
        check(self, self.name, ctx)
        return {}

    def setup(self, ctx: Context) -> None:
        """Remember the seed."""
        self._context = ctx

    def rounds(self) -> tuple[Global, ...]:
        """How much there is of each source and language; the windows that are drawn."""
        return (self, self._later(Windows))

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Source, language and bytes of each row: a row may yet turn out to be there twice."""
        address = batch.column(ADDR)
        return pa.RecordBatch.from_pydict(
            {
                ADDR: address,
                "key": pa.array(address.to_numpy() * BASE),
                "source": pc.fill_null(batch.column("source"), "").cast(pa.string()),
                "lang": pc.fill_null(batch.column("lang"), "").cast(pa.string()),
                "bytes": pc.fill_null(pc.binary_length(batch.column("text")), 0).cast(pa.int64()),
            }
        )

    def reduce(self, part: pa.Table) -> pa.Table:
        """Bytes of each source and language."""
        return _sums(part)

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """Bytes of each source and language in the corpus, and in the sample."""
        return self.shares_of(_sums(pa.concat_tables(parts)))

    def shares_of(self, sizes: pa.Table) -> pa.Table:
        """Of a table of source, lang and bytes: each with its share of the sample."""
        held: dict[Group, int] = {(row["source"], row["lang"]): row["bytes"] for row in sizes.to_pylist()}
        found = shares(held, self.sample, self.temperature, self.source_weights, self.lang_weights)
        rows = [
            {"source": source, "lang": lang, "corpus": share.corpus, "sample": share.sample}
            for (source, lang), share in found.items()
        ]
        return pa.Table.from_pylist(rows, pa.schema({name: kind for name, kind in _WINDOWS.items() if name != "text"}))

    def bind(self, artifact: pa.Table) -> Map | Global:
        """The windows, to be drawn now."""
        asked = self._later(Windows)
        asked._shares = {
            (row["source"], row["lang"]): Share(row["corpus"], row["sample"]) for row in artifact.to_pylist()
        }
        return asked

    def files_from(self, windows: Callable[[], Iterable[Drawn]]) -> dict[str, bytes]:
        """The tokenizer's files from the windows drawn, in the order of their hashes; some kinds read them twice."""
        assert self._context is not None
        if next(iter(windows()), None) is None:
            raise RecipeError("the sample has no text to learn from: no documents, or weights that are all 0")
        quotas = Quotas()

        def texts() -> Iterator[tuple[Group, str]]:
            return quotas.taken_of(windows())

        with working(self._context.progress, LONGEST * (1 + self.sample / 1e6)):
            files, found = trained(texts, self, self.name, self._context)
        return with_card(files, self, self._context.seed, quotas.rows(), found)

    def _later(self, kind: type[Round]) -> Round:
        later = kind.model_validate(self.model_dump())
        later._context = self._context
        return later


class Windows(TrainTokenizer):
    """The second round: the text to learn from."""

    name: ClassVar[str] = ""

    _shares: dict[Group, Share] | None = PrivateAttr(None)

    def rounds(self) -> tuple[Global, ...]:
        """This one."""
        return (self,)

    def gathers(self) -> int:
        """The sample."""
        return self.sample

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The windows whose hashes are low enough for their source and language."""
        schema = pa.schema({ADDR: pa.uint64(), "key": pa.uint64(), **_WINDOWS})
        if not self._shares:
            return pa.RecordBatch.from_pylist([], schema=schema)
        assert self._context is not None
        sources, langs = (batch.column(name).to_pylist() for name in ("source", "lang"))
        groups = [(source or "", lang or "") for source, lang in zip(sources, langs, strict=True)]
        limits = [share.limit if (share := self._shares.get(group)) else 0 for group in groups]
        texts = batch.column("text").to_pylist()
        rows, keys, parts = [], [], []
        for row, key, window in drawn(zip(range(len(texts)), texts, limits, strict=True), self._context.seed):
            rows.append(row)
            keys.append(key)
            parts.append(window)
        found = [self._shares[groups[row]] for row in rows]
        columns = {
            ADDR: batch.column(ADDR).take(pa.array(rows, pa.int64())),
            "key": pa.array(keys, pa.uint64()),
            "source": pa.array([groups[row][0] for row in rows], pa.string()),
            "lang": pa.array([groups[row][1] for row in rows], pa.string()),
            "corpus": pa.array([share.corpus for share in found], pa.int64()),
            "sample": pa.array([share.sample for share in found], pa.int64()),
            "text": pa.array(parts, pa.large_binary()).cast(pa.large_string()),
        }
        return pa.RecordBatch.from_pydict(columns, schema=schema)

    def reduce(self, part: pa.Table) -> pa.Table:
        """The windows in the order of their hashes."""
        return part.select(list(_WINDOWS))

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """The tokenizer's files: name and data."""
        assert self._context is not None
        try:
            files = self.files_from(lambda: _rows(parts))
        except RecipeError as error:  # what only the text could tell
            raise RunFailed(f"{self._context.label}: {error}") from None
        return pa.table({"name": list(files), "data": pa.array(files.values(), pa.large_binary())})

    def bind(self, artifact: pa.Table) -> Map:
        """Nothing that rows would see."""
        return Unchanged()


class Unchanged(Map):
    """Rows as they are."""

    reads: ClassVar[tuple[str, ...]] = ()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch."""
        return batch


def _sums(table: pa.Table) -> pa.Table:
    grouped = table.group_by(["source", "lang"], use_threads=False).aggregate([("bytes", "sum")])
    summed = grouped.rename_columns(["source", "lang", "bytes"])
    return summed.select(list(_SIZES)).sort_by([("source", "ascending"), ("lang", "ascending")])


def _rows(tables: Iterable[pa.Table]) -> Iterator[Drawn]:
    """Group, share and text of each window, few of them in memory."""
    for table in tables:
        for start in range(0, table.num_rows, _ROWS):
            for row in table.slice(start, _ROWS).to_pylist():
                yield (row["source"], row["lang"]), Share(row["corpus"], row["sample"]), row["text"]
