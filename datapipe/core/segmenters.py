"""Words of scripts without spaces by a dictionary, for the languages a recipe names; kernels/syllables.py asks here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from datapipe.arrow.text import Text
from datapipe.core.context import Context
from datapipe.core.errors import MissingDependency
from datapipe.core.operator import Operator
from datapipe.kernels.syllables import WORD_GOES_ON, WORD_STARTS
from datapipe.kernels.words import NO_BREAKS

Bytes = npt.NDArray[np.uint8]
Cut = Callable[[str, str], Iterable[str]]  # text and language to its pieces, which joined give the text


class Segmented(Operator):
    """What operators on words have in common: the parameter `segmenters`, and its answer for a batch.

    jieba is rjieba, the Rust port (wheels, 9 MB/s), whose words equal jieba's; icu is icu4py's word boundaries (8 MB/s),
    by dictionary for Chinese, Japanese, Thai, Lao, Khmer and Burmese. They decide inside runs of these scripts only.
    """

    segmenters: dict[str, Literal["jieba", "icu"]] = Field(
        {},
        description="for scripts without spaces, whose words the rows of a language (column lang) have, as in "
        "{zh: jieba, th: icu, ja: icu}; other rows: a written syllable is a word",
    )

    def columns_read(self) -> tuple[str, ...]:
        """The language too, where it decides."""
        return (*super().columns_read(), "lang") if self.segmenters else super().columns_read()

    def setup(self, ctx: Context) -> None:
        """See that the packages are there."""
        super().setup(ctx)
        for segmenter in sorted(set(self.segmenters.values())):
            _cutter(segmenter)

    def breaks(self, batch: pa.RecordBatch, text: Text) -> Bytes:
        """What the segmenters say of each byte of `text.data`; no bytes where no row has one."""
        if not self.segmenters:
            return NO_BREAKS
        lang = batch.column("lang")
        rows = np.flatnonzero(pc.is_in(lang, pa.array(list(self.segmenters), pa.string())))
        if not len(rows):
            return NO_BREAKS
        breaks = np.zeros(len(text.data), np.uint8)  # pages of other rows are never touched
        for row in rows.tolist():
            start, stop = text.offsets[row : row + 2]
            data = text.data[start:stop]
            language = lang[row].as_py()
            pieces = _cutter(self.segmenters[language])(data.tobytes().decode(), language)
            points = np.flatnonzero(data & 0xC0 != 0x80)
            words = np.fromiter(map(len, pieces), np.int64)
            breaks[start + points] = WORD_GOES_ON
            breaks[start + points[np.cumsum(words) - words]] = WORD_STARTS
        return breaks


@cache
def _cutter(segmenter: str) -> Cut:
    """The segmenter of this name."""
    package: Any
    try:
        if segmenter == "jieba":
            import rjieba as package

            return lambda text, language: package.cut(text)
        import icu4py.breakers as package
    except ImportError:
        name = "rjieba" if segmenter == "jieba" else "icu4py"
        raise MissingDependency(name, "segment", f"segmenters: {segmenter}") from None
    return lambda text, language: package.WordBreaker(text, language)
