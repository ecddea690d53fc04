"""Substring de-duplication: what is found equals a suffix array, and the windows of small texts counted one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydivsufsort import divsufsort, kasai

from datapipe.core.columns import ADDR
from datapipe.core.operator import Filter
from datapipe.core.verdict import Verdict
from datapipe.engine.asking import ask
from datapipe.ops.substring_dedup import SubstringDedup
from tests.reference.words import words

FIRST = 5 << 40
ALPHABETS = ("ab", "abc", "a", "aé漢😀", "ab c\n", "abcdefghijklmnopqrstuvwxyz \x00")


def rows(texts: Sequence[str], sources: Sequence[str] = ()) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {
            ADDR: pa.array(np.arange(len(texts), dtype=np.uint64) + FIRST),
            "id": pa.array([f"d{i}" for i in range(len(texts))]),
            "text": pa.array(texts, pa.large_string()),
            "source": pa.array(sources or ["web"] * len(texts)),
        }
    )


def found(operator: SubstringDedup, batch: pa.RecordBatch, size: int = 1 << 20) -> tuple[pa.Table, Filter]:
    """The spans found, in symbols, and the filter that cuts them."""
    spans, bound = ask(operator.rounds(), [batch.slice(at, size) for at in range(0, batch.num_rows, size)])
    assert isinstance(bound, Filter)
    return spans, bound


def judged(texts: Sequence[str], sources: Sequence[str] = (), **parameters: Any) -> Verdict:
    batch = rows(texts, sources)
    return found(SubstringDedup(**parameters), batch)[1].judge(batch)


def marks(spans: pa.Table, lengths: Sequence[int]) -> list[list[bool]]:
    """Which symbols of each document the spans cover."""
    covered = [[False] * length for length in lengths]
    for address, start, end in zip(*(spans.column(c).to_pylist() for c in (ADDR, "start", "end")), strict=True):
        covered[address - FIRST][start:end] = [True] * (end - start)
    return covered


def counted(documents: Sequence[Sequence[Any]], length: int, cut: str, held: Sequence[bool]) -> list[list[bool]]:
    """The same, by listing the places of every window."""
    places = defaultdict(list)
    for d, document in enumerate(documents):
        for at in range(len(document) - length + 1):
            places[tuple(document[at : at + length])].append((d, at))
    covered = [[False] * len(document) for document in documents]
    for same in places.values():
        if cut == "held":
            gone = [p for p in same if not held[p[0]]] if any(held[d] for d, _ in same) else []
        else:
            gone = same[1:] if cut == "copies" else same if len(same) > 1 else []
        for d, at in gone:
            covered[d][at : at + length] = [True] * length
    return covered


def random_texts(rng: np.random.Generator) -> list[str]:
    """Few letters, planted passages and parts of them, periodic runs: each ends where another text may go on."""
    letters = list(ALPHABETS[rng.integers(len(ALPHABETS))])
    pool = [""]
    texts = []
    for _ in range(rng.integers(1, 8)):
        text = ""
        for _ in range(rng.integers(0, 6)):
            other = pool[rng.integers(len(pool))]
            start = rng.integers(len(other) + 1)
            piece = (
                "".join(rng.choice(letters, rng.integers(0, 90))),
                "".join(rng.choice(letters, rng.integers(1, 12))) * int(rng.integers(1, 20)),
                other[start : start + rng.integers(1, 120)],
                other,
            )[rng.integers(4)]
            pool.append(piece)
            text += piece
        texts.append(text)
    return texts


@pytest.mark.parametrize("seed", range(4))
def test_every_repeated_window_and_no_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(60):
        texts = random_texts(rng)
        sources = [("web", "books")[n] for n in rng.integers(2, size=len(texts))]
        length = int(rng.choice([16, 17, 30, 64, 100]))
        cut = ("copies", "all", "held")[rng.integers(3)]
        chosen = {"against": ("books",)} if cut == "held" else {"remove": cut}
        spans, _ = found(SubstringDedup(min_bytes=length, **chosen), rows(texts, sources), int(rng.integers(1, 4)))
        documents = [text.encode() for text in texts]
        expected = counted(documents, length, cut, [source == "books" for source in sources])
        assert marks(spans, [len(d) for d in documents]) == expected, (length, cut, texts)


@pytest.mark.parametrize("length", [20, 100])
def test_equal_to_a_suffix_array(length: int) -> None:
    """What the published tool removes: the suffixes that share `length` bytes with their neighbour in order."""
    rng = np.random.default_rng(length)
    texts = [text for _ in range(80) for text in random_texts(rng)]
    documents = [text.encode() for text in texts]
    data = np.frombuffer(b"".join(documents), np.uint8).copy()
    ends = np.cumsum([len(d) for d in documents])
    suffixes = divsufsort(data)
    common = kasai(data, suffixes)[: len(data) - 1]
    whole = (ends[np.searchsorted(ends, suffixes, "right")] - suffixes) >= length  # a window within its document
    group = np.append(0, np.cumsum(common < length))
    repeated = suffixes[whole & (np.bincount(group[whole], minlength=group[-1] + 1)[group] > 1)]
    expected = np.zeros(len(data), bool)
    for at in repeated:
        expected[at : at + length] = True
    spans, _ = found(SubstringDedup(min_bytes=length, remove="all"), rows(texts))
    assert np.array_equal(np.concatenate(marks(spans, [len(d) for d in documents])).astype(bool), expected)
    assert expected.any()
    assert not expected.all()


def test_words_whatever_the_white_space() -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        texts = [" ".join(rng.choice(list("abc"), rng.integers(0, 60))) for _ in range(6)]
        texts[-1] = texts[0].replace(" ", "\n\t ")
        documents = [words(text) for text in texts]
        spans, _ = found(SubstringDedup(min_words=6), rows(texts))
        assert marks(spans, [len(d) for d in documents]) == counted(documents, 6, "copies", [])


def test_the_best_copy_stays_and_the_others_name_it() -> None:
    passage = (
        "Über dieser Stelle stand ein Satz, den zwei andere Bücher Wort für Wort wiederholen; 漢字も含む文である。 "
    )
    texts = ["A" + passage, "Ein anderer Anfang. " + passage + "Und ein Ende.", passage]
    verdict = judged(texts)
    assert verdict.reason == [None, None, "nothing_left"]
    assert verdict.columns["text"].to_pylist() == [texts[0], "Ein anderer Anfang. Und ein Ende.", ""]
    (span,) = verdict.spans.to_pylist()[1]
    assert texts[1][span["start"] : span["end"]] == passage
    assert (span["of"], span["text"]) == ("d0", passage[:100])
    assert verdict.duplicate_of.to_pylist() == [None, None, "d0"]

    sources = ["web", "books", "news"]
    left = judged(texts, sources, prefer=["books"]).columns["text"].to_pylist()
    assert left == ["A", texts[1], ""]
    assert judged(texts, sources, against=["news"]).columns["text"].to_pylist()[0] == "A"
    assert judged(texts[:2], sources[:2], against=["news"]).columns["text"].to_pylist() == texts[:2]
    assert judged(texts, keep="longest").columns["text"].to_pylist() == ["A", texts[1], ""]
    assert judged(texts, remove="all").columns["text"].to_pylist() == ["A", "Ein anderer Anfang. Und ein Ende.", ""]


def test_no_document_is_a_duplicate_of_itself() -> None:
    shared = "Here stands a passage of more than forty bytes that two documents share. "
    loop = "And this one, which is in a single document alone, stands there again and again. "
    verdict = judged([shared, loop * 4, loop.upper() * 4 + "Then: " + shared], mode="drop", max_share=0.2, min_bytes=40)
    assert [spans and spans[0]["of"] for spans in verdict.spans.to_pylist()] == [[], "d1", "d2"]
    assert verdict.reason == [None, "repeated_passages", "repeated_passages"]
    assert verdict.duplicate_of.to_pylist() == [None, None, "d0"]


def test_spans_end_at_the_borders_of_characters() -> None:
    """Two texts share 100 bytes that begin and end inside of a character."""
    shared = "漢" * 40
    texts = ["\u6f21" + shared + "\u6f23" + "x", "y" + "\u6e22" + shared + "\u6f24"]  # last, first bytes in common
    verdict = judged(texts)
    assert verdict.columns["text"].to_pylist() == ["\u6f21" + "漢" + "\u6f23" + "x", "y" + "\u6e22" + "\u6f24"]


def test_documents_are_dropped_by_share() -> None:
    passage = "".join(map(chr, range(200, 300)))
    texts = [passage, "new " * 20 + passage, passage + "." * 10, "short"]
    verdict = judged(texts, mode="drop", max_share=0.8)
    assert verdict.reason == [None, None, "repeated_passages", None]
    assert verdict.scores["repeated_share"][1] == pytest.approx(200 / 280)
    assert not verdict.columns
    assert [len(spans) for spans in verdict.spans.to_pylist()] == [0, 1, 1, 0]


def test_a_long_run_of_one_sign_is_one_span() -> None:
    batch = rows(["a" * 5_000_000, "ab" * 500_000])
    spans, bound = found(SubstringDedup(), batch)
    assert spans.num_rows <= 3
    assert bound.judge(batch).columns["text"].to_pylist() == ["a", "ab"]


def test_100_000_copies() -> None:
    text = "".join(map(chr, range(33, 126))) + "".join(map(chr, range(126, 33, -1)))
    verdict = judged([text] * 100_000)
    lengths = pa.compute.binary_length(verdict.columns["text"]).to_numpy()
    assert (lengths[0], lengths[1:].max()) == (len(text), 0)
    assert verdict.keep.sum() == 1


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"min_bytes": 100, "min_words": 50}, "not both"),
        ({"remove": "all", "prefer": ["web"]}, "leave them out"),
        ({"remove": "all", "keep": "longest"}, "leave them out"),
        ({"min_bytes": 5}, "greater than or equal to 16"),
    ],
)
def test_impossible_parameters(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SubstringDedup(**parameters)
