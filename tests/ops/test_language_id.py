from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
import zstandard
from pydantic import ValidationError

from datapipe.core.classifier.fasttext import FastText
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.verdict import Verdict
from datapipe.engine.build import open_file
from datapipe.ops.language_id import LABELS, LanguageId
from tests.conftest import SAMPLE
from tests.kernels.fasttext_files import SOFTMAX, Made, written
from tests.ops.texts import rows

SENTENCES = {
    "en": "The council decided on Tuesday to rebuild the old bridge before the winter floods arrive.",
    "de": "Der Stadtrat beschloss am Dienstag, die alte Brücke noch vor dem Winterhochwasser neu zu bauen.",
    "fr": "Le conseil a décidé mardi de reconstruire le vieux pont avant les crues de l'hiver.",
    "es": "El ayuntamiento decidió el martes reconstruir el viejo puente antes de las inundaciones del invierno.",
    "pl": "Rada postanowiła we wtorek odbudować stary most, zanim nadejdą zimowe powodzie.",
    "ru": "Во вторник совет решил восстановить старый мост до наступления зимних паводков.",
    "zh": "市议会星期二决定，在冬季洪水到来之前重建那座旧桥。",
    "ja": "市議会は火曜日、冬の洪水が来る前に古い橋を建て直すことを決めました。",
    "ar": "قرر المجلس يوم الثلاثاء إعادة بناء الجسر القديم قبل وصول فيضانات الشتاء.",
    "hi": "परिषद ने मंगलवार को सर्दियों की बाढ़ से पहले पुराने पुल को फिर से बनाने का फैसला किया।",
}


def made(**parameters: Any) -> LanguageId:
    operator = LanguageId(**parameters)
    operator.setup(Context("web.01.language_id", 0, open_file))
    return operator


def answers(verdict: Verdict) -> list[tuple[str | None, float]]:
    columns = [verdict.columns[name].to_pylist() for name in ("lang", "lang_score")]
    return list(zip(*columns, strict=True))


def listed(column: pa.Array, number: str) -> tuple[list[list[str]], list[list[float]]]:
    """The languages and the numbers of each document's list."""
    found = column.to_pylist()
    return [[one["lang"] for one in row] for row in found], [[one[number] for one in row] for row in found]


def sample_texts() -> list[str]:
    with zstandard.open(SAMPLE / "web" / "web.jsonl.zst", "rb") as stream:
        return [orjson.loads(line)["text"] for line in io.BytesIO(stream.read())][:300]


def test_ten_languages() -> None:
    verdict = made().judge(rows(list(SENTENCES.values())))
    assert verdict.columns["lang"].to_pylist() == list(SENTENCES)
    assert verdict.keep.all()


def test_the_answer_is_the_library_s_own() -> None:
    import fasttext

    operator = made(min_score=None, top_k=3)
    predict = fasttext.load_model(operator.files()[0]).f.predict
    texts = [*SENTENCES.values(), *sample_texts(), "a\nb", "word", "x\x00y", "\u2028a\r\nb", "le mot </s> the word"]
    verdict = operator.judge(rows(texts))
    langs, scores = listed(verdict.columns["lang_scores"], "score")
    for i, text in enumerate(texts):
        expected = predict(text.replace("\n", " ") + "\n", 3, 0.0, "strict")
        assert [f"__label__{lang}" for lang in langs[i]] == [label for _, label in expected]
        assert scores[i] == pytest.approx([min(score, 1.0) for score, _ in expected], abs=1e-4)
        assert (langs[i][0], scores[i][0]) == answers(verdict)[i]


def test_keep_and_min_score() -> None:
    texts = [SENTENCES["en"], SENTENCES["fr"], "zxcv", "123 ... !?", "", None, " \n\t"]
    assert made(keep=["en"], min_score=0.65).judge(rows(texts)).reason == [
        None, "language", "low_score", "no_language", "no_language", "no_language", "no_language",
    ]  # fmt: skip
    low = made(min_score=0.65).judge(rows(texts))
    assert low.reason[:3] == [None, None, "low_score"]
    assert made(min_score=None).judge(rows(texts)).keep.all()
    zero = made(min_score=0.0).judge(rows(texts))
    assert zero.reason[2:4] == [None, "no_language"]
    assert answers(zero)[3:] == [(None, 0.0)] * 4


def test_unknown_languages_are_refused_with_the_nearest() -> None:
    with pytest.raises(ValidationError, match="knows no language 'enn'; did you mean"):
        LanguageId(keep=["de", "enn"])
    for bad in ({"min_score": 1.5}, {"min_score": -0.1}, {"keep": []}):
        with pytest.raises(ValidationError):
            LanguageId(**bad)


