"""`perplexity` and `perplexity_buckets` under models trained here, beside kenlm (where it is installed) and CCNet's own loop."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sentencepiece

from datapipe.core.context import Context
from datapipe.core.errors import MissingDependency, RecipeError
from datapipe.core.language_model.normal_text import normal_text
from datapipe.engine.contract import broken_laws
from datapipe.io.opening import open_file
from datapipe.ops.perplexity import Perplexity
from tests.conftest import SAMPLE, Runs, compile_text


@pytest.fixture(scope="module")
def books() -> list[dict[str, Any]]:
    return pq.read_table(SAMPLE / "books" / "books.parquet").to_pylist()


@pytest.fixture
def models(language_models: Path) -> Path:
    return language_models


def pair(models: Path, lang: str = "en") -> dict[str, str]:
    return {"lm": str(models / f"{lang}.arpa"), "sentencepiece": str(models / f"{lang}.sp.model")}


def judged(parameters: dict[str, Any], texts: list[str | None], langs: list[str | None] | None = None) -> Any:
    operator = Perplexity.model_validate(parameters)
    operator.setup(Context("t", 0, open_file))
    columns = {"text": pa.array(texts, pa.large_string()), "lang": pa.array(langs or ["en"] * len(texts), pa.string())}
    return operator.judge(pa.RecordBatch.from_pydict(columns))


def raw(models: Path, lang: str = "en") -> tuple[Any, Any]:
    """kenlm's model and SentencePiece's; the test is skipped where kenlm is absent."""
    kenlm = pytest.importorskip("kenlm")
    files = pair(models, lang)
    return kenlm.Model(files["lm"]), sentencepiece.SentencePieceProcessor(model_file=files["sentencepiece"])


TEXTS = [
    "It is a truth universally acknowledged.\nShe was very happy, and said so twice in 1813!",
    "\n\nOne line\n\n",
    "Zzz qqq xxkcd «wörter» 文字 \x00\n\x85",
    "",
    None,
    " \n\t ",
    "The same line\n" * 30,
]


@pytest.mark.parametrize("example", [{}, {"min_perplexity": 20, "max_perplexity": 900}, {"level": "line", "max_perplexity": 400},
                                     {"level": "paragraph", "min_perplexity": 50}, {"ccnet_compatible": True}])  # fmt: skip
def test_it_keeps_the_laws(models: Path, example: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    buckets = {"cutoffs": {"en": (100, 500)}} if not example else {}
    monkeypatch.setattr(Perplexity, "examples", ({"models": {"en": pair(models)}, **example, **buckets},))
    assert broken_laws(Perplexity) == []


def test_a_document_is_the_sum_of_its_lines(models: Path) -> None:
    model, pieces = raw(models)
    found = judged({"models": {"en": pair(models)}}, TEXTS).scores["perplexity"]
    for text, value in zip(TEXTS, found.tolist(), strict=True):
        total = length = 0.0
        for line in (text or "").split("\n"):
            tokens = pieces.encode(normal_text(line), out_type=str)
            if tokens:
                total += model.score(" ".join(tokens))
                length += len(tokens) + 1
        if length:
            assert value == pytest.approx(10 ** (-total / length), rel=1e-6)  # kenlm's sums are of float32
        else:
            assert np.isnan(value)


def test_ccnet_compatible_is_ccnet_s_loop(models: Path) -> None:
    model, pieces = raw(models)
    found = judged({"models": {"en": pair(models)}, "ccnet_compatible": True}, TEXTS).scores["perplexity"]
    for text, value in zip(TEXTS, found.tolist(), strict=True):
        tokenized = " ".join(pieces.encode_as_pieces(normal_text(text or "")))
        lines = tokenized.split("\n") if tokenized else []
        if not lines:
            assert np.isnan(value)
            continue
        total = sum(model.score(line) for line in lines)
        assert value == round(10.0 ** (-total / sum(len(line.split()) + 1 for line in lines)), 1)
    lines_apart = judged({"models": {"en": pair(models)}}, TEXTS[:1]).scores["perplexity"]
    assert lines_apart[0] != found[0]  # the trap: newlines are gone before lines are told apart


def test_clean_text_ranks_below_shuffled_and_garbled(models: Path, books: list[dict[str, Any]]) -> None:
    chance = random.Random(3)
    for lang in ("en", "es"):
        clean = [" ".join(row["text"].split()[40:100]) for row in books if row["lang"] == lang][:60]
        shuffled = [" ".join(chance.sample(words, len(words))) for words in map(str.split, clean)]
        garbled = ["".join(chance.choice("etaoinshr") if chance.random() < 0.1 else c for c in text) for text in clean]
        scores = judged({"models": str_folder(models)}, clean + shuffled + garbled, [lang] * (3 * len(clean)))
        good, mixed, broken = scores.scores["perplexity"].reshape(3, -1)
        assert len(clean) >= 50
        assert (good < mixed).mean() >= 0.95
        assert (good < broken).mean() >= 0.95


def str_folder(models: Path) -> list[str]:
    """What the planner makes of a folder."""
    return sorted(str(path) for path in models.iterdir())


def test_languages_without_models_stay_unscored(models: Path) -> None:
    texts = ["She was happy."] * 4
    langs = ["en", "es", "xx", None]
    verdict = judged({"models": {"en": pair(models)}, "max_perplexity": 1, "cutoffs": {"en": [1, 2]}}, texts, langs)
    assert verdict.reason == ["high_perplexity", None, None, None]
    assert verdict.columns["bucket"].to_pylist() == ["tail", "all", "all", "all"]
    assert verdict.columns["perplexity"].null_count == 3
    both = judged({"models": {"en": pair(models), "*": pair(models, "es")}}, texts, langs).scores["perplexity"]
    assert both[0] < both[1] == both[2] == both[3]


def test_parts_out_of_bounds_are_cut(models: Path) -> None:
    text = "She was very happy to see him.\nxq zzkw vvq qqx 999 jjj kk\n\nThey went to the house.\nIt was good.\n\nqqx zz jjw"
    good = "She was very happy to see him.\n\nThey went to the house.\nIt was good."
    verdict = judged({"models": {"en": pair(models)}, "level": "line", "max_perplexity": 150}, [text, "qqx zz jjw", ""])
    assert verdict.columns["text"].to_pylist()[0] == good
    assert verdict.reason == [None, "empty", None]
    spans = verdict.spans.to_pylist()
    assert [text[s["start"] : s["end"]].strip() for s in spans[0]] == ["xq zzkw vvq qqx 999 jjj kk", "qqx zz jjw"]
    assert {s["reason"] for s in spans[0] + spans[1]} == {"high_perplexity"}
    alone = judged({"models": {"en": pair(models)}}, [good]).scores["perplexity"][0]
    assert verdict.scores["perplexity"][0] == pytest.approx(alone)
    paragraphs = judged({"models": {"en": pair(models)}, "level": "paragraph", "max_perplexity": 150}, [text])
    assert paragraphs.columns["text"].to_pylist() == ["They went to the house.\nIt was good."]


def test_long_documents_of_one_line(models: Path) -> None:
    words = "she was very happy to see him in the house and said so "
    texts = [words * 20, words * 20_000, "\u200d" + "x" + " " * 70_000]
    for compatible in (False, True):
        parameters = {"models": {"en": pair(models)}, "ccnet_compatible": compatible}
        short, long, little = judged(parameters, texts).scores["perplexity"]
        assert long == pytest.approx(short, rel=0.02)
        assert little > 1
    model, pieces = raw(models)
    tokens = pieces.encode(texts[1], out_type=str)
    kenlms = 10 ** (-model.score(" ".join(tokens)) / (len(tokens) + 1))
    assert long == round(kenlms, 1)  # the last one is CCNet's, with kenlm's sums


RECIPE = """
read: {{jsonl: a.jsonl}}
steps:
  - perplexity: {{models: {models}{more}}}
  - perplexity_buckets: {{keep: [head, middle, all]}}
