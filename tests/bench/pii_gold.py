"""Precision and recall of `pii_scrub` beside other tools: `python tests/bench/pii_gold.py FILE … [--datatrove PYTHON]`.

FILE: JSON lines (compressed or not) with `text` and `spans: [{start, end, type}]` in characters; rows with `recall_only`
count for recall alone. A hit counts where it is of the label's type and shares half of the shorter of the two. All types, the
default settings. --dolma, --presidio, --re2 PYTHON, too; --errors FOLDER keeps what was missed and what is false.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from datapipe.core.pii.gold import Measure, Span, compare, type_of
from datapipe.io.compression import blocks

TOOLS = ("datatrove", "dolma", "presidio", "re2")


def rows_of(path: str) -> list[dict[str, Any]]:
    """The file's rows."""
    return [json.loads(line) for line in b"".join(blocks(path)).splitlines() if line.strip()]


def ours(path: str, errors: str | None) -> dict[str, dict[str, Any]]:
    """By `datapipe audit-pii --gold`."""
    command = [sys.executable, "-m", "datapipe", "audit-pii", path, "--gold", "--json", "--quiet"]
    command += ["--errors", f"{errors}/{Path(path).name.partition('.')[0]}.jsonl"] if errors else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)["types"]
    return found


def theirs(name: str, python: str, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Another tool's, by the same rule."""
    given = json.dumps({"name": name, "texts": [row["text"] for row in rows], "spans": True})
    script = str(Path(__file__).with_name("rival_pii.py"))
    done = subprocess.run([python, script], input=given, capture_output=True, text=True, check=True)
    measures: dict[str, Measure] = {}
    for row, found in zip(rows, json.loads(done.stdout.strip().splitlines()[-1])[1], strict=True):
        compare(_known((s["type"], s["start"], s["end"]) for s in row["spans"]), _known(found),
                bool(row.get("recall_only")), measures)  # fmt: skip
    return {kind: measure.plain() for kind, measure in measures.items()}


def _known(spans: Any) -> list[Span]:
    named = ((type_of(kind, {}), start, end) for kind, start, end in spans)
    return [Span(kind, start, end) for kind, start, end in named if kind is not None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--errors", metavar="FOLDER")
    for name in TOOLS:
        parser.add_argument(f"--{name}", metavar="PYTHON")
    asked = parser.parse_args()
    if asked.errors:
        Path(asked.errors).mkdir(parents=True, exist_ok=True)
    for path in asked.files:
        found = {"datapipe": ours(path, asked.errors)}
        rows = rows_of(path)
        found |= {name: theirs(name, getattr(asked, name), rows) for name in TOOLS if getattr(asked, name)}
        print(f"\n{Path(path).name}: precision / recall (exact borders)\n| type | labels | {' | '.join(found)} |")
        print("|---" * (len(found) + 2) + "|")
        for kind, row in found["datapipe"].items():
            cells = [_cell(tool.get(kind)) for tool in found.values()]
            print(f"| {kind} | {row['gold']:,} | {' | '.join(cells)} |", flush=True)


def _cell(row: dict[str, Any] | None) -> str:
    if row is None or not row["found"] + row["hits"]:
        return ""
    numbers = [row[name] for name in ("precision", "recall", "precision_exact", "recall_exact")]
    shown = ["-" if n is None else f"{n:.3f}".removeprefix("0") for n in numbers]
    return f"{shown[0]} / {shown[1]} ({shown[2]} / {shown[3]})"


if __name__ == "__main__":
    main()
