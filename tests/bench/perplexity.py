"""Language models: `python tests/bench/perplexity.py BULK FOLDER [--gold GOLD]`.

BULK is a folder of *.jsonl: 100 MB of text train a model, 10 MB of the last file are scored. FOLDER gets the model (2 GB,
beside working files of 2 GB); one that stands there is taken. Speed is by CPU time, one core, best of three, in one run:
the step; sentencepiece and `kenlm.Model.score` line by line, over text normalised as the step does; sentencepiece alone;
over lines already cut the kernel, and `score`. Needs the package kenlm.

GOLD has xquad_paragraphs, lingua_sentences and flores200_dev_docs as .jsonl.zst: models of 12 languages are trained of the
first two, and say of documents of the third how often they rank before the same with their words shuffled, with 15 % of
their letters drawn anew, and read as cp1252 (of those that are not the same then).
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kenlm
import numpy as np
import pyarrow as pa
import zstandard

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


FLORES = {"ar": "arb_Arab", "de": "deu_Latn", "el": "ell_Grek", "en": "eng_Latn", "es": "spa_Latn", "hi": "hin_Deva",
          "ro": "ron_Latn", "ru": "rus_Cyrl", "th": "tha_Thai", "tr": "tur_Latn", "vi": "vie_Latn", "zh": "zho_Hans"}  # fmt: skip


def gold_of(folder: Path, name: str) -> list[dict[str, str]]:
    """A file of gold documents."""
    with zstandard.open(folder / f"{name}.jsonl.zst", "rb") as stream:
        return [json.loads(line) for line in io.BytesIO(stream.read())]


def rank(gold: Path, folder: Path) -> None:
    """How often a document ranks before its shuffled, its garbled, and its wrongly decoded copy, by language."""
    chance = random.Random(1)
    learnt = gold_of(gold, "xquad_paragraphs") + gold_of(gold, "lingua_sentences")
    asked = gold_of(gold, "flores200_dev_docs")
    for lang, name in FLORES.items():
        source = folder / f"{lang}.jsonl"
        folder.mkdir(parents=True, exist_ok=True)
        source.write_text("".join(json.dumps({"text": d["text"]}) + "\n" for d in learnt if d["lang"] == lang))
        size = 4000 if lang == "zh" else 2000  # Chinese has 2,500 characters there
        train_language_model(Request((str(source),), folder, lang=lang, vocab_size=size), lambda said: None)
        pair = {"lm": str(folder / f"{lang}.arpa.bin"), "sentencepiece": str(folder / f"{lang}.sp.model")}
        step = Perplexity.model_validate({"models": {"*": pair}})
        step.setup(Context("bench", 0, open_file))
        clean = [d["text"] for d in asked if d["lang"] == name]
        letters = [c for text in clean for c in text if c.isalpha()]
        joint = "" if lang in ("th", "zh") else " "  # scripts without spaces are shuffled by characters
        words = [list(text) if joint == "" else text.split() for text in clean]
        sets = [
            clean,
            [joint.join(chance.sample(text, len(text))) for text in words],
            [
                "".join(chance.choice(letters) if c.isalpha() and chance.random() < 0.15 else c for c in t)
                for t in clean
            ],
            [text.encode().decode("cp1252", "replace") for text in clean],
        ]
        column = pa.array([text for texts in sets for text in texts], pa.large_string())
        first, *others = step.judge(pa.RecordBatch.from_pydict({"text": column})).scores["perplexity"].reshape(4, -1)
        kinds = zip(("shuffled", "garbled", "cp1252"), others, strict=True)
        changed = [np.array([a != b for a, b in zip(clean, texts, strict=True)]) for texts in sets[1:]]
        shares = ((kind, (first < other)[new].mean()) for (kind, other), new in zip(kinds, changed, strict=True))
        print(f"{lang}  {len(clean)}  " + "  ".join(f"{kind} {share:6.1%}" for kind, share in shares))


def main() -> None:
    """Train if there is no model, then score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bulk", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gold", type=Path)
    given = parser.parse_args()
    if given.gold is not None:
        rank(given.gold, given.folder / "gold")
    files = sorted(given.bulk.glob("*.jsonl"))
    if not (given.folder / "lm.json").exists():
        trained(files, given.folder)
    step = Perplexity.model_validate(
        {"models": {"*": {"lm": str(given.folder / "lm.arpa.bin"), "sentencepiece": str(given.folder / "lm.sp.model")}}}
    )
    step.setup(Context("bench", 0, open_file))
    scorer = step._scorers["*"]
    pieces = scorer._pieces
    config = kenlm.Config()
    config.load_method, config.show_progress = kenlm.LoadMethod.LAZY, False
    model = kenlm.Model(str(given.folder / "lm.arpa.bin"), config)
    sample = texts(files[-1:], SCORE)
    batch = pa.RecordBatch.from_pydict({"text": pa.array(sample, pa.large_string())})
    lines = [line for text in sample for line in text.split("\n")]
    cut = [pieces.encode_as_pieces(normal_text(line)) for line in lines]
    joined = [" ".join(line) for line in cut]
    words = scorer._model.numbers([piece for line in cut for piece in line])
    counts = np.array(list(map(len, cut)))
    far = np.abs(scorer._model.scores(words, counts, single=True) - [model.score(line) for line in joined]).max()
    print(f"{len(words):,} pieces, {len(cut):,} lines; greatest difference from kenlm's score {far:.1e}")
    megabytes = sum(len(text.encode()) for text in sample) / 1e6
    rivals = {
        "the step": lambda: step.judge(batch),
        "sentencepiece + kenlm": lambda: [
            model.score(" ".join(pieces.encode_as_pieces(normal_text(line)))) for line in lines
        ],
        "sentencepiece": lambda: [pieces.encode_as_pieces(normal_text(line)) for line in lines],
        "pieces, kernel": lambda: scorer._model.scores(words, counts),
        "pieces, kenlm": lambda: [model.score(line) for line in joined],
    }
    gc.freeze()  # the lists above are not the rivals'
    spent = {name: best(run) for name, run in rivals.items()}
    for name, seconds in spent.items():
        print(f"{name:22} {megabytes / seconds:6.1f} MB/s  ratio {seconds / spent['the step']:.2f}")


if __name__ == "__main__":
    main()
