"""`datapipe train lm`: held against lmplz, against the formulas, against kenlm, and against itself."""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from datapipe.core.errors import MissingDependency, RecipeError
from datapipe.core.language_model.ngram_model import NgramModel
from datapipe.core.language_model.normal_text import normal_text
from datapipe.engine.training.arpa import ArpaFile
from datapipe.engine.training.kenlm_file import KenlmFile
from datapipe.engine.training.language_model import Request, train_language_model
from datapipe.engine.training.lines import Sample
from datapipe.engine.training.ngram_model import Settings, count, smooth
from tests.conftest import SAMPLE, Runs
from tests.reference.kneser_ney import kneser_ney

Model = dict[tuple[str, ...], tuple[float, float]]
# lmplz 0.3.0 (kpu/kenlm), with --discount_fallback, of made-up sentences; a sixth of the n-grams. The last sentence is a
# word of its own: of the last word in its order lmplz takes the occurrences for the adjusted count when it counts counts.
GOLDEN = json.loads((Path(__file__).parent / "golden_lmplz.json").read_text())
PROSE = SAMPLE / "pii" / "pii.jsonl.zst"  # 0.2 MB of English novels
SENTENCES = [line.split() for line in GOLDEN["text"]]


def modelled(sentences: list[list[str]], order: int, prune: list[int], folder: Path, memory: int = 10**8) -> Model:
    """The model of these sentences, by way of an ARPA file."""
    numbers: dict[str, int] = {}
    stream = [n for s in sentences for n in (*(numbers.setdefault(word, 3 + len(numbers)) for word in s), 2)]
    np.array(stream, np.uint32).tofile(folder / "words")
    settings = Settings(order, (3 + len(numbers)).bit_length(), prune, memory)
    counted = count(folder / "words", folder, settings)
    sizes = [stats.ngrams for stats in counted.orders]
    spellings = [b"<unk>", b"<s>", b"</s>", *(word.encode() for word in numbers)]
    files = [
        ArpaFile(folder / "x.arpa", sizes, settings.bits, spellings),
        KenlmFile(folder / "x.arpa.bin", sizes, settings.bits, spellings),
    ]
    for n, grams in enumerate(smooth(counted, folder, settings), 1):
        for file in files:
            file.add(n, grams)
    for file in files:
        file.close()
    return read_arpa(folder / "x.arpa")


def read_arpa(path: Path) -> Model:
    found = {}
    for line in path.read_text().splitlines():
        fields = line.split("\t")
        if len(fields) > 1:
            found[tuple(fields[1].split(" "))] = float(fields[0]), float(fields[2]) if len(fields) > 2 else 0.0
    return found


def scored(model: NgramModel, words: list[str]) -> float:
    """log10 p of a sentence."""
    return float(model.scores(model.numbers(words), np.array([len(words)]))[0])


def probability(model: Model, context: tuple[str, ...], word: str) -> float:
    """log10 p(word | context), backing off."""
    if (*context, word) in model:
        return model[*context, word][0]
    return model.get(context, (0.0, 0.0))[1] + probability(model, context[1:], word)


@pytest.mark.parametrize("golden", GOLDEN["models"], ids=["whole", "pruned"])
def test_it_equals_lmplz(golden: dict, tmp_path: Path) -> None:
    model = modelled(SENTENCES, golden["order"], golden["prune"], tmp_path)
    assert len(model) == golden["ngrams"]
    for ngram, expected in golden["some"].items():
        assert model[tuple(ngram.split())] == pytest.approx(expected, abs=2e-6), ngram


@pytest.mark.parametrize(
    ("order", "prune", "memory"), [(2, [0, 0], 1), (3, [0, 1, 1], 1), (5, [0, 0, 0, 1, 2], 10**8), (6, [0] * 6, 1)]
)
def test_it_equals_the_formulas(order: int, prune: list[int], memory: int, tmp_path: Path) -> None:
    expected = kneser_ney(SENTENCES, order, prune)
    model = modelled(SENTENCES, order, prune, tmp_path, memory)
    assert model.keys() == expected.keys()
    for ngram, values in expected.items():
        if ngram != ("<s>",):
            assert model[ngram] == pytest.approx(values, abs=1e-6), ngram
    assert model["<s>",] == pytest.approx((0.0, expected["<s>",][1]), abs=1e-6)


@pytest.mark.parametrize("prune", [[0, 0, 0], [0, 0, 2]])
def test_every_context_sums_to_1(prune: list[int], tmp_path: Path) -> None:
    model = modelled(SENTENCES, 3, prune, tmp_path)
    words = [ngram[0] for ngram in model if len(ngram) == 1 and ngram != ("<s>",)]
    after = defaultdict(list)
    for ngram in model:
        after[ngram[:-1]].append(ngram)
    assert len(after) > 200 - 100 * prune[2]
    for context in after:
        assert math.fsum(10 ** probability(model, context, word) for word in words) == pytest.approx(1, abs=1e-5)


