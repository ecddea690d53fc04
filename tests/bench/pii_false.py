"""What `pii_scrub` finds in technical text, for a person to judge: `python tests/bench/pii_false.py OUT PATH …`.

PATH: JSON lines with `text` (compressed or not), or a folder of text files (.txt, .gz). Prints hits a MB by type for each
PATH, and how many different values they are; OUT gets JSON lines with values and contexts, --samples of the values of each
type and PATH, spread evenly: whether they are personal data is not for a program to say. --megabytes of each PATH at most.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from datapipe.core.context import Context
from datapipe.core.pii.catalog import TYPES
from datapipe.io.compression import blocks
from datapipe.io.opening import open_file
from datapipe.ops.pii_scrub import PiiScrub

BATCH = 8_000_000
AROUND = 60  # characters of context on either side


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Names and texts below a path, the files in an order that does not follow their names."""
    if path.is_file():
        for number, line in enumerate(b"".join(blocks(str(path))).splitlines()):
            row = json.loads(line)
            yield str(row.get("id", number)), row["text"]
        return
    files = sorted(file for file in path.rglob("*") if file.is_file())
    jsonl = [file for file in files if ".jsonl" in file.name]
    for file in jsonl:
        yield from texts(file)
    plain = [file for file in files if file.name.endswith((".txt", ".gz")) and ".jsonl" not in file.name]
    for file in sorted(plain, key=lambda file: file.stem[::-1]) if not jsonl else ():
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        yield file.name, data.decode("utf-8", "replace")


def batches(path: Path, megabytes: float) -> Iterator[list[tuple[str, str]]]:
    """Some MB at a time, so many MB in all."""
    waiting: list[tuple[str, str]] = []
    size = 0
    left = megabytes * 1e6
    for name, text in texts(path):
        waiting.append((name, text))
        size += len(text)
        left -= len(text)
        if size > BATCH or left < 0:
            yield waiting
            waiting, size = [], 0
        if left < 0:
            return
    yield waiting


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--all-types", action="store_true", help="also those that are off by default")
    asked = parser.parse_args()
    step = PiiScrub.model_validate(
        {"method": "report", "values": True, **({"entities": "all"} if asked.all_types else {})}
    )
    step.setup(Context("bench", 0, open_file))
    with Path(asked.out).open("w") as out:
        for path in asked.paths:
            found: dict[str, dict[str, dict[str, Any]]] = {}  # by type and value
            size = documents = 0
            for part in batches(Path(path), asked.megabytes):
                column = pa.array([text for _, text in part], pa.large_string())
                size += sum(len(text.encode()) for _, text in part)
                documents += len(part)
                rows = pa.RecordBatch.from_pydict({"text": column, "lang": pa.array([None] * len(part), pa.string())})
                entities = step.judge(rows).entities
                assert entities is not None
                for (name, text), row in zip(part, entities.to_pylist(), strict=True):
                    for one in row:
                        context = text[max(0, one["start"] - AROUND) : one["end"] + AROUND]
                        told = {"type": one["type"], "value": one["value"], "score": one["score"], "hits": 0}
                        values = found.setdefault(one["type"], {})
                        values.setdefault(one["value"], {**told, "document": name, "context": context})["hits"] += 1
            print(f"{path}: {documents:,} documents, {size / 1e6:.1f} MB")
            for kind in sorted(found, key=lambda kind: (list(TYPES).index(kind.partition(".")[0]), kind)):
                values = found[kind]
                hits = sum(value["hits"] for value in values.values())
                rate = hits / size * 1e6
                print(f"  {kind:<24} {hits:8,} hits, {rate:8.2f} a MB, {len(values):6,} values", flush=True)
                for one in list(values.values())[:: max(1, -(-len(values) // asked.samples))]:
                    out.write(json.dumps({"path": path, **one}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
