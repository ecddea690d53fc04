"""Ask datatrove's sentence de-duplication for the texts of tests/ops/golden_spans.json, from the project's root:

python tests/bench/make_golden_spans.py VENV/bin/python sample_data/web/web.jsonl.zst tests/ops/golden_spans.json

VENV has datatrove 0.10.1; English alone, for its default tokenizer cuts no other language's sentences. Of each document
that lost something: `dropped`, or a digest of what is left.
"""

import hashlib
import io
import json
import sys
import tempfile
from pathlib import Path

import zstandard

from tests.bench.spans import theirs

python, source, target = sys.argv[1:]
with Path(source).open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
    rows = [json.loads(line) for line in io.TextIOWrapper(stream, "utf8", newline="\n")]
rows = [{"id": row["id"], "text": row["text"]} for row in rows if row["lang"] == "en"]
with tempfile.TemporaryDirectory() as folder:
    _, left = theirs(python, rows, Path(folder))
golden = {
    row["id"]: hashlib.sha256(left[row["id"]].strip().encode()).hexdigest()[:16] if row["id"] in left else "dropped"
    for row in rows
    if left.get(row["id"]) != row["text"]
}
Path(target).write_text(json.dumps({"documents": len(rows), "left": golden}, indent=0) + "\n")
