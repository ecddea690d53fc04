"""SentencePiece's unigram model: the pieces whose scores have the highest sum (Kudo 2018), by its own sums of float32.

google/sentencepiece, src/unigram_model.cc, EncodeOptimized. The library adds scores from the beginning of the text, so that
which of two near paths wins depends on how large the sum is by then: at -2,000,000 (1 MB of text) it is rounded to 1/8.
Since 0.2.2 it begins anew at -100,000 (found by trial: 16,000 words with ties are cut alike by that rule alone).
What a short stretch came to is kept with how far its second path is behind; where rounding might make up for that, the
stretch is walked again from the true sum.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.byte_pairs import SHORT
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.kept_pieces import LONGEST, MOST, Kept, hash_of_piece, is_kept
from datapipe.kernels.piece_merges import put, put_bytes
from datapipe.kernels.piece_tables import NO_NODE
from datapipe.kernels.piece_words import child, point_at, word_end

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

HALF_STEP = 2.0**-24  # an addition of float32 is off by at most this share of the sum
ABOVE = 16.0  # more than a path over a kept stretch may rise on its way, by symbols whose scores are above 0
NEVER = -np.inf
ALONE = 16


class Pieces(NamedTuple):
    """What a model adds up, and how its library does.

    joints                 as in `piece_merges`
    dense, firsts, labels, ids   the trie of pieces
    scores, unknown_score  of each piece, and of a code point that is none
    longest                bytes of the longest piece
    limit                  below this sum it begins anew
    doubles                sums are compared before they are rounded
    """

    joints: Bytes
    dense: Int32s
    firsts: Int32s
    labels: Bytes
    ids: Int32s
    scores: Doubles
    unknown_score: np.float32
    longest: int
    limit: float
    doubles: bool


@inlined
def walk(
    data: Bytes, i: int, size: int, total: np.float32, dense: Int32s, firsts: Int32s, labels: Bytes, ids: Int32s,
    scores: Doubles, unknown_score: np.float32, longest: int, limit: float, doubles: bool, sums: Floats, starts: Int32s,
    tokens: Int32s, exact: Doubles, seconds: Doubles,
) -> int:  # fmt: skip
    """The best path over data[i:i + size] from a sum on: for every place the sum, where its last piece starts, which it is.

    tokens          -1 where it is unknown
    exact, seconds  sums of the best and of the second path without the text before and without its rounding
    The answer is the number of code points
    """
    sums[0] = total
    exact[0] = 0.0
    seconds[0] = NEVER
    for k in range(1, size + 1):
        starts[k] = -1
        exact[k] = NEVER
        seconds[k] = NEVER
    points = 0
    p = 0
    while p < size:
        base = sums[p]
        if base < limit:  # what lies ahead has been reached from before
            for k in range(p, min(size, p + longest) + 1):
                if k == p or starts[k] >= 0:
                    sums[k] -= base
        _, width = point_at(data, i + p)
        single = False
        node = 0
        k = p
        while k <= size:
            token = -1
            if k < size:
                node = child(node, data[i + k], dense, firsts, labels)
            if k == size or node == NO_NODE:
                if single:
                    break
                k = p + width
                step = np.float64(unknown_score)
                sum_here = np.float64(np.float32(sums[p] + unknown_score))
            else:
                k += 1
                token = ids[node]
                if token < 0:
                    continue
                step = scores[token]
                sum_here = np.float64(sums[p]) + step
                if not doubles:
                    sum_here = np.float64(np.float32(sum_here))
                if k == p + width:
                    single = True
            if starts[k] < 0 or sum_here > sums[k]:
                sums[k] = np.float32(sum_here)
                starts[k] = p
                tokens[k] = token
            path = exact[p] + step
            if path > exact[k]:
                seconds[k] = max(exact[k], seconds[p] + step)
                exact[k] = path
            elif path > seconds[k]:
                seconds[k] = path
            if token < 0:
                break
        points += 1
        p += width
    return points


@kernel
def encode(
    offsets: Int64s, data: Bytes, joints: Bytes, dense: Int32s, firsts: Int32s, labels: Bytes, ids: Int32s, scores: Doubles,
    unknown_score: np.float32, longest: int, limit: float, doubles: bool, unknown: int, of_byte: Int32s, pieces: Bytes,
    sizes: Int32s, kept: Int32s, slack: Doubles, sums: Floats, starts: Int32s, tokens: Int32s, path: Int32s,
    exact: Doubles, seconds: Doubles, out: Int32s, ends: Int64s,
) -> int:  # fmt: skip
    """Tokens of every text, as the model reads it, to `out`, where they end to `ends`.

    slack  of each kept stretch: how large half a step of float32 may be, so that no other path can win
           In `sizes`, ALONE is added to the tokens of a code point that is no piece
    The scratch from `sums` to `seconds` has room for the places of a stretch; the answer is how much it needs, or 0
    """
    n = 0
    near = limit - LONGEST * np.float64(unknown_score) + 1.0  # above it no path of a kept stretch comes to the limit
    for d in range(len(offsets) - 1):
        i = offsets[d]
        stop = offsets[d + 1]
        first = n
        total = np.float32(0.0)
        while i < stop:
            end = word_end(data, i, stop, joints)
            size = end - i
            slot = hash_of_piece(data, i, end) & (len(sizes) - 1)
            if total > near and is_kept(data, i, size, slot, pieces, sizes):
                after = total
                count = sizes[slot, 1]
                if count >= ALONE:
                    count -= ALONE
                    after += unknown_score
                else:
                    for t in range(count):
                        after = np.float32(np.float64(after) + scores[kept[slot, t]])
                if (abs(np.float64(after)) + ABOVE) * HALF_STEP < slack[slot]:
                    for t in range(count):
                        n = put(out, n, first, kept[slot, t], unknown)
                    total = after
                    i = end
                    continue
            if size >= len(sums):
                return int(size + 1)
            points = walk(
                data, i, size, total, dense, firsts, labels, ids, scores, unknown_score, longest, limit, doubles, sums, starts,
                tokens, exact, seconds,
            )  # fmt: skip
            most = max(abs(np.float64(total)), abs(np.float64(sums[size]))) + ABOVE
            total = sums[size]
            count = 0
            place = size
            known = True
            while place > 0:
                path[count] = place
                count += 1
                known = known and tokens[place] >= 0
                place = starts[place]
            before = n
            for t in range(count - 1, -1, -1):
                place = path[t]
                if tokens[place] >= 0:
                    n = put(out, n, first, tokens[place], unknown)
                elif len(of_byte) > 0:
                    n = put_bytes(out, n, data, i + starts[place], place - starts[place], of_byte)
                else:
                    n = put(out, n, first, unknown, unknown)
            # Each path is off by half a step an addition; a competitor adds as many pieces as there are code points.
            behind = (exact[size] - seconds[size]) / (1.001 * (count + points))
            if size <= LONGEST and ((known and count <= MOST) or count == 1) and most * HALF_STEP < behind:
                sizes[slot, 0] = size
                for k in range(size):
                    pieces[slot, k] = data[i + k]
                if known:
                    sizes[slot, 1] = count
                    for t in range(count):
                        kept[slot, t] = tokens[path[count - 1 - t]]
                elif len(of_byte) > 0:
                    sizes[slot, 1] = ALONE + n - before
                    for t in range(n - before):
                        kept[slot, t] = out[before + t]
                else:
                    sizes[slot, 1] = ALONE + 1
                    kept[slot, 0] = unknown
                slack[slot] = behind
            i = end
        ends[d] = n
    return 0


def encode_texts(
    offsets: Int64s, data: Bytes, model: Pieces, unknown: int, of_byte: Int32s, kept: Kept, slack: Doubles
) -> tuple[Int32s, Int64s]:
    """Tokens of all texts as the model reads them, and where each one's end; see `encode`."""
    room, needed = SHORT, 1
    out, ends = np.empty(3 * int(offsets[-1]), np.int32), np.zeros(len(offsets) - 1, np.int64)  # as in `piece_merges`
    while needed:
        starts, tokens, path = (np.empty(room, np.int32) for _ in range(3))
        exact, seconds = np.empty(room), np.empty(room)
        sums = np.empty(room, np.float32)
        needed = encode(
            offsets, data, *model, unknown, of_byte, *kept, slack, sums, starts, tokens, path, exact, seconds, out, ends
        )
        room = max(needed, 4 * room)
    return out[: ends[-1] if len(ends) else 0].copy(), ends
