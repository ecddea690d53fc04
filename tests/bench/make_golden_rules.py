"""Ask datatrove 0.10.1 for the verdicts of tests/ops/golden_rules.json.

Run from the project's root in an environment with datatrove[processing] and spacy; datapipe is not needed:
    python tests/bench/make_golden_rules.py sample_data/web/web.jsonl.zst tests/ops/golden_rules.json
"""

import io
import json
import sys
from pathlib import Path

import zstandard
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)

FILTERS = {
    "gopher_quality": GopherQualityFilter(),
    "gopher_repetition": GopherRepetitionFilter(),
    "c4_quality": C4QualityFilter(),
    "fineweb_quality": FineWebQualityFilter(),
}
PROSE = (
    "The house stands at the end of a long road, and the people who live there have seen many winters. "
    "In spring they open the windows to let the air in, and the old rooms fill with light. "
    "Nobody can say when the first stone was laid, but the well behind it is older than the church."
)
SENTENCE = "We walked to the river and sat down by it."  # 10 words and a full stop
FILLER = " ".join(f"w{i}x" for i in range(100))
HAND_MADE = {
    "prose": PROSE,
    "prose_lines": PROSE.replace(". ", ".\n"),
    "one_word": "Word.",
    "short": "The quick brown fox jumps over the lazy dog and that is all of it.",
    "no_stop_words": " ".join(
        ["Purple houses stand near rivers."] * 1 + [f"Number{c} grows." for c in "abcdefghijklmnopqrstuvwxyzabc"]
    ),
    "hashes": PROSE + " #" * 20,
    "ellipses": PROSE.replace(", ", " ... ").replace(" the ", " the ... "),
    "bullets": "\n".join(f"- the item of {word} and that" for word in PROSE.split()[:12]),
    "ellipsis_lines": "\n".join(f"the things of {word} and that go on ..." for word in PROSE.split()[:12]),
    "numbers": PROSE + " 12 34 56 78 90" * 8,
    "short_words": "a b of c d to e f " * 10,
    "long_words": "the and " + "extraordinarily counterintuitive " * 30,
    "same_line": "\n".join([SENTENCE] * 6 + PROSE.split(". ")),
    "same_paragraph": "\n\n".join([SENTENCE] * 6 + PROSE.split(". ")),
    "top_pair": PROSE + " of the" * 12,
    "sentence_twice": FILLER + " " + " ".join([SENTENCE[:-1]] * 2),
    "sentence_three_times": FILLER + " " + " ".join([SENTENCE[:-1]] * 3),
    "sentence_six_times": FILLER + " " + " ".join([SENTENCE[:-1]] * 6),
    "lorem": PROSE.replace(". ", ".\n") + "\nLorem ipsum dolor sit amet.\n" + PROSE,
    "curly": PROSE + "\nA function body starts with { and then it ends.\n" + PROSE,
    "javascript": PROSE + "\nPlease enable JavaScript in your browser.\n" + PROSE,
    "policy": PROSE + "\nThis site uses cookies to serve you.\n" + PROSE,
    "citations": PROSE.replace(". ", ".[1]\n").replace("road,", "road[citation needed],"),
    "titles": "Home\nAbout us\nProducts\n" + PROSE + "\nContact\nImprint",
    "list_of_links": "\n".join(PROSE.split()),
    "quotes": '"We have to go," he said to them.\n"And that is the end of it."\n' + PROSE,
    "duplicate_lines": PROSE.replace(". ", ".\n") + "\nRead more about the house.\nRead more about the house.",
    "newlines": PROSE.replace(" and", "\n\n\nand").replace(" the", "\n\n\nthe"),
}


def verdict(text: str) -> dict[str, str | None]:
    """None where kept, else datatrove's reason."""
    out = {}
    for name, rule in FILTERS.items():
        answer = rule.filter(Document(text=text, id="0"))
        out[name] = None if answer is True else answer[1]
    return out


def main(source: str, target: str) -> None:
    with Path(source).open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        rows = [json.loads(line) for line in lines]
    english = [row for row in rows if row["lang"] == "en" and len(row["text"]) < 40_000]
    real = [{"id": row["id"], **verdict(row["text"])} for row in english[:: max(len(english) // 64, 1)][:64]]
    made = [{"name": name, "text": text, **verdict(text)} for name, text in HAND_MADE.items()]
    Path(target).write_text(json.dumps({"real": real, "hand_made": made}, ensure_ascii=False, indent=1) + "\n")


main(*sys.argv[1:])
