"""quality_classifier beside the library: `python tests/bench/quality_classifier.py MODEL BULK [--gold GOLD]`.

MODEL is a fastText model of hq and cc, BULK a .jsonl with texts, GOLD a .jsonl.zst of others. Scores are compared on all of
GOLD and 2,000 documents of BULK, and what a threshold keeps; speed is by CPU time, one core, best of three, in one run: the
step over batches, the kernels alone, and the library's `predict`, one text a call and all at once.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fasttext
import numpy as np
import orjson
import pyarrow as pa
import zstandard

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.io.opening import open_file
from datapipe.ops.quality_classifier import QualityClassifier

MIN_SCORE = 0.018112  # DCLM's
TIMED = 20_000_000  # bytes of text


def texts(path: Path) -> list[str]:
    """The field text of every line."""
    data = path.read_bytes()
    if path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    return [orjson.loads(line)["text"] for line in data.split(b"\n") if line]


def step(model: Path, **parameters: Any) -> Callable[[list[str]], Any]:
    """Judges texts in batches of 1,000 rows."""
    operator = QualityClassifier.model_validate({"model": str(model), "positive": "hq", **parameters})
    operator.setup(Context("bench", 0, open_file))

    def judge(documents: list[str]) -> Any:
        column = pa.array(documents, pa.large_string())
        ids = pa.array([str(i) for i in range(len(documents))])
        batch = pa.RecordBatch.from_pydict({"id": ids, "text": column})
        return [operator.judge(batch.slice(i, 1000)) for i in range(0, len(documents), 1000)]

    judge(["compiled and touched before it is timed"])
    judge.classifier = operator._classifier  # type: ignore[attr-defined]
    return judge


def library_scores(model: Any, documents: list[str]) -> np.ndarray:
    """P(hq), one text a call."""
    found = (dict(zip(*model.predict(text.replace("\n", " "), k=2), strict=True)) for text in documents)
    return np.array([chances["__label__hq"] for chances in found])


def best(call: Callable[[], Any]) -> float:
    """CPU seconds, the least of three."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)


def main() -> None:
    """Print how far scores and verdicts agree, and MB/s."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("bulk", type=Path)
    parser.add_argument("--gold", type=Path)
    given = parser.parse_args()
    model, judge = fasttext.load_model(str(given.model)), step(given.model, min_score=MIN_SCORE)
    bulk = texts(given.bulk)
    for name, documents in (("gold", texts(given.gold) if given.gold else []), ("bulk", bulk[:2000])):
        if documents:
            theirs, verdicts = library_scores(model, documents), judge(documents)
            ours = np.concatenate([verdict.scores["quality_score"] for verdict in verdicts])
            keep = np.concatenate([verdict.keep for verdict in verdicts])
            for threshold in (0.5, float(np.quantile(theirs, 0.9))):
                print(f"{name}: at {threshold:.4f} {int(((ours >= threshold) != (theirs >= threshold)).sum())} differ")
            same = int((keep != (theirs >= MIN_SCORE)).sum())
            print(f"{name}: {len(documents)} documents, scores within {np.nanmax(abs(ours - theirs)):.2e}; "
                  f"{int(keep.sum())} kept at {MIN_SCORE}, {same} of them otherwise")  # fmt: skip
    timed, size = [], 0
    for text in bulk:
        timed.append(text)
        if (size := size + len(text.encode())) > TIMED:
            break
    lines = [text.replace("\n", " ") for text in timed]
    column = text_of(pa.array(timed, pa.large_string()))
    calls: dict[str, Callable[[], Any]] = {
        "step, document": lambda: judge(timed),
        "classifier alone": lambda: judge.classifier.chances(column),  # type: ignore[attr-defined]
        "library, a text a call": lambda: [model.predict(line, k=2) for line in lines],
        "library, all at once": lambda: model.predict(lines, k=2),
        "step, document, pareto": lambda: drawn(timed),
        "step, paragraph": lambda: paragraphs(timed),
        "step, sentence": lambda: sentences(timed),
    }
    drawn = step(given.model, pareto=9)
    paragraphs = step(given.model, level="paragraph", min_score=0.1)
    sentences = step(given.model, level="sentence", min_score=0.1)
    for name, call in calls.items():
        print(f"{name:24} {size / best(call) / 1e6:6.1f} MB/s")


if __name__ == "__main__":
    main()
