"""A SentencePiece model's file: a protocol buffer whose pieces and settings are read, and to which pieces are added.

Field numbers: google/sentencepiece, src/sentencepiece_model.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
UNIGRAM, BPE = 1, 2

Value = int | bytes


class Piece(NamedTuple):
    """A piece, its score and what it is."""

    text: str
    score: float
    type: int


@dataclass(frozen=True)
class PieceModel:
    """What a model's file says, as far as tokenizers need it.

    dummy_prefix  a blank is put before the text    squeeze  runs of blanks become one, those around the text none
    charsmap      the normalisation, as the library compiles it; b"" is none
    """

    pieces: tuple[Piece, ...]
    type: int
    byte_fallback: bool
    dummy_prefix: bool
    squeeze: bool
    escape: bool
    suffix: bool
    charsmap: bytes

    def of_type(self, *types: int) -> list[str]:
        """The pieces that are one of these."""
        return [piece.text for piece in self.pieces if piece.type in types]


def read_model(data: bytes) -> PieceModel:
    """The model; ValueError for bytes that are none."""
    pieces = []
    trainer: dict[int, Value] = {}
    normalizer: dict[int, Value] = {}
    try:
        for field, value in _fields(data):
            if field == 1:
                own = dict(_fields(_bytes(value)))
                score = struct.unpack("<f", _bytes(own[2]))[0] if 2 in own else 0.0
                pieces.append(Piece(_bytes(own.get(1, b"")).decode(), score, _int(own.get(3, NORMAL))))
            elif field == 2:
                trainer |= dict(_fields(_bytes(value)))
            elif field == 3:
                normalizer |= dict(_fields(_bytes(value)))
    except (IndexError, KeyError, TypeError, UnicodeDecodeError, struct.error) as error:
        raise ValueError("not a SentencePiece model") from error
    if not pieces:
        raise ValueError("not a SentencePiece model: it has no pieces")
    return PieceModel(
        tuple(pieces),
        _int(trainer.get(3, UNIGRAM)),
        bool(trainer.get(35, 0)),
        bool(normalizer.get(3, 1)),
        bool(normalizer.get(4, 1)),
        bool(normalizer.get(5, 1)),
        bool(trainer.get(24, 0)),
        _bytes(normalizer.get(2, b"")),
    )


def with_pieces(data: bytes, pieces: Iterable[Piece]) -> bytes:
    """The same model with these pieces in place of its own."""
    out = bytearray()
    written = list(pieces)
    for piece in written:
        text = piece.text.encode()
        own = b"\x0a" + _varint(len(text)) + text + b"\x15" + struct.pack("<f", piece.score)
        if piece.type != NORMAL:
            own += b"\x18" + _varint(piece.type)
        out += b"\x0a" + _varint(len(own)) + own
    for field, value in _fields(data):
        if field != 1:
            own = _bytes(value)
            out += _varint(field << 3 | 2) + _varint(len(own)) + own
    trainer = b"\x20" + _varint(len(written))  # vocab_size; of a message written twice the fields written last hold
    return bytes(out + b"\x12" + _varint(len(trainer)) + trainer)


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _read_varint(data, at)
            yield tag >> 3, value
            continue
        if kind == 2:
            size, at = _read_varint(data, at)
        else:
            size = {1: 8, 5: 4}[kind]
        if at + size > len(data):
            raise IndexError
        yield tag >> 3, data[at : at + size]
        at += size


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError
    return value


def _int(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value
