"""The variants of the rule sets give the values of the tools they follow (tests/bench/make_golden_variants.py).

The values are of DCLM 361714b, Dolma 669f534, Curator 1e2e427, RedPajama-Data 6d2cee9 and Data-Juicer 1dc20a5, of their own
functions; the operators' docstrings tell the definitions in words.
"""

import hashlib
import io
import json
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from pydantic import ValidationError

from datapipe.core.operator import Filter
from datapipe.core.verdict import Verdict
from datapipe.ops.c4_quality import C4Quality
from datapipe.ops.gopher_quality import GopherQuality
from datapipe.ops.gopher_repetition import GopherRepetition

GOLDEN: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "golden_variants.json").read_text())
WEB = Path(__file__).parents[2] / "sample_data" / "web" / "web.jsonl.zst"
# Documents with other values, and why.
KNOWN = {
    ("rpv2", "unicode"): "RedPajama decomposes letters (NFD), so that an umlaut is two characters",
    ("rpv2", "web-d7c105499c767c"): "NFD",
    ("rpv2", "web-ae54602a3845a0"): "NFD",
    (
        "data_juicer",
        "web-f30009394fa1be",
    ): "U+2771, a bracket, is not in its list of special characters, so it is a word",
}


@pytest.fixture(scope="module")
def documents() -> list[tuple[str, str, dict[str, Any]]]:
    """Name, text and values of each golden document."""
    with WEB.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    made = [(row["name"], row["text"], row) for row in GOLDEN["hand_made"]]
    return made + [(row["id"], texts[row["id"]], row) for row in GOLDEN["real"]]


def judged(operator: Filter, texts: list[str]) -> Verdict:
    return operator.judge(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))


def digest(text: str) -> str:
    """As in the golden values."""
    return text if len(text) < 200 else hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("variant", ["dclm", "dolma", "curator", "rpv2", "data_juicer"])
def test_repetition_is_what_the_tool_measures(variant: str, documents: list[Any]) -> None:
    scores = judged(GopherRepetition(variant=variant), [text for _, text, _ in documents]).scores
    other = {}
    for i, (name, text, row) in enumerate(documents):
        assert text.strip()
        for measure, value in row[variant]["repetition"].items():
            if value is not None and abs(scores[measure][i] - value) > 2e-6:
                other[variant, name] = measure
    assert other.keys() == {key for key in KNOWN if key[0] == variant}, other


def test_quality_is_what_dolma_measures(documents: list[Any]) -> None:
    scores = judged(GopherQuality(variant="dolma"), [text for _, text, _ in documents]).scores
    names = {"median_word_length": "mean_word_length", "symbols_per_word": "hashes_per_word"}
    for i, (name, _, row) in enumerate(documents):
        for measure, value in row["dolma"]["quality"].items():
            assert scores[names.get(measure, measure)][i] == pytest.approx(value, abs=2e-6), (name, measure)


def test_quality_is_what_dclm_decides(documents: list[Any]) -> None:
    verdict = judged(GopherQuality(variant="dclm"), [text for _, text, _ in documents])
    rules = {"odd_words": ("short_words", "long_words"), "symbols": ("hash_symbols",)}
    for i, (name, _, row) in enumerate(documents):
        assert verdict.scores["words"][i] == row["dclm"]["words"], name
        for rule, dropped in row["dclm"]["quality"].items():
            assert any(verdict.failed[ours][i] for ours in rules.get(rule, (rule,))) == dropped, (name, rule)


def test_c4_leaves_the_text_that_dolma_leaves(documents: list[Any]) -> None:
    verdict = judged(C4Quality(variant="dolma"), [text for _, text, _ in documents])
    flags = {"curly_bracket": "has_curly_brace", "javascript": "has_javascript", "lorem_ipsum": "has_lorem_ipsum"}
    left = verdict.columns["text"].to_pylist()
    for i, (name, _, row) in enumerate(documents):
        assert digest(left[i]) == row["dolma"]["c4"]["text"], name
        assert [flags[rule] for rule in sorted(flags) if verdict.failed[rule][i]] == row["dolma"]["c4"]["flags"], name


