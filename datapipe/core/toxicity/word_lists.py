"""Lists of words by language and category, and where a text holds them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.arrow.text import Text
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.stop_words import same_language
from datapipe.core.toxicity.list_files import Lists, Spec, read_lists
from datapipe.kernels.disguised_words import find_disguised
from datapipe.kernels.listed_words import Places, entries, find_entries
from datapipe.kernels.scripts import UNSPACED
from datapipe.kernels.syllables import WORD_GOES_ON
from datapipe.kernels.word_shapes import AS_OTHER, AS_SIGN, MASKED, REPEATED, SPACED, shapes_of
from datapipe.kernels.words import NO_BREAKS

# leet       signs and digits for letters: 4 for a, $ for s     lookalike  letters of other scripts, or in other type
# repeated   a letter three times and more                       masked     up to three inner letters as * or #
# spaced     single letters with the same sign between them
# Of these, masked alone finds in clean text what is not meant: 1.3 places a MB, formulas like a*bc.
Disguise = Literal["leet", "lookalike", "repeated", "masked", "spaced"]
DISGUISES: dict[Disguise, int] = {
    "leet": AS_SIGN, "lookalike": AS_OTHER, "repeated": REPEATED, "masked": MASKED, "spaced": SPACED,
}  # fmt: skip
USUAL: tuple[Disguise, ...] = ("leet", "lookalike", "repeated", "spaced")
Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
_RANGES = re.sub(r"\s*(\w+)", lambda point: chr(int(point[1], 16)), UNSPACED)
UNSPACED_LETTER = re.compile(f"[{_RANGES}]")


class Spans(NamedTuple):
    """Places of listed words in order of row and start; bytes from the start of their text."""

    rows: Int64s
    starts: Int64s
    stops: Int64s
    categories: Int64s  # number among `WordLists.categories`


class Counts(NamedTuple):
    """What was found in each row.

    words  all its words (a letter of a script without spaces is one)
    hits   (rows, categories): listed words; one inside a longer one of its category is not counted
    places listed words of whatever category; one that stands in two counts once
    spans  those of `hits`, where they were asked for
    """

    words: Int64s
    hits: Int64s
    places: Int64s
    spans: Spans | None


class WordLists:
    """Lists of words, ready to be counted.

    categories  their names in alphabetical order, `listed` for lists without; columns of `Counts.hits`
    languages   those with a list, `*` for the one of every language
    unread      entries without a letter or an emoji, which are never found
    """

    def __init__(self, lists: Lists, everywhere: bool = False, disguises: Sequence[Disguise] = ()) -> None:
        """As `read`; lists by language and category."""
        named = sorted((_base(lang), category, tuple(words)) for (lang, category), words in lists.items())
        self.categories = tuple(sorted({category for _, category, _ in named}))
        self.languages = tuple(sorted({lang for lang, _, _ in named}))
        self._everywhere = everywhere
        entry_lists = [(k, word) for k, (_, _, words) in enumerate(named) for word in words]
        self._entries = entries([word for _, word in entry_lists])
        numbers = self._entries.numbers
        self.unread = tuple(word for (_, word), number in zip(entry_lists, numbers.tolist(), strict=True) if number < 0)
        if len(self.unread) == len(entry_lists):
            raise RecipeError("words: no entry has a letter or an emoji, so none would ever be found")
        # Entry and list, each pair once, in order of the entries.
        pairs = np.stack([numbers, np.array([k for k, _ in entry_lists], np.int64)], axis=1)
        pairs = np.unique(pairs[numbers >= 0], axis=0)
        self._owners = pairs[:, 1]
        self._borders = np.searchsorted(pairs[:, 0], np.arange(len(self._entries.bare) + 1))
        self._category = np.array([self.categories.index(category) for _, category, _ in named], np.int64)
        self._wanted = sum(DISGUISES[name] for name in set(disguises))
        self._shapes = shapes_of([word for _, word in entry_lists], numbers, self._wanted) if self._wanted else None
        self._language = [lang for lang, _, _ in named]

    @classmethod
    def read(cls, spec: Spec, ctx: Context, everywhere: bool = False, disguises: Sequence[Disguise] = ()) -> WordLists:
        """The lists of a recipe.

        spec        by language: a file of one word or phrase a line, words, or either by category; `*` is for every language.
                    Or published files: of JSON lines {lang, words}, or named by their language (en, en.txt)
        everywhere  every list is used for every row, as pages mix languages
        disguises   spellings by which words escape lists: also find words in these
        """
        return cls(read_lists(spec, ctx), everywhere, disguises)

    def count(self, text: Text, langs: Sequence[str | None], spans: bool = False, breaks: Bytes = NO_BREAKS) -> Counts:
        """Find the words of each row's language and of `*`; a row without language has those of `*` only.

        breaks  what segmenters say of each byte of `text.data`: in scripts without spaces no place is found that begins or
                ends inside a word. Without, any place is: ห่า, too, in ห่าง
        """
        words, places = find_entries(*text, self._entries)
        if self._shapes is not None:
            more = find_disguised(*text, self._shapes, self._wanted)[:4]
            places = _in_order(np.concatenate([np.stack(places), more], axis=1))
        if len(breaks):
            places = _between_words(text, places, breaks)
        owned = self._borders[places.entries + 1] - self._borders[places.entries]
        place = np.repeat(np.arange(len(owned)), owned)
        first = np.repeat(self._borders[places.entries] - (np.cumsum(owned) - owned), owned)
        lists = self._owners[first + np.arange(len(place))]
        used, row = self._used(langs)
        allowed = used[row[places.rows[place]], lists]
        place, category = place[allowed], self._category[lists[allowed]]
        found = [_outermost(place[category == number], places) for number in range(len(self.categories))]
        hits = np.stack([np.bincount(places.rows[here], minlength=len(text)) for here in found], axis=1)
        total = np.bincount(places.rows[_outermost(place, places)], minlength=len(text))
        return Counts(words, hits, total, _spans(text, places, found) if spans else None)

    def judges(self, langs: Sequence[str | None]) -> npt.NDArray[np.bool_]:
        """Which rows have a list, be it that of every language."""
        used, row = self._used(langs)
        return np.asarray(used.any(axis=1))[row]

    def _used(self, langs: Sequence[str | None]) -> tuple[npt.NDArray[np.bool_], Int64s]:
        """Which lists each language uses, and the language of each row."""
        codes = {code: k for k, code in enumerate(dict.fromkeys(langs))}
        used = np.ones((max(len(codes), 1), len(self._language)), np.bool_)
        if not self._everywhere:
            for code, k in codes.items():
                own = "*" if code is None else _base(code)
                used[k] = [lang in ("*", own) for lang in self._language]
        return used, np.array([codes[code] for code in langs], np.int64)


def _between_words(text: Text, places: Places, breaks: Bytes) -> Places:
    """Those that segmenters do not see inside a word; what they say of other scripts does not count."""
    inside = np.append(breaks == WORD_GOES_ON, False)
    within = np.flatnonzero(inside[places.starts] | inside[places.stops])
    kept = np.ones(len(places.starts), np.bool_)
    for i in within.tolist():
        start, stop = places.starts[i], places.stops[i]
        word = text.data[start:stop].tobytes().decode()
        kept[i] = not (
            (inside[start] and UNSPACED_LETTER.match(word)) or (inside[stop] and UNSPACED_LETTER.match(word[-1]))
        )
    return Places(*(numbers[kept] for numbers in places))


def _in_order(places: Int64s) -> Places:
    return Places(*places[:, np.lexsort((places[2], places[1]))])


def _outermost(which: Int64s, places: Places) -> Int64s:
    """Those of the places that lie in no other one of them; they stand in order of start, then of stop."""
    starts = places.starts[which]
    which = which[np.append(starts[1:] != starts[:-1], True)[: len(which)]]  # the longest from each start
    stops = places.stops[which]
    before = np.maximum.accumulate(np.append(-1, stops))[:-1]
    return which[stops > before]


def _spans(text: Text, places: Places, found: Sequence[Int64s]) -> Spans:
    some = np.concatenate(found)
    which = np.repeat(np.arange(len(found)), [len(here) for here in found])
    order = np.lexsort((which, some))
    some, which = some[order], which[order]
    rows = places.rows[some]
    begin = text.offsets[rows]
    return Spans(rows, places.starts[some] - begin, places.stops[some] - begin, which)


def _base(code: str) -> str:
    """pt of pt-BR and por_Latn; a language has one code, whatever a list or an identifier calls it."""
    base = code.lower().replace("-", "_").split("_")[0]
    return same_language(base)
