"""MinHash by itself: speed of signatures, and what clusters are worth on labelled near-duplicates.

`python tests/bench/minhash.py speed FILE.jsonl... [--megabytes 40]`: text to signatures on one core (process time, best of
three), 112 permutations of word 5-grams, beside datasketch and, where it is installed, rensa.

`python tests/bench/minhash.py gold DOCS.jsonl.zst PAIRS.jsonl.gz [--datatrove PYTHON] [--text-dedup PYTHON]`: precision,
recall and F1 of pairs in one cluster, and the adjusted Rand index, where the truth is the components of the pairs whose
exact Jaccard similarity (word 5-grams) is at least the threshold; the rivals run in their own environments.

`python tests/bench/minhash.py oracle FILE.jsonl... [--documents 5000]`: clusters beside all pairs of signatures.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import zstandard

from datapipe.core.columns import ADDR
from datapipe.engine.asking import ask
from datapipe.ops.minhash_dedup import MinhashDedup

WORD = re.compile(r"\w+")
SETTINGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("datatrove's 14 x 8, digits and accents ignored", {"ignore": ["case", "punctuation", "digits", "accents"]}),
    ("defaults", {}),
    ("defaults, verify at .7", {"verify": True}),
    ("text-dedup's threshold .7 of 240", {"threshold": 0.7, "permutations": 240}),
    ("text-dedup's, verify", {"threshold": 0.7, "permutations": 240, "verify": True}),
)


def lines(file: str) -> Iterator[dict[str, Any]]:
    """Records of a JSON lines file, .gz or .zst or plain."""
    with Path(file).open("rb") as raw, ExitStack() as stack:
        stream: Any = raw
        if file.endswith(".zst"):
            stream = stack.enter_context(zstandard.ZstdDecompressor().stream_reader(raw))
        elif file.endswith(".gz"):
            stream = stack.enter_context(gzip.open(raw))
        yield from map(json.loads, io.TextIOWrapper(stream, "utf8", newline="\n"))


def texts_of(files: list[str], megabytes: float) -> list[str]:
    """Documents at equal steps over all files."""
    total = sum(Path(file).stat().st_size for file in files)
    step = max(1, int(total / (megabytes * 1e6)))
    return [row["text"] for file in files for i, row in enumerate(lines(file)) if i % step == 0]


def batch_of(texts: list[str], ids: list[str] | None = None) -> pa.RecordBatch:
    """Documents as an operator gets them."""
    columns = [pa.array(range(len(texts)), pa.uint64()), pa.array(ids or [str(i) for i in range(len(texts))])]
    return pa.RecordBatch.from_arrays([*columns, pa.array(texts, pa.large_string())], names=[ADDR, "id", "text"])


def grams(text: str) -> list[str]:
    """The distinct word 5-grams of a text."""
    words = WORD.findall(text.lower())
    return list({" ".join(words[i : i + 5]) for i in range(max(1, len(words) - 4))})


def best(run: Callable[[], object], times: int = 3) -> float:
    """The least process time of some runs."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return min(seconds)


def speed(files: list[str], megabytes: float) -> None:
    """Text to signatures, ours and theirs in one run."""
    from datasketch import MinHash

    texts = texts_of(files, megabytes)
    size = sum(len(text.encode()) for text in texts) / 1e6
    operator, batch = MinhashDedup(), batch_of(texts)
    operator.sketch(batch.slice(0, 2))  # compiled
    ours = size / best(lambda: operator.signatures(operator.shingles(batch)))
    print(f"{len(texts):,} documents, {size:.0f} MB")
    print(f"datapipe    {ours:7.1f} MB/s  (with band keys {size / best(lambda: operator.sketch(batch)):.1f})")
    few = texts[::10]
    part = sum(len(text.encode()) for text in few) / 1e6
    base = MinHash(num_perm=112)

    def datasketch() -> None:
        for text in few:
            base.copy().update_batch([gram.encode() for gram in grams(text)])

    rate = part / best(datasketch)
    print(f"datasketch  {rate:7.1f} MB/s  {ours / rate:.0f} x")
    try:
        import rensa
    except ImportError:
        return
    rate = part / best(lambda: rensa.RMinHash.from_token_sets([grams(text) for text in few], 112, 42))
    print(f"rensa       {rate:7.1f} MB/s  {ours / rate:.0f} x")


def clusters_of(operator: MinhashDedup, batch: pa.RecordBatch) -> list[int]:
    """A number for each document, equal in one cluster."""
    scores = ask(operator.rounds(), [batch])[1].judge(batch).scores["cluster"]  # type: ignore[union-attr]
    return [-1 - i if np.isnan(score) else int(score) for i, score in enumerate(scores)]


