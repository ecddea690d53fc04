"""Tokenizers of openai/tiktoken: a file of tokens and ranks, and a published pattern that cuts text before."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.errors import did_you_mean
from datapipe.core.tokenizers.byte_level import Cut
from datapipe.core.tokenizers.huggingface import classes_of
from datapipe.core.tokenizers.tokenizer import Encoded, Int32s
from datapipe.kernels.byte_pair_tables import merges_of
from datapipe.kernels.byte_pairs import encode_texts
from datapipe.kernels.kept_pieces import empty_kept
from datapipe.kernels.pretokens import CL100K, CL100K_TAIL, GPT2, O200K

# tiktoken_ext/openai_public.py; meta-llama/llama3, llama/tokenizer.py; Qwen/Qwen-7B, tokenization_qwen.py.
PATTERNS = {
    "gpt2": Cut(GPT2, 0),
    "r50k": Cut(GPT2, 0),
    "p50k": Cut(GPT2, 0),
    "cl100k": Cut(CL100K_TAIL, 3),
    "o200k": Cut(O200K, 3),
    "llama3": Cut(CL100K, 3),
    "qwen": Cut(CL100K, 1),
}
# Published files by how many tokens they have: their pattern, and their special tokens, which stand in no file.
_LLAMA3 = ["<|begin_of_text|>", "<|end_of_text|>", *(f"<|reserved_special_token_{k}|>" for k in range(4))]
_LLAMA3 += ["<|start_header_id|>", "<|end_header_id|>", "<|reserved_special_token_4|>", "<|eot_id|>"]
_LLAMA3 += [f"<|reserved_special_token_{k}|>" for k in range(5, 251)]
_QWEN = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *(f"<|extra_{k}|>" for k in range(205))]
PUBLISHED: dict[int, tuple[str, dict[str, int]]] = {
    50256: ("gpt2", {"<|endoftext|>": 50256}),
    50280: ("p50k", {"<|endoftext|>": 50256}),
    100256: (
        "cl100k",
        {
            "<|endoftext|>": 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260,
            "<|endofprompt|>": 100276,
        },
    ),
    128000: ("llama3", {token: 128000 + k for k, token in enumerate(_LLAMA3)}),
    151643: ("qwen", {token: 151643 + k for k, token in enumerate(_QWEN)}),
    199998: ("o200k", {"<|endoftext|>": 199999, "<|endofprompt|>": 200018}),
}  # fmt: skip


def ranks_of(content: bytes) -> dict[bytes, int]:
    """Tokens and ranks of a file whose lines are a token in base64, a blank, its rank; ValueError names the wrong line."""
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            token, rank = line.split()
            ranks[binascii.a2b_base64(token, strict_mode=True)] = int(rank)
        except ValueError:
            raise ValueError(f"line {number}: {line[:60]!r} is no token in base64 and its rank") from None
    if len(set(ranks.values())) != len(ranks) or min(ranks.values(), default=0) < 0:
        raise ValueError("two tokens have one rank, or a rank is below 0")
    return ranks


def is_ranks(content: bytes) -> bool:
    """Whether a file begins as one of tokens and ranks."""
    return re.match(rb"[A-Za-z0-9+/]+={0,2} \d+\r?(\n|$)", content) is not None


def pattern_of(name: str, content: bytes = b"") -> str:
    """The pattern that a file's name begins with, cl100k of cl100k_base.tiktoken; else that of the published file of its size."""
    stem = PurePath(name).name.split(".")[0].replace("-", "_").split("_")[0]
    if stem in PATTERNS:
        return stem
    tokens = len(content.splitlines())
    if tokens in PUBLISHED:
        return PUBLISHED[tokens][0]
    raise ValueError(
        f"which pattern cuts text is not in a .tiktoken file, and its name tells none: begin it with one of "
        f"{', '.join(sorted(PATTERNS))}"
    )


class TiktokenFile:
    """What `Encoding.encode_ordinary` gives: special tokens that a text spells are text; decoding repairs broken UTF-8."""

    slow: str | None = None

    def __init__(self, content: bytes, pattern: str, special: Mapping[str, int] | None = None) -> None:
        if pattern not in PATTERNS:
            raise ValueError(f"pattern {pattern}{did_you_mean(pattern, PATTERNS)}")
        ranks = ranks_of(content)
        missing = [byte for byte in range(256) if bytes([byte]) not in ranks]
        if missing:
            raise ValueError(f"its vocabulary lacks {len(missing)} of the 256 bytes")
        self._special = dict(PUBLISHED.get(len(ranks), ("", {}))[1] if special is None else special)
        self._tokens = {rank: token for token, rank in ranks.items()}
        self._tokens |= {rank: token.encode() for token, rank in self._special.items()}
        self.size = max(self._tokens) + 1
        self._ids = {token: rank for rank, token in self._tokens.items()}
        spelled = [b""] * self.size
        for token, rank in ranks.items():
            spelled[rank] = token
        self._cut = PATTERNS[pattern]
        pairs = np.array(list(_splits(ranks)), np.int64).reshape(-1, 4)
        self._merges = merges_of([ranks[bytes([byte])] for byte in range(256)], pairs, spelled)
        self._classes = classes_of(self._cut)
        self._kept = empty_kept()

    def encode(self, text: Text) -> Encoded:
        """Ids of every text, all of them ordinary tokens."""
        return Encoded(*encode_texts(*text, self._classes, *self._cut, self._merges, self._kept))

    def decode(self, ids: Int32s) -> str:
        """The text of these tokens."""
        return b"".join(self._tokens[token] for token in ids.tolist()).decode("utf-8", "replace")

    def id_of(self, token: str) -> int | None:
        """The id of a special token, or of one of the file."""
        return self._special.get(token, self._ids.get(token.encode()))


def _splits(ranks: Mapping[bytes, int]) -> Iterator[tuple[int, int, int, int]]:
    """Every way to make a token of two, at its rank: tiktoken merges whatever two neighbours spell a token."""
    for token, rank in ranks.items():
        for k in range(1, len(token)):
            left, right = ranks.get(token[:k]), ranks.get(token[k:])
            if left is not None and right is not None:
                yield left, right, rank, rank
