"""The layout of the files that kenlm's build_binary makes (`probing`, version 5; kpu/kenlm, lm/binary_format.cc, lm/vocab.hh)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint32]

PREFIX = b"mmap lm http://kheafield.com/code"  # of all its files
MAGIC = PREFIX + b" format version 5\n\0"
# Magic bytes, and numbers as the machine that wrote them has them.
SANE = MAGIC.ljust(56, b"\0") + struct.pack("<3f3IQ", 0.0, 1.0, -0.5, 1, 0xFFFFFFFF, 0, 1)
KIND = struct.Struct("<B3xfI?3xI")  # order, slots for each n-gram, kind of model, whether words stand behind, version
ROOM = 1.5  # slots for each n-gram, if not said otherwise
KINDS = ("probing", "rest-cost", "trie", "quantised trie", "array trie", "quantised array trie")
WORD, UNIGRAM, ENTRY, LONGEST = (
    12,
    8,
    16,
    12,
)  # bytes of an entry: of words, of unigrams, of n-grams, of the longest ones
HEAD = 256  # bytes that hold any header
MOST = 20  # words of an n-gram; more are a damaged file


class OtherKind(ValueError):
    """A model that the package kenlm reads, and our own tables do not hold."""


@dataclass(frozen=True)
class Layout:
    """Where the tables of a model stand, by how many n-grams each order has."""

    sizes: tuple[int, ...]
    room: float = ROOM

    def header(self) -> bytes:
        """What stands before the vocabulary."""
        head = SANE + KIND.pack(len(self.sizes), self.room, 0, True, 0)
        head += struct.pack(f"<{len(self.sizes)}Q", *self.sizes)
        return head.ljust(-(-len(head) // 8) * 8, b"\0")

    def slots(self) -> list[int]:
        """Entries of each table: words, unigrams (one more than there are, should <unk> not be among them), bigrams, …"""
        room = np.float32(self.room)
        words, *longer = (max(size + 1, int(room * np.float32(size))) for size in self.sizes)
        return [words, self.sizes[0] + 1, *longer]

    def widths(self) -> list[int]:
        """Bytes of an entry of each table."""
        return [WORD, UNIGRAM, *[ENTRY] * (len(self.sizes) - 2), LONGEST]

    def tables(self) -> list[int]:
        """The first byte of each table, and the byte after the last one; the vocabulary has its own version and size."""
        places = [len(self.header()) + 8]
        for slots, width in zip(self.slots(), self.widths(), strict=True):
            places.append(places[-1] + slots * width)
        return places

    def split(self, memory: Numbers) -> list[Numbers]:
        """Each table of a model in memory, a row an entry."""
        places = [place // 4 for place in self.tables()]
        widths = [width // 4 for width in self.widths()]
        return [memory[places[n] : places[n + 1]].reshape(-1, width) for n, width in enumerate(widths)]


def layout_of(head: bytes, size: int) -> Layout:
    """The layout of a file of `size` bytes that begins so; ValueError for one of another kind, version or machine, or cut."""
    rebuild = "`build_binary probing MODEL.arpa MODEL.arpa.bin` makes one that can be read"
    if not head.startswith(MAGIC):
        raise ValueError(f"not of KenLM's version 5, or not written to its end; {rebuild}")
    if not head.startswith(SANE):
        raise ValueError(f"written by a machine that has other numbers; {rebuild}")
    if len(head) < len(SANE) + KIND.size:
        raise ValueError("the file ends in its header")
    order, room, kind, _, version = KIND.unpack_from(head, len(SANE))
    if kind != 0 or version != 0:
        name = KINDS[kind] if kind < len(KINDS) else f"kind {kind}"
        raise OtherKind(f"a {name} model of version {version}, and not KenLM's hash tables; {rebuild}")
    if not 2 <= order <= MOST or len(head) < len(SANE) + KIND.size + 8 * order:
        raise ValueError(f"a model of order {order}: its header is damaged")
    layout = Layout(struct.unpack_from(f"<{order}Q", head, len(SANE) + KIND.size), room)
    if size < (whole := layout.tables()[-1]):
        raise ValueError(f"{whole:,} bytes should be there, and {size:,} are; the file was cut")
    return layout
