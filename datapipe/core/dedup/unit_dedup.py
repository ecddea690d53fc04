"""De-duplication below the document: of units that the corpus holds more than once, one stays."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr

from datapipe.arrow.text import text_of
from datapipe.core.columns import ADDR
from datapipe.core.dedup.cuts import disjoint, without
from datapipe.core.dedup.naming import TWIN, NameTwins
from datapipe.core.dedup.preference import HELD
from datapipe.core.dedup.remembering import Remembering
from datapipe.core.dedup.units import Form, Unit, sentences_of, spans_of, units_of
from datapipe.core.keys import begins
from datapipe.core.operator import Filter, Global
from datapipe.core.spans import no_spans, spans_column
from datapipe.core.verdict import Verdict


class UnitDedup(Remembering):
    """Cuts what the corpus holds elsewhere; of equal spans the one in the best document stays, there the first.

    A span is `span` units in a row, compared by 128 bits of its form: of 10^10 no two different ones are taken for equal
    (1.5e-19). All spans are compared as they were read: one whose only copy left stands in a document that is dropped
    for what it lost, here or by a later step, goes nevertheless, as in the tools this follows.
    """

    reads: ClassVar[tuple[str, ...]] = ("text", "id")
    partition_by: ClassVar[str] = "key"
    same: ClassVar[tuple[str, ...]] = ("key", "check")
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}
    what: ClassVar[str]

    normalize: Form = Field("exact", description="what spans are compared by")
    min_span_characters: int = Field(1, ge=1, description="shortest span that is compared, normalised, in characters")
    min_words: int = Field(0, ge=0, description="fewest words of what is left where something was cut; 0: any number")
    min_sentences: int = Field(0, ge=0, description="fewest sentences of what is left where something was cut; 0: any")
    min_characters: int = Field(
        0, ge=0, description="fewest characters of what is left where something was cut; 0: any"
    )

    @abstractmethod
    def units(self) -> tuple[Unit, int]:
        """What is cut, and how many in a row are compared."""

    def rounds(self) -> tuple[Global, ...]:
        """Which spans go, by the address of the document whose copy stays; then its id."""
        least = {name: getattr(self, name) for name in ("min_words", "min_sentences", "min_characters")}
        return self, NameKeepers(cut=CutUnits(unit=self.units()[0], reason=f"duplicate_{self.what}", **least))

    def columns_read(self) -> tuple[str, ...]:
        """Text, id, and the columns that decide."""
        return tuple(dict.fromkeys(("text", "id", *self.deciding())))

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Key, place and preference of every span, 42 bytes; with an index the id of its document, too."""
        unit, span = self.units()
        text = text_of(batch.column("text"))
        found = spans_of(text, units_of(text, unit), self.normalize, span, self.min_span_characters)
        row = pa.array(found.document)
        columns = {ADDR: batch.column(ADDR).take(row), "key": pa.array(found.key), "check": pa.array(found.check)}
        columns |= {"start": pa.array(found.start).cast(pa.uint32()), "stop": pa.array(found.stop).cast(pa.uint32())}
        about = self.preference(batch) | ({} if self.index is None else {"id": batch.column("id")})
        return pa.RecordBatch.from_pydict(columns | {name: values.take(row) for name, values in about.items()})

    def reduce(self, part: pa.Table) -> pa.Table:
        """Every span but the best of its kind, and the address of the document that holds that one."""
        key = part.column("key").to_numpy()
        shared = ~begins(key)  # most are not: they need no sorting
        shared[:-1] |= shared[1:]
        part = part.filter(pa.array(shared)).combine_chunks()
        key, check, tier, start = (part.column(name).to_numpy() for name in ("key", "check", "tier", "start"))
        in_text = np.argsort(start, kind="stable")
        order = in_text[self.best_first(part.take(pa.array(in_text)), check[in_text], key[in_text])]
        gone, first = self.dropped(begins(key[order], check[order]), tier[order])
        keepers = part.take(pa.array(order[first[gone]]))
        found = part.select([ADDR, "start", "stop"]).take(pa.array(order[gone]))
        found = found.append_column(TWIN, keepers.column(ADDR))
        if self.index is not None:
            held = pc.equal(keepers.column("tier"), HELD)
            found = found.append_column("known", pc.if_else(held, keepers.column("id"), pa.scalar(None, pa.string())))
        return NameKeepers.with_owners(found)

    def bind(self, artifact: pa.Table) -> Filter | Global:
        """Asks for the keepers' ids."""
        names = self.rounds()[1]
        assert isinstance(names, NameKeepers)
        return names.hold(artifact)


