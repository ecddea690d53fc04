"""Gopher's repetition measures as other tools define them, over Python strings."""

import re
import string
from collections import Counter
from collections.abc import Callable

from datapipe.kernels.fold import LOWER_END, lower_table
from tests.reference.gopher_repetition import again
from tests.reference.words import alone, sign

LOWER = {i: int(c) for i, c in enumerate(lower_table()) if i != c}
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
assert max(LOWER) < LOWER_END


def joins(left: str, between: str, right: str) -> bool:
    """Do two letters or digits stay together over this sign?"""
    letters, digits = left.isalpha() and right.isalpha(), left.isdecimal() and right.isdecimal()
    return (letters and between in "'.‘’:·") or (digits and between in "'.‘’,;")


def mark(c: str) -> bool:
    return ord(c) > 127 and not (c.isalpha() or c.isnumeric() or c.isspace() or sign(c) or alone(c))


def katakana(c: str) -> bool:
    return ("\u30a1" <= c <= "\u30ff" and c != "\u30fb") or "\uff66" <= c <= "\uff9d"


def bounded(text: str) -> list[str]:
    """Words by Unicode's boundaries that begin with a letter or a number."""

    def part(c: str) -> bool:
        return (c.isalpha() or c.isdecimal()) and not alone(c)

    out, i = [], 0
    while i < len(text):
        first = i
        left = text[i]
        i += 1
        if left != "_" and not (left.isalpha() or left.isnumeric()):
            continue
        single = left != "_" and not part(left)
        while i < len(text):
            c = text[i]
            if mark(c) or (single and katakana(text[first]) and katakana(c)):
                i += 1
            elif single:
                break
            elif c == "_" or part(c):
                left, i = c, i + 1
            elif i + 1 < len(text) and part(text[i + 1]) and joins(left, c, text[i + 1]):
                i += 1
            else:
                break
        if text[first] != "_":
            out.append(text[first:i])
    return out


def bared(word: str) -> str:
    kept = [i for i, c in enumerate(word) if c.isalpha() or mark(c)]
    return word[kept[0] : kept[-1] + 1].translate(LOWER) if kept else ""


CUTS: dict[str, Callable[[str], list[str]]] = {
    "paper": str.split,
    "dclm": bounded,
    "dolma": str.split,
    "curator": str.split,
    "rpv2": lambda text: text.translate(NO_PUNCTUATION).translate(LOWER).split(),
    "data_juicer": lambda text: [w for w in map(bared, re.split("[ \n\t]+", text)) if w],
}


def letters(words: list[str] | tuple[str, ...]) -> int:
    return sum(map(len, words))


def lines(text: str, variant: str) -> dict[str, float]:
    if variant in ("rpv2", "data_juicer"):
        return {}
    if variant in ("paper", "dclm"):
        cuts = {"line": re.split("\n", text), "paragraph": re.split("\n\n", text)}
        cuts = {name: [piece.strip() for piece in pieces if piece.strip()] for name, pieces in cuts.items()}
    elif variant == "dolma":
        cuts = {"line": text.split("\n")}
    else:
        cuts = {"line": [line for line in text.split("\n") if line.strip()], "paragraph": text.split("\n\n")}
    out = {}
    for name, pieces in cuts.items():
        counts = Counter(pieces)
        every = [piece for piece in pieces if counts[piece] > 1]
        count, chars = again(pieces) if variant == "curator" else (len(every), letters(every))
        whole = letters(text.split()) if variant == "dolma" else letters(pieces)
        out[f"duplicate_{name}s"] = count / len(pieces)
        out[f"duplicate_{name}_characters"] = chars / whole
    return out


def measures(text: str, variant: str) -> dict[str, float]:
    """What a variant measures of a document that is not blank."""
    words = CUTS[variant](text)
    out = lines(text, variant)
    for n in range(2, 11):
        grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        counts = Counter(grams)
        repeated = [i for i, gram in enumerate(grams) if counts[gram] > 1]
        name = f"top_{n}_gram" if n < 5 else f"duplicate_{n}_gram"
        if variant == "data_juicer":
            if n >= 5:
                out[name] = len(repeated) / max(len(grams), 1)
            continue
        if not grams:
            out[name] = float(variant == "curator")
            continue
        top = max(counts.values())
        tops = [gram for gram, count in counts.items() if count == top]
        gram = max(tops, key=letters) if variant == "dclm" else tops[0]
        if n < 5 and variant == "curator":
            joined = " ".join(gram)
            out[name] = text.count(joined) * len(joined) / len(text)
        elif n < 5:
            out[name] = top * letters(gram) / letters(words) if top > 1 or variant == "dolma" else 0.0
        elif variant == "dolma":
            out[name] = letters([letters(grams[i]) * "x" for i in repeated]) / letters(
                [letters(g) * "x" for g in grams]
            )
        elif variant == "curator":
            later = [i for i in repeated if grams[i] in grams[:i]]
            inside = {k for i in later for k in range(i, i + n)}
            # The space before a word counts where an n-gram that was counted reaches over it.
            spaces = {k for i in later for k in range(i + 1, i + n)}
            out[name] = (letters([words[k] for k in inside]) + len(spaces)) / len(text)
        else:
            inside = {k for i in repeated for k in range(i, i + n)}
            out[name] = letters([words[k] for k in inside]) / letters(words)
    return out
