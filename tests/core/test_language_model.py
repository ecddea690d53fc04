"""What language models see of a text, and what is made of their scores."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.language_model.buckets import bucket_column, read_cutoffs
from datapipe.core.language_model.discounts import discounts
from datapipe.core.language_model.kenlm_format import Layout
from datapipe.core.language_model.model_files import by_language, kind_of
from datapipe.core.language_model.normal_text import normal_text
from datapipe.core.language_model.pieces import load_pieces, train_pieces
from datapipe.core.language_model.scorer import perplexity
from datapipe.core.language_model.windows import WINDOW, windows

# What facebookresearch/cc_net's text_normalizer.normalize makes of made-up strings.
GOLDEN = [
    ("  Ünïcödé and CAFÉ, crème brûlée\t", "unicode and cafe, creme brulee"),
    ("Two\nlines\r\nand a\ttab", "twolinesand atab"),
    ("In 1984, ٣ and １２ and ४ cost 5½²", "in 0000, 0 and 00 and 0 cost 0½²"),
    ("«Quoted», “so” and „so‟ — or – so… ’tis", '"quoted", "so" and "so‟  -  or - so... \'tis'),
    ("全角，。、：？！（）；．～％【】「」《》〈〉━►", '全角,.,:?!();. ~%[]""""<>--'),
    ("ΑΣ ΌΣΟΣ İstanbul ẞ ǅ", "ας οσος istanbul ß ǆ"),
    ("नि का Việt Nam й ё 한글", "नि का viet nam и е 한글"),
    ("nul\x00 c1\x85 del\x7f soft\xad zwj\u200d bom\ufeff sep\u2028", "nul c0 del soft\xad zwj\u200d bom\ufeff sep"),
    ("´ ∶ `", "' : `"),
    ("   \n\t ", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), GOLDEN)
def test_normal_text_is_ccnet_s(text: str, expected: str) -> None:
    assert normal_text(text) == unicodedata.normalize("NFD", expected)


def test_discounts() -> None:
    found = discounts((100, 40, 20, 10))  # y = 100 / 180
    assert found[:3] == pytest.approx((1 - 2 * 5 / 9 * 0.4, 2 - 3 * 5 / 9 * 0.5, 3 - 4 * 5 / 9 * 0.5))
    assert not found.fallback
    # lmplz 0.3.0 takes D3 = 3 from trigrams none of which has a count of 4 (120 Arabic documents), and falls back on nothing.
    assert discounts((100, 40, 20, 0))[2:] == (3.0, False)
    for counts in ((0, 1, 1, 1), (5, 4, 0, 0), (1, 1, 1000, 1), (2, 1, 1, 1000)):
        assert discounts(counts) == (0.5, 1.0, 1.5, True)


def test_perplexity() -> None:
    assert perplexity(np.array([-3.0, 0.0]), np.array([1.5, 2.0])).tolist() == [100.0, 1.0]
    assert np.isnan(perplexity(np.zeros(1), np.zeros(1)))[0]


def test_cutoffs_are_ccnet_s_table() -> None:
    table = ",de,en\n29,1,2\n30,100.5,200\n60,300,400\n"
    assert read_cutoffs(table, (30, 60)) == {"de": (100.5, 300.0), "en": (200.0, 400.0)}
    for bad, said in (("", "a header"), (",de\n30,1\n", "percentile 60"), (",de\n30,1\n60\n", "percentile 60 with 1"),
                      (",de\n30,x\n60,1\n", "expected numbers")):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            read_cutoffs(bad, (30, 60))


def test_buckets() -> None:
    found = bucket_column(
        np.array([99.9, 100, 199.9, 200, 1e9, np.nan, 5, 5, np.inf]),
        ["de", "de", "de", "de", "de", "de", "fr", None, "de"],
        {"de": (100, 200)},
    )
    assert found.to_pylist() == ["head", "middle", "middle", "tail", "tail", "all", "all", "all", "all"]
    everyone = bucket_column(np.array([5.0, 50.0]), [None, "fr"], {"*": (10, 100)})
    assert everyone.to_pylist() == ["head", "middle"]
    assert bucket_column(np.zeros(0), [], {}).to_pylist() == []


def test_files_of_a_folder_make_pairs() -> None:
    names = ["m/en.arpa", "m/en.arpa.bin", "m/en.sp.model", "m/de.arpa", "m/de.sp.model", "m/de.json", "m/readme"]
    found = by_language(names)
    assert {lang: (pair.lm, pair.sentencepiece) for lang, pair in found.items()} == {
        "de": ("m/de.arpa", "m/de.sp.model"),
        "en": ("m/en.arpa.bin", "m/en.sp.model"),
    }
    with pytest.raises(ValueError, match=r"no fr.sp.model beside it"):
        by_language(["m/fr.arpa"])
    with pytest.raises(ValueError, match=r"no fr.arpa.bin or fr.arpa beside it"):
        by_language(["m/fr.sp.model"])
    with pytest.raises(ValueError, match="no models"):
        by_language(["m/readme"])


def test_the_kind_of_a_model(tmp_path: Path) -> None:
    def kind(data: bytes) -> str:
        (tmp_path / "m").write_bytes(data)
        return kind_of("m", Context("x", 0, io.FileIO, local=lambda path: str(tmp_path / path)))

    assert kind(b"\\data\\\nngram 1=3\n\\end\\\n") == "arpa"
    with pytest.raises(ValueError, match="m: the file was cut: an ARPA file ends with"):
        kind(b"\\data\\\nngram 1=3\n")
    layout = Layout((3, 2))
    assert kind(layout.header().ljust(layout.tables()[-1], b"\0")) == "binary"
    with pytest.raises(ValueError, match="m: 252 bytes should be there, and 128 are; the file was cut"):
        kind(layout.header())
    with pytest.raises(ValueError, match="m: not of KenLM's version 5"):
        kind(b"mmap lm http://kheafield.com/code format version 4\n\0")
    with pytest.raises(ValueError, match=r"neither an ARPA file \(uncompressed\) nor"):
        kind(b"{}")


def test_long_lines_are_cut_where_no_piece_goes_across() -> None:
    words = [f"w{n * n % 977}" for n in range(60_000)]
    line = " ".join(words)
    assert len(line) > 4 * WINDOW
    assert "".join(windows(line, WINDOW)) == line
    model = train_pieces((" ".join(words[n : n + 9]) for n in range(0, 9000, 9)), 60, "test")
    assert model == train_pieces((" ".join(words[n : n + 9]) for n in range(0, 9000, 9)), 60, "test")
    pieces = load_pieces(model, "test")
    parts = [piece for part in windows(line, WINDOW) for piece in pieces.encode(part, out_type=str)]
    assert parts == pieces.encode(line, out_type=str)
    assert len(list(windows("x" * (3 * WINDOW), WINDOW))) == 3
    with pytest.raises(RecipeError, match="not a SentencePiece model"):
        load_pieces(b"nothing", "test")
