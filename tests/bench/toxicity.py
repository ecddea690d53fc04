"""toxicity on labelled texts: `python tests/bench/toxicity.py FOLDER [--bulk BULK]`; no text is printed.

FOLDER holds tweets_hate_offensive, surge_toxicity, forum_hate, hatecheck (.jsonl.zst) and badwords_ldnoobw (.jsonl.gz).
Classifiers are trained by `train_fasttext` on four fifths of a file and judge the rest (a thread's posts together), or on
the other two files; beside them the word list, where one listed word is enough. Documents for the levels are held-out
texts of a file, 1 toxic (or none) among 19 others. Speed is by CPU time, one core, best of three, over BULK (.jsonl).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import random
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import zstandard
from sklearn.metrics import roc_auc_score

from datapipe.core.context import Context
from datapipe.engine.training.fasttext import FastTextSettings, train_fasttext
from datapipe.io.opening import open_file
from datapipe.ops.toxicity import Toxicity

FILES = {
    "tweets_hate_offensive": "neither",
    "surge_toxicity": "not_toxic",
    "forum_hate": "noHate",
}  # and the clean label
SETTINGS = FastTextSettings(word_ngrams=2, epoch=30, dim=50, bucket=200_000)
FOLDS, TIMED = 5, 20_000_000
CUT = 0.5


class Row(NamedTuple):
    text: str
    toxic: bool
    fold: int
    kind: str


def rows_of(path: Path, clean: str) -> list[Row]:
    data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(path.read_bytes())).read()
    out = []
    for row in map(orjson.loads, data.splitlines()):
        key = str(row.get("post", row["id"]))
        fold = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % FOLDS
        out.append(Row(row["text"], row["label"] != clean, fold, row.get("functionality", "")))
    return out


def trained(rows: list[Row], folder: Path) -> str:
    rows = random.Random(1).sample(rows, len(rows))
    out = folder / f"{len(list(folder.iterdir()))}.bin"
    train_fasttext(
        [r.text for r in rows], [["toxic" if r.toxic else "clean"] for r in rows], out, SETTINGS, lambda _: None
    )
    return str(out)


def step(**parameters: Any) -> Toxicity:
    operator = Toxicity(**parameters)
    operator.setup(Context("bench", 0, open_file))
    return operator


def batch_of(texts: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {"text": pa.array(texts, pa.large_string()), "lang": pa.array(["en"] * len(texts))}
    )


def scores(operator: Toxicity, texts: list[str], name: str = "score") -> np.ndarray:
    return np.nan_to_num(operator.measure(batch_of(texts)).scores[name])


def said(toxic: np.ndarray, found: np.ndarray, bound: float) -> str:
    hit = found > bound
    right = (hit & toxic).sum()
    precision, recall = right / max(hit.sum(), 1), right / toxic.sum()
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return f"AUC {roc_auc_score(toxic, found):.3f}  P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}"


def truth(folder: Path, models: Path) -> None:
    files = {name: rows_of(folder / f"{name}.jsonl.zst", clean) for name, clean in FILES.items()}
    published = [str(folder / "badwords_ldnoobw.jsonl.gz")]
    lists, disguised = step(words=published), step(words=published, obfuscation=True)
    for name, rows in files.items():
        toxic, texts = np.array([r.toxic for r in rows]), [r.text for r in rows]
        fold = np.array([r.fold for r in rows])
        found, deep = np.zeros(len(rows)), []
        for k in range(FOLDS):
            own = np.flatnonzero(fold == k)
            model = trained([r for r in rows if r.fold != k], models)
            found[own] = scores(step(model=model, categories="toxic"), [texts[i] for i in own])
            deep.append((model, [rows[i] for i in own]))
        other = trained([r for n, some in files.items() if n != name for r in some], models)
        print(f"{name}: {len(rows)} texts, {toxic.mean():.0%} toxic")
        print("  word list             ", said(toxic, scores(lists, texts, "hits"), 0))
        print("  word list, obfuscation", said(toxic, scores(disguised, texts, "hits"), 0))
        print("  classifier, held out  ", said(toxic, found, CUT))
        print("  classifier, other data", said(toxic, scores(step(model=other, categories="toxic"), texts), CUT))
        levels(deep, lists)
    rows = rows_of(folder / "hatecheck.jsonl.zst", "non-hateful")
    model = trained([r for some in files.values() for r in some], models)
    classifier = scores(step(model=model, categories="toxic"), [r.text for r in rows]) > CUT
    listed = scores(lists, [r.text for r in rows], "hits") > 0
    toxic = np.array([r.toxic for r in rows])
    print(
        "hatecheck, all three files:",
        said(toxic, scores(step(model=model, categories="toxic"), [r.text for r in rows]), CUT),
    )
    print("  word list:               ", said(toxic, scores(lists, [r.text for r in rows], "hits"), 0))
    print("  word list, obfuscation:  ", said(toxic, scores(disguised, [r.text for r in rows], "hits"), 0))
    kinds = defaultdict(list)
    for row, a, b in zip(rows, classifier, listed, strict=True):
        kinds[row.kind, row.toxic].append((a, b))
    print("  share called toxic: classifier, word list")
    for (kind, hateful), calls in sorted(kinds.items(), key=lambda item: (item[0][1], item[0][0])):
        a, b = np.mean(calls, axis=0)
        print(f"    {'hateful' if hateful else 'fine   '} {kind:22} {len(calls):4}  {a:.2f}  {b:.2f}")


def levels(deep: list[tuple[str, list[Row]]], lists: Toxicity) -> None:
    """One toxic text among 20: which documents have it, and what of it a cut takes."""
    draw = random.Random(2)
    toxic: list[bool] = []
    found: dict[str, list[float]] = defaultdict(list)
    cut = {bound: np.zeros(3) for bound in (CUT, 0.9)}  # characters: cut and toxic, cut, toxic
    for model, rows in deep:
        clean = [r.text.replace("\n", " ") for r in rows if not r.toxic]
        bad = [r.text.replace("\n", " ") for r in rows if r.toxic]
        documents, spans = [], []
        for i in range(200):
            lines = draw.sample(clean, 19)
            if i % 2:
                lines.insert(draw.randrange(20), bad[i % len(bad)])
            toxic.append(bool(i % 2))
            documents.append("\n".join(lines))
            spans.append({n for n, line in enumerate(lines) if i % 2 and line == bad[i % len(bad)]})
        own = {"model": model, "categories": "toxic"}
        found["document"] += scores(step(**own), documents).tolist()
        found["line"] += scores(step(**own, level="line"), documents).tolist()
        found["sentence"] += scores(step(**own, level="sentence"), documents).tolist()
        found["word list"] += scores(lists, documents, "hits").tolist()
        for bound, sums in cut.items():
            left = step(**own, level="line", do="cut", max_score=bound).judge(batch_of(documents)).columns["text"]
            for text, rest, bad_lines in zip(documents, left.to_pylist(), spans, strict=True):
                kept = set(rest.split("\n"))
                for n, line in enumerate(text.split("\n")):
                    gone = line not in kept
                    sums += len(line) * np.array([gone and n in bad_lines, gone, n in bad_lines])
    for name, values in found.items():
        print(f"    1 in 20, {name:9} AUC {roc_auc_score(toxic, values):.3f}")
    for bound, (right, gone, meant) in cut.items():
        print(
            f"    1 in 20, lines over {bound} cut: precision {right / gone:.3f}, recall {right / meant:.3f} (characters)"
        )


def best(call: Any) -> float:
    seconds = []
    for _ in range(3):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)


def speed(bulk: Path, folder: Path, models: Path) -> None:
    texts, size = [], 0
    with bulk.open("rb") as lines:
        for line in lines:
            texts.append(orjson.loads(line)["text"])
            size += len(texts[-1].encode())
            if size > TIMED:
                break
    whole = batch_of(texts)
    batches = [whole.slice(i, 1000) for i in range(0, len(texts), 1000)]
    words = {word for text in texts[::3] for word in text.split() if word.isalpha() and len(word) > 5}
    many = random.Random(3).sample(sorted(words), 10_000)
    rows = [r for name, clean in FILES.items() for r in rows_of(folder / f"{name}.jsonl.zst", clean)]
    own = {"model": trained(rows, models), "categories": "toxic"}
    steps = {
        "10,000 words": {"words": {"*": many}},
        "10,000 words, sentences": {"words": {"*": many}, "level": "sentence"},
        "10,000 words, obfuscation": {"words": {"*": many}, "obfuscation": True},
        "model, documents": own,
        "model, sentences": {**own, "level": "sentence"},
        "model, sentences cut": {**own, "level": "sentence", "do": "cut", "max_score": 0.9},
    }
    for name, parameters in steps.items():
        operator = step(**parameters)
        operator.judge(batch_of(["compiled before it is timed."]))
        seconds = best(lambda operator=operator: [operator.judge(batch) for batch in batches])
        print(f"{name:26} {size / seconds / 1e6:6.1f} MB/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bulk", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as models:
        if given.bulk:
            speed(given.bulk, given.folder, Path(models))
        else:
            truth(given.folder, Path(models))


if __name__ == "__main__":
    main()