def test_c4_leaves_the_text_that_dclm_leaves(documents: list[Any]) -> None:
    verdict = judged(C4Quality(variant="dclm", min_sentences=None), [text for _, text, _ in documents])
    left = verdict.columns["text"].to_pylist()
    for i, (name, _, row) in enumerate(documents):
        assert digest(left[i] if verdict.keep[i] else "") == row["dclm"]["c4"], name


SHARES = {
    "datatrove": (0.070, 0.128),
    "curator": (0.082, 0.151),
    "dclm": (0.167, 0.231),
    "rpv2": (0.167, 0.231),
    "paper": (0.167, 0.231),
    "dolma": (0.103, 0.143),
    "data_juicer": (0.103, 0.143),
}


@pytest.mark.parametrize("variant", SHARES)
def test_a_sentence_of_ten_words_twice_in_a_document_of_120_and_three_times(variant: str) -> None:
    words = ["".join(letters) for letters in product("bdfgk", "aeiou", "lmnrt", "e", "s")]  # five letters each
    sentence = words[100:110]
    text = " ".join([*words[:50], *sentence, *words[50:100], *sentence])
    texts = [text, " ".join([text, *sentence])]
    assert [len(text.split()) for text in texts] == [120, 130]
    verdict = judged(GopherRepetition(variant=variant), texts)
    assert verdict.scores["duplicate_5_gram"].round(3).tolist() == list(SHARES[variant])
    if variant != "data_juicer":  # which looks at 10-grams, and drops above a half
        drops = {"curator": [False, True], "datatrove": [False, False], "dolma": [False, False]}  # above .15
        assert verdict.failed["duplicate_5_gram"].tolist() == drops.get(variant, [True, True])


@pytest.mark.parametrize(
    ("variant", "share"), [("datatrove", 0.125), ("curator", 0.125), ("dclm", 0.25), ("dolma", 0.25)]
)
def test_one_line_of_eight_repeated(variant: str, share: float) -> None:
    lines = [f"This is line {word} of them." for word in ("one", "two", "six", "ten", "ink", "oak", "elm", "one")]
    assert judged(GopherRepetition(variant=variant), ["\n".join(lines)]).scores["duplicate_lines"][0] == share


def test_a_variant_gives_its_defaults_and_says_less_than_the_recipe() -> None:
    assert GopherRepetition().max_duplicate_line_characters == 0.2
    assert GopherRepetition(variant="dolma").max_duplicate_line_characters == 0.3
    assert GopherRepetition(variant="dolma", max_duplicate_line_characters=0.1).max_duplicate_line_characters == 0.1
    assert GopherRepetition(variant="data_juicer").max_duplicate_10_gram == 0.5
    assert GopherRepetition(variant="data_juicer").max_duplicate_9_gram is None
    assert C4Quality(variant="dolma").min_sentences is None
    assert C4Quality(variant="dclm").min_words_per_line == 5


@pytest.mark.parametrize(
    ("operator", "parameters", "said"),
    [
        (GopherRepetition, {"variant": "rpv2", "max_duplicate_lines": 0.3}, "leave max_duplicate_lines out"),
        (GopherRepetition, {"variant": "dolma", "max_duplicate_paragraphs": 0.3}, "dolma does not measure"),
        (GopherRepetition, {"variant": "data_juicer", "max_top_2_gram": 0.2}, "leave max_top_2_gram out"),
        (C4Quality, {"variant": "dolma", "policy": True}, "no rule `policy`"),
    ],
)
def test_a_rule_that_a_variant_lacks_is_refused(operator: Any, parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        operator(**parameters)


def test_what_a_variant_measures_is_what_can_be_tuned() -> None:
    assert GopherRepetition(variant="data_juicer").tunable() == tuple(f"max_duplicate_{n}_gram" for n in range(5, 11))
    assert "max_duplicate_lines" not in GopherRepetition(variant="rpv2").tunable()
    assert "javascript" in C4Quality(variant="dolma").tunable()
    assert "javascript" not in C4Quality(variant="dclm").tunable()


def test_dolma_has_no_rule_of_three_dots() -> None:
    verdict = judged(GopherQuality(variant="dolma", max_symbol_word_ratio=0.1), ["to ... and ... of ... the ... be"])
    assert not verdict.failed["hash_symbols"].any()
    assert not verdict.failed["ellipsis_symbols"].any()
