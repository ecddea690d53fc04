"""`datapipe tokenizer-report`: measures counted again here by the libraries, and what it refuses."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import orjson
import pytest
import sentencepiece
from click.testing import CliRunner, Result
from tokenizers import Regex, Tokenizer, pre_tokenizers

from datapipe.cli.main import datapipe
from datapipe.cli.tokenizer_plot import draw
from datapipe.core.context import Context
from datapipe.core.errors import DatapipeError
from datapipe.core.tokenizers.model_file import read_tokenizer
from datapipe.core.tokenizers.probes import glitches, number_handling
from datapipe.core.tokenizers.usage import Usage
from datapipe.io.opening import open_file
from tests.kernels.byte_level_models import TEXT, model
from tests.reference.byte_level import CL100K

ROWS = [
    {"id": "talk-en-1", "lang": "en", "site": "a", "text": "The quick brown fox doesn't jump over 12 lazy dogs."},
    {"id": "talk-de-1", "lang": "de", "site": "b", "text": "Größere Städte."},
    {"id": "talk-en-2", "lang": "en", "site": "b", "text": "lazy dogs"},
    {"id": "talk-de-2", "lang": "de", "site": "b", "text": "faule Hunde \U0001f9a4"},
    {"id": "talk-th-1", "lang": "th", "site": "b", "text": "ภาษาไทยไม่มีช่องว่าง"},
    {"id": "no key", "lang": "en", "site": "a", "text": ""},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in ROWS))
    (tmp_path / "gpt2.json").write_bytes(model("gpt2"))
    (tmp_path / "digits.json").write_bytes(model("digits"))
    (tmp_path / "nothing.json").write_bytes(b'{"model": {"type": "BPE", "vocab": {}, "merges": []}}')
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.splitlines() * 20), model_writer=out, model_type="unigram", vocab_size=135,
        character_coverage=0.98, normalization_rule_name="identity", minloglevel=2,
    )  # fmt: skip
    (tmp_path / "sp.model").write_bytes(out.getvalue())
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    paths = [str(folder / word) if word and (folder / word).exists() else word for word in words]
    return CliRunner().invoke(datapipe, ["tokenizer-report", *paths, "--on", str(folder / "in.jsonl"), "--quiet"])


def report(folder: Path, *words: str) -> dict[str, Any]:
    result = run(folder, *words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = orjson.loads(result.stdout)
    return found


def test_counts_are_the_library_s(folder: Path) -> None:
    found = report(folder, "gpt2.json", "sp.model")
    gpt2, pieces = found["tokenizers"]
    library = Tokenizer.from_file(str(folder / "gpt2.json"))
    own = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sp.model"))
    counts = np.zeros(library.get_vocab_size(), np.int64)
    for lang in ("de", "en", "th"):
        texts = [row["text"] for row in ROWS if row["lang"] == lang]
        size, characters = sum(len(t.encode()) for t in texts), sum(map(len, texts))
        encoded = [one.ids for one in library.encode_batch(texts)]
        mine = next(group for group in gpt2["groups"] if group["group"] == [lang])
        assert mine["tokens"] == sum(map(len, encoded))
        assert mine["bytes_per_token"] == round(size / mine["tokens"], 4)
        assert mine["characters_per_token"] == round(characters / mine["tokens"], 4)
        broken = sum("\ufffd" in library.decode([token]) for ids in encoded for token in ids)
        assert mine["fragments"] == round(broken / mine["tokens"], 6)
        for ids in encoded:
            np.add.at(counts, ids, 1)
        theirs = [token for ids in own.encode(texts) for token in ids]
        group = next(group for group in pieces["groups"] if group["group"] == [lang])
        assert group["unknown"] == round(theirs.count(own.unk_id()) / len(theirs), 6)
        assert group["tokens_to_first"] == round(len(theirs) / mine["tokens"], 4)
    assert gpt2["vocabulary"]["used"] == int((counts > 0).sum())
    assert gpt2["never_used"] == np.flatnonzero(counts == 0).tolist()
    assert gpt2["ranks"][0] == [1, int(counts.max())]
    words = {tuple(group["group"]): group["words"] for group in found["groups"]}
    assert words["de",] == 3 + 3  # Größere Städte . · faule Hunde 🦤
    assert sum(group["documents"] for group in found["groups"]) == len(ROWS)


def test_premium_is_tokens_over_those_of_the_same_texts(folder: Path) -> None:
    found = report(folder, "gpt2.json", "--parallel", "id", "--key", r"-(\d+)$")
    library = Tokenizer.from_file(str(folder / "gpt2.json"))
    tokens = {row["id"]: len(library.encode(row["text"]).ids) for row in ROWS}
    both = (tokens["talk-de-1"] + tokens["talk-de-2"]) / (tokens["talk-en-1"] + tokens["talk-en-2"])
    assert found["premiums"]["de"] == {"texts": 2, "premium": [round(both, 4)]}
    assert found["premiums"]["th"]["premium"] == [round(tokens["talk-th-1"] / tokens["talk-en-1"], 4)]
    assert found["tokenizers"][0]["premiums"]["en"] == 1.0


def test_groups_by_fields_and_by_none(folder: Path) -> None:
    by = report(folder, "gpt2.json", "--by", "site,lang")
    assert [group["group"] for group in by["groups"]] == [["a", "en"], ["b", "de"], ["b", "en"], ["b", "th"]]
    assert [group["group"] for group in report(folder, "gpt2.json", "--by", "")["groups"]] == [[]]


def test_tokens_that_no_text_gives_are_found(folder: Path) -> None:
    usage = Usage(read_tokenizer(str(folder / "digits.json"), Context("t", 0, open_file)))
    lost = glitches(usage)
    library = Tokenizer.from_file(str(folder / "digits.json"))
    library.encode_special_tokens = True
    assert len(lost.never) == library.get_vocab_size()  # nothing was read
    assert library.token_to_id("<|endoftext|>") in lost.unreachable
    vocabulary = library.get_vocab()
    learnt_whole = [
        number for token, number in vocabulary.items() if len(token.strip("Ġ")) > 1 and token.strip("Ġ").isdigit()
    ]
    assert set(learnt_whole) <= set(lost.unreachable)  # every digit stands alone here
    reached = {token for text in TEXT.split("\n") for token in library.encode(text).ids}
    assert not reached & set(lost.unreachable)


def test_numbers(folder: Path) -> None:
    ctx = Context("t", 0, open_file)
    told = number_handling(read_tokenizer(str(folder / "digits.json"), ctx))
    assert told == {"cut": "each digit", "one_token": {"2": 0.0, "3": 0.0, "4": 0.0, "6": 0.0}}
    threes = Tokenizer.from_file(str(folder / "gpt2.json"))
    split = pre_tokenizers.Split(Regex(CL100K % "{1,3}"), "isolated", False)
    threes.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    threes.add_tokens(["ignored"])
    (folder / "threes.json").write_text(threes.to_str())
    whole = number_handling(read_tokenizer(str(folder / "threes.json"), ctx))["one_token"]
    assert whole["4"] == whole["6"] == 0.0


def test_tables_and_a_drawing(folder: Path, tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("1.svg", "2.svg"))
    shown = run(folder, "gpt2.json", "sp.model", "--plot", str(first))
    assert shown.exit_code == 0, shown.output
    assert "gpt2" in shown.output
    assert "that no text gives" in shown.output
    assert run(folder, "gpt2.json", "sp.model", "--plot", str(second)).stdout == shown.stdout
    assert first.read_bytes() == second.read_bytes()
    drawn = ElementTree.parse(first).getroot()
    assert len(drawn.findall(".//{http://www.w3.org/2000/svg}polyline")) == 2


def test_a_drawing_of_odd_names_and_many_groups() -> None:
    """Well-formed whatever groups and files are called; long names whole in a tooltip, and the largest groups alone."""
    names = ["a\x00b\x1b<&>\"'", "\ud800", "x" * 80, "", *(str(n) for n in range(100))]
    tokenizers = [
        {"name": name, "groups": [{"tokens_per_word": None}, *[{"tokens_per_word": 1.5}] * 103], "ranks": ranks}
        for name, ranks in (("a\x01 & b", [(1, 9), (2, 4)]), ("none used", []))
    ]
    groups = [{"group": (name, "en"), "bytes": 1000 - n} for n, name in enumerate(names)]
    text = draw({"tokenizers": tokenizers, "groups": groups, "by": ("source", "lang")})
    drawn = ElementTree.fromstring(text.encode())
    svg = "{http://www.w3.org/2000/svg}"
    told = [title.text for title in drawn.iter(f"{svg}title")]
    assert len(told) == 60
    assert {"a\ufffdb\ufffd<&>\"' · en", "\ufffd · en", "x" * 80 + " · en", "- · en"} <= set(told)
    assert "of the 60 with the most text; 44 are not drawn" in text
    assert all(
        len(label.text or "") <= 26 for label in drawn.iter(f"{svg}text") if label.find(f"{svg}title") is not None
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none.json",), "none.json: no such file"),
        (("nothing.json",), "nothing.json: its vocabulary is empty"),
        (("in.jsonl",), "in.jsonl: "),
        (("gpt2.json", "--parallel", "id", "--relative-to", "fr"), "--relative-to fr: no text with a key is in it"),
        (("gpt2.json", "--by", "sight"), "--by sight: no document has this field"),
        (("gpt2.json", "--parallel", "id", "--key", "("), r"--key (: not a regular expression"),
    ],
)
def test_mistakes_are_told_in_a_line(folder: Path, words: tuple[str, ...], said: str) -> None:
    error = run(folder, *words).exception
    assert isinstance(error, DatapipeError)
    assert said in str(error)
    assert "\n" not in str(error)


def test_options_that_make_no_sense(folder: Path) -> None:
    for words in (("--key", "x"), ("--plot", "a.png"), ("--plot", "nowhere/a.svg"), ("--by", "text")):
        assert run(folder, "gpt2.json", *words).exit_code == 2
