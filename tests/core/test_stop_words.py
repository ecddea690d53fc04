"""Stop words by language: the lists, and Gopher's rule by the row's own."""

import math

import pyarrow as pa
import pytest

from datapipe.core.stop_words import SAME, stop_words
from datapipe.ops.gopher_quality import GopherQuality

LISTED = """af ar bg bn br ca cs da de el en eo es et eu fa fi fr ga gl gu ha he hi hr hu hy id it ja ko ku la lt lv mr ms nl
no pl pt ro ru sk sl so st sv sw th tl tr uk ur vi yo zh zu"""
GERMAN = "Die Würde des Menschen ist unantastbar und zu achten."


def judged(texts: dict[str, str | None], **parameters: object) -> list[float]:
    rows = {"text": pa.array(texts, pa.large_string()), "lang": pa.array(texts.values(), pa.string())}
    verdict = GopherQuality.model_validate(parameters).judge(pa.RecordBatch.from_pydict(rows))
    few = verdict.scores["stop_words"] < 2
    assert verdict.failed["few_stop_words"].tolist() == few.tolist()
    return list(verdict.scores["stop_words"])


def test_there_are_lists_for_at_least_forty_languages_and_they_hold_words() -> None:
    assert len(LISTED.split()) >= 40
    for language in LISTED.split():
        words = stop_words(language)
        assert len(words) >= 25, language
        assert list(words) == sorted(set(words))
        assert all(any(map(str.isalpha, word)) for word in words)
    assert {"der", "und", "nicht"} <= set(stop_words("de"))
    assert {"的", "了"} <= set(stop_words("zh"))


@pytest.mark.parametrize(("code", "same"), [("deu_Latn", "de"), ("pt-br", "pt"), ("cmn_Hani", "zh"), ("NB", "no")])
def test_a_language_has_several_codes(code: str, same: str) -> None:
    assert stop_words(code) == stop_words(same) != ()


def test_every_other_code_leads_to_a_list_and_an_unknown_language_has_none() -> None:
    assert all(stop_words(pair.split()[0]) for pair in SAME.split(","))
    assert stop_words("tlh") == stop_words("") == ()


def test_auto_takes_the_list_of_the_row_and_gophers_eight_words_for_english() -> None:
    english = "The quick fox and the dog of a house that we have seen."
    texts = {GERMAN: "de", GERMAN + " ": "deu_Latn", GERMAN + "\n": "en", english: "en", "Word.": "tlh", "": None}
    got = judged(texts, stop_words="auto")
    alone = judged({english: "en"})[0]
    assert got[0] == got[1] >= 4
    assert got[2] == 0
    assert got[3] == alone == 5
    assert math.isnan(got[4])
    assert math.isnan(got[5])


def test_the_order_of_languages_in_a_batch_does_not_matter() -> None:
    texts = {"Il faut que je le dise.": "fr", GERMAN: "de", "Det er ikke en hund.": "da", "的了": "zh", "xx": None}
    backwards = dict(reversed(texts.items()))
    assert judged(texts, stop_words="auto")[:4] == judged(backwards, stop_words="auto")[:0:-1]
    assert judged({"a": None}, stop_words="auto")[0] != 0  # no list at all


@pytest.mark.parametrize(
    ("text", "bullets", "ends", "inside"),
    [
        ("• a b c d", 1, 0, 0),
        ("◦ a b c d", 0, 0, 0),
        ("・項目", 0, 0, 0),
        ("a b c d ...", 0, 1, 1),
        ("a b c d‥", 0, 0, 0),
        ("這樣。。。", 0, 0, 0),
        ("。。。。。。 ⋯ a", 0, 0, 0),
        ("⋯", 0, 0, 0),
        ("。。", 0, 0, 0),
        ("…", 0, 1, 1),
    ],
)
def test_bullets_and_ellipses_of_all_scripts_count_where_they_are_asked_for(
    text: str, bullets: int, ends: int, inside: int
) -> None:
    rows = pa.RecordBatch.from_pydict({"text": pa.array([text, ""], pa.large_string())})
    narrow, wide = GopherQuality().judge(rows).scores, GopherQuality(signs="unicode").judge(rows).scores
    assert (narrow["bullet_lines"][0], narrow["ellipsis_lines"][0]) == (bullets, ends)
    assert (narrow["ellipses_per_word"][0] > 0) == bool(inside)
    assert wide["bullet_lines"][0] == (text[0] in "•◦・")
    assert wide["ellipsis_lines"][0] == (text[-1] in "‥⋯…" or text.endswith(("...", "。。。")))
    count = text.count("...") + sum(map(text.count, "‥⋯…")) + text.count("。。。")
    assert (wide["ellipses_per_word"][0] > 0) == (count > 0)
    if narrow["ellipses_per_word"][0] or count == 0:
        assert wide["ellipses_per_word"][0] == narrow["ellipses_per_word"][0]