class CutUnits(Filter):
    """Cuts the spans it was given out of the texts; drops the documents of which too little is left."""

    reads: ClassVar[tuple[str, ...]] = (ADDR, "text")
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}

    unit: Unit
    reason: str  # of a span
    min_words: int = 0
    min_sentences: int = 0
    min_characters: int = 0

    _address: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))
    _start: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.int64))
    _stop: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.int64))
    _of: pa.DictionaryArray = PrivateAttr(default_factory=lambda: pa.array([], pa.string()).dictionary_encode())

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """A document that loses nothing is kept as it is, however short."""
        here = batch.column(ADDR).to_numpy()
        first = np.searchsorted(self._address, here, "left")
        counts = np.searchsorted(self._address, here, "right") - first
        column = batch.column("text")
        cut = np.flatnonzero(counts)
        if not len(cut):
            return Verdict(len(here), self._rules(column.slice(0, 0), len(here), cut), spans=no_spans(len(here)))
        row = np.repeat(np.arange(len(here)), counts)
        found = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + first[row]
        text = text_of(column)
        label = self._of.indices.to_numpy()[found]
        cuts = disjoint(text, row, self._start[found], self._stop[found], label, self.unit != "sentence")
        left = without(column, text, cuts)
        of = self._of.take(pa.array(found[cuts.which])).dictionary_decode()
        spans = spans_column(text, cuts.row, cuts.start, cuts.stop, self.reason, of)
        failed = self._rules(left.take(pa.array(cut)), len(here), cut)
        return Verdict(len(here), failed, columns={"text": left}, spans=spans)

    def _rules(self, left: pa.Array, rows: int, cut: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.bool_]]:
        """Which rows fail, by the texts that are left of those that lost something."""
        failed = {"nothing_left": pc.equal(pc.binary_length(left), 0).to_numpy(zero_copy_only=False)}
        if self.min_words or self.min_sentences:
            sentences, words = sentences_of(text_of(left), self.min_words)
            failed |= {"too_few_words": words < self.min_words} if self.min_words else {}
            failed |= {"too_few_sentences": sentences.counts < self.min_sentences} if self.min_sentences else {}
        if self.min_characters:
            short = pc.less(pc.utf8_length(left), self.min_characters)
            failed["too_few_characters"] = short.to_numpy(zero_copy_only=False)
        among_all = {name: np.zeros(rows, np.bool_) for name in failed}
        for name, mask in failed.items():
            among_all[name][cut] = mask
        return among_all


class NameKeepers(NameTwins):
    """The ids of the documents whose copies stay; then the cutting."""

    payload: ClassVar[pa.Schema] = pa.schema([("start", pa.uint32()), ("stop", pa.uint32())])
    writes: ClassVar[Mapping[str, pa.DataType]] = CutUnits.writes

    cut: CutUnits

    def bind(self, artifact: pa.Table) -> Filter:
        """The cutting of a shard's texts."""
        bound = self.cut.model_copy()
        bound._address = artifact.column(ADDR).to_numpy()
        bound._start, bound._stop = (artifact.column(name).to_numpy().astype(np.int64) for name in ("start", "stop"))
        bound._of = artifact.column("of").combine_chunks().dictionary_encode()
        return bound
