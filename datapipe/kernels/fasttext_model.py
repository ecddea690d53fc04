"""A fastText classifier as plain arrays, read from its file (.bin, .ftz).

The format is that of fastText 0.9.2 (version 12; version 11 is read, too), little-endian and without padding: arguments,
dictionary, input matrix, output matrix. Bojanowski et al. 2017 (subwords), Joulin et al. 2016 (quantisation).
"""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.fasttext_file import Reader, damaged
from datapipe.kernels.fasttext_projection import projected
from datapipe.kernels.fasttext_words import FREE, Words

Int32s = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

MAGIC, VERSION = 793712314, 12
SUPERVISED = 3
TREE, NEGATIVE_SAMPLING, SOFTMAX, ONE_VS_ALL = 1, 2, 3, 4  # losses; the tree is called hierarchical softmax
BUCKETS, DIM, NGRAM = 1 << 28, 1 << 16, 1 << 8  # beyond what anyone trains: such numbers are read from a damaged file
COUNT = 10**15  # of a label: fastText's number for a node of the tree that is not made yet


class Model(NamedTuple):
    """`words` turns text to vectors, `loss`, `output` and the tree turn vectors to `labels`."""

    labels: tuple[str, ...]
    words: Words
    loss: int
    output: (
        Floats  # empty where rows are projected: sums are scores of all nodes, or labels; by softmax less the first's
    )
    tree: Int32s  # of inner node i: children tree[i]; a node below len(labels) is a label


class Arguments(NamedTuple):
    """What of the training's parameters matters to an answer."""

    dim: int
    word_ngrams: int
    loss: int
    bucket: int
    minn: int
    maxn: int


def read_model(stream: BinaryIO, project: bool = False) -> Model:
    """Read a classifier; ValueError says what was found instead.

    To `project` is to hold, instead of vectors, their products with the outputs where these are fewer than dimensions.
    """
    file = Reader(stream)
    a = _arguments(file)
    size, n_words, n_labels = (file.int32() for _ in range(3))
    file.skip(8)
    pruned = file.int64()  # how many buckets were kept; below 0: all
    if n_labels < 1 or n_words < 0 or size != n_words + n_labels:
        raise damaged(f"{size} entries, {n_words} words and {n_labels} labels")
    spelled, counts, types = file.entries(size)
    if any(types[:n_words]) or not all(types[n_words:]):
        raise damaged("words after labels")
    bucket_rows = _kept_buckets(file, pruned, a.bucket, n_words) if pruned > 0 else np.empty(0, np.int32)
    if pruned == 0:
        a = a._replace(maxn=0, word_ngrams=1)

    quantised = file.flag()
    if pruned >= 0 and not quantised:
        raise damaged("a pruned dictionary beside a whole matrix")
    matrix = file.quantised(a.dim) if quantised else file.dense(a.dim)
    needed = pruned if pruned >= 0 else a.bucket if a.word_ngrams > 1 or a.maxn > 0 else 0
    if len(matrix) < n_words + needed:
        raise damaged(f"{len(matrix)} vectors for {n_words} words and {needed} n-grams")
    output_quantised = file.flag() and quantised
    output = (file.quantised(a.dim) if output_quantised else file.dense(a.dim))[:]
    if len(output) < n_labels:
        raise damaged(f"{len(output)} output vectors for {n_labels} labels")
    output = output[:n_labels]
    scored = _scored(output, a.loss)
    if project and len(scored) < a.dim:
        matrix, output = projected(matrix, scored), output[:0]

    starts = np.zeros(size + 1, np.int64)
    np.cumsum([len(word) for word in spelled], out=starts[1:])
    letters = np.frombuffer(b"".join(spelled), np.uint8).copy()
    end = spelled.index(b"</s>") if b"</s>" in spelled[:n_words] else FREE
    present = np.packbits(bucket_rows != FREE, bitorder="little")
    words = Words(
        starts, letters, n_words, a.minn, a.maxn, a.bucket, present, bucket_rows, matrix[:], a.word_ngrams, end
    )
    try:
        labels = tuple(word.decode() for word in spelled[n_words:])
    except UnicodeDecodeError:
        raise damaged("a label that is not UTF-8") from None
    tree = huffman(counts[n_words:]) if a.loss == TREE else np.empty((0, 2), np.int32)
    return Model(labels, words, a.loss, output, tree)


def _scored(output: Floats, loss: int) -> Doubles:
    """The outputs that must be known: a tree has an inner node less than labels, softmax is of differences."""
    wide = output.astype(np.float64)
    if loss == TREE:
        return wide[:-1]
    return wide[1:] - wide[0] if loss == SOFTMAX else wide


def _arguments(file: Reader) -> Arguments:
    if file.int32() != MAGIC:
        raise ValueError("it is not a fastText model: it does not begin with fastText's mark")
    version = file.int32()
    if version > VERSION:
        raise ValueError(f"its format is version {version}, and {VERSION} is the newest known")
    dim, _, _, _, _, word_ngrams, loss, kind, bucket, minn, maxn, _ = (file.int32() for _ in range(12))
    file.skip(8)
    if kind != SUPERVISED:
        raise ValueError("it holds word vectors, not a classifier: a supervised model is needed")
    if loss not in (TREE, NEGATIVE_SAMPLING, SOFTMAX, ONE_VS_ALL) or not 0 < dim < DIM or not 0 <= bucket < BUCKETS:
        raise damaged(f"loss {loss}, dimension {dim}, {bucket} buckets")
    if max(maxn, word_ngrams) >= NGRAM or min(minn, maxn, word_ngrams) < 0:
        raise damaged(f"n-grams of {maxn} characters and of {word_ngrams} words")
    if version < VERSION:
        maxn = 0  # classifiers had no subwords then
    if bucket == 0 and (word_ngrams > 1 or maxn > 0):
        raise damaged("n-grams without buckets")
    return Arguments(dim, word_ngrams, loss, bucket, minn, maxn)


def _kept_buckets(file: Reader, pruned: int, bucket: int, n_words: int) -> Int32s:
    """The row of every bucket, FREE for those that were cut."""
    pairs = file.array("<i4", (pruned, 2))
    if pairs.min() < 0 or pairs[:, 0].max() >= bucket or pairs[:, 1].max() >= pruned:
        raise damaged("a pruned bucket out of range")
    rows = np.full(bucket, FREE, np.int32)
    rows[pairs[:, 0]] = n_words + pairs[:, 1]
    return rows


def huffman(counts: list[int]) -> Int32s:
    """Children of the inner nodes, in the order in which fastText makes them: labels come by falling count.

    The two least frequent nodes are joined until one is left; among equals an inner node goes before a label.
    """
    n = len(counts)
    if not all(0 <= count < COUNT for count in counts):
        raise damaged("a label that is counted impossibly often")
    weight = [*counts, *[COUNT] * (n - 1)]
    children = np.empty((n - 1, 2), np.int32)
    label, inner = n - 1, n
    for node in range(n, 2 * n - 1):
        total = 0
        for side in range(2):
            if label >= 0 and weight[label] < weight[inner]:
                least, label = label, label - 1
            else:
                least, inner = inner, inner + 1
            children[node - n, side] = least
            total += weight[least]
        weight[node] = total
    return children
