"""Lists of words by language and category: how they are read, and what is counted."""

import gzip
import io
import json

import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.toxicity.list_files import files_of
from datapipe.core.toxicity.word_lists import USUAL, WordLists

LISTS = {
    "en": {"insult": ["fool", "old fool"], "food": ["pie", "fool"]},
    "de": ["Esel", "alter Esel"],
    "pt-BR": ["bobo"],
    "*": ["🖕"],
}


def context(files=()):
    return Context("x", 0, lambda path: dict(files)[path].open("rb"))


def count(lists, texts, langs, **asked):
    return lists.count(text_of(pa.array(texts)), langs, **asked)


def test_a_row_has_the_lists_of_its_language_and_of_all():
    lists = WordLists.read(LISTS, context())
    assert (lists.categories, lists.languages) == (("food", "insult", "listed"), ("*", "de", "en", "pt"))
    texts = ["a fool, a pie 🖕", "der alte Esel, fool 🖕", "bobo", "bobo fool 🖕", ""]
    found = count(lists, texts, ["en", "deu_Latn", "por", None, "en"])
    assert found.hits.tolist() == [[2, 1, 1], [0, 0, 2], [0, 0, 1], [0, 0, 1], [0, 0, 0]]
    assert found.places.tolist() == [3, 2, 1, 1, 0]
    assert found.words.tolist() == [4, 4, 1, 2, 0]
    assert found.spans is None


def test_everywhere_uses_all_lists():
    lists = WordLists.read(LISTS, context(), everywhere=True)
    assert count(lists, ["Esel fool bobo"], ["ja"]).places.tolist() == [3]


def test_a_word_inside_a_longer_one_of_its_category_is_not_counted():
    lists = WordLists.read(LISTS, context())
    found = count(lists, ["", "you old\n fool"], ["en", "en"], spans=True)
    assert found.hits[1].tolist() == [1, 1, 0]
    assert found.places.tolist() == [0, 1]
    rows, starts, stops, categories = (column.tolist() for column in found.spans)
    assert sorted(zip(rows, starts, stops, categories, strict=True)) == [(1, 4, 13, 1), (1, 9, 13, 0)]


def test_disguises_join_what_is_found_plainly():
    plain = WordLists.read(LISTS, context())
    sharp = WordLists.read(LISTS, context(), disguises=USUAL)
    texts = ["a f00l, an old fool and f-o-o-l", "f00l", "nothing 2 see"]
    assert count(plain, texts, ["en"] * 3).hits[:, 1].tolist() == [1, 0, 0]
    assert count(sharp, texts, ["en", "de", "en"]).hits[:, 1].tolist() == [3, 0, 0]
    spans = count(sharp, texts, ["en", "de", "en"], spans=True).spans
    assert spans.starts.tolist() == sorted(spans.starts.tolist())


def test_published_lists_are_read_as_they_are(tmp_path):
    lines = tmp_path / "all.jsonl.gz"
    lines.write_bytes(
        gzip.compress("\n".join(json.dumps({"lang": k, "words": ["fool", k]}) for k in ("en", "nl")).encode())
    )
    single = tmp_path / "de"
    single.write_text("# mild ones\nEsel\n\n", "utf-8")
    opened = {str(path): path for path in (lines, single)}
    raw = {
        str(path): gzip.decompress(path.read_bytes()) if path is lines else path.read_bytes()
        for path in opened.values()
    }
    ctx = Context("x", 0, lambda path: io.BytesIO(raw[path]))
    lists = WordLists.read([str(lines), str(single)], ctx)
    assert lists.languages == ("de", "en", "nl")
    assert count(lists, ["fool esel nl", "fool esel nl"], ["nl", "de"]).places.tolist() == [2, 1]
    spec = {"en": {"a": str(single), "b": ["x"]}, "de": str(lines)}
    assert files_of(spec) == (str(single), str(lines))


@pytest.mark.parametrize("line", ['{"lang": "en"', '{"lang": "en", "words": "x"}', '["en"]'])
def test_a_broken_list_is_named(tmp_path, line):
    path = tmp_path / "all.jsonl"
    path.write_text('{"lang": "de", "words": ["Esel"]}\n' + line)
    with pytest.raises(RecipeError, match=r"all\.jsonl:2: "):
        WordLists.read(str(path), context({str(path): path}))


def test_lists_without_words_are_refused_and_signs_are_named():
    with pytest.raises(RecipeError, match="no word"):
        WordLists.read({"en": []}, context())
    assert WordLists.read({"en": ["fool", "?!"]}, context()).unread == ("?!",)


def test_rows_do_not_depend_on_those_beside_them():
    lists = WordLists.read(LISTS, context(), disguises=USUAL)
    texts, langs = ["f o o", "l fool", "pie", "🖕 f00l", ""], ["en", "en", "de", None, "en"]
    together = count(lists, texts, langs)
    for row, (text, lang) in enumerate(zip(texts, langs, strict=True)):
        alone = count(lists, [text], [lang])
        assert (alone.hits[0].tolist(), int(alone.words[0])) == (together.hits[row].tolist(), int(together.words[row]))
    sliced = lists.count(text_of(pa.array(texts).slice(1, 3)), langs[1:4])
    assert sliced.hits.tolist() == together.hits[1:4].tolist()
