"""Text as a SentencePiece model reads it: replaced by the model's own rules, white space escaped, collapsed and put in front.

google/sentencepiece, src/normalizer.cc. The sign for white space (U+2581) is written as a blank.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.piece_tables import Trie
from datapipe.kernels.piece_words import longest

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Units = npt.NDArray[np.uint32]

NOWHERE, IN_FRONT, BEHIND = 0, 1, 2  # where a blank is added
_BLANK = 32
_SIGN = (0xE2, 0x96, 0x81)


class Rules(NamedTuple):
    """What replaces what.

    plain     bytes of ASCII that stand for themselves in front of ASCII
    units     a double array of what is replaced (s-yata/darts-clone); empty if nothing is
    replaced  what stands instead, up to a NUL
    """

    plain: Bytes
    units: Units
    replaced: Bytes


@inlined
def rule_at(data: Bytes, i: int, stop: int, units: Units) -> tuple[int, int]:
    """The longest rule at i: how many bytes it replaces (0: none), and where what stands instead begins."""
    size = 0
    value = 0
    at = i
    unit = int(units[0])
    node = (unit >> 10) << ((unit & 512) >> 6)
    while at < stop:
        node ^= int(data[at])
        unit = int(units[node])
        if unit & 0x800000FF != data[at]:
            break
        node ^= (unit >> 10) << ((unit & 512) >> 6)
        at += 1
        if unit >> 8 & 1:
            size = at - i
            value = int(units[node]) & 0x7FFFFFFF
    return size, value


@inlined
def append(out: Bytes, n: int, data: Bytes, i: int, end: int) -> int:
    """Put data[i:end] to out[n:] with the sign for white space as a blank; the new n."""
    while i < end:
        if data[i] == _SIGN[0] and i + 2 < end and data[i + 1] == _SIGN[1] and data[i + 2] == _SIGN[2]:
            out[n] = _BLANK
            i += 3
        else:
            out[n] = data[i]
            i += 1
        n += 1
    return n


@inlined
def rewritten(
    data: Bytes,
    i: int,
    stop: int,
    units: Units,
    replaced: Bytes,
    dense: Int32s,
    firsts: Int32s,
    labels: Bytes,
    symbols: Int32s,
) -> tuple[int, bool, int, int]:
    """What is read at i: how many bytes, whether a rule applies, and from where to where in `replaced` or else in `data`."""
    _, end = longest(data, i, stop, dense, firsts, labels, symbols)
    if end == i:
        if len(units) > 0:
            size, value = rule_at(data, i, stop, units)
            if size > 0:
                end = value
                while replaced[end] != 0:
                    end += 1
                return size, True, value, end
        end = i + 1
        while end < stop and data[end] & 0xC0 == 0x80:
            end += 1
    return end - i, False, i, end


@kernel
def read(
    offsets: Int64s, data: Bytes, plain: Bytes, units: Units, replaced: Bytes, dense: Int32s, firsts: Int32s, labels: Bytes,
    symbols: Int32s, blank: int, collapse: bool, out: Bytes, ends: Int64s,
) -> int:  # fmt: skip
    """Texts as the model reads them to `out`, text d from ends[d] to ends[d + 1]; 0, or how much room it takes at least.

    dense, firsts, labels, symbols  the trie of the symbols that no rule touches
    blank, collapse           where one is added; whether runs of them become one, and those at both ends none
    """
    n = 0
    documents = len(offsets) - 1
    total = offsets[documents]
    for d in range(documents):
        i = offsets[d]
        stop = offsets[d + 1]
        head = n
        while collapse and i < stop:
            size, ruled, at, end = rewritten(data, i, stop, units, replaced, dense, firsts, labels, symbols)
            if end - at != 1 or (replaced[at] if ruled else data[at]) != _BLANK:
                break
            i += size
        empty = i == stop
        if blank == IN_FRONT and not empty:
            out[n] = _BLANK
            n += 1
        after_blank = collapse  # no other one follows it then
        while i < stop:
            first = data[i]
            if first < 128 and plain[first] and (i + 1 == stop or data[i + 1] < 128):
                i += 1
                if not (first == _BLANK and after_blank):
                    out[n] = first
                    n += 1
                    after_blank = collapse and first == _BLANK
                continue
            size, ruled, at, end = rewritten(data, i, stop, units, replaced, dense, firsts, labels, symbols)
            i += size
            if ruled:
                needed = n + (end - at) + (total - i) + 2 * (documents - d)
                if needed > len(out):
                    return int(needed)
                while after_blank and at < end and replaced[at] == _BLANK:
                    at += 1
                if at < end:
                    n = append(out, n, replaced, at, end)
                    after_blank = collapse and replaced[end - 1] == _BLANK
            else:
                while after_blank and at < end and data[at] == _BLANK:
                    at += 1
                if at < end:
                    n = append(out, n, data, at, end)
                    after_blank = collapse and data[end - 1] == _BLANK
        while collapse and n > head and out[n - 1] == _BLANK:
            n -= 1
        if blank == BEHIND and not empty:
            out[n] = _BLANK
            n += 1
        ends[d + 1] = n
    return 0


def read_texts(
    offsets: Int64s, data: Bytes, rules: Rules, symbols: Trie, blank: int, collapse: bool
) -> tuple[Int64s, Bytes]:
    """Offsets and bytes of all texts as the model reads them; see `read`."""
    ends = np.zeros(len(offsets), np.int64)
    room = int(offsets[-1] - offsets[0]) + 2 * len(offsets)
    while True:
        out = np.empty(room, np.uint8)
        needed = read(offsets, data, rules.plain, rules.units, rules.replaced, *symbols, blank, collapse, out, ends)
        if not needed:
            return ends, out[: ends[-1]]
        room = 2 * needed


def rules_of(charsmap: bytes, symbols: Iterable[bytes]) -> Rules:
    """The rules of a model's precompiled charsmap, which may be empty; a symbol's first byte is never plain."""
    plain = np.ones(128, np.uint8)
    units, replaced = np.empty(0, np.uint32), np.empty(0, np.uint8)
    if charsmap:
        size = int.from_bytes(charsmap[:4], "little")
        if not 0 < size < len(charsmap) - 4 or size % 4:
            raise ValueError("its charsmap is broken")
        units = np.frombuffer(charsmap, "<u4", size // 4, 4).astype(np.uint32)
        replaced = np.frombuffer(charsmap, np.uint8, offset=4 + size)
        pairs = np.stack([np.repeat(np.arange(128), 128), np.tile(np.arange(128), 128)], 1).astype(np.uint8)
        ruled = [_starts_rule(units, first, second) for first, second in pairs.tolist()]
        plain[np.reshape(ruled, (128, 128)).any(axis=1)] = 0
    for symbol in symbols:
        if symbol[0] < 128:
            plain[symbol[0]] = 0
    return Rules(plain, units, replaced)


def _starts_rule(units: Units, first: int, second: int) -> bool:
    """Whether the first byte, or both, are a rule or the beginning of a longer one of ASCII alone."""
    unit = int(units[0])
    node = (unit >> 10) << ((unit & 512) >> 6)
    for k, byte in enumerate((first, second)):
        node ^= byte
        unit = int(units[node]) if node < len(units) else 0
        if unit & 0x800000FF != byte:
            return False
        node ^= (unit >> 10) << ((unit & 512) >> 6)
        if k or unit >> 8 & 1:
            return True
    return False
