"""Lists of words against what is used elsewhere: `python tests/bench/toxic_words.py BULK LISTS TOXIC…`; no text is printed.

BULK is a JSON-lines file or a folder of them ({text, lang}), LISTS one of {lang, words}, TOXIC zstd JSON lines with a `text`.
Speed: 10,000 words, one core, CPU time, against the automaton of ahocorasick_rs with a test of both borders, and against
one regular expression of the published list, as datatrove's C4BadWordsFilter compiles it. Disguises: listed words of TOXIC
are spelled anew; recall of each kind, and what it finds more on BULK.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ahocorasick_rs
import numpy as np
import orjson
import pyarrow as pa
import zstandard

from datapipe.arrow.text import Text, text_of
from datapipe.core.context import Context
from datapipe.core.toxicity.word_lists import DISGUISES, USUAL, WordLists
from datapipe.io.opening import open_file

TIMED = 60_000_000
SIGNS = {"a": "4@", "e": "3", "i": "1!", "l": "1", "o": "0", "s": "5$", "t": "7"}
CYRILLIC = dict(zip("aceopxyi", "асеорхуі", strict=True))


def bulk(path: Path) -> tuple[list[str], list[str]]:
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    texts, langs = [], []
    for file in files:
        size = 0
        for line in file.open("rb"):
            row = orjson.loads(line)
            texts.append(row["text"])
            langs.append(row.get("lang"))
            size += len(row["text"].encode())
            if size > TIMED // len(files):
                break
    return texts, langs


def rows(path: Path) -> list[str]:
    data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(path.read_bytes())).read()
    return [orjson.loads(line)["text"] for line in data.splitlines()]


def seconds(call: Callable[[], Any], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return min(taken)


def speed(texts: list[str], langs: list[str], published: WordLists, english: list[str]) -> None:
    text = text_of(pa.array(texts, pa.large_string()))
    mb = len(text.data) / 1e6
    found = {word.lower() for t in texts[::3] for word in t[:5000].split() if word.isalpha() and 3 <= len(word) <= 14}
    draw = random.Random(1)
    words = [word[::-1] if k % 10 else word for k, word in enumerate(draw.sample(sorted(found), 10_000))]
    WordLists({("*", "x"): ["x"]}, disguises=tuple(DISGUISES)).count(text_of(pa.array(["x"])), [None])  # compiled
    made = seconds(lambda: WordLists({("*", "x"): words}))
    lists = WordLists({("*", "x"): words})
    sharp = WordLists({("*", "x"): words}, disguises=USUAL)
    ours, disguised = (mb / seconds(lambda some=some: some.count(text, langs)) for some in (lists, sharp))
    automaton = ahocorasick_rs.AhoCorasick(words)

    def theirs() -> int:
        hits = 0
        for document in texts:
            low = document.lower()
            for _, start, stop in automaton.find_matches_as_indexes(low, overlapping=True):
                hits += not (low[start - 1 : start].isalnum() or low[stop : stop + 1].isalnum())
        return hits

    loop = mb / seconds(theirs, 1)
    listed = re.compile(r"(?:\W|^)({})(?:\W|$)".format("|".join(map(re.escape, english))))
    some = texts[:: max(1, len(texts) // 300)]
    small = sum(len(t.encode()) for t in some) / 1e6
    pattern = small / seconds(lambda: [listed.search(t.lower()) for t in some], 1)
    listed_speed = mb / seconds(lambda: published.count(text, langs))
    print(f"{mb:.0f} MB, {len(texts)} documents; 10,000 words made ready in {made:.3f} s")
    print(
        f"10,000 words: {ours:.0f} MB/s, with disguises {disguised:.0f}; automaton and borders {loop:.1f}: {ours / loop:.0f} x"
    )
    print(
        f"published lists: {listed_speed:.0f} MB/s; one regular expression (stops at the first hit) {pattern:.2f} MB/s"
    )


def leet(word: str, draw: random.Random) -> str:
    return some_of(word, {k: draw.choice(v) for k, v in SIGNS.items()}, max(1, len(word) // 3), draw)


def lookalike(word: str, draw: random.Random) -> str:
    return some_of(word, CYRILLIC, max(1, len(word) // 2), draw) if word.isascii() else word


def some_of(word: str, table: dict[str, str], most: int, draw: random.Random) -> str:
    can = [k for k, char in enumerate(word) if char.lower() in table]
    chosen = set(draw.sample(can, min(most, len(can))))
    return "".join(table[char.lower()] if k in chosen else char for k, char in enumerate(word))


def repeated(word: str, draw: random.Random) -> str:
    at = draw.randrange(len(word))
    return word[:at] + word[at] * draw.randint(3, 6) + word[at + 1 :]


def masked(word: str, draw: random.Random) -> str:
    size = draw.randint(1, min(2, len(word) - 2))
    at = draw.randint(1, len(word) - 1 - size)
    return word[:at] + draw.choice("*#") * size + word[at + size :] if len(word) > 3 else word


def spaced(word: str, draw: random.Random) -> str:
    return draw.choice(" .-_").join(word)


def invisible(word: str, draw: random.Random) -> str:
    at = draw.randint(1, len(word) - 1)
    return word[:at] + draw.choice("\u200b\u00ad\u200d\u2060\ufeff") + word[at:]


def disguised(path: str, toxic: list[str], text: Text, langs: list[str]) -> None:
    ctx = Context("bench", 0, open_file)
    plain = WordLists.read(path, ctx)
    spans = plain.count(text_of(pa.array(toxic)), ["en"] * len(toxic), spans=True).spans
    assert spans is not None
    places = []
    for row, start, stop in zip(spans.rows.tolist(), spans.starts.tolist(), spans.stops.tolist(), strict=True):
        raw = toxic[row].encode()
        word = raw[start:stop].decode()
        if word.isalpha() and len(word) > 2:
            places.append((raw[:start].decode(), word, raw[stop:].decode()))
    before = plain.count(text, langs).places
    mb = len(text.data) / 1e6
    print(f"{len(places)} listed words respelled; on clean text the lists find {before.sum() / mb:.2f} places a MB")
    for spell in (leet, lookalike, repeated, masked, spaced, invisible):
        draw = random.Random(7)
        made = [(a, spell(word, draw), word, b) for a, word, b in places]
        made = [place for place in made if place[1] != place[2]]
        lists = WordLists.read(path, ctx, disguises=[d for d in DISGUISES if d == spell.__name__])
        texts = text_of(pa.array([a + word + b for a, word, _, b in made]))
        shares = []
        for some in (plain, lists):
            found = some.count(texts, ["en"] * len(made), spans=True).spans
            assert found is not None
            at = np.array([len(a.encode()) for a, *_ in made])[found.rows]
            shares.append(len(set(found.rows[(found.starts <= at) & (at < found.stops)].tolist())) / len(made))
        more = (lists.count(text, langs).places.sum() - before.sum()) / mb
        print(
            f"  {spell.__name__:10} {len(made)} words: recall {shares[0]:.3f} -> {shares[1]:.3f}, {more:+.2f} places a MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bulk", type=Path)
    parser.add_argument("lists")
    parser.add_argument("toxic", type=Path, nargs="+")
    asked = parser.parse_args()
    texts, langs = bulk(asked.bulk)
    with open_file(asked.lists) as stream:
        english = next(row["words"] for row in map(orjson.loads, stream.read().splitlines()) if row["lang"] == "en")
    speed(texts, langs, WordLists.read(asked.lists, Context("bench", 0, open_file)), english)
    toxic = [text for path in asked.toxic for text in rows(path)]
    disguised(asked.lists, toxic, text_of(pa.array(texts, pa.large_string())), langs)


if __name__ == "__main__":
    main()
