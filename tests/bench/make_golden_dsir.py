"""Ask the package data-selection (p-lambda/dsir) for the log-importance weights of tests/ops/golden_dsir.json.

Run from the project's root, once with data-selection 1.0.3 and nltk 3.10.4, once with nltk 3.8.1 (whose WordPunct goes by
Python's `re`), and zstandard; datapipe is not needed. The made-up texts in the file stay as they are:
    python tests/bench/make_golden_dsir.py unicode      (nltk 3.10.4)
    python tests/bench/make_golden_dsir.py python       (nltk 3.8.1)
"""

import io
import json
import sys
import tempfile
from pathlib import Path

import nltk
import numpy as np
import zstandard
from data_selection import HashedNgramDSIR

GOLDEN = Path("tests/ops/golden_dsir.json")


def sample(name: str, count: int) -> list[str]:
    """The first texts of a sample."""
    with Path(f"sample_data/{name}/{name}.jsonl.zst").open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        return [json.loads(line)["text"] for _, line in zip(range(count), lines, strict=False)]


def main(words: str) -> None:
    """Weights, and the words the package counts, of the sample's texts and the made-up ones."""
    golden = json.loads(GOLDEN.read_text())
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        texts = {"raw": [*sample("web", golden["raw"]), *golden["odd"]], "target": sample("science", golden["target"])}
        for name, rows in texts.items():
            (work / name).write_text("".join(json.dumps({"text": text}) + "\n" for text in rows))
        paths = [[str(work / name)] for name in texts]
        package = HashedNgramDSIR(*paths, cache_dir=str(work / "cache"), num_proc=1)
        package.fit_importance_estimator()
        package.compute_importance_weights()
        weights = np.load(work / "cache" / "log_importance_weights" / "0.npy")
        counts = np.load(work / "cache" / "perexample_metadata" / "0.npy")
    golden[words] = {
        "package": f"data-selection 1.0.3, nltk {nltk.__version__}",
        "words": [int(count) for count in counts],
        "weights": [float(weight) for weight in weights],
    }
    GOLDEN.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in golden.items()) + "\n}\n")


main(*sys.argv[1:])