write: {{path: out}}
"""


def test_buckets_of_the_corpus(models: Path, runs: Runs, books: list[dict[str, Any]]) -> None:
    rows = [
        {"id": f"{row['lang']}{n}", "text": " ".join(row["text"].split()[:50]), "lang": row["lang"]}
        for n, row in enumerate(books)
    ]
    runs.jsonl("a.jsonl", [*rows, {"id": "none", "text": "", "lang": "en"}, {"id": "fr", "text": "mot", "lang": "fr"}])
    (scored, *_, step) = runs(RECIPE.format(models=models, more=""))["steps"]
    assert scored["unscored"] == 2
    cutoffs = step["answer"]["cutoffs"]
    assert step["answer"]["remarks"][0].startswith(
        f"cut-offs en {cutoffs['en'][0]:.6g} and {cutoffs['en'][1]:.6g}, es "
    )
    kept = runs.table("data")
    for lang in ("en", "es"):
        total = sum(row["lang"] == lang for row in rows)
        sizes = {b: sum(r["lang"] == lang and r["bucket"] == b for r in kept) for b in ("head", "middle", "tail")}
        assert sizes["head"] == pytest.approx(0.3 * total, abs=2)
        assert sizes["middle"] == pytest.approx(0.3 * total, abs=3)
        assert sizes["tail"] == 0
        limits = {b: [r["perplexity"] for r in kept if r["lang"] == lang and r["bucket"] == b] for b in sizes}
        assert max(limits["head"]) < cutoffs[lang][0] <= min(limits["middle"])
        assert max(limits["middle"]) < cutoffs[lang][1]
    assert {row["id"]: row["bucket"] for row in kept if row["bucket"] == "all"} == {"none": "all", "fr": "all"}
    for row in runs.table("ledger"):
        assert row["reason"] == "bucket"
        assert dict(row["scores"])["perplexity"] >= cutoffs[row["lang"]][1]


def test_what_is_wrong_is_said_before_work(models: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.jsonl("a.jsonl", [{"id": "1", "text": "one", "lang": "en"}])
    (runs.folder / "half").mkdir()
    (runs.folder / "half" / "en.arpa").write_bytes(b"\\data\\")
    (runs.folder / "bad.arpa").write_bytes(b"no model")
    (runs.folder / "cutoff.csv").write_text(",en\n50,1\n")

    def error(given: str, more: str = "") -> str:
        with pytest.raises((RecipeError, MissingDependency)) as caught:
            compile_text(RECIPE.format(models=given, more=more), runs.folder)
        return str(caught.value)

    pieces = models / "en.sp.model"
    assert "there is no en.sp.model beside it" in error("half")
    assert "neither an ARPA file (uncompressed) nor" in error(f"{{en: {{lm: bad.arpa, sentencepiece: {pieces}}}}}")
    assert "No such file" in error(f"{{en: {{lm: none.arpa, sentencepiece: {pieces}}}}}")
    (runs.folder / "broken.arpa").write_text("\\data\\\nngram 1=1\nngram 2=1\n\\1-grams:\nx\n\\end\\\n")
    broken = RECIPE.format(models=f"{{en: {{lm: broken.arpa, sentencepiece: {pieces}}}}}", more="")
    with pytest.raises(
        RecipeError, match=r"\.01\.perplexity: .*broken.arpa: 1 more 1-grams are to come, and there is b'x'"
    ):
        runs(broken)
    assert "models: en: expected {lm: FILE, sentencepiece: FILE}, found" in error("{en: a.arpa}")
    assert "expected a folder, patterns of files, or {en: {lm: FILE, " in error("5")
    assert "allow_download: true" in error("{en: {lm: 'hf://org/en.arpa.bin', sentencepiece: a}}")
    assert "no row of the percentile 30" in error(str(models), ", cutoffs: cutoff.csv")
    assert "min_perplexity 9" in error(str(models), ", min_perplexity: 9, max_perplexity: 8")
    assert "it has no level" in error(str(models), ", level: line, ccnet_compatible: true")
    plan = compile_text(RECIPE.format(models=models, more=""), runs.folder)
    assert {Path(r.path).name for r in plan.resources} == {
        f"{x}.{y}" for x in ("en", "es") for y in ("arpa.bin", "sp.model")
    }
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    assert error(str(models)).endswith("needs the package sentencepiece: pip install 'datapipe[perplexity]'")
