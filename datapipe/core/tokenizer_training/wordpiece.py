"""WordPiece as Hugging Face's `tokenizers` learns it: BPE whose tokens within a word begin with ##.

Left to itself the library numbers the ##characters in the order of a hash map, which is another one in each process, and
equal pairs go by number; so it is given all characters first, as tokens of their own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from datapipe.core.errors import RecipeError, TooLittleText
from datapipe.core.tokenizer_training.byte_pairs import TWICE, named_tokens, normalizer
from datapipe.core.tokenizer_training.settings import TokenizerSettings
from datapipe.core.tokenizers.huggingface import library

INSIDE = "##"
LONGEST = 100  # characters of a word; BERT's (google-research/bert, tokenization.py)


def train_wordpiece(texts: Callable[[], Iterable[str]], settings: TokenizerSettings, wanted_by: str) -> dict[str, Any]:
    """The description of the model, as `tokenizer.json` has it; the texts are read twice."""
    tokenizers = library(wanted_by)
    kinds = tokenizers.pre_tokenizers
    parts = [kinds.BertPreTokenizer(), *([kinds.Digits(individual_digits=True)] if settings.split_digits else [])]
    named = [*settings.reserved, *settings.user_symbols]
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token=settings.special["unk"]))
    made.pre_tokenizer = kinds.Sequence(parts)
    made.normalizer = normalizer(tokenizers, settings)
    characters = _characters(texts(), made, settings.character_coverage)
    alphabet = [token for token in characters if token not in named]
    first = [*named, *alphabet]
    if len(first) > settings.vocab_size:
        raise RecipeError(
            f"vocab_size: {settings.vocab_size:,} tokens, but characters and named tokens alone are {len(first):,}; take "
            "more, or a lower character_coverage"
        )
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=settings.vocab_size,
        min_frequency=TWICE,
        special_tokens=first,
        initial_alphabet=(singles := [token for token in alphabet if len(token) == 1]),
        limit_alphabet=len(singles),
        continuing_subword_prefix=INSIDE,
        show_progress=False,
    )
    made.train_from_iterator(texts(), trainer)
    description: dict[str, Any] = json.loads(made.to_str())
    vocab = description["model"]["vocab"]
    if len(vocab) < settings.vocab_size:
        raise TooLittleText(len(vocab), settings.vocab_size)
    description["added_tokens"] = named_tokens(settings)
    description["model"] |= {"continuing_subword_prefix": INSIDE, "max_input_chars_per_word": LONGEST}
    description["decoder"] = {"type": "WordPiece", "prefix": INSIDE, "cleanup": False}
    description["post_processor"] = _framed(settings)
    return description


def _characters(texts: Iterable[str], made: Any, coverage: float) -> list[str]:
    """The commonest characters, by code point, then with ## those that stand within words."""
    seen: Counter[str] = Counter()
    inside: set[str] = set()
    for text in texts:
        normal = made.normalizer.normalize_str(text) if made.normalizer is not None else text
        for word, _ in made.pre_tokenizer.pre_tokenize_str(normal):
            seen.update(word)
            inside.update(word[1:])
    wanted = coverage * sum(seen.values())
    kept, total = [], 0
    for character, times in sorted(seen.items(), key=lambda item: (-item[1], item[0])):
        if total >= wanted:
            break
        kept.append(character)
        total += times
    kept.sort()
    if not kept:
        raise RecipeError("the sample has no text to learn from")
    return [*kept, *(INSIDE + character for character in kept if character in inside)]


def _framed(settings: TokenizerSettings) -> dict[str, Any] | None:
    """[CLS] before and [SEP] behind, as BERT has them, where both are declared."""
    special = settings.special
    if "cls" not in special or "sep" not in special:
        return None
    cls, sep = special["cls"], special["sep"]
    ids = {token: settings.reserved.index(token) for token in (cls, sep)}
    first = [_special(cls, 0), {"Sequence": {"id": "A", "type_id": 0}}, _special(sep, 0)]
    return {
        "type": "TemplateProcessing",
        "single": first,
        "pair": [*first, {"Sequence": {"id": "B", "type_id": 1}}, _special(sep, 1)],
        "special_tokens": {token: {"id": token, "ids": [n], "tokens": [token]} for token, n in ids.items()},
    }


def _special(token: str, part: int) -> dict[str, Any]:
    return {"SpecialToken": {"id": token, "type_id": part}}
