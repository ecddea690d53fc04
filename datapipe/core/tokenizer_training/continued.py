"""BPE that goes on where a model ends: merges learnt over the tokens it makes of words (Sennrich et al. 2016, algorithm 1)."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

Pair = tuple[int, int]


def merges(
    words: Mapping[tuple[int, ...], int],
    first: int,
    most: int,
    least: int,
    allowed: Callable[[Pair], bool],
) -> Iterator[Pair]:
    """Up to `most` pairs, the commonest first, then those of the smallest ids; each becomes a token, from `first` on.

    words    how often each sequence of tokens occurs    least  times that a pair must occur
    allowed  whether a pair may become a token, as things stand
    """
    sequences: list[Sequence[int]] = [list(word) for word in words]
    times = list(words.values())
    counts: dict[Pair, int] = defaultdict(int)
    places: dict[Pair, array[int]] = defaultdict(lambda: array("q"))
    for number, sequence in enumerate(sequences):
        for pair in pairwise(sequence):
            counts[pair] += times[number]
            places[pair].append(number)
    heap = [(-count, pair) for pair, count in counts.items() if count >= least and allowed(pair)]
    heapify(heap)
    made = 0
    while heap and made < most:
        count, pair = heappop(heap)
        if -count != counts[pair]:  # others were merged since
            if counts[pair] >= least:
                heappush(heap, (-counts[pair], pair))
            continue
        if not allowed(pair):  # other two have become the same text meanwhile
            continue
        token = first + made
        made += 1
        yield pair
        changed: set[Pair] = set()
        for number in sorted(set(places.pop(pair))):
            before = sequences[number]
            after = _merged(before, pair, token)
            if len(after) == len(before):
                continue
            for old in pairwise(before):
                counts[old] -= times[number]
            for new in pairwise(after):
                counts[new] += times[number]
                if token in new:
                    places[new].append(number)
                    changed.add(new)
            sequences[number] = after
        counts.pop(pair, None)
        for new in changed:
            if counts[new] >= least and allowed(new):
                heappush(heap, (-counts[new], new))


def _merged(sequence: Sequence[int], pair: Pair, token: int) -> list[int]:
    """From left to right, as tokenizers merge."""
    left, right = pair
    out: list[int] = []
    at, last = 0, len(sequence) - 1
    while at <= last:
        if at < last and sequence[at] == left and sequence[at + 1] == right:
            out.append(token)
            at += 2
        else:
            out.append(sequence[at])
            at += 1
    return out
