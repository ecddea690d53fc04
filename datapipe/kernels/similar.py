"""Jaccard similarity of sets of shingles, and who is joined by it."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.hashing import Hashes
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.union_find import flatten, root_of

Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]
Numbers = npt.NDArray[np.float64]

# A document is compared with so many others of its cluster, the next in size. Clusters of fewer distinct documents, and
# nearly all others, are compared in full; one of 20,000 pages that are not alike takes seconds, not hours.
WINDOW = 256


@inlined
def in_common(sets: UInt32s, i: int, i_stop: int, j: int, j_stop: int, needed: int) -> int:
    """How many values two ascending slices share; may stop where they cannot share `needed` any more."""
    count = 0
    while i < i_stop and j < j_stop and count + min(i_stop - i, j_stop - j) >= needed:
        a = sets[i]
        b = sets[j]
        count += a == b
        i += a <= b
        j += b <= a
    return count


@kernel
def join_similar(
    order: Int64s, clusters: Int64s, offsets: Int64s, sets: UInt32s, digests: Hashes, threshold: float
) -> UInt32s:
    """For each row one row of those it is joined to, within its cluster, by similarities of at least `threshold`.

    order  the rows by cluster, size of the set, digest. Equal digests are equal documents, of which one is compared
    """
    rows = len(order)
    parent = np.arange(rows).astype(np.uint32)
    distinct = np.empty(rows, np.int64)
    count = first = 0
    for k in range(rows):
        i = order[k]
        if k and clusters[i] != clusters[order[k - 1]]:
            first = count
        elif k and digests[i] == digests[order[k - 1]]:
            one, two = i, root_of(parent, order[k - 1])
            parent[max(one, two)] = min(one, two)
            continue
        size = offsets[i + 1] - offsets[i]
        c = count - 1
        while c >= first and c >= count - WINDOW and size > 0:
            j = distinct[c]
            other = offsets[j + 1] - offsets[j]
            if other < threshold * size:
                break
            one, two = root_of(parent, i), root_of(parent, j)
            if one != two:
                needed = int(threshold * (size + other) / (1 + threshold))
                shared = in_common(sets, offsets[i], offsets[i + 1], offsets[j], offsets[j + 1], needed)
                if shared >= threshold * (size + other - shared):
                    parent[max(one, two)] = min(one, two)
            c -= 1
        distinct[count] = i
        count += 1
    flatten(parent)
    return parent


@kernel
def similarities(a: Int64s, b: Int64s, offsets: Int64s, sets: UInt32s, digests: Hashes) -> Numbers:
    """The Jaccard similarity of rows a[k] and b[k]: 1 for equal documents, 0 where a set is empty."""
    out = np.zeros(len(a))
    for k in range(len(a)):
        i = a[k]
        j = b[k]
        if digests[i] == digests[j]:
            out[k] = 1.0
            continue
        shared = in_common(sets, offsets[i], offsets[i + 1], offsets[j], offsets[j + 1], 0)
        whole = offsets[i + 1] - offsets[i] + offsets[j + 1] - offsets[j] - shared
        if whole > 0:
            out[k] = shared / whole
    return out
