"""More tokens for a model that has some, for another language say: those it has keep their ids.

BPE goes on where the model ends: all its merges are done before any new one, so each new token can be reached, and a text
has the ids it had unless two neighbours in it are a new merge. Unigram models get the pieces of a model learnt from the
new text, by which a text changes where they are likelier together than the old ones were.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from datapipe.core.errors import RecipeError, TooLittleText
from datapipe.core.language_model.pieces import sentencepiece
from datapipe.core.tokenizer_training.byte_pairs import TWICE
from datapipe.core.tokenizer_training.continued import merges
from datapipe.core.tokenizer_training.pieces import train_sentencepiece
from datapipe.core.tokenizer_training.settings import TokenizerSettings
from datapipe.core.tokenizers.converted import SPACE, added_tokens, converted
from datapipe.core.tokenizers.huggingface import library
from datapipe.core.tokenizers.sentencepiece_file import (
    BPE,
    NORMAL,
    UNIGRAM,
    Description,
    Piece,
    described,
    with_pieces,
)

LONGEST = 16  # characters of a piece; SentencePiece's own bound
# Within what pieces are learnt: a word with the blank before it, one digit, signs, blanks.
_WORDS = rf"{SPACE}?[\p{{L}}\p{{M}}]+|{SPACE}?\p{{N}}|{SPACE}+|[^{SPACE}\p{{L}}\p{{M}}\p{{N}}]+"
Texts = Callable[[], Iterable[str]]


def extended_byte_level(
    base: dict[str, Any], texts: Texts, settings: TokenizerSettings, wanted_by: str
) -> dict[str, Any]:
    """A `tokenizer.json` of byte-level BPE with more merges; RecipeError for one of another kind."""
    tokenizers = library(wanted_by)
    made = tokenizers.Tokenizer.from_str(json.dumps(base))
    vocab: dict[str, int] = base["model"]["vocab"]
    known = {token["content"]: token["id"] for token in base["added_tokens"]}
    first, named, most = room_in_byte_level(base, settings)
    words = _words(texts(), made, made.pre_tokenizer)
    names = {number: token for token, number in vocab.items()}
    specials = set(known.values())

    def allowed(pair: tuple[int, int]) -> bool:
        return not specials & set(pair) and names[pair[0]] + names[pair[1]] not in vocab

    added: list[list[str]] = []
    start = first + len(named)
    for left, right in merges(words, start, most, TWICE, allowed):
        token = names[left] + names[right]
        names[start + len(added)] = token
        vocab[token] = start + len(added)
        added.append([names[left], names[right]])
    _enough(settings, most, len(added))
    as_pairs = all(isinstance(merge, list) for merge in base["model"]["merges"])
    base["model"]["merges"] += added if as_pairs else [" ".join(pair) for pair in added]
    ids = {token: first + number for number, token in enumerate(named)}
    vocab |= known | ids  # else the library would number them anew, after the last merge
    base["added_tokens"] += added_tokens(
        {token: number for token, number in ids.items() if token in settings.additional_tokens},
        {token: number for token, number in ids.items() if token not in settings.additional_tokens},
    )
    return base


def extended_pieces(base: bytes, texts: Texts, settings: TokenizerSettings, wanted_by: str) -> bytes:
    """A SentencePiece model with more pieces after its own; RecipeError for one of another kind."""
    model = described(base)
    sentencepiece(wanted_by, "tokenize")
    most = room_in_pieces(model, settings)
    find = _likely_pieces if model.model_type == UNIGRAM else _merged_pieces
    added = find(model, texts, settings, most, wanted_by)
    _enough(settings, most, len(added))
    return with_pieces(base, [*model.pieces, *added])


def _likely_pieces(
    model: Description, texts: Texts, settings: TokenizerSettings, most: int, wanted_by: str
) -> list[Piece]:
    """Of a unigram model of the new text those that the old one lacks: characters first, then the likeliest."""
    plain = settings.model_copy(
        update={
            "kind": "sentencepiece_unigram", "special_tokens": None, "byte_fallback": model.byte_fallback,
            "dummy_prefix": model.dummy_prefix,
        }
    )  # fmt: skip
    own = described(train_sentencepiece(texts(), plain, wanted_by, exactly=False))
    held = {piece.text for piece in model.pieces}
    new = [piece for piece in own.pieces if piece.kind == NORMAL and piece.text not in held]
    new.sort(key=lambda piece: (len(piece.text) > 1, -piece.score, piece.text))
    return new[:most]


def _merged_pieces(
    model: Description, texts: Texts, settings: TokenizerSettings, most: int, wanted_by: str
) -> list[Piece]:
    """Characters that it lacks, then merges of what it makes of the new text."""
    tokenizers = library(wanted_by)
    held = {piece.text for piece in model.pieces}
    seen: Counter[str] = Counter()
    for text in texts():
        seen.update(text)
    for blank in (" ", "\0", SPACE):
        seen.pop(blank, None)
    wanted, total = settings.character_coverage * sum(seen.values()), 0
    characters: list[str] = []
    for character, times in sorted(seen.items(), key=lambda item: (-item[1], item[0])):
        if total >= wanted or len(characters) == most:
            break
        total += times
        if character not in held:
            characters.append(character)
    lowest = min((piece.score for piece in model.pieces if piece.kind == NORMAL), default=0.0)
    found = [Piece(character, lowest - 1 - n, NORMAL) for n, character in enumerate(characters)]
    between = model._replace(pieces=[*model.pieces, *found])
    made = tokenizers.Tokenizer.from_str(json.dumps(converted(between)))
    cut = tokenizers.pre_tokenizers.Split(tokenizers.Regex(_WORDS), "isolated")
    whole = tokenizers.pre_tokenizers.Sequence([made.pre_tokenizer, cut])
    words = _words(texts(), made, whole)
    names = {n: piece.text for n, piece in enumerate(between.pieces)}
    closed = {n for n, piece in enumerate(between.pieces) if piece.kind != NORMAL}

    def allowed(pair: tuple[int, int]) -> bool:
        text = names[pair[0]] + names[pair[1]]
        digit = settings.split_digits and any(character.isnumeric() for character in text)
        return not (closed & set(pair) or text in held or len(text) > LONGEST or digit)

    start = len(between.pieces)
    for left, right in merges(words, start, most - len(found), TWICE, allowed):
        text = names[left] + names[right]
        held.add(text)
        names[start] = text
        found.append(Piece(text, lowest - 1 - len(found), NORMAL))
        start += 1
    return found


def _words(texts: Iterable[str], made: Any, cut: Any) -> dict[tuple[int, ...], int]:
    """Words as the model's tokens, with their counts, in an order that depends on the text alone."""
    seen: Counter[str] = Counter()
    for text in texts:
        normal = made.normalizer.normalize_str(text) if made.normalizer is not None else text
        seen.update(word for word, _ in cut.pre_tokenize_str(normal))
    found: Counter[tuple[int, ...]] = Counter()
    for word, times in sorted(seen.items()):
        ids = tuple(token.id for token in made.model.tokenize(word))
        if len(ids) > 1:
            found[ids] += times
    return found


