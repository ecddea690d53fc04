"""Text in the pieces of a SentencePiece model, which are the words of a language model."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Any

from datapipe.core.errors import MissingDependency, RecipeError

COVERAGE = 0.9995  # of the characters; CCNet's (facebookresearch/cc_net, Makefile)
LONGEST = 1 << 12  # characters of a line that pieces are learnt from; SentencePiece passes over longer ones


def load_pieces(model: bytes, wanted_by: str) -> Any:
    """A SentencePieceProcessor; RecipeError if these are not the bytes of a model."""
    package = sentencepiece(wanted_by)
    try:
        return package.SentencePieceProcessor(model_proto=model)
    except (RuntimeError, OSError) as error:
        raise RecipeError(f"not a SentencePiece model, or one that is cut{_said(error)}") from None


def train_pieces(lines: Iterable[str], size: int, wanted_by: str) -> bytes:
    """A unigram model of at most `size` pieces, fewer where the text has not as many; the same lines, the same bytes."""
    package = sentencepiece(wanted_by)
    out = io.BytesIO()
    try:
        package.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=out,
            model_type="unigram",
            vocab_size=size,
            hard_vocab_limit=False,
            character_coverage=COVERAGE,
            max_sentence_length=4 * LONGEST,  # bytes
            num_threads=1,  # with more, sums of floating-point numbers depend on who comes first
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        raise RecipeError(f"no SentencePiece model of {size:,} pieces can be made of this text{_said(error)}") from None
    return out.getvalue()


def _said(error: Exception) -> str:
    """SentencePiece's words, without the place in its source; for too small a vocabulary those of our own option."""
    said = re.sub(r"^.*\[.*\]\s*", "", str(error)).strip()
    needed = re.search(r"smaller than required_chars\. \d+ vs (\d+)", said)
    if needed:
        said = f"its characters alone need {int(needed[1]):,}"
    return f": {said}" if said else ""


def sentencepiece(wanted_by: str, extra: str = "perplexity") -> Any:
    """The package, or the command that installs it."""
    try:
        import sentencepiece as package
    except ImportError:
        raise MissingDependency("sentencepiece", extra, wanted_by) from None
    return package
