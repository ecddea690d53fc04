"""What `datapipe.kernels.spans.replace_spans` does, by slices of bytes."""

from __future__ import annotations


def replace(texts: list[bytes], spans: list[tuple[int, int, int]], new: list[bytes]) -> tuple[list[bytes], list[int]]:
    """The texts with `new[i]` in the place of span i (row, start, end), and where in its row each of them starts."""
    replaced, starts = [], []
    for row, text in enumerate(texts):
        parts, here = [], 0
        for (of, start, end), value in zip(spans, new, strict=True):
            if of == row:
                parts.append(text[here:start])
                starts.append(sum(map(len, parts)))
                parts.append(value)
                here = end
        replaced.append(b"".join([*parts, text[here:]]))
    return replaced, starts
