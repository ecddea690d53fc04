"""datatrove's four filters over standard input, for agreement.py; runs where datatrove[processing] and spacy are installed.

A line {"text": …, "words": bool} is answered by a line {filter: reason or null, "left": the text C4 leaves, "words": [...]}.
"""

import json
import sys

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
