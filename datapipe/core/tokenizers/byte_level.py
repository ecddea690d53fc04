"""Byte-level BPE as `tokenizer.json` describes it, by our own kernels, where they cut and merge as the library does.

By published families:
  kernels  GPT-2, RoBERTa, Phi-1 and 2 (GPT-2's pattern) · GPT-NeoX, Pythia, OLMo (the same, NFC) · StarCoder, SmolLM
           (digits one by one) · Llama 3, and GPT-4 converted (cl100k) · Qwen 2 and 3 (cl100k with one digit, NFC) · GPT-4o,
           gpt-oss, Llama 4 (o200k) · Mistral's tekken
  library  BLOOM, DeepSeek, Falcon (patterns of their own) · Llama 2, Gemma, Mistral 7B (SentencePiece's BPE: its .model goes
           by kernels) · BERT (WordPiece), T5, XLM-R (unigram: the .model again) · models with a blank before each text
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.tokenizers.tokenizer import Encoded
from datapipe.kernels.byte_pair_tables import merges_of
from datapipe.kernels.byte_pairs import encode_texts
from datapipe.kernels.classes import Classes
from datapipe.kernels.kept_pieces import empty_kept
from datapipe.kernels.pretokens import CL100K, GPT2, O200K, TEKKEN

# The patterns of models in use that cut as cl100k or o200k do, with the most digits of a piece.
_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_NUMBERS = r"(?:\{1,(?P<n>[1-9])\})?"
_BLANKS = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_SIGN = r"[^\r\n\p{L}\p{N}]?"


def _cased(after: str) -> str:
    return f"{_SIGN}{_UPPER}*{_LOWER}+{after}|{_SIGN}{_UPPER}+{_LOWER}*{after}"


_PATTERNS = {
    pattern: re.compile(re.escape(words + r"|\p{N}") + _NUMBERS + re.escape(r"| ?[^\s\p{L}\p{N}]+" + breaks + _BLANKS))
    for pattern, words, breaks in (
        (CL100K, rf"{_CONTRACTIONS}|{_SIGN}\p{{L}}+", r"[\r\n]*"),
        (O200K, _cased(_CONTRACTIONS + "?"), r"[\r\n/]*"),
        (TEKKEN, _cased(""), r"[\r\n/]*"),
    )
}


def spelled_bytes() -> dict[str, int]:
    """The 256 letters by which byte-level models spell bytes (openai/gpt-2, src/encoder.py, bytes_to_unicode)."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + k): byte for k, byte in enumerate(hidden)}


class Cut(NamedTuple):
    """How text is cut into pieces: a pattern, and the most digits of one."""

    pattern: int
    digits: int


def cut_of(pre_tokenizer: Any) -> Cut:
    """How a model cuts; ValueError says what our kernels do not do."""
    parts = (
        pre_tokenizer.get("pretokenizers", []) if (pre_tokenizer or {}).get("type") == "Sequence" else [pre_tokenizer]
    )
    kinds = [(part or {}).get("type") for part in parts]
    if not kinds or kinds[-1] != "ByteLevel":
        raise ValueError(f"it cuts by {' and '.join(map(str, kinds)) or 'nothing'}")
    if parts[-1]["add_prefix_space"]:
        raise ValueError("it puts a blank before each text")
    if parts[-1]["use_regex"]:
        if kinds == ["ByteLevel"]:
            return Cut(GPT2, 0)
        if kinds == ["Digits", "ByteLevel"] and parts[0]["individual_digits"]:
            return Cut(GPT2, 1)
    elif kinds == ["Split", "ByteLevel"] and parts[0]["behavior"] == "Isolated" and not parts[0]["invert"]:
        for pattern, known in _PATTERNS.items():
            if found := known.fullmatch(parts[0]["pattern"].get("Regex", "")):
                return Cut(pattern, int(found["n"] or 1))
    raise ValueError("it cuts by a pattern of its own")


def pairs_of(vocabulary: Mapping[str, int], merges: Iterable[Any]) -> Iterator[tuple[int, int, int, int]]:
    """Left, right and merged token of each merge, and its rank; a merge is a pair or, in older files, a string."""
    for rank, merge in enumerate(merges):
        left, right = merge if isinstance(merge, list) else merge.split(" ")
        yield vocabulary[left], vocabulary[right], vocabulary[left + right], rank


class ByteLevel:
    """A byte-level BPE model; ValueError says why only its library can do it."""

    def __init__(self, description: Mapping[str, Any], classes_of: Callable[[Cut], Classes]) -> None:
        model = description["model"]
        if model.get("type") != "BPE":
            raise ValueError(f"its model is {model.get('type')}, not byte-level BPE")
        normalizer = (description.get("normalizer") or {}).get("type")
        if normalizer not in (None, "NFC"):
            raise ValueError(f"it normalises text ({normalizer})")
        self.nfc = normalizer == "NFC"
        for key in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"):
            if model.get(key):
                raise ValueError(f"its model has {key}")
        self._cut = cut_of(description.get("pre_tokenizer"))
        vocabulary: Mapping[str, int] = model["vocab"]
        letters = spelled_bytes()
        missing = [letter for letter in letters if letter not in vocabulary]
        if missing:
            raise ValueError(f"its vocabulary lacks {len(missing)} of the 256 bytes")
        spelled: list[bytes] = []
        if model.get("ignore_merges"):
            spelled = [b""] * (max(vocabulary.values()) + 1)
            for token, number in vocabulary.items():
                if all(letter in letters for letter in token):
                    spelled[number] = bytes(letters[letter] for letter in token)
        of_byte = [vocabulary[letter] for letter, _ in sorted(letters.items(), key=lambda item: item[1])]
        pairs = np.array(list(pairs_of(vocabulary, model["merges"])), np.int64).reshape(-1, 4)
        self._merges = merges_of(of_byte, pairs, spelled)
        self._classes = classes_of(self._cut)
        self._kept = empty_kept()

    def encode(self, text: Text) -> Encoded:
        """The library's ids of texts in which no added token stands, in NFC if the model asks for it (`nfc`)."""
        return Encoded(*encode_texts(*text, self._classes, *self._cut, self._merges, self._kept))
