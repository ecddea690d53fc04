"""datatrove's four filters over standard input, for agreement.py; runs where datatrove[processing] and spacy are installed.

A line {"text": …, "words": bool} is answered by a line {filter: reason or null, "left": the text C4 leaves, "words": [...]}.
With --time FILE.jsonl, for rules.py, it answers the seconds of CPU that all four take.
"""

import json
import sys
import time
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.utils.text import split_into_words

FILTERS = {
    "gopher_quality": GopherQualityFilter(),
    "gopher_repetition": GopherRepetitionFilter(),
    "c4_quality": C4QualityFilter(),
    "fineweb_quality": FineWebQualityFilter(),
}


def answers() -> None:
    for line in sys.stdin:
        row = json.loads(line)
        said: dict[str, object] = {}
        for name, rule in FILTERS.items():
            document = Document(text=row["text"], id="0")
            answer = rule.filter(document)
            said[name] = None if answer is True else answer[1]
            if name == "c4_quality":
                said["left"] = document.text
        if row["words"]:
            said["words"] = split_into_words(row["text"], "en")
        print(json.dumps(said), flush=True)


def seconds(file: str) -> float:
    with Path(file).open("rb") as stream:
        texts = [json.loads(line)["text"] for line in stream]
    for rule in FILTERS.values():
        rule.filter(Document(text=texts[0], id="0"))  # loads its tokenizer
    began = time.process_time()
    for text in texts:  # each document through all four, as in a pipeline: its words are cut once, and kept
        for rule in FILTERS.values():
            rule.filter(Document(text=text, id="0"))
    return time.process_time() - began


if sys.argv[1:2] == ["--time"]:
    print(seconds(sys.argv[2]))
else:
    answers()
