"""fastText scoring beside the library's batch call: `python tests/bench/fasttext_scores.py BULK [SHAPE …]`.

BULK is a folder of *.jsonl, of which some 20 MB are taken. SHAPE is `dim,labels,word n-grams,minn,maxn,loss`, such as
`100,2,2,0,0,softmax`: a model of random numbers over the 200,000 most frequent words of the sample and 2 million buckets;
or it is the path of a model. Speed is by CPU time, one thread, best of five, in turns: documents, and their sentences, on
text already decoded and without newlines.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from datapipe.arrow.text import text_of
from datapipe.core.classifier.fasttext import LABEL, FastText
from tests.kernels.fasttext_files import NEGATIVE_SAMPLING, ONE_VS_ALL, SOFTMAX, TREE, Made, written

SHAPES = ("100,2,1,0,0,softmax", "100,2,2,0,0,softmax", "16,10,2,0,0,softmax", "100,2,2,3,6,softmax")
LOSSES = {"softmax": SOFTMAX, "ova": ONE_VS_ALL, "ns": NEGATIVE_SAMPLING, "hs": TREE}
SAMPLE, WORDS, BUCKETS = 20_000_000, 200_000, 2_000_000
SENTENCE = re.compile(r"(?<=[.!?]) +")


def sample(folder: Path) -> list[str]:
    """Documents from all over the folder's files, each on a line."""
    files = sorted(folder.glob("*.jsonl"))
    step = max(1, sum(file.stat().st_size for file in files) // SAMPLE)
    lines = (line for file in files for line in file.open("rb"))
    return [orjson.loads(line)["text"].replace("\n", " ") for i, line in enumerate(lines) if i % step == 0]


def made(shape: str, texts: list[str], path: Path) -> None:
    """Write a model of this shape."""
    dim, labels, ngrams, minn, maxn = map(int, shape.split(",")[:5])
    seen = Counter(word for text in texts for word in re.split("[ \t\r\x0b\x0c\0]+", text) if word and word != "</s>")
    words = tuple(word for word, _ in seen.most_common(WORDS) if not word.startswith(LABEL))
    bucket = BUCKETS if ngrams > 1 or maxn > 0 else 0
    loss = LOSSES[shape.split(",")[5]]
    model = Made(loss, minn, maxn, ngrams, bucket, labels=labels, dim=dim, words=words, spread=dim**-0.25)
    path.write_bytes(written(model))


def theirs(answer: Any, model: FastText) -> Any:
    """A batch's answer as a table; the two packages with a module `fasttext` give labels and numbers in other orders."""
    first, second = answer
    labels, scores = (first, second) if isinstance(first[0][0], str) else (second, first)
    place = {label: i for i, label in enumerate(model.labels)}
    table = np.zeros((len(labels), len(place)))
    for i, row in enumerate(labels):
        table[i, [place[label.removeprefix(LABEL)] for label in row]] = np.minimum(scores[i], 1.0)
    return table


def compare(name: str, texts: list[str], model: FastText, predict: Any) -> None:
    """Speed and agreement on these texts."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    text, lines = text_of(pa.array(texts, pa.large_string())), [text + "\n" for text in texts]
    work = {"theirs": lambda: predict(lines, -1, 0.0, "strict"), "ours": lambda: model.chances(text)}
    best, answers = dict.fromkeys(work, float("inf")), {}
    for _ in range(5):
        for who, run in work.items():
            began = time.process_time()
            answers[who] = run()
            best[who] = min(best[who], time.process_time() - began)
    off = np.abs(theirs(answers["theirs"], model) - answers["ours"])
    print(
        f"  {name:9} {len(texts):7,} texts of {size:4.1f} MB: ours {size / best['ours']:5.1f} MB/s, "
        f"the library {size / best['theirs']:5.1f}, ratio {best['theirs'] / best['ours']:.2f}; "
        f"within {off.max():.1e}, {np.mean(off > 1e-5):.2%} of chances off by more than 1e-5"
    )


def main() -> None:
    import fasttext

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bulk", type=Path)
    parser.add_argument("shapes", nargs="*", default=SHAPES)
    arguments = parser.parse_args()
    texts = sample(arguments.bulk)
    sentences = [part for text in texts[::5] for part in SENTENCE.split(text) if part]
    with tempfile.TemporaryDirectory() as folder:
        for shape in arguments.shapes:
            path = Path(shape)
            if not path.is_file():
                path = Path(folder) / "model.bin"
                made(shape, texts, path)
            FastText(io.BytesIO(written(Made()))).chances(text_of(pa.array(["compiled"])))
            began = time.process_time()
            with path.open("rb") as stream:
                model = FastText(stream)
            took = time.process_time() - began
            table = model._model.words.matrix
            print(
                f"{shape}: a file of {path.stat().st_size / 1e6:.0f} MB, set up in {took:.2f} s; of the matrix "
                f"{table.nbytes / 1e6:.0f} MB stay"
            )
            predict = fasttext.load_model(str(path)).f.multilinePredict
            compare("documents", texts, model, predict)
            compare("sentences", sentences, model, predict)
            del model, predict, table


if __name__ == "__main__":
    main()