def components(pairs: Iterable[tuple[int, int]], documents: int) -> list[int]:
    """Connected components, by their least member."""
    parent = list(range(documents))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    for a, b in pairs:
        a, b = sorted((root(a), root(b)))
        parent[b] = a
    return [root(i) for i in range(documents)]


def measures(found: list[int], truth: list[int]) -> str:
    """Precision, recall and F1 of pairs in one cluster; adjusted Rand index (Hubert and Arabie 1985)."""
    both = sum(n * (n - 1) // 2 for n in Counter(zip(found, truth, strict=True)).values())
    ours = sum(n * (n - 1) // 2 for n in Counter(found).values())
    theirs = sum(n * (n - 1) // 2 for n in Counter(truth).values())
    by_chance = ours * theirs / (len(found) * (len(found) - 1) / 2)
    precision, recall = both / max(ours, 1), both / max(theirs, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    rand = (both - by_chance) / max((ours + theirs) / 2 - by_chance, 1e-9)
    return f"{precision:9.3f} {recall:7.3f} {f1:6.3f} {rand:6.3f}"


def gold(docs: str, pairs: str, rivals: dict[str, str | None]) -> None:
    """Figures on labelled documents."""
    rows = list(lines(docs))
    ids = [row["id"] for row in rows]
    place = {name: i for i, name in enumerate(ids)}
    listed = [(place[p["a"]], place[p["b"]], p["jaccard_w5"]) for p in lines(pairs)]
    batch = batch_of([row["text"] for row in rows], ids)
    found = {name: clusters_of(MinhashDedup.model_validate(p), batch) for name, p in SETTINGS}
    for rival, python in rivals.items():
        if python:
            command = [python, str(Path(__file__).with_name("rival_minhash.py")), rival]
            wanted = "".join(json.dumps({"id": row["id"], "text": row["text"]}) + "\n" for row in rows)
            said = subprocess.run(command, input=wanted, capture_output=True, text=True, encoding="utf8", check=False)
            if said.returncode:
                raise SystemExit(said.stderr[-3000:])
            for name, clusters in json.loads(said.stdout.splitlines()[-1]).items():
                found[name] = [clusters.get(name_, -1 - i) for i, name_ in enumerate(ids)]
    for threshold in (0.7, 0.8):
        truth = components([(a, b) for a, b, j in listed if j >= threshold], len(rows))
        print(f"Jaccard >= {threshold:<40} precision  recall     F1    ARI")
        for name, clusters in found.items():
            print(f"  {name:49} {measures(clusters, truth)}")


def oracle(files: list[str], documents: int) -> None:
    """Clusters beside the components of all pairs of documents that agree in a band."""
    texts = texts_of(files, 1e9)
    batch = batch_of(texts[:: max(1, len(texts) // documents)][:documents])
    operator = MinhashDedup()
    shingles = operator.shingles(batch)
    values = operator.signatures(shingles).reshape(batch.num_rows, operator.bands, operator.rows)
    banded = np.diff(shingles.offsets) > 0
    pairs = []
    for i in range(batch.num_rows):
        same = (values[i + 1 :] == values[i]).all(axis=2).any(axis=1) & banded[i + 1 :] & banded[i]
        same |= (shingles.short[i + 1 :] == shingles.short[i]) & (shingles.short[i] != 0)
        pairs += [(i, i + 1 + int(j)) for j in np.flatnonzero(same)]
    truth, found = components(pairs, batch.num_rows), clusters_of(operator, batch)
    same_clusters = all(len(set(group)) == 1 for group in _groups(truth, found) + _groups(found, truth))
    print(f"{batch.num_rows:,} documents, {len(pairs):,} pairs, {len(set(truth)):,} clusters: equal {same_clusters}")
    sys.exit(not same_clusters)


def _groups(by: list[int], of: list[int]) -> list[list[int]]:
    order = np.argsort(by, kind="stable")
    cuts = [0, *(np.flatnonzero(np.diff(np.array(by)[order])) + 1).tolist(), len(by)]
    return [[of[k] for k in order[a:b].tolist()] for a, b in pairwise(cuts)]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "gold", "oracle"))
    parser.add_argument("files", nargs="+")
    parser.add_argument("--megabytes", type=float, default=40)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--datatrove")
    parser.add_argument("--text-dedup")
    args = parser.parse_args()
    if args.what == "speed":
        speed(args.files, args.megabytes)
    elif args.what == "gold":
        gold(*args.files, rivals={"datatrove": args.datatrove, "text-dedup": args.text_dedup})
    else:
        oracle(args.files, args.documents)


if __name__ == "__main__":
    main()
