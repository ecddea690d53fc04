"""De-duplication of sentences, lines and paragraphs against brute force, and the same whatever the shards."""

from __future__ import annotations

import random
import time
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from datapipe.core.columns import ADDR
from datapipe.core.dedup.unit_dedup import UnitDedup
from datapipe.core.verdict import Verdict
from datapipe.engine.asking import ask
from datapipe.ops.line_dedup import LineDedup
from datapipe.ops.paragraph_dedup import ParagraphDedup
from datapipe.ops.sentence_dedup import SentenceDedup
from tests.conftest import Runs
from tests.reference.unit_dedup import Fate, Rules, dedup
from tests.reference.units import CUTS, normal

SENTENCES = ["One is here.", "Two is there!", "Why three?", "four.", "FIVE; 5.", "five 7", "你好。", "再见！", "كيف؟",
             "e.g. six.", "Café.", "Cafe\u0301.", "\u2026", "\x00.", "\U0001f600!", "ʼn.", "Mr. Seven came."]  # fmt: skip
GAPS = [" ", " ", " ", "\n", "\n\n", "  ", "\r\n", " \n \n\t", "\u3000", ""]


def corpus(seed: int, documents: int = 60) -> list[str]:
    rng = random.Random(seed)
    few = rng.sample(SENTENCES, 6)
    texts = [
        rng.choice(["", "", "  ", "\n \n  "])
        + "".join(rng.choice(few) + rng.choice(GAPS) for _ in range(rng.randrange(12)))
        for _ in range(documents)
    ]
    return [*texts, "", " \n", texts[0]]


