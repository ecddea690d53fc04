"""SentencePiece's BPE: of all neighbours that are a piece together, those of the highest score become one (Sennrich et al. 2016).

google/sentencepiece, src/bpe_model.cc. Merged are stretches that no piece crosses, and what a short one came to is kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.byte_pairs import FEW, SHORT, merge_few, merge_many
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.kept_pieces import MOST, Kept, hash_of_piece, is_kept, keep
from datapipe.kernels.piece_tables import Trie
from datapipe.kernels.piece_words import longest, point_at, word_end

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]


class PieceMerges(NamedTuple):
    """What a model merges. Its symbols are its pieces, then code points that stand in pieces only, then the unknown one.

    joints         bits of code points that stand together in a piece
    symbols        the symbol of each code point
    pairs, values  open addressing by two symbols: the rank of the piece they are, the piece
    sizes          code points of each symbol
    frozen         bytes with which a symbol begins that is taken whole before all merging
    """

    joints: Bytes
    symbols: Int32s
    pairs: Keys
    values: Int32s
    sizes: Int32s
    frozen: Bytes


@inlined
def put(out: Int32s, n: int, first: int, token: int, unknown: int) -> int:
    """Append a token to those of a text that begin at `first`; of unknown ones in a row there is one. The new n."""
    if token == unknown and n > first and out[n - 1] == unknown:
        return n
    out[n] = token
    return n + 1


@inlined
def put_bytes(out: Int32s, n: int, data: Bytes, i: int, size: int, of_byte: Int32s) -> int:
    """Append the tokens of a code point's bytes; a blank has those of the sign for white space. The new n."""
    if data[i] == 32:
        out[n] = of_byte[0xE2]
        out[n + 1] = of_byte[0x96]
        out[n + 2] = of_byte[0x81]
        return n + 3
    for k in range(i, i + size):
        out[n] = of_byte[data[k]]
        n += 1
    return n


@kernel
def encode(
    offsets: Int64s, data: Bytes, joints: Bytes, of_point: Int32s, pairs: Keys, values: Int32s, lengths: Int32s,
    frozen: Bytes, dense: Int32s, firsts: Int32s, labels: Bytes, ids: Int32s, vocabulary: int, unknown: int, of_byte: Int32s,
    pieces: Bytes, sizes: Int32s, kept: Int32s, symbols: Int32s, ranks: Int32s, befores: Int32s, heap: Int64s, out: Int32s,
    ends: Int64s,
) -> int:  # fmt: skip
    """Tokens of every text, as the model reads it, to `out`, where they end to `ends`.

    dense, firsts, labels, ids   the trie of the symbols that are taken whole
    vocabulary, unknown    symbols below are tokens; the token of all others, if `of_byte` is empty
    The rest is as in `byte_pairs.encode`, the answer too
    """
    n = 0
    for d in range(len(offsets) - 1):
        i = offsets[d]
        stop = offsets[d + 1]
        first = n
        while i < stop:
            end = word_end(data, i, stop, joints)
            size = end - i
            h = hash_of_piece(data, i, end)
            slot = h & (len(sizes) - 1)
            if is_kept(data, i, size, slot, pieces, sizes):
                for t in range(sizes[slot, 1]):
                    n = put(out, n, first, kept[slot, t], unknown)
                i = end
                continue
            if size > len(symbols):
                return int(size)
            count = 0
            spelled = False  # whether a code point must be looked up again, to be spelled in bytes
            at = i
            while at < end:
                if frozen[data[at]]:
                    piece, behind = longest(data, at, end, dense, firsts, labels, ids)
                    if piece >= 0:
                        symbols[count] = piece
                        count += 1
                        at = behind
                        continue
                point, width = point_at(data, at)
                symbols[count] = of_point[point]
                spelled = spelled or (of_point[point] >= vocabulary and len(of_byte) > 0)
                count += 1
                at += width
            if count <= FEW:
                left = merge_few(symbols, ranks, count, pairs, values)
            else:
                left = merge_many(symbols, ranks, befores, heap, count, pairs, values)
            before = n
            at = i
            for t in range(left):
                token = symbols[t]
                if token < vocabulary:
                    n = put(out, n, first, token, unknown)
                else:
                    symbols[t] = unknown
                    if len(of_byte) > 0:
                        _, width = point_at(data, at)
                        n = put_bytes(out, n, data, at, width, of_byte)
                    else:
                        n = put(out, n, first, unknown, unknown)
                if spelled:
                    for _ in range(lengths[token]):
                        _, width = point_at(data, at)
                        at += width
            if spelled:
                left = n - before
                for t in range(min(left, MOST)):
                    symbols[t] = out[before + t]
            keep(data, i, size, slot, symbols, left, pieces, sizes, kept)
            i = end
        ends[d] = n
    return 0


def encode_texts(
    offsets: Int64s,
    data: Bytes,
    merges: PieceMerges,
    trie: Trie,
    vocabulary: int,
    unknown: int,
    of_byte: Int32s,
    kept: Kept,
) -> tuple[Int32s, Int64s]:
    """Tokens of all texts as the model reads them, and where each one's end; see `encode`."""
    room, needed = SHORT, 1
    # At most three tokens a byte, if the sign for white space is unknown; untouched pages cost nothing.
    out, ends = np.empty(3 * int(offsets[-1]), np.int32), np.zeros(len(offsets) - 1, np.int64)
    while needed:
        symbols, ranks, befores = (np.empty(room, np.int32) for _ in range(3))
        heap = np.empty(3 * room, np.int64)
        needed = encode(
            offsets, data, *merges, *trie, vocabulary, unknown, of_byte, *kept, symbols, ranks, befores, heap, out, ends
        )
        room = max(needed, 4 * room)
    return out[: ends[-1] if len(ends) else 0].copy(), ends
