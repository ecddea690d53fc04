"""`datapipe train lm`: from documents to a SentencePiece model, an n-gram model, and a card that says what they are."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from datapipe import __version__
from datapipe.core.errors import RecipeError
from datapipe.core.language_model.pieces import COVERAGE, load_pieces, train_pieces
from datapipe.engine.training.arpa import ArpaFile
from datapipe.engine.training.kenlm_file import KenlmFile
from datapipe.engine.training.lines import Corpus, Sample, described, open_inputs, read_lines, write_lines
from datapipe.engine.training.ngram_model import Counted, Settings, count, smooth
from datapipe.engine.training.vocabulary import Vocabulary
from datapipe.io.opening import open_file

WANTED_BY = "train lm"
ENCODED = 4_000_000  # bytes of text that are cut into pieces at once
KEY = 128  # bits of an n-gram
NAME = re.compile(r"[A-Za-z0-9_-]+")  # no dot: `perplexity` takes what stands before the first for the language


@dataclass(frozen=True)
class Request:
    """What is to be trained: see `datapipe train lm --help`."""

    inputs: tuple[str, ...]
    out: Path
    order: int = 5
    lang: str | None = None
    vocab_size: int = 32_000
    sentencepiece: str | None = None
    sample: int = 20_000_000
    memory: int = 2_000_000_000
    prune: tuple[int, ...] = ()
    seed: int = 0
    text_field: str | None = None


def train_language_model(request: Request, tell: Callable[[str], None]) -> dict[str, Any]:
    """Train, write NAME.arpa, .arpa.bin, .sp.model and .json (NAME is the language, or lm) into the folder; the card.

    The same input gives the same bytes. Working files, some 20 times the text, stand beside the model until it is done.
    """
    prune = _thresholds(request)
    name = _name(request.lang)
    given = _given_pieces(request.sentencepiece)
    readers = open_inputs(request.inputs, request.text_field)
    request.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".training-", dir=request.out) as scratch:
        folder = Path(scratch)
        tell("reading")
        sample = Sample(request.sample, request.seed) if given is None else None
        with (folder / "text").open("wb", buffering=1 << 20) as text:
            corpus = write_lines(readers, request.lang, text, sample)
        model = given if given is not None else _pieces(request, sample, tell)
        pieces = load_pieces(model, WANTED_BY)
        if given is None and pieces.get_piece_size() < request.vocab_size:
            tell(f"{pieces.get_piece_size():,} pieces, of {request.vocab_size:,} asked for: the text has no more")
        vocabulary = Vocabulary(pieces)
        tell(f"cutting {corpus.lines:,} lines into pieces")
        with (folder / "text").open("rb") as text, (folder / "words").open("wb") as words:
            for lines in read_lines(text, ENCODED):
                words.write(vocabulary.numbers(lines).data)
        (folder / "text").unlink()
        vocabulary.sort(folder / "words")
        bits = len(vocabulary).bit_length()
        if bits * request.order > KEY:
            raise RecipeError(
                f"order {request.order} with {len(vocabulary):,} words: an n-gram needs {bits * request.order} bits, "
                f"and {KEY} is the most; take a lower order or a smaller vocabulary"
            )
        settings = Settings(request.order, bits, prune, request.memory // 2)
        tell(f"counting n-grams of {vocabulary.words:,} words")
        counted = count(folder / "words", folder, settings)
        sizes = [order.ngrams for order in counted.orders]
        tell(f"smoothing {sum(sizes):,} n-grams")
        spellings = list(vocabulary.spellings())
        arpa = ArpaFile(folder / f"{name}.arpa", sizes, bits, spellings)
        binary = KenlmFile(folder / f"{name}.arpa.bin", sizes, bits, spellings)
        for order, grams in enumerate(smooth(counted, folder, settings), 1):
            for file in (arpa, binary):
                file.add(order, grams)
        for file in (arpa, binary):
            file.close()
        (folder / f"{name}.sp.model").write_bytes(model)
        card = _card(request, corpus, vocabulary, counted, prune)
        names = [f"{name}{ending}" for ending in (".arpa", ".arpa.bin", ".sp.model")]
        card["files"] = [described(str(folder / file)) for file in names]
        (folder / f"{name}.json").write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2) + b"\n")
        (request.out / f"{name}.json").unlink(missing_ok=True)
        for done in (*names, f"{name}.json"):  # the card last: where it stands, the model is whole
            (folder / done).replace(request.out / done)
    return card


def _thresholds(request: Request) -> tuple[int, ...]:
    """One a order; the last one given holds for all above, as with lmplz."""
    given = request.prune or (0,)
    if len(given) > request.order:
        raise RecipeError(f"--prune: {len(given)} thresholds for a model of order {request.order}")
    if given[0] != 0:
        raise RecipeError("--prune: words are never left out; the first threshold is 0")
    if list(given) != sorted(given):
        raise RecipeError("--prune: thresholds may not fall: a longer n-gram would stay without its suffix")
    return (*given, *[given[-1]] * (request.order - len(given)))


def _name(lang: str | None) -> str:
    """What files are called: by the language, as `perplexity` looks for them."""
    name = lang or "lm"
    if not NAME.fullmatch(name):
        raise RecipeError(f"--lang: files are named by it; expected a code such as en or zh-TW, found {name!r}")
    return name


def _given_pieces(path: str | None) -> bytes | None:
    """The model that was given, read before the text is."""
    if path is None:
        return None
    try:
        with open_file(path) as stream:
            model = stream.read()
    except OSError as error:
        raise RecipeError(f"--sentencepiece: {path}: {error.strerror or error}") from None
    try:
        load_pieces(model, WANTED_BY)
    except RecipeError as error:
        raise RecipeError(f"--sentencepiece: {path}: {error}") from None
    return model


def _pieces(request: Request, sample: Sample | None, tell: Callable[[str], None]) -> bytes:
    assert sample is not None
    lines = sample.lines()
    if not lines:
        raise RecipeError(
            f"--sample: no line of the text is of {request.sample:,} bytes or less; give more, such as 20MB"
        )
    tell(f"learning pieces from {sum(map(len, lines)) / 1e6:,.1f} MB")
    return train_pieces((line.decode() for line in lines), request.vocab_size, WANTED_BY)


def _card(
    request: Request, corpus: Corpus, vocabulary: Vocabulary, counted: Counted, prune: tuple[int, ...]
) -> dict[str, Any]:
    return {
        "kind": "n-gram language model",
        "datapipe": __version__,
        "smoothing": "interpolated modified Kneser-Ney",
        "normalisation": "ccnet",
        "order": request.order,
        "lang": request.lang,
        "prune": prune,
        "corpus": {
            "files": corpus.files, "documents": corpus.documents, "unreadable_records": corpus.bad,
            "lines": corpus.lines, "bytes": corpus.size, "words": vocabulary.words,
            "unknown_words_left_out": vocabulary.left_out,
        },
        "pieces": (
            {"trained": False}
            if request.sentencepiece is not None
            else {
                "trained": True, "type": "unigram", "vocab_size": request.vocab_size, "character_coverage": COVERAGE,
                "seed": request.seed, "sample_bytes": request.sample,
            }
        ),
        "orders": [
            {
                "order": n, "ngrams": order.ngrams, "counted_1_to_4": order.counts,
                "discounts": order.discounts[:3], "fallback": order.discounts.fallback,
            }
            for n, order in enumerate(counted.orders, 1)
        ],
    }  # fmt: skip
