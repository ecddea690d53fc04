"""C4's line rules over Python strings."""

import re
import unicodedata
from collections import Counter

from tests.reference.words import TERMINAL, words

CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")
POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


def sentences(line: str) -> int:
    n, ended = 1, False
    for word in words(line):
        if len(word) == 1 and word in TERMINAL:
            ended = True
        elif ended and not all(unicodedata.category(c)[0] == "P" for c in word):
            n, ended = n + 1, False
    return n if words(line) else 0


def clean(text: str, *, datatrove: bool, end_mark: bool, min_words: int, max_word: int) -> tuple[str, Counter[str]]:
    count: Counter[str] = Counter()
    kept = []
    marks = (".", "?", "!", '"', "'") if datatrove else (".", "?", "!", '"')
    for raw in text.splitlines():
        count["lines"] += 1
        line = raw.strip()
        n = len(line.split())
        if any(len(word) > max_word for word in line.split()):
            count["long_word_lines"] += 1
            continue
        count["citations"] += len(CITATION.findall(line))
        line = CITATION.sub("", line)
        low = line.lower()
        if not datatrove:
            n = len(line.split())
        if end_mark and (not line.endswith(marks) or line.endswith("...")):
            count["unended_lines"] += 1
        elif n < min_words:
            count["short_lines"] += 1
        else:
            count["lorem_ipsum_lines"] += "lorem ipsum" in low
            if "javascript" in low:
                count["javascript_lines"] += 1
                continue
            count["curly_bracket_lines"] += "{" in line
            if any(phrase in low for phrase in POLICY):
                count["policy_lines"] += 1
                continue
            count["sentences"] += sentences(line)
            count["lines_kept"] += 1
            kept.append(line)
    return "\n".join(kept).strip(), count
