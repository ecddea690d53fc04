"""dsir beside data-selection (p-lambda/dsir): `python tests/bench/dsir.py RAW.jsonl TARGET.jsonl [--mb 20] [--words 128]`.

Speed is of CPU time, one process each, in one run: the target and the corpus counted, and every document weighed; the
package gets the same rows as files, which it reads and tokenises once for its counts and once for its weights. Weights
must be equal to 1e-6. KL reduction is the paper's figure (Xie et al. 2023, section 5): KL(target || corpus) less
KL(target || what is drawn), over the hashed n-grams, of pieces of 128 words as there (weights grow with length, so of whole
documents the longest are drawn first); beside it that of as many drawn by their ids alone.
Needs the package data-selection.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from data_selection import HashedNgramDSIR

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.importance.features import SMOOTHING, counts_of, counts_of_texts
from datapipe.core.importance.target import target_texts
from datapipe.core.seeds import uniform
from datapipe.engine.asking import ask
from datapipe.io.opening import open_file
from datapipe.ops.dsir import WEIGHT, Dsir

ROWS, MIN_WORDS = 2000, 100  # of a batch; of a document that may be drawn


def spent() -> float:
    """Seconds of CPU of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def texts_of(path: str, size: int) -> list[str]:
    """The first documents of a file, of about so many bytes."""
    found: list[str] = []
    with Path(path).open("rb") as file:
        for line in file:
            found.append(json.loads(line)["text"])
            size -= len(found[-1].encode())
            if size <= 0:
                break
    return found


def cut(texts: list[str], length: int) -> list[str]:
    """Pieces of so many words, as the paper selects; 0: whole documents. A rest below the 100 words it asks for is left."""
    if not length:
        return texts
    words = (text.split() for text in texts)
    pieces = (own[at : at + length] for own in words for at in range(0, len(own), length))
    return [" ".join(piece) for piece in pieces if len(piece) >= MIN_WORDS]


def batch_of(texts: list[str]) -> pa.RecordBatch:
    """Rows as a shard has them."""
    address = pa.array(np.arange(len(texts), dtype=np.uint64))
    ids = pa.array([f"d{n}" for n in range(len(texts))])
    return pa.RecordBatch.from_pydict({ADDR: address, "id": ids, "text": pa.array(texts, pa.large_string())})


def ours(batch: pa.RecordBatch, target: str, **size: Any) -> Any:
    """The step's verdict."""
    rounds = Dsir.model_validate({"target": target, **size}).rounds()
    for question in rounds:
        question.setup(Context("dsir", 1, open_file))
    pieces = [batch.slice(at, ROWS) for at in range(0, batch.num_rows, ROWS)]
    return ask(rounds, pieces)[1].judge(batch)  # type: ignore[union-attr]


def theirs(raw: str, target: str, work: Path) -> np.ndarray:
    """The package's weights."""
    package = HashedNgramDSIR([raw], [target], cache_dir=str(work / "cache"), num_proc=1)
    package.fit_importance_estimator()
    package.compute_importance_weights()
    return np.load(work / "cache" / "log_importance_weights" / "0.npy")


def divergence(target: np.ndarray, other: np.ndarray) -> float:
    """KL(target || other) in nats, of counts."""
    p, q = (counts / counts.sum() + SMOOTHING for counts in (target, other))
    return float(np.sum(p * (np.log(p) - np.log(q))))


def main() -> None:
    """Print the ratio of speeds, the difference of weights, and KL reductions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw")
    parser.add_argument("target")
    parser.add_argument("--mb", type=float, default=20.0)
    parser.add_argument("--keep", type=float, default=0.1)
    parser.add_argument("--words", type=int, default=128, help="of a piece; 0: whole documents")
    asked = parser.parse_args()
    texts = cut(texts_of(asked.raw, int(asked.mb * 1e6)), asked.words)
    size = sum(len(text.encode()) for text in texts) / 1e6
    batch = batch_of(texts)
    ours(batch.slice(0, 10), asked.target, keep=1.0)  # compiled
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.jsonl"
        raw.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        at = spent()
        verdict = ours(batch, asked.target, keep=asked.keep)
        between = spent()
        weights = theirs(str(raw), asked.target, Path(folder))
        end = spent()
    both = size + Path(asked.target).stat().st_size / 1e6
    apart = np.abs(verdict.scores[WEIGHT] - weights).max()
    print(f"{len(texts):,} documents, {size:.1f} MB, target and corpus {both:.1f} MB; weights differ by {apart:.1e}")
    print(
        f"datapipe {between - at:.2f} s, data-selection {end - between:.2f} s: {(end - between) / (between - at):.1f} times"
    )
    target = counts_of_texts(target_texts([asked.target], "text", Context("t", 0, open_file)), marks=True)
    before = divergence(target, counts_of(batch.column("text"), marks=True))
    drawn = int(verdict.keep.sum())
    chance = np.zeros(batch.num_rows, np.bool_)
    chance[np.argsort(uniform(5, batch.column("id").to_pylist()))[:drawn]] = True
    first = ours(batch, asked.target, keep=asked.keep, top_k=True).keep
    print(f"KL(target || corpus) {before:.3f}; {drawn:,} documents drawn")
    for name, keep in (("dsir", verdict.keep), ("dsir, top_k", first), ("at random", chance)):
        after = divergence(target, counts_of(batch.column("text").filter(pa.array(keep)), marks=True))
        print(f"  KL reduction, {name}: {before - after:+.3f}")


main()
