"""The measures of RedPajama-v2's quality signals: of words, of letters, of lines, of repeated runs of words."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import Classes
from datapipe.kernels.hashing import BASE, Hashes, table_size
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lexicon import is_listed, word_hash
from datapipe.kernels.points import (
    BULLET,
    FOLDS,
    FULL_STOP,
    LETTER,
    LOWER,
    NUMERIC,
    PUNCTUATION,
    SPACE,
    UPPER,
    WORD,
    decode,
    spell,
)
from datapipe.kernels.repeats import lengthened, repeats

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

MEASURES = (
    "ldnoobw_words",
    "lorem_ipsum",
    "curly_bracket",
    "stop_word_fraction",
    "num_sentences",
    "word_count",
    "mean_word_length",
    "symbol_to_word_ratio",
    "frac_lines_end_with_ellipsis",
    "frac_no_alph_words",
    "frac_unique_words",
    "unigram_entropy",
    "frac_all_caps_words",
    *(f"frac_chars_top_{n}gram" for n in (2, 3, 4)),
    *(f"frac_chars_dupe_{n}grams" for n in (5, 6, 7, 8, 9, 10)),
)
LINE_MEASURES = (
    "javascript_counts",
    "ending_with_terminal_punctution_mark",  # sic
    "num_words",
    "uppercase_letter_fraction",
    "numerical_chars_fraction",
    "start_with_bulletpoint",
)
TOP, DUPLICATE = 13, 16  # where the n-grams stand in MEASURES
NEWLINE, HASH, EXCLAMATION, QUESTION, OPENING, CLOSING = 10, 35, 33, 63, 123, 125
ELLIPSIS, QUOTE = 0x2026, 0x201D
_LOREM, _IPSUM, _JAVASCRIPT = (np.array([ord(c) for c in word], np.int32) for word in ("lorem", "ipsum", "javascript"))


@inlined
def measure_tokens(
    points: Int32s, kinds: Classes, count: int, stop_words: Hashes, number: int
) -> tuple[int, int, int, int, int]:
    r"""Tokens of `\w+|[^\w\s]+`; those with an ASCII letter, of capitals, stop words; sentences `\b[^.!?]+[.!?]*`."""
    tokens = alphabetic = capital = stops = sentences = 0
    ended = True  # a sentence starts with the next word
    i = 0
    while i < count:
        if kinds[i] & SPACE:
            i += 1
            continue
        start = i
        kind = kinds[i] & WORD
        some = 0
        last = 0
        while i < count and kinds[i] & (WORD | SPACE) == kind:
            some |= kinds[i]
            last = points[i]
            i += 1
        if kind:
            sentences += ended
            ended = False
        else:
            for k in range(start, i):
                ended |= points[k] in (FULL_STOP, EXCLAMATION, QUESTION)
        tokens += 1
        alphabetic += some & LETTER != 0
        capital += some & (UPPER | LOWER) == UPPER
        if number and last:
            stops += is_listed(stop_words, word_hash(points, start, i), number)
    return tokens, alphabetic, capital, stops, sentences


@inlined
def measure_signs(points: Int32s, count: int) -> tuple[int, int]:
    """Hash signs and ellipses; curly brackets."""
    symbols = brackets = dots = 0
    for i in range(count):
        point = points[i]
        symbols += point in (HASH, ELLIPSIS)
        brackets += point in (OPENING, CLOSING)
        dots = dots + 1 if point == FULL_STOP else 0
        if dots == 3:
            symbols += 1
            dots = 0
    return symbols, brackets


@inlined
def measure_line(points: Int32s, kinds: Classes, start: int, stop: int) -> tuple[bool, bool, bool, int]:
    """Does it end in an ellipsis, in a terminal mark, start with a bullet? Its capitals."""
    capitals = 0
    for i in range(start, stop):
        capitals += kinds[i] & UPPER != 0
    while start < stop and kinds[start] & SPACE:
        start += 1
    while stop > start and kinds[stop - 1] & SPACE:
        stop -= 1
    if start == stop:
        return False, False, False, capitals
    last = points[stop - 1]
    dots = last == FULL_STOP and stop - start > 2 and points[stop - 2] == FULL_STOP and points[stop - 3] == FULL_STOP
    terminal = last in (FULL_STOP, EXCLAMATION, QUESTION, QUOTE)
    return dots or last == ELLIPSIS, terminal, kinds[start] & BULLET != 0, capitals


@inlined
def is_at(letters: Int32s, start: int, count: int, word: Int32s) -> bool:
    """Stands the word at `start`, among `count` letters?"""
    if start < 0 or start + len(word) > count:
        return False
    k = 0
    while k < len(word) and letters[start + k] == word[k]:
        k += 1
    return k == len(word)


@kernel
def measure_signals(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    change: Int32s,
    pool: Int32s,
    combining: Bytes,
    stop_words: Hashes,
    stop_numbers: Int64s,
    flagged: Hashes,
    flagged_numbers: Int64s,
    longest: Int64s,
    out: Numbers,
    line_ends: Int32s,
    lines: Numbers,
) -> None:
    """Fill out[measure, document] and lines[measure, line]; line_ends[d + 1] is where the lines of document d end."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    # Sized for the worst document; pages that are never touched cost nothing.
    points = np.empty(most + 1, np.int32)
    kinds = np.empty(most + 1, np.uint16)
    letters = np.empty(2 * most + 8, np.int32)  # a code point of 2 bytes can become 3
    hashes = np.empty(most + 1, np.uint64)
    runs = np.empty(most + 1, np.uint64)
    ends = np.empty(most + 1, np.int64)  # letters up to each word
    again = np.empty(most + 1, np.bool_)
    rows = np.empty(most + 1, np.int64)
    grams = np.empty(most + 1, np.uint64)
    keys = np.empty(table_size(most + 1), np.uint64)
    firsts = np.empty(len(keys), np.int64)
    counts = np.empty(most + 1, np.int64)
    line = 0
    for d in range(len(offsets) - 1):
        out[:, d] = 0.0
        count = decode(data, offsets[d], offsets[d + 1], classes, points, kinds)
        tokens, alphabetic, capital, stops, sentences = measure_tokens(
            points, kinds, count, stop_words, stop_numbers[d]
        )
        symbols, brackets = measure_signs(points, count)

        words = total = latin = ellipses = 0
        lorem = False
        ends[0] = 0
        first_line = line
        i = 0
        while i < count:
            start = i
            before, letters_before, numeric, scripts = words, total, 0, 0
            while i < count and points[i] != NEWLINE:
                if kinds[i] & SPACE:
                    i += 1
                    continue
                begin = i
                while i < count and not kinds[i] & SPACE:
                    numeric += kinds[i] & NUMERIC != 0
                    i += 1
                n = spell(points, kinds, begin, i, PUNCTUATION, FOLDS, change, pool, combining, letters)
                if n == 0:
                    continue
                hashes[words] = word_hash(letters, 0, n)
                runs[words] = 0
                latin += lorem and is_at(letters, 0, n, _IPSUM)
                lorem = is_at(letters, n - len(_LOREM), n, _LOREM)
                scripts += n == len(_JAVASCRIPT) and is_at(letters, 0, n, _JAVASCRIPT)
                words += 1
                total += n
                ends[words] = total
            if i < count:
                i += 1
            ellipsis, terminal, bullet, capitals = measure_line(points, kinds, start, i)
            ellipses += ellipsis
            normal = total - letters_before + max(words - before - 1, 0)
            lines[0, line] = scripts
            lines[1, line] = terminal
            lines[2, line] = words - before
            lines[3, line] = capitals / (i - start)
            lines[4, line] = numeric / normal if normal else 0.0
            lines[5, line] = bullet
            line += 1
        line_ends[d + 1] = line

        dirty = 0
        if flagged_numbers[d]:
            for t in range(words):
                run = np.uint64(0)
                for k in range(t, min(t + longest[flagged_numbers[d]], words)):
                    run = run * BASE + hashes[k]
                    dirty += is_listed(flagged, run, flagged_numbers[d])
        out[0, d] = dirty if flagged_numbers[d] else np.nan
        out[1, d] = latin / (total + words - 1) if words else 0.0
        out[2, d] = brackets / count if count else 0.0
        out[3, d] = (stops / tokens if words else 0.0) if stop_numbers[d] else np.nan
        out[4, d] = sentences
        out[5, d] = words
        out[6, d] = total / words if words else np.nan
        out[7, d] = symbols / tokens if tokens else np.nan
        out[8, d] = ellipses / (line - first_line) if line > first_line else np.nan
        out[9, d] = 1 - alphabetic / tokens if tokens else np.nan
        out[12, d] = capital / tokens if tokens else np.nan
        out[10, d] = out[11, d] = np.nan
        again[: words + 1] = True
        for n in range(1, 11):
            candidates = lengthened(runs, hashes, words, n, again, rows)
            if candidates == 0:
                break
            distinct, often, first = repeats(runs, rows, candidates, again, grams, keys, firsts, counts)
            if n == 1:
                entropy = np.log(words)
                for t in range(words):
                    if counts[t] > 1:
                        entropy -= counts[t] * np.log(counts[t]) / words
                out[10, d] = distinct / words
                out[11, d] = entropy
            elif n < 5:
                if often > 1:
                    out[TOP + n - 2, d] = (ends[first + n] - ends[first]) * often / total
            else:
                doubled = free = 0
                for c in range(candidates):
                    t = rows[c]
                    if again[t]:
                        doubled += ends[t + n] - ends[max(t, free)]
                        free = t + n
                out[DUPLICATE + n - 5, d] = doubled / total