def batch_of(texts: list[str], **more: list[Any]) -> pa.RecordBatch:
    columns = {ADDR: pa.array([i + (i // 20 << 40) for i in range(len(texts))], pa.uint64())}
    columns |= {"id": pa.array([f"d{i}" for i in range(len(texts))]), "text": pa.array(texts, pa.large_string())}
    return pa.RecordBatch.from_pydict(columns | {name: pa.array(values) for name, values in more.items()})


def asked(operator: UnitDedup, batch: pa.RecordBatch) -> Verdict:
    _, bound = ask(operator.rounds(), [batch.slice(i, 20) for i in range(0, batch.num_rows, 20)])
    verdict: Verdict = bound.judge(batch)  # type: ignore[union-attr]
    return verdict


def agree(verdict: Verdict, texts: list[str], fates: list[Fate], unit: str) -> None:
    found = verdict.columns["text"].to_pylist() if "text" in verdict.columns else texts
    assert found == [fate.text for fate in fates]
    assert verdict.reason == [fate.reason for fate in fates]
    assert verdict.spans is not None
    for text, fate, spans in zip(texts, fates, verdict.spans.to_pylist(), strict=True):
        cut = "".join(text[a:b] for a, b in outside(spans, len(text)))
        assert cut == fate.text
        assert [s["text"] for s in spans] == [text[s["start"] : s["end"]][:100] for s in spans]
        keepers = {(a, b): f"d{keeper}" for (a, b), keeper in fate.keepers.items()}
        for span in spans:  # the span that its part was asked for by reaches over its start
            assert span["of"] in {of for (a, b), of in keepers.items() if a <= span["start"] < b}
            assert span["reason"] == f"duplicate_{unit}"


def outside(spans: list[dict[str, Any]], size: int) -> list[tuple[int, int]]:
    ends = [0, *[s["end"] for s in spans]]
    return list(zip(ends, [*[s["start"] for s in spans], size], strict=True))


CASES: list[tuple[UnitDedup, Rules]] = [
    (SentenceDedup(min_words=0, min_sentences=0), Rules("sentence", "datatrove", 3)),
    (SentenceDedup(min_words=9, min_sentences=3), Rules("sentence", "datatrove", 3, words=9, sentences=3)),
    (SentenceDedup(span=1, normalize="c4", min_words=0), Rules("sentence", "c4", 1, sentences=3)),
    (SentenceDedup(span=2, min_span_characters=8, min_words=0, min_sentences=0), Rules("sentence", "datatrove", 2, 8)),
    (LineDedup(), Rules("line", "c4", sentences=3)),
    (LineDedup(span=2, min_sentences=0, normalize="exact"), Rules("line", "exact", 2)),
    (ParagraphDedup(), Rules("line", "ccnet")),
    (ParagraphDedup(parted_by="blank_line", min_characters=20), Rules("paragraph", "ccnet", characters=20)),
]


@pytest.mark.parametrize(("operator", "rules"), CASES)
def test_equals_brute_force(operator: UnitDedup, rules: Rules) -> None:
    gone = 0
    for seed in range(12):
        texts = corpus(seed)
        verdict = asked(operator, batch_of(texts))
        fates = dedup(texts, rules)
        agree(verdict, texts, fates, operator.what)
        gone += sum(bool(fate.keepers) for fate in fates)
    assert gone > 80


def test_every_sentence_stays_somewhere() -> None:
    texts = corpus(5, 200)
    operator = SentenceDedup(min_words=0, min_sentences=0)
    left = asked(operator, batch_of(texts)).columns["text"].to_pylist()
    held, kept = (
        {normal(text[a:b], "datatrove") for text in side for a, b in CUTS["sentence"](text)} for side in (texts, left)
    )
    assert held == kept
    assert sum(map(len, left)) < sum(map(len, texts)) / 2


def test_preference_decides_whose_copy_stays() -> None:
    texts = corpus(3)
    rules = Rules("line", "c4")
    everyone = range(len(texts))
    score = [float(i * 7 % 13) for i in everyone]
    source = [("web", "books", "code")[i % 3] for i in everyone]
    batch = batch_of(texts, score=score, source=source)
    least = {"min_sentences": 0}
    orders = {
        "longest": ({"keep": "longest"}, lambda i: -len(texts[i].encode())),
        "column": ({"keep": {"score": "asc"}}, lambda i: score[i]),
        "prefer": ({"prefer": ["books"], "keep": {"score": "desc"}}, lambda i: (source[i] != "books", -score[i])),
    }
    for parameters, rank in orders.values():
        operator = LineDedup.model_validate(parameters | least)
        order = sorted(everyone, key=rank)
        agree(asked(operator, batch), texts, dedup(texts, rules, order), "line")
    held = {i for i in everyone if source[i] == "code"}
    order = sorted(everyone, key=lambda i: i not in held)
    verdict = asked(LineDedup.model_validate({"against": ["code"]} | least), batch)
    agree(verdict, texts, dedup(texts, rules, order, held), "line")


RECIPE = """
name: units
input_split: {split}
datasets:
  a: {{read: {{jsonl: a.jsonl}}, steps: []}}
  b: {{read: {{jsonl: b.jsonl}}, steps: []}}
  corpus: {{from: [a, b], steps: [{{sentence_dedup: {{span: 2, prefer: [b], min_words: 4, min_sentences: 2}}}}]}}
write: {{dataset: corpus, path: out}}
"""


def test_shards_and_workers_do_not_matter(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = corpus(8, 120)
    runs.jsonl("a.jsonl", [{"id": f"a{i}", "text": t} for i, t in enumerate(texts)])
    runs.jsonl("b.jsonl", [{"id": f"b{i}", "text": t} for i, t in enumerate(corpus(9, 80))])

    def told(out: str) -> list[list[dict[str, Any]]]:
        tables = [runs.table(name, out) for name in ("data", "ledger", "edits")]
        return [sorted(({k: v for k, v in r.items() if k != ADDR} for r in rows), key=str) for rows in tables]

    runs(RECIPE.format(split="64MB"), "one")
    runs(RECIPE.format(split="2KB"), "pool", workers=2)
    monkeypatch.setattr("datapipe.engine.reduce.PARTITION_BYTES", 4096)
    runs(RECIPE.format(split="2KB"), "many")
    data, ledger, edits = told("one")
    assert data
    assert ledger
    assert edits
    assert {row["reason"] for row in ledger} == {"nothing_left", "too_few_words", "too_few_sentences"}
    assert told("many") == told("pool") == [data, ledger, edits]
    assert all(span["of"][0] == "b" for row in edits if row["id"][0] == "b" for span in row["spans"])


def test_an_index_goes_on_where_the_run_before_ended(runs: Runs) -> None:
    for name, seed in (("a", 12), ("b", 13)):
        runs.jsonl(f"{name}.jsonl", [{"id": f"{name}{i}", "text": t} for i, t in enumerate(corpus(seed))])
    step = "sentence_dedup: {{span: 2, min_words: 4, min_sentences: 2{}}}"
    recipe = "read: {{jsonl: '{}.jsonl'}}\nsteps: [{{{}}}]\nwrite: {{path: {}}}\n"
    runs(recipe.format("[ab]", step.format(""), "whole"), "whole")
    for name in "ab":
        runs(recipe.format(name, step.format(", index: seen"), name), name)
    for table in ("data", "ledger", "edits"):
        whole = [{k: v for k, v in row.items() if k != ADDR} for row in runs.table(table, "whole")]
        halves = [{k: v for k, v in row.items() if k != ADDR} for name in "ab" for row in runs.table(table, name)]
        assert halves == whole
        assert whole


@pytest.mark.parametrize("unit", [". ", "a.", "a. ", "漢", "。", "a", " ", "\n", "a\n", "! !a", "각", "1,"])
def test_a_megabyte_of_one_thing_takes_no_longer_than_megabytes_do(unit: str) -> None:
    batch = batch_of([unit * (1_000_000 // len(unit.encode()))])
    for operator in (SentenceDedup(), LineDedup()):
        asked(operator, batch_of(["One. One. One. One. One.\n"] * 3))  # compiled
        began = time.process_time()
        asked(operator, batch)
        assert time.process_time() - began < 5  # 0.6 s at worst


def test_why_shows_what_was_cut_and_who_has_it(runs: Runs) -> None:
    runs.jsonl(
        "in.jsonl",
        [{"id": "x", "text": "Keep.\nThe same line."}, {"id": "y", "text": "Own. Two. Yes.\nthe SAME line."}],
    )
    runs("read: {jsonl: in.jsonl}\nsteps: [line_dedup]\nwrite: {path: out}\n")
    assert [row["text"] for row in runs.table("data")] == ["Keep.\nThe same line.", "Own. Two. Yes."]
    said = CliRunner().invoke(datapipe, ["why", str(runs.folder / "out"), "y"]).stdout
    assert "characters 14 to 29: duplicate_line as in x: '\\nthe SAME line.'" in said


def test_a_page_of_one_line_many_thousand_times() -> None:
    line = "The very same line. Again the line. And once more.\n"
    verdict = asked(LineDedup(), batch_of([line * 3] * 30_000))
    assert verdict.keep.tolist() == [True] + [False] * 29_999
    assert verdict.columns["text"][0].as_py() == line
    assert set(verdict.columns["text"][1:].to_pylist()) == {""}
