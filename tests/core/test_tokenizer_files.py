"""A tokenizer's file is known by what it holds, whatever its name."""

from pathlib import Path

import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.tokenizers.huggingface import HuggingFace
from datapipe.core.tokenizers.model_file import read_tokenizer, tokenizer_among
from datapipe.core.tokenizers.sentencepiece_model import SentencePiece
from datapipe.core.tokenizers.tiktoken_file import PUBLISHED, TiktokenFile, pattern_of
from datapipe.io.opening import open_file
from tests.core.test_tiktoken_file import content
from tests.kernels import byte_level_models, sentencepiece_models

CONTEXT = Context("t", 0, open_file)


@pytest.mark.parametrize(
    ("name", "made", "kind"),
    [
        ("tokenizer.json", lambda: byte_level_models.model("gpt2"), HuggingFace),
        ("renamed.bin", lambda: byte_level_models.model("qwen"), HuggingFace),
        ("spiece.model", lambda: sentencepiece_models.model("t5"), SentencePiece),
        ("o200k_mine.tiktoken", content, TiktokenFile),
        ("cl100k.model", content, TiktokenFile),
    ],
)
def test_by_what_it_holds(tmp_path: Path, name: str, made: object, kind: type) -> None:
    path = tmp_path / name
    path.write_bytes(made())  # type: ignore[operator]
    tokenizer = read_tokenizer(str(path), CONTEXT)
    assert isinstance(tokenizer, kind)
    found = tokenizer.encode(text_of(pa.array(["the quick fox", None, "12"])))
    assert (found.ids >= 0).all()
    assert (found.ids < tokenizer.size).all()
    assert found.ends[0] == found.ends[1] < found.ends[2] == len(found.ids)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (b"", "it begins with b''"),
        (b"PK\x03\x04zip", r"nor a SentencePiece model: it begins with b'PK"),
        (b"\n\x05abc", "nor a SentencePiece model"),
        (b"{no json", "it is no whole JSON .*; expected a tokenizer.json: copy it again"),
        (b'{"a": 1}', "it is no tokenizer.json: it has no model; it has a"),
        (b'{"model": {"type": "BPE"}}', "the package tokenizers does not read it as a tokenizer.json"),
        (sentencepiece_models.model("t5")[:5000], "a SentencePiece model, but it is cut off: copy it again"),
        (b"YQ== 0\nYg== 1\n", "begin it with one of cl100k, gpt2"),
        (b"\n\x07\n\x01a\x15\x00\x00\x00\x00", "bad.model: "),  # a piece, and nothing else
    ],
)
def test_what_is_none(tmp_path: Path, held: bytes, told: str) -> None:
    (tmp_path / "bad.model").write_bytes(held)
    with pytest.raises(RecipeError, match=told):
        read_tokenizer(str(tmp_path / "bad.model"), CONTEXT)


def test_files_of_a_folder() -> None:
    assert tokenizer_among(["m/config.json", "m/tokenizer.json", "m/tokenizer.model"]) == "m/tokenizer.json"
    assert tokenizer_among(["m/config.json", "m/spiece.model"]) == "m/spiece.model"
    with pytest.raises(
        ValueError, match=r"none of 2 files ends with tokenizer.json, .model, .tiktoken: m/a.txt, m/b.txt"
    ):
        tokenizer_among(["m/a.txt", "m/b.txt"])


def test_published_files_of_ranks() -> None:
    assert pattern_of("tokenizer.model", b"YQ== 0\n" * 128000) == "llama3"
    assert PUBLISHED[128000][1]["<|eot_id|>"] == 128009
    assert max(PUBLISHED[128000][1].values()) == 128255
    assert max(PUBLISHED[151643][1].values()) == 151850
