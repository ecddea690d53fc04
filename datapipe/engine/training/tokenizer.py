"""`datapipe train tokenizer`: what the step `train_tokenizer` does in a run, over files."""

from __future__ import annotations

import re
import tempfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.reader import Reader
from datapipe.core.seeds import step_seed
from datapipe.core.tokenizer_training.folder import MODEL, packed
from datapipe.core.tokenizer_training.sample import Drawn, Share
from datapipe.core.tokenizer_training.training import CARD
from datapipe.engine.training.lines import SPLIT, described, open_inputs
from datapipe.io.opening import open_file
from datapipe.ops.train_tokenizer import TrainTokenizer

_NAMED = re.compile(r"(?P<name>[A-Za-z0-9_-]+)=(?P<input>.+)", re.DOTALL)
_COLUMNS = ("source", "lang", "corpus", "sample")


@dataclass
class _Corpus:
    """Readers by the name of their source, and what they have given."""

    readers: list[tuple[str, Reader]]
    documents: int = 0
    bad: int = 0
    urls: dict[str, None] = field(default_factory=dict)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows as `train_tokenizer` reads them."""
        self.documents = self.bad = 0
        for source, reader in self.readers:
            for piece in reader.pieces(SPLIT):
                self.urls[piece.url] = None
                for chunk in reader.read(piece):
                    n = chunk.batch.num_rows
                    self.documents += n
                    self.bad += len(chunk.bad)
                    yield pa.RecordBatch.from_pydict(
                        {
                            ADDR: np.arange(n, dtype=np.uint64),
                            "source": pa.array([source] * n, pa.string()),
                            "lang": chunk.batch.column("lang"),
                            "text": chunk.batch.column("text"),
                        }
                    )


def train_tokenizer(
    inputs: Sequence[str],
    out: Path,
    operator: TrainTokenizer,
    seed: int,
    text_field: str | None,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Train, write the files into the folder, the card last; returns the card. The same input gives the same bytes.

    The input is read twice: to see how much there is of each source and language, and to draw. What is drawn lies on disk.
    """
    if out.exists() and not out.is_dir():
        raise RecipeError(f"--out {out}: a file; expected a folder")
    context = Context("tokenizer", step_seed(seed, "tokenizer"), open_file)
    operator.facts(context)
    operator.setup(context)
    corpus = _Corpus(
        [(name, reader) for name, given in _sources(inputs) for reader in open_inputs([given], text_field)]
    )
    unknown = sorted(set(operator.source_weights) - {name for name, _ in corpus.readers})
    if unknown:
        raise RecipeError(f"--source-weight {unknown[0]}: no input is called that; name one by {unknown[0]}=INPUT")
    tell("reading")
    sizes = [operator.reduce(pa.Table.from_batches([operator.sketch(batch)])) for batch in corpus.batches()]
    shares = operator.combine(sizes) if sizes else None
    if shares is None or not shares.num_rows:
        raise RecipeError(f"the input has no text: {corpus.documents:,} documents, {corpus.bad:,} unreadable records")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".training-", dir=out) as scratch:
        folder = Path(scratch)
        tell(f"drawing of {sum(shares.column('corpus').to_pylist()) / 1e6:,.1f} MB")
        spool = _Spool(folder / "windows")
        asked = operator.bind(shares)
        for batch in corpus.batches():
            spool.add(asked.sketch(batch))  # type: ignore[union-attr]  # the second round
        tell(f"learning from {spool.size / 1e6:,.1f} MB")
        files = operator.files_from(spool.windows())
        card: dict[str, Any] = orjson.loads(files[CARD])
        card["corpus"] = {
            "files": [described(url) for url in corpus.urls],
            "documents": corpus.documents,
            "unreadable_records": corpus.bad,
        }
        files[CARD] = packed(card)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        for name in (CARD, *({MODEL} - files.keys())):  # what an earlier training left
            (out / name).unlink(missing_ok=True)
        for name in files:
            (folder / name).replace(out / name)
    return card


def _sources(inputs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and input, of NAME=INPUT or INPUT."""
    for given in inputs:
        found = _NAMED.fullmatch(given)
        yield (found["name"], found["input"]) if found else ("", given)


class _Spool:
    """Windows on disk, 24 bytes each in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb", buffering=1 << 20)
        self._keys, self._ends, self._groups = array("Q"), array("q", [0]), array("q")
        self._shares: dict[tuple[Any, ...], int] = {}

    @property
    def size(self) -> int:
        """Bytes of text."""
        return self._ends[-1]

    def add(self, sketch: pa.RecordBatch) -> None:
        """Windows as `train_tokenizer` draws them."""
        for row in sketch.to_pylist():
            self._keys.append(row["key"])
            self._ends.append(self._ends[-1] + self._file.write(row["text"].encode()))
            share = tuple(row[name] for name in _COLUMNS)
            self._groups.append(self._shares.setdefault(share, len(self._shares)))

    def windows(self) -> Callable[[], Iterator[Drawn]]:
        """All of them by hash, as often as wanted."""
        self._file.close()
        shares = [((source, lang), Share(corpus, sample)) for source, lang, corpus, sample in self._shares]
        order = np.argsort(np.frombuffer(self._keys, np.uint64), kind="stable").tolist()

        def each() -> Iterator[Drawn]:
            if not order:
                return
            with self._path.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as data:
                for n in order:
                    group, share = shares[self._groups[n]]
                    yield group, share, data[self._ends[n] : self._ends[n + 1]].decode()

        return each
