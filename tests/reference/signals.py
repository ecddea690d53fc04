"""RedPajama-v2's quality signals, plainly."""

import math
import re
import string
import unicodedata
from collections import Counter

BULLETS = "•‣▶◀◦■□▪▫–"
NONE = float("nan")


def words_of(text: str) -> list[str]:
    bare = "".join(c for c in text if c not in string.punctuation)
    return unicodedata.normalize("NFD", bare.lower()).split()


def share(part: float, whole: float, otherwise: float = 0.0) -> float:
    return part / whole if whole else otherwise


def measures(text: str, stop_words: set[str] | None, flagged: set[str] | None) -> dict[str, float]:
    tokens = re.findall(r"\w+|[^\w\s]+", text)
    words = words_of(text)
    lengths = [len(word) for word in words]
    total = sum(lengths)
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    counts = Counter(words)
    out = {
        "ldnoobw_words": NONE if flagged is None else 0,
        "lorem_ipsum": share(" ".join(words).count("lorem ipsum"), total + len(words) - 1),
        "curly_bracket": share(text.count("{") + text.count("}"), len(text)),
        "stop_word_fraction": NONE if stop_words is None else share(sum(t in stop_words for t in tokens), len(tokens)),
        "num_sentences": len(re.findall(r"\b[^.!?]+[.!?]*", text)),
        "word_count": len(words),
        "mean_word_length": share(total, len(words), NONE),
        "symbol_to_word_ratio": share(sum(text.count(s) for s in ("#", "...", "…")), len(tokens), NONE),
        "frac_lines_end_with_ellipsis": share(
            sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines), NONE
        ),
        "frac_no_alph_words": share(sum(not re.search("[a-zA-Z]", t) for t in tokens), len(tokens), NONE),
        "frac_unique_words": share(len(counts), len(words), NONE),
        "unigram_entropy": -sum(c / len(words) * math.log(c / len(words)) for c in counts.values()) if words else NONE,
        "frac_all_caps_words": share(sum(t.isupper() for t in tokens), len(tokens), NONE),
    }
    if not words and stop_words is not None:
        out["stop_word_fraction"] = 0
    for n in range(1, 11):
        grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        often = Counter(grams)
        if flagged is not None:
            out["ldnoobw_words"] += sum(" ".join(gram) in flagged for gram in grams)
        if 2 <= n <= 4:
            gram, count = max(often.items(), key=lambda item: item[1], default=((), 0))
            out[f"frac_chars_top_{n}gram"] = sum(map(len, gram)) * count / total if count > 1 else 0
        elif n >= 5:
            covered = {k for i, gram in enumerate(grams) if often[gram] > 1 for k in range(i, i + n)}
            out[f"frac_chars_dupe_{n}grams"] = share(sum(lengths[k] for k in covered), total)
    return out


def line_measures(text: str) -> dict[str, list[float]]:
    out: dict[str, list[float]] = {}
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        words = words_of(line)
        normal = " ".join(words)
        values = {
            "javascript_counts": words.count("javascript"),
            "ending_with_terminal_punctution_mark": line.rstrip().endswith((".", "!", "?", "”")),
            "num_words": len(words),
            "uppercase_letter_fraction": sum(c.isupper() for c in line) / len(line),
            "numerical_chars_fraction": share(sum(c.isnumeric() for c in normal), len(normal)),
            "start_with_bulletpoint": line.lstrip()[:1] in tuple(BULLETS),
        }
        for name, value in values.items():
            out.setdefault(name, []).append(float(value))
    return out
