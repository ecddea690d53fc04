"""`tokenize` under models trained here: ids are the libraries', marks stand where the recipe says, nothing forges them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
import sentencepiece
import tiktoken
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.engine.contract import broken_laws
from datapipe.engine.contract_rows import TEXTS
from datapipe.io.opening import open_file
from datapipe.ops.tokenize import Tokenize
from tests.core.test_tiktoken_file import OWN, content, ranks
from tests.kernels.byte_level_models import TEXT, model

EOS = "<|endoftext|>"
CONTEXT = Context("t.01.tokenize", 7, open_file)
LONG = "The quick brown fox " * 3000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """gpt2.json by our kernels, nfkc.json by the library, sp.model, cl100k_base.tiktoken, and a model's folder."""
    root = tmp_path_factory.mktemp("tokenizers")
    (root / "gpt2.json").write_bytes(model("gpt2"))
    nfkc = Tokenizer.from_str(model("gpt2").decode())
    nfkc.normalizer = normalizers.NFKC()
    (root / "nfkc.json").write_text(nfkc.to_str())
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.splitlines() * 20), model_writer=out, model_type="bpe", vocab_size=450,
        character_coverage=1.0, byte_fallback=True, normalization_rule_name="identity", minloglevel=2,
    )  # fmt: skip
    (root / "sp.model").write_bytes(out.getvalue())
    (root / "cl100k_base.tiktoken").write_bytes(content())
    big = {f"w{i}": i for i in range(70_000)} | {"[UNK]": 70_000}
    words = Tokenizer(models.WordLevel(big, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    (root / "words.json").write_text(words.to_str())
    own = root / "own"
    own.mkdir()
    (own / "tokenizer.json").write_bytes(model("gpt2"))
    (own / "tokenizer_config.json").write_bytes(orjson.dumps({"eos_token": {"content": "<tool>"}, "bos_token": None}))
    (own / "model.safetensors").write_bytes(b"\0" * 1000)
    return root


def made(**parameters: Any) -> Tokenize:
    operator = Tokenize.model_validate({k: str(v) if isinstance(v, Path) else v for k, v in parameters.items()})
    operator.setup(CONTEXT)
    return operator


def ids(operator: Tokenize, *texts: str | None) -> list[list[int]]:
    out = operator.apply(pa.record_batch({"text": pa.array(texts, pa.large_string())}))
    found: list[list[int]] = out.column("tokens").to_pylist()
    assert [len(one) for one in found] == out.column("n_tokens").to_pylist()
    return found


def refused(**parameters: Any) -> str:
    operator = Tokenize.model_validate({k: str(v) if isinstance(v, Path) else v for k, v in parameters.items()})
    with pytest.raises(RecipeError) as caught:
        operator.facts(CONTEXT)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def texts() -> list[str]:
    return [text for text in (*TEXTS, TEXT, LONG) if text is not None]


@pytest.mark.parametrize("name", ["gpt2", "nfkc"])
def test_ids_of_a_tokenizer_json_are_the_library_s(folder: Path, name: str) -> None:
    library = Tokenizer.from_file(str(folder / f"{name}.json"))
    operator = made(model=folder / f"{name}.json", eos="none")
    expected = [one.ids for one in library.encode_batch(texts(), add_special_tokens=False)]
    assert ids(operator, *texts()) == expected
    assert operator.facts(CONTEXT)["slow"] == (None if name == "gpt2" else "it normalises text (NFKC)")
    if name == "gpt2":
        assert [library.decode(one) for one in expected] == texts()


def test_ids_of_sentencepiece_and_tiktoken_are_their_libraries(folder: Path) -> None:
    library = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sp.model"))
    assert ids(made(model=folder / "sp.model", eos="none"), *texts()) == library.encode(texts())
    assert ids(made(model=folder / "sp.model"), "fox")[0][-1] == library.eos_id()
    encoding = tiktoken.Encoding("own", pat_str=OWN["cl100k"], mergeable_ranks=ranks(), special_tokens={})
    assert ids(made(model=folder / "cl100k_base.tiktoken", eos="none"), *texts()) == encoding.encode_ordinary_batch(
        texts()
    )


def test_marks_stand_around_documents_that_have_tokens(folder: Path) -> None:
    library = Tokenizer.from_file(str(folder / "gpt2.json"))
    end, plain = library.token_to_id(EOS), library.encode("The fox").ids
    gpt2 = folder / "gpt2.json"
    assert ids(made(model=gpt2), "The fox", "", None, "The fox") == [[*plain, end], [], [], [*plain, end]]
    assert ids(made(model=gpt2, bos=EOS, eos="none"), "", "The fox") == [[], [end, *plain]]
    tool = library.token_to_id("<tool>")
    assert ids(made(model=gpt2, bos="<tool>", eos=EOS), "The fox", "") == [[tool, *plain, end], []]


def test_no_text_forges_a_mark(folder: Path) -> None:
    page = f"bought{EOS}\n\nEND {EOS}{EOS}"
    for name in ("gpt2", "nfkc"):
        path = folder / f"{name}.json"
        library = Tokenizer.from_file(str(path))
        end, split = library.token_to_id(EOS), library.encode(page).ids
        safe = ids(made(model=path), page, f"x {EOS}", "y")
        assert [one.count(end) for one in safe] == [1, 1, 1]
        assert library.decode(safe[0][:-1], skip_special_tokens=False) == page
        assert ids(made(model=path, eos="none", special="split"), page) == [split]
        assert split.count(end) == 3
    assert "special: split is for a tokenizer.json" in refused(model=folder / "sp.model", special="split")


def test_a_folder_names_its_own_marks_and_hides_its_weights(folder: Path) -> None:
    paths = sorted(str(path) for path in (folder / "own").iterdir())
    operator = made(model=paths)
    assert [Path(path).name for path in operator.files()] == ["tokenizer.json", "tokenizer_config.json"]
    said = operator.facts(CONTEXT)
    assert said["eos"]["token"] == "<tool>"
    assert "<tool> is an ordinary token: a text that spells it gives it, too" in said["remarks"]
    assert not any("lies beside it" in remark for remark in said["remarks"])
    both = (
        str(folder / "nfkc" / "tokenizer.json"),
        str(folder / "sp.model"),
    )  # its own model beside it is the faster way
    (folder / "nfkc").mkdir()
    Path(both[0]).write_bytes((folder / "nfkc.json").read_bytes())
    assert any("sp.model lies beside it" in remark for remark in made(model=both).facts(CONTEXT)["remarks"])
    with pytest.raises(ValueError, match="name the one to use"):
        Tokenize(model=("a/tokenizer.json", "b/tokenizer.json"))
    with pytest.raises(ValueError, match="none of 2 files ends with"):
        Tokenize(model=("a/weights.bin", "b/README.md"))


def test_the_type_follows_the_vocabulary(folder: Path) -> None:
    assert made(model=folder / "gpt2.json").columns_written()["tokens"] == pa.list_(pa.uint16())
    assert made(model=folder / "gpt2.json", dtype="uint32").columns_written()["tokens"] == pa.list_(pa.uint32())
    words = made(model=folder / "words.json")
    assert words.columns_written()["tokens"] == pa.list_(pa.uint32())
    assert ids(words, "w69999 w3") == [[69_999, 3]]
    said = refused(model=folder / "words.json", dtype="uint16")
    assert said.startswith("dtype: uint16 holds ids below 65,536, and the vocabulary has 70,001")
    assert "no eos" in words.facts(CONTEXT)["remarks"][0]


def test_what_cannot_be_used_is_refused_in_a_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"model": 3}')
    (tmp_path / "bad.bin").write_bytes(b"\0\1\2")
    (tmp_path / "mine.tiktoken").write_bytes(content())
    assert str(tmp_path / "bad.json") in refused(model=tmp_path / "bad.json")
    assert "nor a SentencePiece model" in refused(model=tmp_path / "bad.bin")
    assert "which pattern cuts text" in refused(model=tmp_path / "mine.tiktoken")
    assert "eos: </doc> is no token of the model" in refused(model=folder / "gpt2.json", eos="</doc>")
    assert "has none of the usual names" in refused(model=folder / "gpt2.json", bos="model")
    two = json.loads(model("gpt2"))
    two["added_tokens"].append({**two["added_tokens"][0], "id": 5000, "content": "</s>"})
    (tmp_path / "two.json").write_text(json.dumps(two))
    assert f"eos: the model has {EOS}, </s>; name the one to use" in refused(model=tmp_path / "two.json")
    with pytest.raises(ValueError, match="text is a column every document has"):
        Tokenize(model=("a.json",), column="text")
    for wide in (made(model=folder / "words.json"), made(model=folder / "gpt2.json", dtype="uint32")):
        assert wide.check(pa.schema([("tokens", pa.list_(pa.uint16()))])) is None
        with pytest.raises(RecipeError, match="say the same dtype in both steps"):
            wide.facts(CONTEXT)
    schema = pa.schema([("tokens", pa.string())])
    assert "is there already and is string" in (made(model=folder / "gpt2.json").check(schema) or "")


@pytest.mark.parametrize("name", ["gpt2.json", "nfkc.json", "sp.model", "cl100k_base.tiktoken"])
def test_the_laws_of_operators(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Tokenize, "examples", ({"model": str(folder / name)}, {"model": str(folder / name), "eos": "none"})
    )
    assert broken_laws(Tokenize) == []
