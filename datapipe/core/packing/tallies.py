"""What packing did, counted: documents, tokens, sequences and padding, also by the documents' sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.merged import MIXED, shared
from datapipe.core.packing.methods import Packed
from datapipe.core.packing.sequences import Documents, Laid
from datapipe.core.verdict import Mask


def tallies_of(
    documents: Documents, laid: Laid, names: Sequence[int], lengths: Sequence[int], source: pa.Array | None
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """All together, and each source's own documents and tokens where there are several; sequences of several are `mixed`.

    names, lengths  what recipes call the lengths, and how many tokens these are
    """
    every = np.ones(len(documents.sizes), np.bool_), np.ones(len(laid.length), np.bool_)
    whole = _tallies(documents, laid, names, lengths, *every)
    sources = [] if source is None else source.unique().to_pylist()
    if source is None or len(sources) < 2:
        return whole, {}
    of = shared(source, laid.ends, laid.packed.spans.row).fill_null(MIXED)
    found = {}
    for name in dict.fromkeys([*sources, MIXED]):
        mine = (pc.equal(column, name).to_numpy(zero_copy_only=False) for column in (source, of))
        found[name] = _tallies(documents, laid, names, lengths, *mine)
    return whole, found


def _tallies(
    documents: Documents, laid: Laid, names: Sequence[int], lengths: Sequence[int], rows: Mask, sequences: Mask
) -> dict[str, Any]:
    """Of some documents and sequences: all together, tokens_in + tokens_added = tokens_packed + tokens_cropped, and
    tokens_packed + padding = all places."""
    packed: Packed = laid.packed
    sizes, of, parts = documents.sizes, packed.spans.row, packed.spans.sizes
    taken = np.bincount(of, parts, len(sizes)).astype(np.int64)
    mine = rows[of]
    used = np.bincount(packed.sequence, parts, len(laid.length)).astype(np.int64)
    own = np.bincount(packed.sequence[mine], parts[mine], len(laid.length)).astype(np.int64)
    by_length = {}
    for name, length in zip(names, lengths, strict=True):
        here = laid.length == length
        by_length[str(name)] = {
            "sequences": int((here & sequences).sum()),
            "tokens_packed": int(own[here].sum()),
            "padding": int((laid.length - used)[here & sequences].sum()),
        }
    return {
        "documents": int(rows.sum()),
        "documents_split": int((np.bincount(of, minlength=len(sizes)) > 1)[rows].sum()),
        "documents_cropped": int((taken < sizes)[rows].sum()),
        "tokens_in": int(np.diff(documents.starts)[rows].sum()),
        "tokens_added": int(documents.leads[rows].sum()) + int(documents.tails[rows].sum()),
        "tokens_packed": int(taken[rows].sum()),
        "tokens_cropped": int((sizes - taken)[rows].sum()),
        "tokens_learned": int(_learned(laid)[mine].sum()),
        "padding": int((laid.length - used)[sequences].sum()),
        "sequences": int(sequences.sum()),
        "lengths": by_length,
    }


def _learned(laid: Laid) -> npt.NDArray[np.int64]:
    """Tokens of each piece that are learned; the pieces of a sequence lie one after another from its start."""
    parts, sequence = laid.packed.spans.sizes, laid.packed.sequence
    before = np.cumsum(parts) - parts
    first = np.flatnonzero(np.diff(sequence, prepend=-1))
    starts = np.cumsum(laid.length) - laid.length
    begin = starts[sequence] + before - np.repeat(before[first], np.diff(first, append=len(parts)))
    sums = np.concatenate([[0], np.cumsum(laid.mask, dtype=np.int64)])
    return np.asarray(sums[begin + parts] - sums[begin])
