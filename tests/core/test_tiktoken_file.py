"""Files of tiktoken: ids and texts are its Encoding's, whatever the pattern."""

import base64
import json
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktoken_ext import openai_public

from datapipe.arrow.text import text_of
from datapipe.core.tokenizers.byte_level import spelled_bytes
from datapipe.core.tokenizers.tiktoken_file import TiktokenFile, pattern_of
from tests.kernels.byte_level_models import TEXT, trained
from tests.kernels.test_byte_pairs import anything
from tests.reference.byte_level import CL100K


def _published(name: str) -> str:
    """The pattern of the installed package, without the download of its vocabulary."""
    with pytest.MonkeyPatch.context() as patch:
        for loader in ("load_tiktoken_bpe", "data_gym_to_mergeable_bpe_ranks"):
            patch.setattr(openai_public, loader, lambda *args, **kwargs: {})
        return str(openai_public.ENCODING_CONSTRUCTORS[name]()["pat_str"])


OWN = {
    **{name: _published(f"{name}_base") for name in ("r50k", "p50k", "cl100k", "o200k")},
    "gpt2": _published("gpt2"),
    "llama3": CL100K % "{1,3}",
    "qwen": CL100K % "",
}


@cache
def ranks() -> dict[bytes, int]:
    letters = spelled_bytes()
    tokens = [t for t in json.loads(trained())["model"]["vocab"] if set(t) <= set(letters)]
    ordered = sorted(tokens, key=lambda t: len(t) > 1)  # bytes first; then as they were learnt
    return {bytes(letters[letter] for letter in token): rank for rank, token in enumerate(ordered)}


@cache
def content() -> bytes:
    return b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks().items())


@cache
def pair(pattern: str) -> tuple[TiktokenFile, tiktoken.Encoding]:
    special = {"<|endoftext|>": len(ranks())}
    encoding = tiktoken.Encoding(pattern, pat_str=OWN[pattern], mergeable_ranks=ranks(), special_tokens=special)
    return TiktokenFile(content(), pattern, special), encoding


def agree(pattern: str, documents: list[str]) -> None:
    ours, theirs = pair(pattern)
    found, ends = ours.encode(text_of(pa.array(documents, pa.large_string())))
    expected = [theirs.encode_ordinary(document) for document in documents]
    assert [part.tolist() for part in np.split(found, ends[:-1])] == expected
    assert [ours.decode(np.array(one, np.int32)) for one in expected] == [theirs.decode(one) for one in expected]


@settings(max_examples=150, deadline=None)
@given(st.lists(anything, min_size=1, max_size=6), st.sampled_from(sorted(OWN)))
def test_equals_the_library(documents: list[str], pattern: str) -> None:
    agree(pattern, documents)


@pytest.mark.parametrize("pattern", ["r50k", "cl100k", "o200k"])
def test_every_character_and_long_pieces(pattern: str) -> None:
    blocks = ((0, 0x3200), (0xA000, 0xAC00), (0xF900, 0x12800), (0x16000, 0x17000), (0x1A000, 0x1F000))
    points = [c for first, end in blocks for c in range(first, end)]
    agree(pattern, [" ".join(f"A{chr(c)}b  {chr(c)}1" for c in points[k : k + 64]) for k in range(0, len(points), 64)])
    agree(
        pattern, [(part * 3000)[:size] for part in ("a", "the ", "汉", " ", "\n ", "7") for size in (41, 99, 100, 3000)]
    )


@pytest.mark.parametrize("pattern", sorted(OWN))
def test_white_space_at_the_end(pattern: str) -> None:
    agree(pattern, ["a\n  ", "a \n \n", "  ", "\n", "a  \r\n ", "x\t", "", "it's <|endoftext|> \n", TEXT])


def test_special_tokens_and_names() -> None:
    ours, _ = pair("cl100k")
    assert (ours.size, ours.slow) == (len(ranks()) + 1, None)
    assert ours.id_of("<|endoftext|>") == len(ranks())
    assert ours.id_of("a") == ranks()[b"a"]
    assert ours.id_of("<|pad|>") is None
    assert ours.decode(np.array([len(ranks())], np.int32)) == "<|endoftext|>"
    assert pattern_of("models/o200k_base.tiktoken") == "o200k"


def test_wrong_files_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"line 2: b'%%% 1' is no token"):
        TiktokenFile(b"YQ== 0\n%%% 1\n", "gpt2")
    with pytest.raises(ValueError, match="lacks 255 of the 256 bytes"):
        TiktokenFile(b"YQ== 0\n", "gpt2")
    with pytest.raises(ValueError, match="two tokens have one rank"):
        TiktokenFile(b"YQ== 0\nYg== 0\n", "gpt2")
    with pytest.raises(ValueError, match="did you mean cl100k"):
        TiktokenFile(content(), "cl100")
    with pytest.raises(ValueError, match="its name tells none"):
        pattern_of("vocabulary.tiktoken")
