"""The text statistics of BLOOM's filters, which Data-Juicer took over: characters, lines, words, what repeats."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import Classes
from datapipe.kernels.hashing import BASE, Hashes, table_size
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lexicon import is_listed, word_hash
from datapipe.kernels.points import (
    BREAK,
    HAN,
    LOWERS,
    NO_BREAK_SPACE,
    SEPARATOR,
    SPECIAL,
    WORD,
    decode,
    kind_of,
    spell,
)
from datapipe.kernels.repeats import frequent_share, repeats

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

MEASURES = (
    "alphanumeric",
    "average_line_length",
    "maximum_line_length",
    "character_repetition",
    "word_repetition",
    "special_characters",
    "stop_words",
    "flagged_words",
    "characters",
    "words",
)
WORDS, PAIRS, SIGNS = 0, 1, 2  # how words are looked up: alone; with each pair, too; that, and each Han sign is one
CARRIAGE_RETURN, NEWLINE, UNDERSCORE = 13, 10, 95


@inlined
def is_special(point: int, classes: Classes, space: bool) -> bool:
    """Is it to be stripped from words? `space`: U+00A0, too."""
    return kind_of(point, classes) & SPECIAL != 0 or (space and point == NO_BREAK_SPACE)


@inlined
def measure_characters(points: Int32s, kinds: Classes, count: int, space: bool) -> tuple[int, int, int, int]:
    """Letters and digits, special characters, lines as str.splitlines, code points of the longest."""
    letters = special = lines = longest = 0
    start = i = 0
    while i < count:
        kind = kinds[i]
        letters += kind & WORD != 0 and points[i] != UNDERSCORE
        special += kind & SPECIAL != 0 or (space and points[i] == NO_BREAK_SPACE)
        if kind & BREAK:
            lines += 1
            longest = max(longest, i - start)
            if points[i] == CARRIAGE_RETURN and i + 1 < count and points[i + 1] == NEWLINE:
                i += 1
                special += 1
            start = i + 1
        i += 1
    if start < count:
        lines += 1
        longest = max(longest, count - start)
    return letters, special, lines, longest


@inlined
def cut_words(
    points: Int32s,
    kinds: Classes,
    count: int,
    signs: bool,
    space: bool,
    classes: Classes,
    change: Int32s,
    pool: Int32s,
    combining: Bytes,
    letters: Int32s,
    hashes: Hashes,
) -> tuple[int, int]:
    """Hash the words, in small letters; return how many they are, and how many they were in the letters as written.

    These differ where a capital is stripped and its small letter is not, or the other way round.
    """
    words = written = 0
    i = 0
    while i < count:
        if kinds[i] & SEPARATOR:
            i += 1
            continue
        start = i
        bare = True  # of anything but special characters
        while i < count and not kinds[i] & SEPARATOR:
            if signs and kinds[i] & HAN and i > start:
                break
            bare &= kinds[i] & SPECIAL != 0 or (space and points[i] == NO_BREAK_SPACE)
            i += 1
            if signs and kinds[i - 1] & HAN:
                break
        written += not bare
        stop = spell(points, kinds, start, i, 0, LOWERS, change, pool, combining, letters)
        start = 0
        while start < stop and is_special(letters[start], classes, space):
            start += 1
        while stop > start and is_special(letters[stop - 1], classes, space):
            stop -= 1
        if start < stop:
            hashes[words] = word_hash(letters, start, stop)
            words += 1
    return words, written


@inlined
def runs_of(hashes: Hashes, words: int, n: int, runs: Hashes) -> int:
    """Hash every run of n words; return how many there are."""
    leaving = np.uint64(1)
    for _ in range(n):
        leaving *= BASE
    run = np.uint64(0)
    for t in range(words):
        run = run * BASE + hashes[t]
        if t >= n:
            run -= hashes[t - n] * leaving
        if t >= n - 1:
            runs[t - n + 1] = run
    return max(words - n + 1, 0)


@inlined
def listed(hashes: Hashes, words: int, pairs: bool, keys: Hashes, number: int) -> int:
    """Words of the list, and where asked for, pairs of neighbours."""
    found = 0
    for t in range(words):
        found += is_listed(keys, hashes[t], number)
        if pairs and t + 1 < words:
            found += is_listed(keys, hashes[t] * BASE + hashes[t + 1], number)
    return found


@kernel
def measure_text(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    change: Int32s,
    pool: Int32s,
    combining: Bytes,
    stop_words: Hashes,
    flagged: Hashes,
    settings: Int64s,
    space: bool,
    out: Numbers,
) -> None:
    """Fill out[measure, document].

    settings  by document: numbers of its stop words and its flagged words in their tables, length of the runs of
              characters and of words that are looked at, how words are looked up
    space     U+00A0 is a special character
    """
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    # Sized for the worst document; pages that are never touched cost nothing.
    points = np.empty(most + 1, np.int32)
    kinds = np.empty(most + 1, np.uint16)
    letters = np.empty(2 * most + 8, np.int32)
    hashes = np.empty(most + 1, np.uint64)
    runs = np.empty(most + 1, np.uint64)
    again = np.empty(most + 1, np.bool_)
    rows = np.empty(most + 1, np.int64)
    grams = np.empty(most + 1, np.uint64)
    keys = np.empty(table_size(most + 1), np.uint64)
    firsts = np.empty(len(keys), np.int64)
    counts = np.empty(most + 2, np.int64)
    often = np.empty(len(keys), np.int32)
    for d in range(len(offsets) - 1):
        count = decode(data, offsets[d], offsets[d + 1], classes, points, kinds)
        alphanumeric, special, lines, longest = measure_characters(points, kinds, count, space)

        signs = settings[4, d] == SIGNS
        words, written = cut_words(
            points, kinds, count, signs, space, classes, change, pool, combining, letters, hashes
        )
        windows = runs_of(hashes, words, settings[3, d], runs)
        for t in range(windows):
            rows[t] = t
            again[t] = False
        repeats(runs, rows, windows, again, grams, keys, firsts, counts)
        doubled = 0
        for t in range(windows):
            doubled += again[t]

        out[0, d] = alphanumeric / count if count else 0.0
        out[1, d] = count / lines if lines else 0.0
        out[2, d] = longest
        out[3, d] = frequent_share(points, count, settings[2, d], keys, often, counts)
        out[4, d] = doubled / windows if windows else 0.0
        out[5, d] = special / count if count else 0.0
        pairs = settings[4, d] != WORDS
        for k in range(2):
            number = settings[k, d]
            found = listed(hashes, words, pairs, flagged if k else stop_words, number) if number else 0
            out[6 + k, d] = min(found / words, 1.0) if words else 0.0
            if not number:
                out[6 + k, d] = np.nan
        out[8, d] = count
        out[9, d] = written
