"""Keep or drop, beside datatrove: `python tests/bench/agreement.py VENV/bin/python FILE... [--lang en] [--documents 2000]`.

FILE is .jsonl or .jsonl.zst with `text` and `lang`; documents are taken at equal steps from those of the language (all: no
--lang). For each filter: the share of equal verdicts, equal reasons of those both drop, and why the others differ: where
the two cut words otherwise (what datatrove has | what we have, letters as a, digits as 0), or count sentences otherwise,
or neither. Exits 1 where a difference is explained by neither, or less than --least agrees.
"""

from __future__ import annotations

import argparse
import difflib
import io
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import zstandard

from datapipe.core.verdict import Verdict
from datapipe.ops.c4_quality import C4Quality
from datapipe.ops.fineweb_quality import FinewebQuality
from datapipe.ops.gopher_quality import GopherQuality
from datapipe.ops.gopher_repetition import GopherRepetition
from tests.reference.words import words

OPERATORS = (GopherQuality(), GopherRepetition(), C4Quality(variant="datatrove"), FinewebQuality())


def documents(files: list[str], lang: str | None, wanted: int) -> list[str]:
    """Texts of at most 100,000 characters, at equal steps."""
    found = []
    for file in files:
        with Path(file).open("rb") as raw:
            stream = zstandard.ZstdDecompressor().stream_reader(raw) if file.endswith(".zst") else raw
            rows = map(json.loads, io.TextIOWrapper(stream, "utf8", newline="\n"))
            found += [r["text"] for r in rows if lang in (None, r["lang"]) and len(r["text"]) <= 100_000]
    return found[:: max(len(found) // wanted, 1)][:wanted]


def ask(python: str, texts: list[str], with_words: bool) -> list[dict[str, Any]]:
    """What datatrove says of each."""
    lines = "".join(json.dumps({"text": text, "words": with_words}) + "\n" for text in texts)
    rival = Path(__file__).with_name("rival_datatrove.py")
    said = subprocess.run(
        [python, str(rival)], input=lines, capture_output=True, text=True, encoding="utf8", check=False
    )
    if said.returncode:
        raise SystemExit(said.stderr)
    return [json.loads(line) for line in said.stdout.splitlines()]


def shape(tokens: list[str]) -> str:
    """Words told apart by kind only."""
    return " ".join(re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", token)) for token in tokens)


def cuts(theirs: list[str], ours: list[str]) -> Counter[str]:
    """How the two lists of words differ."""
    if len(theirs) > 5000:  # a diff takes quadratic time
        theirs, ours = (
            sorted((Counter(one) - Counter(other)).elements()) for one, other in ((theirs, ours), (ours, theirs))
        )
        return Counter([f"{shape(theirs)[:24]} | {shape(ours)[:24]}"] if theirs or ours else [])
    found: Counter[str] = Counter()
    for kind, a, b, c, d in difflib.SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes():
        if kind != "equal":
            found[f"{shape(theirs[a:b])[:24]} | {shape(ours[c:d])[:24]}"] += 1
    return found


def compare(
    name: str, verdict: Verdict, said: list[dict[str, Any]], texts: list[str], python: str
) -> tuple[float, int]:
    """Print a filter's line; its share of equal verdicts and how many differences nothing explains."""
    theirs = [row[name] is None for row in said]
    other = [i for i, keep in enumerate(verdict.keep) if bool(keep) != theirs[i]]
    share = 1 - len(other) / len(texts)
    both = [i for i, keep in enumerate(verdict.keep) if keep and theirs[i]]
    print(f"{name:<18} {share:8.2%}  kept {sum(theirs):5} / {int(verdict.keep.sum()):5}  of {len(texts)}", end="")
    if "text" in verdict.columns:
        left = verdict.columns["text"].to_pylist()
        print(f"  edited alike {sum(left[i] == said[i]['left'] for i in both)} of {len(both)}", end="")
    print()
    reasons = Counter(f"{said[i][name] or 'kept'} / {verdict.reason[i] or 'kept'}" for i in other)
    for reason, count in reasons.most_common(6):
        print(f"    {count:4}  datatrove / we: {reason}")
    kinds: Counter[str] = Counter()
    unexplained = 0
    for i, row in zip(other, ask(python, [texts[i] for i in other], True) if other else [], strict=True):
        found = cuts(row["words"], words(texts[i]))
        kinds += found
        sentences = "sentences" in f"{said[i][name]} {verdict.reason[i]}"
        unexplained += not found and not sentences
        if not found:
            kinds["sentences are counted otherwise" if sentences else f"UNEXPLAINED: {texts[i][:60]!r}"] += 1
    for kind, count in kinds.most_common(8):
        print(f"    {count:4}x {kind}")
    return share, unexplained


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", help="an interpreter with datatrove")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--lang")
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--least", type=float, default=0.0)
    asked = parser.parse_args()
    texts = documents(asked.files, asked.lang, asked.documents)
    said = ask(asked.python, texts, False)
    rows = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
    print(f"{len(texts)} documents, {sum(len(text.encode()) for text in texts) / 1e6:.1f} MB")
    results = [compare(o.name, o.judge(rows), said, texts, asked.python) for o in OPERATORS]
    return int(any(share < asked.least or unexplained for share, unexplained in results))


if __name__ == "__main__":
    sys.exit(main())
