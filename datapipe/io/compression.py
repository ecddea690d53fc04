"""Streams of bytes out of plain, gzip, zstd, bzip2 and xz files, with everything before a damage delivered."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

import zstandard

from datapipe.io.files import open_input, reading

BLOCK = 1 << 20  # bytes asked of a disk or a store at once
_HEAD = 6  # bytes that tell a codec
_FIRST_FEED = 1 << 14
_AIM = 1 << 20  # bytes that one feed of a decompressor should give


class Damaged(Exception):
    """The stream cannot be read on; everything before `offset` (in uncompressed bytes) was delivered."""

    def __init__(self, error: str, offset: int) -> None:
        super().__init__(error)
        self.error = error
        self.offset = offset


class Codec(NamedTuple):
    """A compression format: how it is recognised and what decompresses one member (frame) of it."""

    name: str
    extensions: tuple[str, ...]
    magic: tuple[bytes, ...]
    start: Callable[[], Any]
    padding: bool = False  # zero bytes may follow the last member


def _zstd() -> Any:
    return zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()


CODECS = (
    Codec("gzip", (".gz", ".gzip"), (b"\x1f\x8b",), lambda: zlib.decompressobj(wbits=31), True),
    Codec(
        "zstd",
        (".zst", ".zstd"),
        (b"\x28\xb5\x2f\xfd", *(bytes([kind, 0x2A, 0x4D, 0x18]) for kind in range(0x50, 0x60))),
        _zstd,
    ),
    Codec("bzip2", (".bz2",), (b"BZh",), bz2.BZ2Decompressor),
    Codec("xz", (".xz",), (b"\xfd7zXZ\x00",), lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ), True),
)
_ERRORS = (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, EOFError, ValueError)


def with_compressed(*extensions: str) -> tuple[str, ...]:
    """The extensions, plain and with that of every codec behind."""
    return tuple(plain + packed for plain in extensions for packed in ("", *(e for c in CODECS for e in c.extensions)))


def plain_name(url: str) -> str:
    """The file's name in lower case, without a compression extension."""
    name = url.rsplit("/", 1)[-1].lower()
    for codec in CODECS:
        for extension in codec.extensions:
            if name.endswith(extension):
                return name.removesuffix(extension)
    return name


def codec_of(url: str) -> Codec | None:
    """The compression of a file: what its first bytes say; where they say nothing known, what its extension says."""
    with open_input(url, "points") as raw, reading(url):
        return _codec(url, raw.read(_HEAD))


def blocks(url: str, start: int = 0, size: int | None = None) -> Iterator[bytes]:
    """The uncompressed bytes of a file in blocks of about 1 MB; of plain files, `size` bytes from byte `start` on.

    Raises Damaged after the last readable byte, RunFailed if the file itself cannot be read.
    """
    with open_input(url) as raw:
        if start:
            with reading(url):
                raw.seek(start)
        else:
            with reading(url):
                head = raw.read(_HEAD)
            codec = _codec(url, head)
            if codec is not None:
                yield from _unpacked(raw, head, url, codec)
                return
            if head:
                yield head
            size = None if size is None else size - len(head)
        yield from _raw_blocks(raw, url, size)


def _codec(url: str, head: bytes) -> Codec | None:
    for codec in CODECS:
        if any(head.startswith(magic) for magic in codec.magic):
            return codec
    for codec in CODECS:
        if url.lower().endswith(codec.extensions):
            # A text under a compressed name is common: a download that was unpacked on the way.
            cut = any(magic.startswith(head) for magic in codec.magic)
            return codec if cut or not _is_text(head) else None
    return None


def _raw_blocks(raw: BinaryIO, url: str, size: int | None = None) -> Iterator[bytes]:
    while size is None or size > 0:
        with reading(url):
            block = raw.read(BLOCK if size is None else min(BLOCK, size))
        if not block:
            return
        yield block
        size = None if size is None else size - len(block)


def _unpacked(raw: BinaryIO, head: bytes, url: str, codec: Codec) -> Iterator[bytes]:
    position = _Position()
    try:
        yield from _feed(chain([head], _raw_blocks(raw, url)), codec, position)
        return
    except _ERRORS as error:
        reason = str(error) or type(error).__name__
    # A decompressor that fails keeps what it had decoded in that call: go there again, and on byte by byte.
    slow = _Position(slow_from=position.read)
    skip = position.given
    try:
        with open_input(url) as again:
            for block in _feed(_raw_blocks(again, url), codec, slow):
                if skip < len(block):
                    yield block[skip:]
                skip = max(0, skip - len(block))
    except _ERRORS:
        position.given = max(position.given, slow.given)
    raise Damaged(f"the {codec.name} stream is damaged: {reason}", position.given)


class _Position:
    """How far a stream was read and decoded; from compressed byte `slow_from` on it is fed byte by byte."""

    def __init__(self, slow_from: int | None = None) -> None:
        self.read = 0
        self.given = 0
        self.slow_from = slow_from


def _feed(raw: Iterator[bytes], codec: Codec, position: _Position) -> Iterator[bytes]:
    """Decode members one after another; raises one of _ERRORS where the data is wrong, EOFError where it ends early."""
    member = codec.start()
    begun = False  # the current member has got some bytes
    first = True
    size = _FIRST_FEED
    for block in raw:
        at = 0
        while at < len(block):
            if position.slow_from is not None:
                size = 1 if position.read >= position.slow_from else min(size, position.slow_from - position.read)
            data = block[at : at + size]
            if not begun and not first and codec.padding:
                data, zeros = data.lstrip(b"\0"), len(data)
                at += zeros - len(data)
                position.read += zeros - len(data)
                if not data:
                    continue
            out = member.decompress(data)
            begun = True
            used = len(data)
            if member.eof:
                used -= len(member.unused_data)
                member, begun, first = codec.start(), False, False
            at += used
            position.read += used
            if out:
                position.given += len(out)
                yield out
            # Some data unpacks a thousandfold: small feeds keep the output small.
            size = min(1 << 17, size * 2) if len(out) < _AIM else max(1, size * _AIM // len(out))
    if begun:
        raise EOFError(f"it ends early, after {position.read:,} bytes")


def _is_text(head: bytes) -> bool:
    return all(byte >= 0x20 or byte in b"\t\r\n" for byte in head) and not any(0x7F <= byte < 0xC2 for byte in head[:1])