def test_kenlm_reads_it_and_scores_alike(tmp_path: Path) -> None:
    kenlm = pytest.importorskip("kenlm")
    model = modelled(SENTENCES, 4, [0] * 4, tmp_path)
    loaded = kenlm.Model(str(tmp_path / "x.arpa"))
    assert loaded.order == 4
    for sentence in [*SENTENCES[:40], ["never", "seen"], ["ba", "never"], []]:
        words = ["<s>", *(word if (word,) in model else "<unk>" for word in sentence), "</s>"]
        expected = sum(probability(model, tuple(words[max(0, i - 3) : i]), words[i]) for i in range(1, len(words)))
        assert loaded.score(" ".join(sentence)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("order", "prune"), [(4, [0] * 4), (2, [0, 0]), (3, [0, 0, 1])])
def test_the_binary_is_the_arpa_file(order: int, prune: list[int], tmp_path: Path) -> None:
    kenlm = pytest.importorskip("kenlm")
    modelled(SENTENCES, order, prune, tmp_path)
    arpa, binary = (kenlm.Model(str(tmp_path / name)) for name in ("x.arpa", "x.arpa.bin"))
    assert binary.order == order
    words = sorted({word for sentence in SENTENCES for word in sentence})
    mixed = np.random.default_rng(1).choice([*words, "never"], (100, 12)).tolist()
    for sentence in [*SENTENCES, *mixed, []]:
        text = " ".join(sentence)
        assert list(binary.full_scores(text)) == list(arpa.full_scores(text))


def test_the_binary_has_the_bytes_of_build_binary(tmp_path: Path) -> None:
    modelled(SENTENCES, 4, [0] * 4, tmp_path)
    assert hashlib.sha256((tmp_path / "x.arpa.bin").read_bytes()).hexdigest() == GOLDEN["build_binary"]


def test_one_sentence_of_one_word(tmp_path: Path) -> None:
    model = modelled([["a"]], 3, [0] * 3, tmp_path)
    expected = kneser_ney([["a"]], 3, [0] * 3)
    assert model.keys() == expected.keys()
    for ngram in model.keys() - {("<s>",)}:
        assert model[ngram] == pytest.approx(expected[ngram], abs=1e-6)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lm")
    done = CliRunner().invoke(
        datapipe,
        ["train", "lm", str(PROSE), "--out", str(folder), "--lang", "en", "--order", "3", "--vocab-size", "400"],
    )
    assert done.exit_code == 0, done.output
    assert "order 3: " in done.output
    return folder


