"""The operator `tokenize` beside its libraries, one thread each, in one process: CPU time, and whether ids are equal.

python tests/bench/tokenization.py CORPUS.jsonl... --model tokenizer.json [--model spm.model ...] [--megabytes 36]

Of a byte-level tokenizer.json tiktoken is timed too, on the same tokens (its ids differ where merges are not by rank).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import sentencepiece
import tiktoken
from tokenizers import Tokenizer

from datapipe.core.context import Context
from datapipe.core.tokenizers.byte_level import spelled_bytes
from datapipe.io.opening import open_file
from datapipe.ops.tokenize import Tokenize

ROWS = 1000  # of a batch
GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def texts(paths: list[str], megabytes: float) -> Iterator[str]:
    """The first texts of each file, as many bytes of each."""
    for path in paths:
        left = megabytes * 1e6 / len(paths)
        with Path(path).open("rb") as lines:
            for line in lines:
                text = orjson.loads(line)["text"]
                left -= len(text.encode())
                if left < 0:
                    break
                yield text


def timed(run: Callable[[Any], Any], batches: list[Any]) -> tuple[list[Any], float]:
    """Answers, and CPU seconds."""
    started = time.process_time()
    found = [run(batch) for batch in batches]
    return found, time.process_time() - started


def tiktoken_of(model: str) -> tiktoken.Encoding | None:
    """The tokens of a byte-level model in tiktoken, cut by the pattern of GPT-2."""
    vocabulary = json.loads(Path(model).read_bytes())["model"]["vocab"]
    letters = spelled_bytes()
    tokens = sorted((t for t in vocabulary if set(t) <= set(letters)), key=lambda t: (len(t) > 1, vocabulary[t]))
    ranks = {bytes(letters[c] for c in token): rank for rank, token in enumerate(tokens)}
    return (
        tiktoken.Encoding("bench", pat_str=GPT2, mergeable_ranks=ranks, special_tokens={}) if len(ranks) > 255 else None
    )


def main() -> None:
    """Print a line for each model and rival."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("corpus", nargs="+")
    options.add_argument("--model", action="append", required=True)
    options.add_argument("--megabytes", type=float, default=36)
    given = options.parse_args()
    found = list(texts(given.corpus, given.megabytes))
    size = sum(len(text.encode()) for text in found) / 1e6
    lists = [found[i : i + ROWS] for i in range(0, len(found), ROWS)]
    batches = [pa.record_batch({"text": pa.array(batch, pa.large_string())}) for batch in lists]
    for model in given.model:
        operator = Tokenize(model=(model,), eos="none")
        operator.setup(Context("bench", 0, open_file))
        operator.apply(batches[0].slice(0, 2))  # compiles
        ours, seconds = timed(lambda batch: operator.apply(batch).column("tokens"), batches)  # noqa: B023
        print(f"{model}: {size:.1f} MB, {len(found):,} texts; tokenize {size / seconds:.1f} MB/s")
        rivals: dict[str, Callable[[list[str]], list[Any]]] = {}
        if model.endswith(".json"):
            library = Tokenizer.from_file(model)
            library.encode_special_tokens = True
            rivals["tokenizers"] = lambda b: [e.ids for e in library.encode_batch(b, add_special_tokens=False)]  # noqa: B023
            if encoding := tiktoken_of(model):
                rivals["tiktoken"] = lambda b: encoding.encode_ordinary_batch(b, num_threads=1)
        else:
            pieces = sentencepiece.SentencePieceProcessor(model_file=model)
            rivals["sentencepiece"] = lambda b: pieces.encode(b, num_threads=1)  # noqa: B023
        for name, encode in rivals.items():
            theirs, own = timed(encode, lists)
            rows = (pair for a, b in zip(ours, theirs, strict=True) for pair in zip(a.to_pylist(), b, strict=True))
            unequal = sum(list(a) != list(b) for a, b in rows) if name != "tiktoken" else "not compared"
            print(f"  {name} {size / own:.1f} MB/s, ratio {own / seconds:.1f}, unequal texts: {unequal}", flush=True)


if __name__ == "__main__":
    main()
