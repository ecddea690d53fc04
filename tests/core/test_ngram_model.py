"""n-gram models in KenLM's tables: scores as kenlm's, from ARPA and from binaries, and what cannot be read."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from datapipe.core.language_model.arpa_file import UNKNOWN
from datapipe.core.language_model.kenlm_format import SANE, Layout, layout_of
from datapipe.core.language_model.ngram_model import NgramModel
from datapipe.kernels.kenlm_scores import BLOCK
from datapipe.kernels.murmur import hashes_of

ARPA = """\
\\data\\
ngram 1=6
ngram 2=5
ngram 3=2

\\1-grams:
-1.5\t<s>\t-0.5
-1.25\ta\t-0.25
-0.75\t</s>
-2e0\t<unk>\t-.125
-1.75\tμ\t0
-1.0\tb\t-0.375

\\2-grams:
-0.5\t<s> a\t-0.0625
-0.25\ta b\t-0.1875
-0.625\tb a
-0.875\tb </s>\t0
-1.125\t<s> <unk>\t-0.5

\\3-grams:
-0.125\t<s> a b
-0.0625\ta b </s>

\\end\\
"""
GOLDEN = {  # kenlm 0.3.0, Model.score
    "": -1.25, "a": -1.5625, "a b": -0.6875, "b": -2.375, "b a": -3.125, "a b a b": -1.75, "μ": -3.0, "never": -2.5,
    "a never b": -4.8125, "never a b": -3.3125, "b b b a a b": -6.6875, "a b μ a b": -4.5, "<unk> a": -4.0,
    "a <s> b": -4.6875,
}  # fmt: skip


@pytest.fixture
def arpa(tmp_path: Path) -> Path:
    path = tmp_path / "x.arpa"
    path.write_text(ARPA)
    return path


def scores(model: NgramModel, sentences: list[str], single: bool = True) -> list[float]:
    words = [sentence.split() for sentence in sentences]
    counts = np.array(list(map(len, words)))
    return model.scores(model.numbers([word for line in words for word in line]), counts, single).tolist()


def error(path: Path, data: bytes | str) -> str:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(ValueError) as caught:
        NgramModel(str(path))
    return str(caught.value)


def test_it_scores_as_kenlm_did(arpa: Path) -> None:
    model = NgramModel(str(arpa))
    assert model.order == 3
    assert scores(model, list(GOLDEN)) == list(GOLDEN.values())


def test_it_scores_as_kenlm_does(arpa: Path) -> None:
    kenlm = pytest.importorskip("kenlm")
    raw = kenlm.Model(str(arpa))
    assert scores(NgramModel(str(arpa)), list(GOLDEN)) == [raw.score(sentence) for sentence in GOLDEN]


def test_hashes_are_murmur_s() -> None:
    found = hashes_of([b"", b"<unk>", "слово".encode(), b"eight by"])
    assert hashes_of([b"<unk>", b"<UNK>"]).tolist() == UNKNOWN.tolist()
    assert found.tolist() == [0, 16902545233577457963, 2932039082376027537, 1054536267013781730]


def backed_off(words: list[str]) -> float:
    """log10 p of a sentence, by the ARPA file's definition."""
    fields = [line.split("\t") for line in ARPA.splitlines() if "\t" in line]
    table = {tuple(f[1].split()): (float(f[0]), float(f[2]) if len(f) > 2 else 0.0) for f in fields}

    def log10(context: tuple[str, ...], word: str) -> float:
        if (*context, word) in table:
            return table[*context, word][0]
        return table.get(context, (0, 0.0))[1] + log10(context[1:], word)

    line = ["<s>", *(word if (word,) in table else "<unk>" for word in words), "</s>"]
    return sum(log10(tuple(line[max(0, n - 2) : n]), line[n]) for n in range(1, len(line)))


