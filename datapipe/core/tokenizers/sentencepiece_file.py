"""What a SentencePiece model's file holds, read without its package: a protocol buffer of a few fields.

google/sentencepiece, src/sentencepiece_model.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

UNIGRAM, BPE = 1, 2
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5


class Piece(NamedTuple):
    """A piece, its score, and what it is for."""

    text: str
    score: float
    kind: int


class Description(NamedTuple):
    """A model: its pieces in the order of their ids, and how text is read before."""

    pieces: list[Piece]
    model_type: int
    byte_fallback: bool
    space_behind: bool  # treat_whitespace_as_suffix
    charsmap: bytes
    dummy_prefix: bool
    collapse: bool  # remove_extra_whitespaces
    escape: bool


def is_model(content: bytes) -> bool:
    """Whether this may be a model: its first field is a piece."""
    try:
        return content[:1] == b"\n" and bool(_piece(next(_fields(content[:4096]))[1]).text)
    except (ValueError, StopIteration):
        return False


def described(content: bytes) -> Description:
    """The model of a file; ValueError if it is none."""
    pieces, trainer, normalizer = [], {}, {}
    for field, value in _fields(content):
        if field == 1:
            pieces.append(_piece(value))
        elif field == 2:
            trainer = dict(_fields(value))
        elif field == 3:
            normalizer = dict(_fields(value))
    if not pieces:
        raise ValueError("it has no pieces")
    return Description(
        pieces=pieces,
        model_type=trainer.get(3, UNIGRAM),
        byte_fallback=bool(trainer.get(35, 0)),
        space_behind=bool(trainer.get(24, 0)),
        charsmap=normalizer.get(2, b""),
        dummy_prefix=bool(normalizer.get(3, 1)),
        collapse=bool(normalizer.get(4, 1)),
        escape=bool(normalizer.get(5, 1)),
    )


def with_pieces(content: bytes, pieces: Iterable[Piece]) -> bytes:
    """The file of the same model with these pieces in place of its own."""
    written = [_written(piece) for piece in pieces]
    for field, value in _fields(content):
        if field != 1:
            size = b"\x20" + _as_varint(len(written)) if field == 2 else b""  # vocab_size; of two the last one holds
            written.append(_message(field, value + size))
    return b"".join(written)


def _written(piece: Piece) -> bytes:
    kind = b"" if piece.kind == NORMAL else b"\x18" + _as_varint(piece.kind)
    return _message(1, _message(1, piece.text.encode()) + b"\x15" + struct.pack("<f", piece.score) + kind)


def _message(field: int, content: bytes) -> bytes:
    return _as_varint(field << 3 | _BYTES) + _as_varint(len(content)) + content


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _piece(message: bytes) -> Piece:
    fields = dict(_fields(message))
    return Piece(fields[1].decode(), fields.get(2, 0.0), fields.get(3, NORMAL)) if 1 in fields else Piece("", 0.0, 0)


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value: Any
        if key & 7 == _VARINT:
            value, at = _varint(message, at)
        elif key & 7 == _BYTES:
            size, at = _varint(message, at)
            value, at = message[at : at + size], at + size
        elif key & 7 == _FLOAT and at + 4 <= len(message):
            value, at = struct.unpack_from("<f", message, at)[0], at + 4
        elif key & 7 == _DOUBLE:
            value, at = message[at : at + 8], at + 8
        else:
            raise ValueError("it is no protocol buffer")
        if at > len(message):
            raise ValueError("it is cut off")
        yield key >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("it is cut off")
        value |= (message[at] & 127) << shift
        at += 1
        if message[at - 1] < 128:
            return value, at
    raise ValueError("it is no protocol buffer")
