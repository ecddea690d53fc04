from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
import zstandard
from pydantic import ValidationError

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.verdict import Verdict
from datapipe.engine.build import open_file
from datapipe.ops.language_id import LABELS, LanguageId
from tests.conftest import SAMPLE
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


def sample_texts() -> list[str]:
    with zstandard.open(SAMPLE / "web" / "web.jsonl.zst", "rb") as stream:
        return [orjson.loads(line)["text"] for line in io.BytesIO(stream.read())][:300]


def test_ten_languages() -> None:
    verdict = made().judge(rows(list(SENTENCES.values())))
    assert verdict.columns["lang"].to_pylist() == list(SENTENCES)
    assert verdict.keep.all()


def test_the_answer_is_the_library_s_own() -> None:
    import fasttext

    operator = made(min_score=None)
    model = fasttext.load_model(operator.files()[0])
    texts = [*SENTENCES.values(), *sample_texts(), "a\nb", "word", "x\x00y", "\u2028a\r\nb"]
    for (lang, score), text in zip(answers(operator.judge(rows(texts))), texts, strict=True):
        labels, scores = model.predict(text.replace("\n", " "))
        assert (f"__label__{lang}", score) == (labels[0], min(float(scores[0]), 1.0))


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


def test_the_packaged_model_has_these_labels() -> None:
    predict = made()._predict
    assert {label.removeprefix("__label__") for _, label in predict("a\n", 1000, -1.0, "strict")} == LABELS


def test_loading_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    made()
    assert capfd.readouterr() == ("", "")


def test_types_are_as_declared() -> None:
    columns = made().judge(rows([])).columns
    assert {name: column.type for name, column in columns.items()} == LanguageId.writes
    assert columns["lang"].type == pa.string()
