"""Language ID against the fastText library and against gold labels: `python tests/bench/language_id.py BULK GOLD`.

BULK is a folder of *.jsonl, of which some 30 MB are taken; GOLD holds flores200_dev_docs, xquad_paragraphs,
lingua_sentences, manpages_docs and mixed_language_docs as .jsonl.zst. Speed is by CPU time, one core, best of five;
the library's is that of its own batch call on text already decoded and without newlines.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import zstandard

from datapipe.core.context import Context
from datapipe.io.opening import open_file
from datapipe.ops.language_id import LABELS, LanguageId

SETS = ("flores200_dev_docs", "xquad_paragraphs", "lingua_sentences", "manpages_docs")
NAMES = {"nb": "no", "zh-cn": "zh", "zh-tw": "zh"}  # lid.176's for these
BATCH, SAMPLE = 8_000_000, 30_000_000  # bytes


def documents(path: Path) -> list[dict[str, Any]]:
    """A file of gold documents."""
    with zstandard.open(path, "rb") as stream:
        return [json.loads(line) for line in io.BytesIO(stream.read())]


def sample(folder: Path) -> list[str]:
    """Documents from all over the folder's files."""
    files = sorted(folder.glob("*.jsonl"))
    step = max(1, sum(file.stat().st_size for file in files) // SAMPLE)
    lines = (line for file in files for line in file.open("rb"))
    return [json.loads(line)["text"] for i, line in enumerate(lines) if i % step == 0]


def batches(texts: list[str]) -> list[pa.RecordBatch]:
    """As the engine would hand them to the step."""
    column = pa.array(texts, pa.large_string())
    step = max(1, len(texts) * BATCH // max(column.nbytes, 1))
    return [pa.RecordBatch.from_arrays([column.slice(i, step)], ["text"]) for i in range(0, len(texts), step)]


def operator(**parameters: Any) -> LanguageId:
    """One that drops nothing, ready to judge."""
    made = LanguageId(min_score=None, **parameters)
    made.setup(Context("bench", 0, open_file))
    return made


def judged(step: LanguageId, parts: list[pa.RecordBatch], column: str) -> list[Any]:
    """One column of its verdicts."""
    return [value for part in parts for value in step.judge(part).columns[column].to_pylist()]


def speed(texts: list[str], predict: Any) -> None:
    """Ours, the whole operator, beside the library's batch call; in turns, since a machine is not always as fast."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    lines = [text.replace("\n", " ") + "\n" for text in texts]
    parts = batches(texts)
    steps = {"default": operator(), "top_k: 3": operator(top_k=3), "level: line": operator(level="line")}
    work: dict[str, Any] = {"the library": lambda: predict(lines, 1, 0.0, "strict")}
    for name, step in steps.items():
        step.judge(parts[0])  # compiled
        work[name] = lambda step=step: [step.judge(part) for part in parts]
    best = dict.fromkeys(work, float("inf"))
    for _ in range(5):
        for name, run in work.items():
            began = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - began)
    for name, took in best.items():
        print(
            f"{name:12} {size / took:5.1f} MB/s of {size:.0f} MB, {best['the library'] / took:.1f} times the library's"
        )


def agreement(name: str, texts: list[str], predict: Any) -> None:
    """Labels and scores beside the library's, where a document has a letter."""
    step, parts = operator(), batches(texts)
    langs, scores = judged(step, parts, "lang"), judged(step, parts, "lang_score")
    rows = [i for i, lang in enumerate(langs) if lang is not None]
    # One by one: of the two packages with a module `fasttext` only one gives scores for a batch.
    theirs = [predict(texts[i].replace("\n", " ") + "\n", 1, 0.0, "strict")[0] for i in rows]
    same = sum(f"__label__{langs[i]}" == label for i, (_, label) in zip(rows, theirs, strict=True))
    off = max(abs(scores[i] - min(score, 1.0)) for i, (score, _) in zip(rows, theirs, strict=True))
    print(f"{name:20} {same:,} of {len(rows):,} labels equal, scores within {off:.1e}")


def gold(rows: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Text and lid.176's name of its language, for languages that the model has."""
    for row in rows:
        lang = row["lang"]
        if "_" in lang:  # FLORES: `xxx_Script`
            lang = row["iso639_1"] or lang[:3]
        lang = NAMES.get(lang, lang)
        if lang in LABELS:
            yield row["text"], lang


def accuracy(name: str, pairs: list[tuple[str, str]]) -> None:
    """A line of the table."""
    parts, langs = batches([text for text, _ in pairs]), np.array([lang for _, lang in pairs])
    step = operator(top_k=3)
    found, scores = np.array(judged(step, parts, "lang"), np.str_), np.array(judged(step, parts, "lang_score"))
    guesses = judged(step, parts, "lang_scores")
    near = np.array([any(one["lang"] == lang for one in row) for lang, row in zip(langs, guesses, strict=True)])
    right, kept = found == langs, scores >= 0.65
    print(
        f"| {name} | {len(set(langs))} | {len(pairs):,} | {right.mean():.1%} | {near.mean():.1%} "
        f"| {kept.mean():.1%} | {right[kept].mean():.1%} |"
    )


def mixed(rows: list[dict[str, Any]]) -> None:
    """Shares by lines beside those of the documents' parts, by letters."""
    step, parts = operator(level="line"), batches([row["text"] for row in rows])
    wrong, alike, first = [], 0, 0
    for row, shares in zip(rows, judged(step, parts, "lang_shares"), strict=True):
        true: dict[str, float] = {}
        for part in row["segments"]:
            letters = sum(map(str.isalpha, row["text"][part["start"] : part["end"]]))
            true[part["lang"]] = true.get(part["lang"], 0) + letters
        true = {lang: letters / sum(true.values()) for lang, letters in true.items()}
        ours = {one["lang"]: one["share"] for one in shares}
        wrong.append(sum(abs(true.get(lang, 0) - ours.get(lang, 0)) for lang in {*true, *ours}) / 2)
        alike += set(ours) == set(true)
        first += true.get(max(ours, key=ours.__getitem__), 0) == max(true.values())
    print(f"mixed documents: languages right in {alike} of {len(rows)}, the largest in {first},")
    print(f"share of letters given to a wrong language {np.mean(wrong):.2%} on average")


def main() -> None:
    import fasttext

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bulk", type=Path)
    parser.add_argument("gold", type=Path)
    arguments = parser.parse_args()
    library = fasttext.load_model(LanguageId().files()[0]).f
    texts, rows = sample(arguments.bulk), {name: documents(arguments.gold / f"{name}.jsonl.zst") for name in SETS}
    blended = documents(arguments.gold / "mixed_language_docs.jsonl.zst")
    speed(texts, library.multilinePredict)
    agreement("bulk", texts, library.predict)
    for name in SETS:
        agreement(name, [row["text"] for row in rows[name]], library.predict)
    agreement("mixed_language_docs", [row["text"] for row in blended], library.predict)
    print("| set | languages | documents | label right | in the first three | score ≥ 0.65 | right of those |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in SETS:
        accuracy(name, list(gold(rows[name])))
    mixed(blended)


if __name__ == "__main__":
    main()
