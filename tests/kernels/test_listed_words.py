"""Lists of words found in text: against a plain twin, in every script and on every kind of border."""

import random
import unicodedata

import numpy as np
import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.kernels.listed_words import entries, find_entries
from tests.reference import listed_words as twin

SOME = [
    "foo", "Straße", "blow hard", "Ｆｕｌｌ", "句子", "句", "あほ", "ばか者", "マンガ", "🖕", "c'est", "rosy-palm", "กี่ดี", "한국",
    "ﾏﾝｶﾞ", "Ärger", "сад", "A杯", "foo bar baz", "bar", "İz", "ç", "हिन्दी", "a&b", "ế", "!!", "ကား", "ខ្មែរ",
]  # fmt: skip
PARTS = [*SOME, " ", "\n", "\t\u3000", "-", "'", "’", ".", "\u00ad", "\u200d", "\u200b", "\u0301", "\u0323", "ー", "ン", "が",
         "の", "一", "x", "O", "ß", "ẞ", "ς", "Σ", "ı", "I", "1", "_", "\ufe0f", "🏽", "ั", "เ", "่", "ា", "្", "န်", "ﾞ", "각", "\0",
         "&", "؟", "ـ", "é", "fi", "ﬁ"]  # fmt: skip


def places(texts, listed):
    text = text_of(pa.array(texts))
    words, found = find_entries(*text, entries(listed))
    rows = [[] for _ in texts]
    for row, start, stop, _ in zip(*(column.tolist() for column in found), strict=True):
        raw = texts[row].encode()
        start, stop = start - int(text.offsets[row]), stop - int(text.offsets[row])
        rows[row].append((len(raw[:start].decode()), len(raw[:stop].decode())))
    return list(zip(words.tolist(), map(sorted, rows), strict=True))


def test_equals_its_twin_on_any_text():
    rng = random.Random(5)
    texts = ["", *("".join(rng.choices(PARTS, k=rng.randint(0, 14))) for _ in range(1500))]
    texts += [unicodedata.normalize(form, text) for form in ("NFD", "NFC") for text in texts[:400]]
    texts += [text.upper() for text in texts[:400]]
    for text, found in zip(texts, places(texts, SOME), strict=True):
        assert found == twin.find(text, SOME), ascii(text)


@pytest.mark.parametrize(
    ("text", "entry", "hits"),
    [
        ("food, foo; FOO's foo_bar", "foo", 3),
        ("STRASSE Straße strasse", "straße", 3),
        ("οδος ΟΔΟΣ οδοσ", "ΟΔΟΣ", 3),
        ("İZ iz IZ ız", "iz", 3),
        ("caf\u00e9 cafe\u0301 cafe", "café", 2),
        ("blow\u00a0\n hard, blow-hard, blow, hard", "blow hard", 2),
        ("ｆｏｏ ＦＯＯ", "foo", 2),
        ("fo\u00ado f\u200boo", "foo", 2),
        ("这个句子很长", "句子", 1),
        ("句 句子 a句 。句。", "句", 2),
        ("あほ。あほう", "あほ", 1),
        ("マンガを ロマンガ マンガー", "マンガ", 1),
        ("ดี ดีๆ ดีก", "ดี", 1),
        ("กาดำๆ กาดำ กาดำา", "กาดำ", 2),
        ("👍👍🏽 x👍️y", "👍", 3),
    ],
)
def test_whole_words_of_every_script(text, entry, hits):
    assert len(places([text], [entry])[0][1]) == hits


def test_the_bytes_around_a_row_do_not_matter():
    texts = ["foo", "d foo ba", "r", "\u0301foo", "", "句", "子"]
    apart = [places([text], SOME)[0] for text in texts]
    assert places(texts, SOME) == apart


def test_many_entries_are_told_apart():
    rng = random.Random(3)
    listed = sorted({"".join(rng.choices("abcdeжзийкक़ख가나다", k=5)) for _ in range(10_000)})
    numbers = entries(listed).numbers
    forms = {unicodedata.normalize("NFD", entry) for entry in listed}
    assert len(np.unique(numbers)) == len(forms)
    text = text_of(pa.array(listed))
    _, found = find_entries(*text, entries(listed))
    assert (found.rows == np.arange(len(listed))).all()
    assert (found.entries == numbers).all()