def test_a_model_of_one_s_own_is_asked_for_its_labels(tmp_path: Path) -> None:
    copy = tmp_path / "own.ftz"
    copy.write_bytes(Path(LanguageId().files()[0]).read_bytes())
    own = made(model=str(copy), keep=["de"])
    assert own.files() == (str(copy),)
    assert own.judge(rows([SENTENCES["de"], SENTENCES["en"]])).reason == [None, "language"]
    with pytest.raises(RecipeError, match="no language 'german'"):
        made(model=str(copy), keep=["german"])


def test_a_file_that_is_no_model_is_one_sentence(tmp_path: Path) -> None:
    whole = Path(LanguageId().files()[0]).read_bytes()
    bad = tmp_path / "bad.ftz"
    for content, sentence in {
        whole[:500_000]: "the file is cut short",
        b"": "the file is cut short",
        b"PK\x03\x04" * 9: "it is not a fastText model",
    }.items():
        bad.write_bytes(content)
        with pytest.raises(RecipeError, match=rf"^web\.01\.language_id: model: .*bad\.ftz: {sentence}[^\n]*$"):
            made(model=str(bad))


def test_a_compressed_model_is_read(tmp_path: Path) -> None:
    path = tmp_path / "own.ftz.zst"
    path.write_bytes(zstandard.compress(Path(LanguageId().files()[0]).read_bytes()))
    assert made(model=str(path)).judge(rows([SENTENCES["de"]])).columns["lang"].to_pylist() == ["de"]


def test_the_packaged_model_has_these_labels() -> None:
    with Path(LanguageId().files()[0]).open("rb") as stream:
        assert set(FastText(stream).labels) == LABELS


def test_a_model_with_names_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "own.bin"
    path.write_bytes(written(Made(loss=SOFTMAX, word_ngrams=2, words=("bridge",))))
    operator = made(model=str(path), keep=["l0", "l3"], min_score=None, top_k=20)
    columns = operator.judge(rows(["the old bridge", "", "12"])).columns
    langs, scores = listed(columns["lang_scores"], "score")
    assert sorted(langs[0]) == [f"l{i}" for i in range(9)]
    assert sum(scores[0]) == pytest.approx(1, abs=1e-3)
    assert langs[1:] == [[], []]
    assert columns["lang"].to_pylist()[1:] == [None, None]


def test_each_line_is_judged() -> None:
    english, german, arabic = SENTENCES["en"], SENTENCES["de"], SENTENCES["ar"]
    texts = [f"{english}\n\n{german}\r\n{english}\n--- 12 ---", german, "", "1\n2", f"{arabic}\n{arabic}\n{german}"]
    operator = made(level="line")
    verdict = operator.judge(rows(texts))
    langs, shares = listed(verdict.columns["lang_shares"], "share")
    assert langs == [["en", "de"], ["de"], [], [], ["ar", "de"]]
    letters = [sum(map(str.isalpha, text)) for text in (english, german)]
    assert shares[0] == pytest.approx(
        [2 * letters[0] / (2 * letters[0] + letters[1]), letters[1] / (2 * letters[0] + letters[1])]
    )
    assert shares[1:4] == [[1.0], [], []]
    whole = dict(zip(SENTENCES, answers(made().judge(rows(list(SENTENCES.values())))), strict=True))
    found = answers(verdict)
    assert found[0] == ("en", pytest.approx(whole["en"][1] * shares[0][0], abs=0.02))
    assert found[1] == whole["de"]
    assert found[2:4] == [(None, 0.0)] * 2
    assert verdict.reason[1:4] == [None, "no_language", "no_language"]
    for text, expected in zip(texts, verdict.columns["lang_shares"], strict=True):
        assert made(level="line").judge(rows([text])).columns["lang_shares"][0] == expected


def test_lines_have_no_second_guess() -> None:
    with pytest.raises(ValidationError, match="level: line already lists"):
        LanguageId(level="line", top_k=2)


def test_loading_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    made()
    assert capfd.readouterr() == ("", "")


def test_types_are_as_declared() -> None:
    for parameters in ({}, {"top_k": 2}, {"level": "line"}):
        for texts in ([], ["a text", ""]):
            columns = made(**parameters).judge(rows(texts)).columns
            assert {name: column.type for name, column in columns.items()} == LanguageId(**parameters).columns_written()
    assert LanguageId.writes["lang"] == pa.string()


@pytest.mark.parametrize("unit", ["\n", "a\n", "\n\r\n", "word ", "漢\n"])
def test_many_lines_take_time_in_proportion(unit: str) -> None:
    operator = made(level="line")
    operator.judge(rows(["compiled", ""]))
    text = rows([unit * (1_000_000 // len(unit.encode()))])
    began = time.process_time()
    operator.judge(text)
    assert time.process_time() - began < 5  # 0.4 s at worst
