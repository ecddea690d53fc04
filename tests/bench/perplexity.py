"""Language models: training time, and scoring against loops over kenlm: `python tests/bench/perplexity.py BULK FOLDER`.

BULK is a folder of *.jsonl: 100 MB of text train the model, 10 MB of the last file are scored. FOLDER gets the model (2 GB
beside working files of 2 GB); one that stands there is taken. Speed is by CPU time, one core, best of three, in one run:
the step; sentencepiece and `kenlm.Model.score` line by line, over text normalised as the step does; `score` alone, over
lines already cut.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from datapipe.core.context import Context
from datapipe.core.language_model.normal_text import normal_text
from datapipe.engine.training.language_model import Request, train_language_model
from datapipe.io.opening import open_file
from datapipe.ops.perplexity import Perplexity

TRAIN, SCORE = 100_000_000, 10_000_000  # bytes of text


def texts(files: list[Path], size: int) -> list[str]:
    """Documents of about so many bytes."""
    found: list[str] = []
    for file in files:
        for line in file.open("rb"):
            found.append(json.loads(line)["text"])
            size -= len(found[-1].encode())
            if size <= 0:
                return found
    return found


def trained(files: list[Path], folder: Path) -> None:
    """Train a model of order 5, and tell how long that took and what memory."""
    source = folder / "train.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts(files, TRAIN)))
    start, used = time.time(), time.process_time()
    card = train_language_model(
        Request((str(source),), folder), lambda said: print(f"{time.time() - start:7.1f} s  {said}")
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    grams = sum(order["ngrams"] for order in card["orders"])
    print(
        f"trained: {time.time() - start:.0f} s, {time.process_time() - used:.0f} s of CPU, {peak:.2f} GB, {grams:,} n-grams"
    )


def best(run: Callable[[], Any]) -> float:
    """The least CPU time of three."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        run()
        spent.append(time.process_time() - start)
    return min(spent)


def main() -> None:
    """Train if there is no model, then score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bulk", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    files = sorted(given.bulk.glob("*.jsonl"))
    if not (given.folder / "lm.json").exists():
        trained(files, given.folder)
    step = Perplexity.model_validate(
        {"models": {"*": {"lm": str(given.folder / "lm.arpa.bin"), "sentencepiece": str(given.folder / "lm.sp.model")}}}
    )
    step.setup(Context("bench", 0, open_file))
    model, pieces = step._scorers["*"]._model, step._scorers["*"]._pieces
    sample = texts(files[-1:], SCORE)
    batch = pa.RecordBatch.from_pydict({"text": pa.array(sample, pa.large_string())})
    lines = [line for text in sample for line in text.split("\n")]
    cut = [" ".join(pieces.encode_as_pieces(normal_text(line))) for line in lines]
    megabytes = sum(len(text.encode()) for text in sample) / 1e6
    rivals = {
        "the step": lambda: step.judge(batch),
        "sentencepiece + kenlm": lambda: [
            model.score(" ".join(pieces.encode_as_pieces(normal_text(line)))) for line in lines
        ],
        "kenlm alone": lambda: [model.score(line) for line in cut],
    }
    spent = {name: best(run) for name, run in rivals.items()}
    for name, seconds in spent.items():
        print(f"{name:22} {megabytes / seconds:6.1f} MB/s  ratio {seconds / spent['the step']:.2f}")


if __name__ == "__main__":
    main()
