"""All recognizers over a batch: one scan for shapes, one for words, and of hits that overlap the best."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.pii.made_up.reserved import Reserved
from datapipe.core.pii.recognizer import LITERAL, Candidate, Hit, Int64s, Page, Recognizer, has_borders
from datapipe.kernels.candidates import KINDS, find_candidates
from datapipe.kernels.literals import Literals, find_literals, literals


class Finder:
    """Finds entities by these recognizers.

    wanted  the lowest score of each type; hits of other types are left out. A type `a.b` goes by `a` where it is not named
    tags    what the recipe puts in the place of entities: they, the house's tags and made-up values are never hits
    """

    def __init__(
        self, recognizers: Sequence[Recognizer], wanted: Mapping[str, float], tags: Iterable[str] = ()
    ) -> None:
        self._reserved = Reserved(tags)
        self._recognizers = recognizers
        self._wanted = dict(wanted)
        words = [
            (word, r.whole and has_borders(word), number) for number, r in enumerate(recognizers) for word in r.words
        ]
        self._literals: Literals | None = (
            literals([w for w, _, _ in words], [w for _, w, _ in words]) if words else None
        )
        self._owners = np.array([number for _, _, number in words], np.int64)
        first = np.cumsum([0, *(len(r.words) for r in recognizers)])
        self._first = first  # number of each recognizer's first word among all words
        self._kinds = {kind for r in recognizers for kind in r.kinds}

    def find(self, text: Text, langs: list[str | None]) -> tuple[Page, list[Hit]]:
        """The entities of these texts in order, without overlaps."""
        page = Page.of(text, langs)
        offsets = np.asarray(page.offsets, np.int64)
        data = np.frombuffer(page.data, np.uint8)
        columns = np.zeros((6, 0), np.int64)
        if self._kinds:
            shapes = find_candidates(offsets, data, self._kinds)
            columns = np.stack([*shapes, np.full(len(shapes.rows), -1)])
        marks = np.zeros((6, 0), np.int64)
        owners = np.zeros(0, np.int64)
        if self._literals is not None:
            places = find_literals(offsets, data, self._literals)
            owners = self._owners[places.words]
            words = places.words - self._first[owners]
            none = np.zeros(len(words), np.int64)
            marks = np.stack([np.full(len(words), LITERAL), places.rows, places.starts, places.ends, none, words])
        hits: list[Hit] = []
        for number, recognizer in enumerate(self._recognizers):
            mine = np.zeros(KINDS, np.bool_)
            mine[list(recognizer.kinds)] = True
            found = np.concatenate([columns[:, mine[columns[0]]], marks[:, owners == number]], axis=1)
            if found.shape[1] or recognizer.everywhere:
                hits += recognizer.find(page, _candidates(found))
        wanted = {hit for hit in hits if self._is_wanted(hit)}
        return page, self._best([hit for hit in wanted if not self._reserved.covers(page, hit)])

    def _best(self, hits: list[Hit]) -> list[Hit]:
        """Of the hits that overlap the one with the highest score, then the longest, then the first."""
        hits = sorted(hits, key=lambda hit: (hit.start, -hit.end, hit.type))
        best: list[Hit] = []
        group: list[Hit] = []
        reached = -1
        for hit in hits:
            if hit.start >= reached:
                best += _apart(group)
                group = []
            group.append(hit)
            reached = max(reached, hit.end)
        return best + _apart(group)

    def _is_wanted(self, hit: Hit) -> bool:
        least = self._wanted.get(hit.type)
        if least is None:
            least = self._wanted.get(hit.type.partition(".")[0], 2.0)
        return hit.score >= least


def _candidates(columns: Int64s) -> Iterator[Candidate]:
    order = np.argsort(columns[2], kind="stable")
    return map(Candidate, *columns[:, order].tolist())


def _apart(group: list[Hit]) -> list[Hit]:
    """Of a group of hits in which each overlaps another, those that stay."""
    if len(group) < 2:
        return group
    starts: list[int] = []  # of the chosen ones, in order
    chosen: list[Hit] = []
    for hit in sorted(group, key=lambda hit: (-hit.score, hit.start - hit.end, hit.start, hit.type)):
        at = bisect(starts, hit.start)
        if (at and chosen[at - 1].end > hit.start) or (at < len(chosen) and starts[at] < hit.end):
            continue
        starts.insert(at, hit.start)
        chosen.insert(at, hit)
    return chosen
