"""Twin of kernels/packing.py: bins as lists, searched through."""

from __future__ import annotations


def best_fit(sizes: list[int], openers: int, length: int) -> list[int]:
    """Among bins with the least space that is enough, the one that has had it longest."""
    left: list[int] = []
    since: list[int] = []
    bins = []
    for i, size in enumerate(sizes):
        fitting = [b for b in range(len(left)) if left[b] >= size]
        if fitting:
            chosen = min(fitting, key=lambda b: (left[b], since[b]))
        elif i < openers:
            left.append(length)
            since.append(i)
            chosen = len(left) - 1
        else:
            bins.append(-1)
            continue
        left[chosen] -= size
        since[chosen] = i
        bins.append(chosen)
    return bins


def textbook_best_fit(sizes: list[int], length: int) -> list[int]:
    """The fill of each bin, by the textbook: of equally full bins the first one."""
    fills: list[int] = []
    for size in sorted(sizes, reverse=True):
        room = [length - fill - size for fill in fills]
        best = min((r for r in room if r >= 0), default=None)
        if best is None:
            fills.append(size)
        else:
            fills[room.index(best)] += size
    return sorted(fills)


def fit_and_crop(sizes: list[int], length: int, buffer: int) -> list[tuple[int, int, int]]:
    """(document, bin, tokens taken) as a loader with a buffer of documents would lay them."""
    waiting: list[int] = []
    coming = list(range(len(sizes)))
    laid, number, left = [], 0, length
    while coming or waiting:
        while coming and len(waiting) < buffer:
            waiting.append(coming.pop(0))
        fitting = [d for d in waiting if sizes[d] <= left]
        longest = max(fitting, key=lambda d: (sizes[d], -d), default=None)
        chosen = min(waiting, key=lambda d: (sizes[d], d)) if longest is None else longest
        waiting.remove(chosen)
        taken = min(sizes[chosen], left)
        laid.append((chosen, number, taken))
        left -= taken
        if not left:
            number, left = number + 1, length
    return laid


def laid_out(
    documents: list[list[int]],
    pieces: list[tuple[int, int, int, int]],
    length: int,
    sequences: int,
    pad: int,
    unlearned: set[int],
    skip_first: bool,
    learned: list[list[int]] | None,
) -> list[list[tuple[int, int, int, int]]]:
    """(id, segment, position, learned) of each place of each sequence; pieces are (document, start, end, sequence).

    learned  parallel to the documents
    """
    rows: list[list[tuple[int, int, int, int]]] = [[] for _ in range(sequences)]
    for row, start, end, number in pieces:
        segment = max((place[1] for place in rows[number]), default=0) + 1
        for position, at in enumerate(range(start, end)):
            token = documents[row][at]
            wanted = learned is None or learned[row][at] != 0
            loss = wanted and token not in unlearned and not (skip_first and position == 0)
            rows[number].append((token, segment, position, int(loss)))
    return [row + [(pad, 0, 0, 0)] * (length - len(row)) for row in rows]