def room_in_byte_level(base: dict[str, Any], settings: TokenizerSettings) -> tuple[int, list[str], int]:
    """The first new id, the named tokens that are new, and how many others may be added; RecipeError if none may."""
    known = {token["content"]: token["id"] for token in base["added_tokens"]}
    first = max(*base["model"]["vocab"].values(), *known.values(), 0) + 1
    named = [token for token in (*settings.additional_tokens, *settings.user_symbols) if token not in known]
    return first, named, _room(settings, first, len(named))


def room_in_pieces(model: Description, settings: TokenizerSettings) -> int:
    """How many pieces may be added; RecipeError if none may."""
    if model.model_type not in (UNIGRAM, BPE):
        raise RecipeError("extend: a SentencePiece model of words or characters has no pieces to add to")
    if settings.additional_tokens or settings.user_symbols:
        raise RecipeError(
            "extend: a SentencePiece model gets pieces alone; expected no additional_tokens or user_symbols"
        )
    return _room(settings, len(model.pieces), 0)


def _room(settings: TokenizerSettings, held: int, named: int) -> int:
    """Tokens that may be added."""
    if settings.vocab_size <= held + named:
        raise RecipeError(
            f"vocab_size: the model has {held + named:,} tokens already, of {settings.vocab_size:,}; take more"
        )
    return settings.vocab_size - held - named


def _enough(settings: TokenizerSettings, most: int, found: int) -> None:
    if found < most:
        raise TooLittleText(settings.vocab_size - most + found, settings.vocab_size)