def test_the_command_writes_models_and_a_card(trained: Path) -> None:
    assert sorted(p.name for p in trained.iterdir()) == ["en.arpa", "en.arpa.bin", "en.json", "en.sp.model"]
    card = json.loads((trained / "en.json").read_text())
    for file in card["files"]:
        data = (trained / file["file"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    (source,) = card["corpus"]["files"]
    assert source["sha256"] == hashlib.sha256(PROSE.read_bytes()).hexdigest()
    assert card["orders"][2]["ngrams"] == len([g for g in read_arpa(trained / "en.arpa") if len(g) == 3])
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(trained / "en.sp.model"))
    model = NgramModel(str(trained / "en.arpa"))
    likely, shuffled = (
        scored(model, pieces.encode(normal_text(text), out_type=str))
        for text in (
            "She had been there for a week, and was very happy.",
            "Week a. for very happy, had there been she was",
        )
    )
    assert likely > shuffled


def test_equal_input_gives_equal_bytes_whatever_the_memory(trained: Path, tmp_path: Path) -> None:
    train_language_model(Request((str(PROSE),), tmp_path, 3, "en", 400), lambda said: None)
    for name in ("en.arpa", "en.arpa.bin", "en.sp.model", "en.json"):
        assert (tmp_path / name).read_bytes() == (trained / name).read_bytes()
    model = str(trained / "en.sp.model")
    told: list[str] = []
    train_language_model(
        Request((str(PROSE),), tmp_path / "little", 3, "en", 400, model, memory=2_000_000), told.append
    )
    assert (tmp_path / "little" / "en.arpa").read_bytes() == (trained / "en.arpa").read_bytes()
    assert [line.split()[0] for line in told] == ["reading", "cutting", "counting", "smoothing"]


def test_characters_without_a_piece_are_words_of_their_own(trained: Path, runs: Runs) -> None:
    rows = [{"id": str(n), "body": f"she was 文字 there\nand <s> 文字 {n % 7}", "lang": "en"} for n in range(60)]
    path = runs.jsonl("a.jsonl", [*rows, {"id": "x", "body": "autre chose", "lang": "fr"}])
    model = str(trained / "en.sp.model")
    request = Request((str(path),), runs.folder / "out", 3, "en", sentencepiece=model, text_field="body")
    card = train_language_model(request, lambda said: None)
    assert (card["corpus"]["documents"], card["corpus"]["lines"]) == (60, 120)
    words = {word for ngram in read_arpa(runs.folder / "out" / "en.arpa") for word in ngram}
    assert "文字" in words
    assert words >= {"<s>", "</s>", "<unk>"}


def test_the_order_of_documents_does_not_matter(trained: Path, runs: Runs) -> None:
    """Characters without a piece get their numbers by how they are written, whichever is met first."""
    rows = [{"id": str(n), "text": f"she was {'文字詞語'[n % 4]} there {n % 7}"} for n in range(30)]
    for name, order in (("a", rows), ("b", rows[::-1])):
        path = runs.jsonl(f"{name}.jsonl", order)
        request = Request((str(path),), runs.folder / name, 3, sentencepiece=str(trained / "en.sp.model"))
        train_language_model(request, lambda said: None)
    for file in ("lm.arpa", "lm.arpa.bin"):
        assert (runs.folder / "a" / file).read_bytes() == (runs.folder / "b" / file).read_bytes()


def test_documents_of_one_long_line(runs: Runs) -> None:
    path = runs.jsonl(
        "a.jsonl", [{"id": "1", "text": " ".join("abcdefghijk"[n * n % 11] * (n % 5 + 1) for n in range(9000))}]
    )
    request = Request((str(path),), runs.folder / "out", 2, vocab_size=40)
    card = train_language_model(request, lambda said: None)
    assert card["corpus"]["lines"] == 1
    assert card["orders"][1]["ngrams"] > 30


def test_a_sample_does_not_depend_on_the_order() -> None:
    lines = [b"line %d" % n for n in range(5000)]
    samples = []
    for some in (lines, lines[::-1], lines[2500:] + lines[:2500]):
        sample = Sample(2000, 7)
        for line in some:
            sample.add(line)
        samples.append(sample.lines())
    assert samples[0] == samples[1] == samples[2]
    assert 1900 < sum(map(len, samples[0])) <= 2000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["none.jsonl"], "none.jsonl"),
        (["a.odd"], "how to read it?"),
        (["a.jsonl", "--prune", "1"], "words are never left out"),
        (["a.jsonl", "--prune", "0,2,1"], "thresholds may not fall"),
        (["a.jsonl", "--prune", "0,x"], "expected counts such as 0,0,1"),
        (["a.jsonl", "--memory", "lots"], "expected a size such as 128MB"),
        (["a.jsonl", "--lang", "de"], "the input has no text in de: 0 documents"),
        (["a.jsonl", "--lang", "../de"], "--lang: files are named by it; expected a code such as en"),
        (["a.jsonl", "--text-field", "body"], "1 unreadable records; the first: the field body is missing"),
        (["a.jsonl", "--sentencepiece", "a.jsonl"], "a.jsonl: not a SentencePiece model"),
        (["a.jsonl", "--sentencepiece", "none"], "--sentencepiece: none: No such file"),
        (
            ["a.jsonl", "--vocab-size", "8"],
            "no SentencePiece model of 8 pieces can be made of this text: its characters",
        ),
        (["a.jsonl", "--sample", "0"], "--sample: no line of the text is of 0 bytes"),
    ],
)
def test_what_is_wrong_is_said(options: list[str], said: str, runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.jsonl("a.jsonl", [{"id": "1", "text": "some words, and a few more of them", "lang": "en"}])
    monkeypatch.chdir(runs.folder)
    done = CliRunner().invoke(datapipe, ["train", "lm", *options, "--out", "out"])
    assert done.exit_code == 2 or isinstance(done.exception, RecipeError)
    assert not list((runs.folder / "out").glob("*"))
    assert said in f"{done.output} {done.exception}"


def test_an_absent_package_is_named(monkeypatch: pytest.MonkeyPatch, runs: Runs) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sentencepiece", None)
    path = runs.jsonl("a.jsonl", [{"id": "1", "text": "words"}])
    with pytest.raises(MissingDependency, match=r"pip install 'datapipe\[perplexity\]'"):
        train_language_model(Request((str(path),), runs.folder / "out"), lambda said: None)


def test_too_many_words_for_the_order(monkeypatch: pytest.MonkeyPatch, trained: Path, runs: Runs) -> None:
    monkeypatch.setattr("datapipe.engine.training.language_model.KEY", 20)
    path = runs.jsonl("a.jsonl", [{"id": "1", "text": "words"}])
    with pytest.raises(RecipeError, match="needs 27 bits, and 20 is the most"):
        train_language_model(
            Request((str(path),), runs.folder / "out", 3, sentencepiece=str(trained / "en.sp.model")),
            lambda said: None,
        )
