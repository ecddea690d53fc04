"""The file of a logistic regression over hashed n-grams: a header, and weights that processes share in memory."""

from __future__ import annotations

import os
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

MAGIC = b"DPNGRAM\x01"  # the last byte is the version of the format
PAGE = 4096  # weights begin at a multiple of it
LARGEST = 1 << 24  # bytes of a header

Weights = npt.NDArray[np.float32]


class Settings(NamedTuple):
    """How texts become features.

    tokens      words or whitespace (kernels/word_ngrams.py)
    longest     words of the longest n-grams
    buckets     a power of two
    unit        counts are divided by their Euclidean norm
    """

    tokens: str
    longest: int
    buckets: int
    unit: bool


class NgramModel(NamedTuple):
    """What the file holds.

    labels      their names
    exclusive   just two labels: the weights are of the first, and the chance of the second is 1 less the first's
    weights     a row a bucket, a column a label (or the one), float32
    intercepts  one for each column
    """

    settings: Settings
    labels: tuple[str, ...]
    exclusive: bool
    weights: Weights
    intercepts: npt.NDArray[np.float64]


def write_ngram_model(path: Path, model: NgramModel) -> None:
    """Magic, length of the header (uint32), header (JSON), zeros up to a page, weights (float32); all little-endian."""
    header = {
        **model.settings._asdict(),
        "labels": model.labels,
        "exclusive": model.exclusive,
        "intercepts": model.intercepts.tolist(),
    }
    said = orjson.dumps(header)
    head = MAGIC + len(said).to_bytes(4, "little") + said
    with path.open("wb") as out:
        out.write(head.ljust(-(-len(head) // PAGE) * PAGE, b"\0"))
        out.write(np.ascontiguousarray(model.weights, "<f4").data)


def read_ngram_model(stream: BinaryIO) -> NgramModel:
    """The model, its weights mapped where the stream is a plain file; ValueError for another file, or a damaged one."""
    begin = stream.read(len(MAGIC) + 4)
    if not begin.startswith(MAGIC):
        raise ValueError("no model of hashed n-grams")
    length = int.from_bytes(begin[len(MAGIC) :], "little")
    said = stream.read(length) if length <= LARGEST else b""
    try:
        header = orjson.loads(said)
        settings = Settings(*(header[name] for name in Settings._fields))
        labels, exclusive = tuple(header["labels"]), header["exclusive"]
        intercepts = np.array(header["intercepts"], np.float64)
    except (ValueError, KeyError, TypeError):
        raise ValueError("the header of the model is damaged") from None
    columns = 1 if exclusive else len(labels)
    start = -(-(len(begin) + length) // PAGE) * PAGE
    size = 4 * settings.buckets * columns
    stream.seek(0, 2)
    if stream.tell() != start + size:
        raise ValueError(
            f"{start + size:,} bytes should be there, found {stream.tell():,}; the file was cut or changed"
        )
    weights = _weights(stream, start, size).reshape(settings.buckets, columns)
    return NgramModel(settings, labels, exclusive, weights, intercepts)


def _weights(stream: BinaryIO, start: int, size: int) -> Weights:
    """Read-only, as the kernels that take a mapping are compiled for."""
    try:
        number = stream.fileno()
        plain = os.fstat(number).st_size == start + size  # not of a compressed file, whose bytes are others
    except (OSError, AttributeError):
        plain = False
    if plain:
        found = np.frombuffer(mmap(number, start + size, access=ACCESS_READ), "<f4", offset=start)
    else:
        stream.seek(start)
        found = np.frombuffer(stream.read(size), "<f4")
    found.flags.writeable = False
    return found
