"""Small byte-level models, trained here: the files that tests of the kernels read, and what the twin needs of them."""

import json
from functools import cache
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from datapipe.core.tokenizers.byte_level import spelled_bytes
from tests.reference.byte_level import CL100K, GPT2, O200K, TEKKEN

TEXT = """The quick brown fox doesn't jump over 12 lazy dogs; they'll say: 'We've 3,456 more!'
	def add(a, b):\r\n        return a + b  # 2024-11-21\n\nGrößere Städte, œuvre, naïve façade, Ελληνικά, Русский язык
汉字和假名がまざった文章です。한국어 문장도 있습니다. हिन्दी में वाक्य, ภาษาไทยไม่มีช่องว่าง, العربية 😀👍🏽 e\u0301
"""
PATTERNS = {
    "cl100k": CL100K % "{1,3}",
    "cl100k two": CL100K % "{1,2}",
    "qwen": CL100K % "",
    "o200k": O200K,
    "tekken": TEKKEN,
}
KINDS = ("gpt2", "digits", *PATTERNS)
ADDED = ("<|endoftext|>", "<tool>")


@cache
def trained() -> str:
    """A model of 700 tokens of the words above."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        show_progress=False,
        special_tokens=list(ADDED[:1]),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator([TEXT] * 3, trainer)
    return str(tokenizer.to_str())


@cache
def model(kind: str, ignore_merges: bool = False) -> bytes:
    """The `tokenizer.json` of one way of cutting."""
    tokenizer = Tokenizer.from_str(trained())
    tokenizer.add_tokens(list(ADDED[1:]))
    whole = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    if kind == "digits":
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
    elif kind in PATTERNS:
        split = pre_tokenizers.Split(Regex(PATTERNS[kind]), "isolated", False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, whole])
    description = json.loads(tokenizer.to_str())
    description["model"]["ignore_merges"] = ignore_merges
    if ignore_merges:  # half the merges are gone, so that many tokens are made only whole
        description["model"]["merges"] = description["model"]["merges"][::2]
        vocabulary = description["model"]["vocab"]
        description["model"]["merges"] = [[a, b] for a, b in description["model"]["merges"] if a + b in vocabulary]
    return json.dumps(description).encode()


def pattern(kind: str) -> tuple[str, bool]:
    """What the twin cuts by."""
    return PATTERNS.get(kind, GPT2), kind == "digits"


@cache
def twin(kind: str, ignore_merges: bool = False) -> tuple[list[int], dict[Any, Any], dict[bytes, int]]:
    """The token of each byte, the merges, and the tokens that are taken whole."""
    description = json.loads(model(kind, ignore_merges))["model"]
    vocabulary, letters = description["vocab"], spelled_bytes()
    of_byte = [0] * 256
    for letter, byte in letters.items():
        of_byte[byte] = vocabulary[letter]
    merges = {
        (vocabulary[a], vocabulary[b]): (rank, vocabulary[a + b]) for rank, (a, b) in enumerate(description["merges"])
    }
    whole = {
        bytes(map(letters.__getitem__, t)): k for t, k in vocabulary.items() if ignore_merges and set(t) <= set(letters)
    }
    return of_byte, merges, whole
