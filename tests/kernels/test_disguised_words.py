"""Listed words in disguise: against a plain twin, and kind by kind."""

import random

import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.kernels.disguised_words import find_disguised
from datapipe.kernels.listed_words import entries
from datapipe.kernels.word_shapes import AS_OTHER, AS_SIGN, MASKED, REPEATED, SPACED, shapes_of
from tests.reference import disguised_words as twin

BITS = {"leet": AS_SIGN, "lookalike": AS_OTHER, "repeated": REPEATED, "masked": MASKED, "spaced": SPACED}
SOME = ["fool", "silly", "ill", "twit", "дурак", "Straße", "naïve", "바보야", "λόγος", "xxx", "st4t", "two words", "ab"]
SIGNS = [*"fooliillltwsa", *"дурак", *"оіаſ", *"014$!@*#", *" .-_", "\u200b", "\u0301", "ß", "𝒇", "ⓞ", "바", "보", "야", "λ", "·",
         "中", "\0", "É", "ο", "\n", "S", "T"]  # fmt: skip


def places(texts, wanted):
    text = text_of(pa.array(texts))
    bits = sum(BITS[kind] for kind in wanted)
    shapes = shapes_of(SOME, entries(SOME).numbers, bits)
    words = {number: twin.bared(word) for word, number in zip(SOME, entries(SOME).numbers.tolist(), strict=True)}
    found = [[] for _ in texts]
    for row, start, stop, entry, _ in find_disguised(*text, shapes, bits).T.tolist():
        raw, begin = texts[row].encode(), int(text.offsets[row])
        found[row].append((len(raw[: start - begin].decode()), len(raw[: stop - begin].decode()), words[entry]))
    return [sorted(row) for row in found]


def varied(rng):
    """A listed word, mostly, with some of its letters changed, doubled or parted."""
    word = list(rng.choice(SOME))
    for _ in range(rng.randint(0, 4)):
        at = rng.randrange(len(word))
        how = rng.randrange(5)
        if how == 0:
            word[at] = rng.choice(SIGNS)
        elif how == 1:
            word[at : at + 1] = [word[at]] * rng.randint(1, 4)
        elif how == 2:
            word = list(rng.choice(" .-_").join(word))
        elif how == 3:
            word.insert(at, rng.choice(SIGNS))
        else:
            word[at] = word[at].upper()
    return "".join(word)


@pytest.mark.parametrize("wanted", [tuple(BITS), ("leet", "lookalike"), ("repeated",), ("spaced",), ("masked", "leet")])
def test_equals_its_twin(wanted):
    rng = random.Random(len(wanted))
    texts = [rng.choice((" ", "", "\n", "; ")).join(varied(rng) for _ in range(rng.randint(1, 4))) for _ in range(150)]
    texts += ["".join(rng.choices(SIGNS, k=rng.randint(0, 12))) for _ in range(150)]
    for text, found in zip(texts, places(texts, wanted), strict=True):
        assert found == twin.find(text, SOME, wanted), ascii(text)


@pytest.mark.parametrize(
    ("kind", "hidden", "shown"),
    [
        ("leet", ["f00l", "$illy!", "s1l1y", "TW1T", "@f00l"[1:]], ["fool", "1001", "70017", "f001e", "7w17", "1ll"]),
        ("lookalike", ["fооl", "ѕilly", "𝒻𝑜𝑜𝓁", "ⓢilly", "дуpак"], ["дурак", "fool", "fооd"]),
        ("repeated", ["foool", "FOOOOL", "sillyyyy", "дууурак"], ["foooll", "ffool", "fool", "xxxx", "iiil"]),
        ("masked", ["f*ol", "f**l", "s#lly", "si**y"], ["f***", "**ol", "f*l", "*fool*", "i*l", "f* l"]),
        ("spaced", ["f.o.o.l", "f o o l", "F-O-O-L", "i f o o l"], ["f.o o.l", "f. o. o. l", "fo ol", "f.o.o.l.y"]),
    ],
)
def test_each_kind_finds_its_own(kind, hidden, shown):
    assert all(places(hidden, (kind,)))
    assert not any(places(shown, (kind,)))
    others = tuple(name for name in BITS if name != kind)
    assert not any(places(hidden, others))
