"""Packing: tokens/s, padding and cuts by method: `python tests/bench/packing.py BULK TOKENIZER [--trl FILE]`.

BULK is a folder of *.jsonl, of which some 60 MB are taken; TOKENIZER a tokenizer.json whose token 0 ends documents. Speed
is by CPU time, one core, best of three, all columns laid out. FILE is trl/data_utils.py (TRL 0.24): its best-fit
decreasing is run on the same documents, and its bins are compared with ours.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict, deque
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.core.packing.methods import Spans, best_fitted
from datapipe.core.tokenizers.huggingface import HuggingFace
from datapipe.io.opening import open_file
from datapipe.ops.fim import Fim
from datapipe.ops.pack import Pack

SAMPLE = 60_000_000  # bytes
METHODS: dict[str, dict[str, int]] = {"concat": {"eos": 0}, "best_fit": {"eos": 0}, "bos_aligned": {"bos": 0}}


def sample(folder: Path) -> list[str]:
    """Documents from all over the folder's files."""
    files = sorted(folder.glob("*.jsonl"))
    step = max(1, sum(file.stat().st_size for file in files) // SAMPLE)
    lines = (line for file in files for line in file.open("rb"))
    return [json.loads(line)["text"] for i, line in enumerate(lines) if i % step == 0]


def windows(operator: Pack, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    """As the engine cuts them."""
    ends = np.cumsum(operator.weights(batch))
    cuts = [0]
    while cuts[-1] < len(ends):
        before = int(ends[cuts[-1] - 1]) if cuts[-1] else 0
        cuts.append(min(len(ends), int(np.searchsorted(ends, before + operator.window)) + 1))
    return [batch.slice(start, stop - start) for start, stop in pairwise(cuts)]


def measure(batch: pa.RecordBatch, **parameters: Any) -> None:
    """One line of one method."""
    operator = Pack(**parameters).placed(batch.schema)
    operator.setup(Context("bench", 0, open_file))
    parts = windows(operator, batch.filter(pa.array(operator.judge(batch).keep)))
    seconds = []
    for _ in range(4):  # the first one compiles
        started = time.process_time()
        tallies = [operator.merge(part).tallies for part in parts]
        seconds.append(time.process_time() - started)
    total = {name: sum(t[name] for t in tallies) for name in tallies[0] if name != "lengths"}
    tokens = total["tokens_in"] + total["tokens_added"]
    print(
        f"{parameters['method']:<12} {parameters['length']!s:<20} {tokens / min(seconds[1:]) / 1e6:6.0f} million tokens/s, "
        f"padding {total['padding'] / (total['tokens_packed'] + total['padding']):.3%}, "
        f"split {total['documents_split'] / total['documents']:.1%} of documents, "
        f"cropped {total['documents_cropped'] / total['documents']:.1%} with {total['tokens_cropped'] / tokens:.1%} of tokens"
    )


def beside_trl(file: Path, sizes: npt.NDArray[np.int64], length: int) -> None:
    """Best-fit decreasing of TRL on the same lengths: time, and whether the bins are the same."""
    source = file.read_text()
    names: dict[str, Any] = {"np": np, "pa": pa, "pyarrow": pa, "pc": pc, "defaultdict": defaultdict, "deque": deque}
    exec(source[source.index("class _SegmentTree") : source.index("def _pack_wrapped")], names)
    sizes = np.minimum(sizes[sizes > 0], length)
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
    table = pa.table({"ids": pa.ListArray.from_arrays(offsets, pa.array(np.zeros(sizes.sum(), np.uint16)))})
    started = time.process_time()
    theirs = names["_pack_bfd"](table, length)["seq_lengths"].to_pylist()
    middle = time.process_time()
    packed = best_fitted(Spans(np.arange(len(sizes)), np.zeros_like(sizes), sizes), length)
    ours = np.split(packed.spans.sizes, np.flatnonzero(np.diff(packed.sequence)) + 1)
    ended = time.process_time()
    same = Counter(tuple(sorted(one)) for one in theirs) == Counter(tuple(sorted(one.tolist())) for one in ours)
    print(
        f"trl best fit {length:<20} {sizes.sum() / (middle - started) / 1e6:6.1f} million tokens/s, {len(theirs):,} bins, "
        f"{'the same' if same else 'not the same'} as ours; ours, without laying, "
        f"{(middle - started) / (ended - middle):.0f} times as fast"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bulk", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("--trl", type=Path)
    given = parser.parse_args()
    texts = pa.array(sample(given.bulk), pa.large_string())
    found = HuggingFace(given.tokenizer.read_bytes(), "bench").encode(text_of(texts))
    lists = pa.ListArray.from_arrays(
        pa.array(np.concatenate([[0], found.ends]), pa.int32()), pa.array(found.ids.astype(np.uint16))
    )
    names = pa.array([str(i) for i in range(len(texts))])
    batch = pa.RecordBatch.from_pydict({"id": names, "text": texts, "tokens": lists})
    print(f"{len(texts):,} documents, {len(found.ids):,} tokens")
    for length in (2048, 8192, [2048, 8192, 32768]):
        for method, added in METHODS.items():
            measure(batch, method=method, length=length, **added)
    for level, tokens in (
        ("character", {}),
        ("line", {}),
        ("token", {"prefix": 32_000, "middle": 32_001, "suffix": 32_002}),
    ):
        fim = Fim.model_validate({"level": level, "tokens": tokens}).placed(batch.schema)
        fim.setup(Context("bench", 0, open_file))
        started = time.process_time()
        fim.apply(batch)
        seconds = time.process_time() - started
        speed = (
            f"{len(found.ids) / seconds / 1e6:.0f} million tokens/s"
            if tokens
            else f"{texts.nbytes / seconds / 1e6:.0f} MB/s"
        )
        print(f"fim {level}: {speed}")
    if given.trl:
        for length in (2048, 8192):
            beside_trl(given.trl, np.diff(found.ends, prepend=0), length)


if __name__ == "__main__":
    main()
