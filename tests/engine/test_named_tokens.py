"""`pack` and `fim` name tokens as the tokenizer before them spells them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from datapipe.core.errors import RecipeError
from tests.conftest import Runs, compile_text
from tests.kernels.byte_level_models import model

NAMED = "{}"
RECIPE = f"""
datasets:
  a: {{read: {{jsonl: a.jsonl}}}}
  b: {{read: {{jsonl: b.jsonl}}, steps: [tokenize: {{model: models, eos: none}}]}}
  c: {{from: [a], steps: [tokenize: {{model: models, eos: none}}]}}
  all:
    from: [b, c]
    steps:
      - fim: {{level: token, rate: 1, tokens: {NAMED}}}
      - pack: {{length: 8, method: best_fit, eos: "<|endoftext|>", pad: "a"}}
write: {{dataset: all, path: out}}
"""


@pytest.fixture
def tokenizer(runs: Runs) -> Tokenizer:
    (runs.folder / "models").mkdir()
    content = model("gpt2")
    (runs.folder / "models" / "tokenizer.json").write_bytes(content)
    (runs.folder / "models" / "weights.bin").write_bytes(b"\0")
    for name in "ab":
        runs.jsonl(f"{name}.jsonl", [{"id": f"{name}{i}", "text": "xyz"[: i + 1]} for i in range(2)])
    return Tokenizer.from_str(content.decode())


def names(tokenizer: Tokenizer) -> str:
    """Three tokens that are there."""
    found = [token for token in tokenizer.get_vocab() if len(token) > 1 and token.isalpha()]
    return f'{{prefix: "{found[0]}", middle: "{found[1]}", suffix: "{found[2]}"}}'


def test_names_are_those_of_the_step_that_wrote_the_ids(runs: Runs, tokenizer: Tokenizer) -> None:
    recipe = RECIPE.replace(NAMED, names(tokenizer))
    manifest = runs(recipe)
    eos, pad = (tokenizer.token_to_id(token) for token in ("<|endoftext|>", "a"))
    by_id = {step["operator"]: step.get("facts", {}).get("ids") for step in manifest["steps"]}
    assert by_id["pack"] == {"<|endoftext|>": eos, "a": pad}
    assert len(by_id["fim"]) == 3
    rows = runs.table("data")
    assert len(rows) == 4
    for row in rows:
        assert eos in row["input_ids"]
        assert set(row["input_ids"][row["documents"][-1]["end"] :]) <= {pad}
        assert set(by_id["fim"].values()) <= set(row["input_ids"])
    assert [one["name"] for one in manifest["models"]] == ["tokenizer.json"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('eos: "<|endoftext|>"', 'eos: "<|end|>"', r"pack: <\|end\|> is no token of .*tokenizer.json; name one"),
        ("[tokenize: {model: models, eos: none}]", "[other]", r"pack: <\|endoftext\|> is a token's name, and no"),
        (
            "c: {from: [a], steps: [tokenize: {model: models,",
            "c: {from: [a], steps: [tokenize: {model: two.json,",
            "say",
        ),
    ],
)
def test_what_cannot_be_looked_up_is_refused(runs: Runs, tokenizer: Tokenizer, old: str, new: str, said: str) -> None:
    (runs.folder / "two.json").write_bytes(model("gpt2"))
    (runs.folder / "other.py").write_text(
        "import pyarrow as pa\nfrom datapipe import Map\n\nclass Other(Map):\n    '''Ids of no tokenizer here.'''\n"
        "    name = 'other'\n    writes = {'tokens': pa.list_(pa.uint16())}\n    def apply(self, batch): ...\n"
    )
    lines = [line for line in RECIPE.splitlines() if "fim" not in line]
    recipe = "\n".join(["plugins: [other.py]", *lines])
    compile_text(recipe, runs.folder)
    with pytest.raises(RecipeError, match=said):
        compile_text(recipe.replace(old, new), runs.folder)
    if said == "say":  # which of the two, the recipe tells
        compile_text(recipe.replace(old, new).replace('pad: "a"', 'pad: "a", model: two.json'), runs.folder)


def test_at_text_level_tokens_are_strings(runs: Runs, tokenizer: Tokenizer) -> None:
    compile_text(RECIPE.replace(f"level: token, rate: 1, tokens: {NAMED}", "rate: 1"), runs.folder)


def test_tokens_that_fim_writes_into_texts_must_be_tokens_to_tokenize(runs: Runs, tokenizer: Tokenizer) -> None:
    recipe = """
datasets:
  a: {read: {jsonl: a.jsonl}, steps: [fim: {rate: 1}, normalize]}
  all: {from: [a], steps: [tokenize: {model: models}]}
write: {dataset: all, path: out}
"""
    with pytest.raises(
        RecipeError, match=r"a.01.fim writes <\|fim_prefix\|> into texts, and the model has no such token"
    ):
        compile_text(recipe, runs.folder)
    tokenizer.add_special_tokens(["<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"])
    (runs.folder / "models" / "tokenizer.json").write_text(tokenizer.to_str())
    with pytest.raises(RecipeError, match="it is text here: say special: split"):
        compile_text(recipe, runs.folder)
    compile_text(recipe.replace("models}", "models, special: split}"), runs.folder)


def test_one_token_by_name_and_id_is_refused(runs: Runs, tokenizer: Tokenizer) -> None:
    eos = tokenizer.token_to_id("<|endoftext|>")
    marks = f'{{prefix: "<|endoftext|>", middle: 9, suffix: {eos}}}'
    with pytest.raises(RecipeError, match=f"expected three different ones, found the ids {eos}, 9, {eos}"):
        compile_text(RECIPE.replace(NAMED, marks), runs.folder)


def test_names_of_a_model_that_the_run_trains(runs: Runs, tmp_path: Path) -> None:
    runs.jsonl("a.jsonl", [{"id": str(i), "text": f"def f{i}(): return {i} and {i * i}" * 3} for i in range(40)])
    runs("""
read: {jsonl: a.jsonl}
steps:
  - train_tokenizer: {label: t, vocab_size: 270, additional_tokens: [<pad>]}
  - tokenize: {model: {step: t}}
  - pack: {length: 500, pad: <pad>}
write: {path: out}
""")
    held = Tokenizer.from_file(str(runs.folder / "out/models/t/tokenizer.json"))
    (row, *_) = runs.table("data")[-1:]
    assert row["input_ids"][-1] == held.token_to_id("<pad>")
    assert row["segment_ids"][-1] == 0
