"""What operators ask of a tokenizer, whatever made it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from datapipe.arrow.text import Text

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


class Encoded(NamedTuple):
    """The tokens of text i are `ids[ends[i - 1]:ends[i]]`."""

    ids: Int32s
    ends: Int64s


class Tokenizer(Protocol):
    """A model that cuts texts into numbered tokens, without BOS and EOS: those are the recipe's to add.

    size  ids are below it: the vocabulary with all added tokens
    slow  why texts go to the library one by one; None where a kernel does the work
    """

    @property
    def size(self) -> int: ...

    @property
    def slow(self) -> str | None: ...

    def encode(self, text: Text) -> Encoded:
        """The library's own ids of every text; a null or empty text has none. No text's ids depend on those beside it."""
        ...

    def decode(self, ids: Int32s) -> str:
        """The text of these tokens."""
        ...

    def id_of(self, token: str) -> int | None:
        """The id of a token such as <|endoftext|>, as its file spells it."""
        ...
