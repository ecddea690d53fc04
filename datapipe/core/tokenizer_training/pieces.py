"""SentencePiece models, BPE and unigram."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

from datapipe.core.errors import RecipeError, TooLittleText
from datapipe.core.language_model.pieces import sentencepiece
from datapipe.core.tokenizer_training.settings import TokenizerSettings
from datapipe.core.tokenizers.sentencepiece_file import described, with_pieces

STEP = 1 / 64  # nats: 2^18 of them, some 100 kB of text, fit the 24 bits of a float32
# Each thread has sentences of its own and their sums are added in the order of threads (src/unigram_model_trainer.cc,
# RunEStep): the same bytes with the same number on any machine, others with another number.
THREADS = 8
_META = ("unk", "bos", "eos", "pad")  # roles that SentencePiece knows
_TOO_MANY = re.compile(r"set it to a value <= (\d+)")
_TOO_FEW = re.compile(r"(\d+) vs (\d+)")


def train_sentencepiece(
    texts: Iterable[str], settings: TokenizerSettings, wanted_by: str, exactly: bool = True
) -> bytes:
    """The model's file; the same texts in the same order give the same bytes.

    exactly  RecipeError if the texts do not give as many pieces as are wanted
    """
    package = sentencepiece(wanted_by, "tokenize")
    out = io.BytesIO()
    named: dict[str, object] = {}
    control = []
    for number, (role, token) in enumerate(settings.special.items()):
        if role in _META:
            named |= {f"{role}_id": number, f"{role}_piece": token}
        else:
            control.append(token)
    for absent in _META:
        named.setdefault(f"{absent}_id", -1)
    try:
        package.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=out,
            model_type=settings.kind.removeprefix("sentencepiece_"),
            vocab_size=settings.vocab_size,
            character_coverage=settings.character_coverage,
            byte_fallback=settings.byte_fallback,
            split_digits=settings.split_digits,
            normalization_rule_name=settings.normalization,
            remove_extra_whitespaces=False,  # or code would lose its indentation
            allow_whitespace_only_pieces=True,
            add_dummy_prefix=settings.dummy_prefix,
            control_symbols=[*control, *settings.additional_tokens],
            user_defined_symbols=list(settings.user_symbols),
            hard_vocab_limit=exactly,
            num_threads=THREADS,
            minloglevel=2,
            **named,
        )
    except (RuntimeError, OSError) as error:
        raise _explained(str(error), settings.vocab_size) from None
    return out.getvalue() if settings.kind == "sentencepiece_bpe" else _with_even_scores(out.getvalue())


def _with_even_scores(model: bytes) -> bytes:
    """Scores as multiples of STEP, whose sums are exact.

    The library adds them as float32, `tokenizers` as float64: of cuts that are equally good, such as ll|ll|l and l|ll|ll,
    each would take another one.
    """
    pieces = described(model).pieces
    return with_pieces(model, (piece._replace(score=round(piece.score / STEP) * STEP) for piece in pieces))


def _explained(said: str, size: int) -> RecipeError:
    if found := _TOO_MANY.search(said):
        return TooLittleText(int(found[1]), size, "pieces")
    if (found := _TOO_FEW.search(said)) and "required_chars" in said:
        return RecipeError(
            f"vocab_size: {size:,} pieces, but bytes, characters and named tokens alone are {int(found[2]):,}; take more, "
            "or a lower character_coverage"
        )
    if "sentences_.empty()" in said:
        return RecipeError("the sample has no text to learn from")
    return RecipeError(f"no SentencePiece model of {size:,} pieces can be made of the sample: {said}")
