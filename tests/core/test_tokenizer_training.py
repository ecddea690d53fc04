"""Tokenizers as their libraries load them: the same ids in both forms, the same bytes each time, nothing lost."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from functools import cache
from typing import Any

import pytest
import sentencepiece
import tokenizers

from datapipe.core.context import Context
from datapipe.core.errors import MissingDependency, RecipeError
from datapipe.core.tokenizer_training.settings import Kind, TokenizerSettings
from datapipe.core.tokenizer_training.training import check, trained
from datapipe.io.opening import open_file

CONTEXT = Context("tokenizer", 1, open_file)
SIZES: dict[Kind, int] = {
    "byte_level_bpe": 600, "wordpiece": 400, "sentencepiece_bpe": 600, "sentencepiece_unigram": 500
}  # fmt: skip
SYLLABLES = [
    [
        "the",
        "ca",
        "to",
        "house",
        "er",
        "re",
        "in",
        "de",
        "str",
        "ass",
        "grö",
        "ße",
        "ung",
        "con",
        "pre",
        "tion",
        "al",
        "is",
    ],
    ["ко", "шка", "со", "ба", "дом", "де", "ре", "во", "над", "под", "при", "ход", "ить"],
    ["猫", "は", "家", "に", "木", "の", "上", "で", "日本", "語", "東京"],
]
SIGNS = " \n\t  ▁abaabcde<x>0123é\u0301漢字ไทย\U0001f469\u200d\U0001f4bbß…ﬁ²\x00"


def texts(seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    words = [
        "the",
        "cat",
        "def",
        "return",
        "2024",
        "17",
        "(x)",
        "{",
        "}",
        "e\u0301",
        "\U0001f469\u200d\U0001f4bb",
        "ﬁn",
        "ไทย",
    ]
    for syllables in SYLLABLES:
        words += ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(150)]
    joints = [" ", " ", " ", "\n", "    ", ", "]
    return ["".join(rng.choice(words) + rng.choice(joints) for _ in range(60)) for _ in range(150)]


@cache
def model(kind: Kind, **more: Any) -> dict[str, bytes]:
    settings = TokenizerSettings(kind=kind, vocab_size=SIZES[kind], **dict(more))
    return trained(lambda: ((("", ""), text) for text in texts()), settings, "test", CONTEXT)[0]


def fuzzed(n: int) -> list[str]:
    rng = random.Random(7)
    made = ["".join(rng.choice(SIGNS) for _ in range(rng.randint(0, 30))) for _ in range(n)]
    made += [rng.choice("ael0 =-▁") * rng.randint(1, 30) + rng.choice(SIGNS) for _ in range(n)]
    for _ in range(n):
        points = [
            rng.choice((rng.randint(0, 255), rng.randint(0, 0xD7FF), rng.randint(0xE000, 0x10FFFF))) for _ in "123456"
        ]
        made.append("".join(map(chr, points)))
    return made + texts(9)


@pytest.mark.parametrize("kind", ["sentencepiece_bpe", "sentencepiece_unigram"])
@pytest.mark.parametrize(
    "more", [(), (("dummy_prefix", True),), (("byte_fallback", False),), (("user_symbols", ("<x>",)),)]
)
def test_both_forms_give_the_same_ids(kind: Kind, more: tuple[tuple[str, Any], ...]) -> None:
    files = model(kind, **dict(more))
    native = sentencepiece.SentencePieceProcessor(model_proto=files["tokenizer.model"])
    ours = tokenizers.Tokenizer.from_str(files["tokenizer.json"].decode())
    assert native.get_piece_size() == ours.get_vocab_size() == SIZES[kind]
    for text in fuzzed(700):
        assert ours.encode(text).ids == native.encode(text), repr(text)


@pytest.mark.parametrize("kind", ["byte_level_bpe", "sentencepiece_bpe", "sentencepiece_unigram"])
@pytest.mark.parametrize("prefix", [False, True])
def test_nothing_is_lost(kind: Kind, prefix: bool) -> None:
    ours = tokenizers.Tokenizer.from_str(model(kind, dummy_prefix=prefix)["tokenizer.json"].decode())
    for text in fuzzed(300):
        if kind == "byte_level_bpe" or "▁" not in text:  # which is SentencePiece's blank
            assert ours.decode(ours.encode(text).ids, skip_special_tokens=False) == text


def test_same_text_same_bytes() -> None:
    """In another process, with other hashes and, where the trainer allows it, in another order and with threads."""
    code = """if True:
        import hashlib
        from tests.core.test_tokenizer_training import *
        for kind, size in SIZES.items():
            step = 1 if kind == "sentencepiece_unigram" else -1
            settings = TokenizerSettings(kind=kind, vocab_size=size)
            files = trained(lambda: (((), text) for text in texts()[::step]), settings, "test", CONTEXT)[0]
            print(kind, hashlib.sha256(b"".join(files.values())).hexdigest())
    """
    environment = {**os.environ, "PYTHONHASHSEED": "5", "TOKENIZERS_PARALLELISM": "true"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    found = dict(line.split() for line in done.stdout.splitlines())
    assert found == {kind: hashlib.sha256(b"".join(model(kind).values())).hexdigest() for kind in SIZES}


def test_files_of_the_folder() -> None:
    more = {"special_tokens": {"bos": "<s>", "eos": "</s>", "pad": "<p>"}, "additional_tokens": ("<|im|>",)}
    settings = TokenizerSettings(kind="byte_level_bpe", vocab_size=400, user_symbols=("<x>",), **more)
    files, _ = trained(lambda: (((), text) for text in texts()), settings, "test", CONTEXT)
    assert sorted(files) == ["special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"]
    config = json.loads(files["tokenizer_config.json"])
    assert (config["bos_token"], config["eos_token"], config["pad_token"]) == ("<s>", "</s>", "<p>")
    assert config["additional_special_tokens"] == ["<|im|>"]
    assert config["tokenizer_class"] == "PreTrainedTokenizerFast"
    ours = tokenizers.Tokenizer.from_str(files["tokenizer.json"].decode())
    assert [ours.token_to_id(token) for token in ("<s>", "</s>", "<p>", "<|im|>", "<x>")] == [0, 1, 2, 3, 4]
    assert ours.decode(ours.encode("a <x> b</s>").ids) == "a <x> b"  # a symbol is text, a special token is none
    assert ours.encode("12").tokens == ["1", "2"]
    assert tokenizers.Tokenizer.from_str(model("byte_level_bpe", split_digits=False)["tokenizer.json"].decode())


def test_wordpiece_frames_as_bert_does() -> None:
    ours = tokenizers.Tokenizer.from_str(model("wordpiece")["tokenizer.json"].decode())
    assert ours.encode("the 17").tokens == ["[CLS]", "the", "1", "7", "[SEP]"]
    assert ours.encode("\U0001f9ff").tokens == ["[CLS]", "[UNK]", "[SEP]"]


@pytest.mark.parametrize(
    ("kind", "size", "said"),
    [
        ("byte_level_bpe", 9000, r"the sample gives [\d,]+ tokens, not 9,000; take at most \d+, or more text"),
        ("wordpiece", 9000, "the sample gives"),
        ("wordpiece", 30, "characters and named tokens alone are"),
        ("sentencepiece_bpe", 9000, "the sample gives"),
        ("sentencepiece_bpe", 270, "bytes, characters and named tokens alone are"),
        ("sentencepiece_unigram", 9000, "the sample gives"),
    ],
)
def test_too_little_text_or_too_few_tokens(kind: Kind, size: int, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        trained(
            lambda: (((), text) for text in texts()), TokenizerSettings(kind=kind, vocab_size=size), "test", CONTEXT
        )


@pytest.mark.parametrize("kind", SIZES)
def test_no_text(kind: Kind) -> None:
    with pytest.raises(RecipeError, match=r"no text|the sample gives"):
        trained(lambda: iter(()), TokenizerSettings(kind=kind, vocab_size=500), "test", CONTEXT)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"vocab_size": 200}, "the 256 bytes and named tokens alone are 257"),
        ({"kind": "sentencepiece_bpe", "vocab_size": 258}, "the 256 bytes and named tokens alone are 259"),
        ({"special_tokens": {"eos": ""}}, "a token is empty"),
        ({"user_symbols": ("a", "b", "a")}, "the token a is named twice"),
        ({"additional_tokens": ("<|endoftext|>",)}, "named twice"),
        ({"kind": "wordpiece", "special_tokens": {"cls": "[CLS]"}}, "needs unk"),
        ({"kind": "sentencepiece_bpe", "normalization": "nfc"}, "has no nfc"),
        ({"kind": "words"}, "kind"),
        ({"vocab_size": 2, "user_symbols": ("a", "b")}, "none are left"),
        ({"lang_weights": {"de": -1}}, "lang_weights: de is -1"),
    ],
)
def test_what_cannot_be(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        TokenizerSettings(**more)


@pytest.mark.parametrize(("kind", "package"), [("sentencepiece_bpe", "sentencepiece"), ("wordpiece", "tokenizers")])
def test_a_package_is_missing(kind: Kind, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependency, match=rf"needs the package {package}: pip install 'datapipe\[tokenize\]'"):
        check(TokenizerSettings(kind=kind), "train_tokenizer", CONTEXT)
