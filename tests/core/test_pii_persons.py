"""Names of persons: which stand out, how surely, and which words are none."""

import pytest

from datapipe.core.pii.people.names import names
from tests.recognized import house, said, values

PERSONS = house(("person",))


def found(text: str, lang: str | None = None) -> list[str]:
    return values(PERSONS, text, lang=lang)


def score(text: str) -> float:
    return max((score for _, _, score in said(PERSONS, text, least=0)), default=0.0)


@pytest.mark.parametrize(
    ("text", "lang", "name"),
    [
        ("Mr. Testman went home", "en", "Testman"),
        ("Sehr geehrte Frau Musterfrau,", "de", "Musterfrau"),
        ("Prof. Dr. Erika Mustermann spricht", "de", "Erika Mustermann"),
        ("chez Mme Exemple hier", "fr", "Exemple"),
        ("chez M. Exemple hier", "fr", "Exemple"),
        ("la señora Ejemplo dijo", "es", "Ejemplo"),
        ("o senhor Exemplo disse", "pt", "Exemplo"),
        ("la signora Esempio", "it", "Esempio"),
        ("aan mevrouw Voorbeeld", "nl", "Voorbeeld"),
        ("dla pana Jana Przykładowego", "pl", "Jana Przykładowego"),
        ("paní Ukázková řekla", "cs", "Ukázková"),
        ("fru Exempelsson sa", "sv", "Exempelsson"),
        ("rouva Esimerkki sanoi", "fi", "Esimerkki"),
        ("domnul Exemplescu", "ro", "Exemplescu"),
        ("Sayın Örnekoğlu", "tr", "Örnekoğlu"),
        ("κύριος Παραδείγματος είπε", "el", "Παραδείγματος"),
        ("сказал г-н Примеров вчера", "ru", "Примеров"),
        ("сказав пан Прикладенко", "uk", "Прикладенко"),
        ("Ông Nguyễn Văn Thử nói", "vi", "Nguyễn Văn Thử"),
        ("Bapak Contoh", "id", "Contoh"),
        ("السيد محمد التجريبي قال", "ar", "محمد التجريبي"),
        ("श्री मोहन परीक्षण ने", "hi", "मोहन परीक्षण"),
        ("昨天王小明先生来了。", "zh", "王小明"),
        ("氏名：山田太郎", "ja", "山田太郎"),
        ("山田さんは来た。", "ja", "山田"),
        ("김철수 씨가 왔다", "ko", "김철수"),
        ("My name is Testa Testesen.", "en", "Testa Testesen"),
        ("Je m'appelle Testine.", "fr", "Testine"),
        ("Меня зовут Тест Тестов.", "ru", "Тест Тестов"),
        ("Best regards,\nTesta Testesen\nACME", "en", "Testa Testesen"),
        ("From: Testa Testesen <t@example.org>", None, "Testa Testesen"),
        ("Testa Testesen wrote:", "en", "Testa Testesen"),
    ],
)  # fmt: skip
def test_a_title_or_a_cue_makes_a_name(text: str, lang: str | None, name: str) -> None:
    assert found(text, lang) == [name]


@pytest.mark.parametrize(
    "name",
    ["Mary Testwood", "Jean-Pierre O'Testa Jr", "María de la Prueba", "Ludwig van Testen", "John F. Testman", "JOHN TESTMAN",
     "Jürgen Müller-Test", "Дмитрий Тестов", "Γιάννης Δοκιμής"],
)  # fmt: skip
def test_listed_names_with_a_surname(name: str) -> None:
    assert found(f"as {name} has said") == [name]
    assert found(f"由{name}编写") == [name]


@pytest.mark.parametrize(
    "text",
    ["Victoria Park", "the Peter Principle", "St. John Testwood", "John F. Kennedy Airport", "In April Paris was", "Mary is here",
     "Dear Customer, Hello World", "Dear Sir or Madam", "Hi All, I'm Canadian", "GRANT SELECT ON", "Mr. President", "Mary",
     "高级教授讲课", "皆さん、こんにちは", "오늘 날씨가 좋다", "Mr. <PERSON>", "Dear <PERSON:bcdfghjk>,", "johnSmith John_Smith",
     ""],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    assert found(text) == []


def test_scores_rise_with_titles_and_listed_names() -> None:
    assert score("Dr. Mary Testwood") == 0.85
    assert score("Dr. Qwert") == 0.6
    assert score("saw Mary Testwood there") == 0.6
    assert score("saw Mary there") == 0.4
    assert score("Mary Testwood <m@example.org>") == 0.85


def test_lists_are_of_many_languages() -> None:
    assert len(names().given) > 3000
    assert {"Mary", "Jürgen", "Дмитрий", "Γιώργος", "محمد"} <= names().given
