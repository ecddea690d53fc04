"""C4's line rules over Python strings."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable

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


def ended(line: str) -> bool:
    return line.endswith((".", "?", "!", '"')) and not line.endswith("...")


def dclm(text: str, *, min_words: int, max_word: int) -> tuple[str, Counter[str]]:
    """Each rule over the page that the ones before it left."""
    lines = text.split("\n")
    count = Counter(lines=len(lines))

    def keep(rule: str, kept: Callable[[str], bool]) -> None:
        gone = [line for line in lines if not kept(line)]
        count[rule] += len(gone)
        lines[:] = [line for line in lines if kept(line)]

    keep("long_word_lines", lambda line: all(len(word) <= max_word for word in line.split()))
    count["citations"] = sum(len(CITATION.findall(line)) for line in lines)
    lines[:] = [CITATION.sub("", line) for line in lines]
    keep("unended_lines", lambda line: not line or ended(line.rstrip()))
    keep("short_lines", lambda line: not line or len(line.split()) >= min_words)
    count["lorem_ipsum_lines"] = sum("lorem ipsum" in line.lower() for line in lines)
    keep("javascript_lines", lambda line: "javascript" not in line.lower())
    count["curly_bracket_lines"] = sum("{" in line for line in lines)
    keep("policy_lines", lambda line: not any(phrase in line.lower() for phrase in POLICY))
    count["sentences"] = sum(map(sentences, lines))
    count["lines_kept"] = len(lines)
    return "\n".join(lines).strip(), count


def dolma(text: str, *, min_words: int) -> tuple[str, Counter[str]]:
    """The page's flags, then the lines."""
    count: Counter[str] = Counter()
    kept = []
    for line in re.split("(?<=\n)", text):
        low = line.lower()
        count["lines"] += 1
        count["lorem_ipsum_lines"] += "lorem ipsum" in low
        count["javascript_lines"] += "javascript" in low
        count["curly_bracket_lines"] += "{" in low
        unended, short = not line.strip().endswith((".", "?", "!", '"')), len(line.split()) < min_words
        count["unended_lines"] += unended
        count["short_lines"] += short
        if not (unended or short):
            count["sentences"] += sentences(line)
            kept.append(line)
    count["lines_kept"] = len(kept)
    return "".join(kept), count
