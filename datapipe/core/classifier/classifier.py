"""What operators ask of a text classifier, whatever trained it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from datapipe.arrow.text import Text

Doubles = npt.NDArray[np.float64]


class Classifier(Protocol):
    """A model that gives each text a chance of each of its labels.

    labels  their names, without fastText's `__label__`
    """

    @property
    def labels(self) -> tuple[str, ...]: ...

    def chances(self, text: Text) -> Doubles:
        """One row a text, one column a label; each text is one line to it, white space of any kind a space.

        NaN where the model has nothing to go by: no word, or none it knows (fastText's models know the end of the text, so
        that they answer for an empty one, too). A text's chances do not depend on the texts beside it.
        """
        ...