def test_long_sentences_go_on_from_block_to_block(arpa: Path) -> None:
    model = NgramModel(str(arpa))
    words = np.random.default_rng(5).choice(["a", "b", "μ", "never"], 3 * BLOCK + 7, p=[0.5, 0.4, 0.05, 0.05]).tolist()
    assert model.scores(model.numbers(words), np.array([len(words)]))[0] == backed_off(words)
    for start in range(5):
        many = [words[n : n + start + 1] for n in range(start, len(words), start + 1)]
        alone = [model.scores(model.numbers(line), np.array([len(line)]))[0] for line in many[:50]]
        flat = [word for line in many for word in line]
        together = model.scores(model.numbers(flat), np.array(list(map(len, many))))
        assert together[:50].tolist() == alone


def test_crlf_and_files_without_an_end(arpa: Path, tmp_path: Path) -> None:
    expected = scores(NgramModel(str(arpa)), list(GOLDEN))
    other = tmp_path / "y.arpa"
    other.write_bytes(ARPA.replace("\n", "\r\n").rstrip().encode())
    assert scores(NgramModel(str(other)), list(GOLDEN)) == expected
    other.write_bytes(ARPA.replace("\t-0.25\n", " -0.25 \n").replace("<unk>", "<UNK>").encode())
    assert scores(NgramModel(str(other)), list(GOLDEN)) == expected


def test_without_unk_a_strange_word_is_very_unlikely(arpa: Path) -> None:
    lines = [line for line in ARPA.splitlines() if "<unk>" not in line]
    arpa.write_text("\n".join(lines).replace("1=6", "1=5").replace("2=5", "2=4"))
    model = NgramModel(str(arpa))
    assert scores(model, ["never"]) == [-0.5 - 100 - 0.75]


def test_damaged_arpa_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.arpa"
    assert "there is no \\1-grams:" in error(path, "\\data\\\nngram 1=2\n")
    assert "order 2 is missing" in error(path, ARPA.replace("ngram 2=5\n", ""))
    assert "order 1; 2 to" in error(path, "\\data\\\nngram 1=1\n\\1-grams:\n-1\ta\n\\end\\\n")
    assert "1 more 2-grams are to come, and there is no more" in error(path, ARPA.replace("2=5", "2=6"))
    assert "\\2-grams: should stand where there is: b'-1.0" in error(path, ARPA.replace("1=6", "1=5"))
    assert "b'-1.x" in error(path, ARPA.replace("-1.125", "-1.x"))
    assert "b'-0.25\\ta'" in error(path, ARPA.replace("\ta b\t-0.1875", "\ta"))
    assert "the file ends where \\end\\" in error(path, ARPA.replace("\\end\\\n", ""))
    assert "a word that is no 1-gram" in error(path, ARPA.replace("b a\n", "b c\n"))
    said = error(path, ARPA.replace("<s> a b\n", "<s> a a\n"))
    assert "3-gram 1: its words without the first, or the last, are no 2-gram; `build_binary probing" in said


def test_binaries_that_cannot_be_read_say_how_to_rebuild(tmp_path: Path) -> None:
    path = tmp_path / "bad.bin"
    head = Layout((3, 2, 1)).header()
    assert layout_of(head, 10**4) == Layout((3, 2, 1))
    kind = len(SANE) + 8
    trie, quantised = (head[:kind] + struct.pack("<I", number) + head[kind + 4 :] for number in (2, 5))
    for data, said in ((trie, "a trie model"), (quantised, "a quantised array trie model"),
                       (head.replace(b"version 5", b"version 4"), "not of KenLM's version 5"),
                       (head[:64] + b"\1" + head[65:], "a machine that has other numbers")):  # fmt: skip
        assert said in error(path, data)
        assert error(path, data).endswith("`build_binary probing MODEL.arpa MODEL.arpa.bin` makes one that can be read")
    assert "ends in its header" in error(path, head[:100])
    assert "its header is damaged" in error(path, head[:110])
    assert "the file was cut" in error(path, head)
