"""Made-up persons and streets."""

from __future__ import annotations

import re
import unicodedata

from datapipe.core.pii.made_up.draw import Draw

FIRST = (
    "Alex", "Robin", "Kim", "Sam", "Toni", "Charlie", "Jamie", "Noa", "Sascha", "Lou", "Mika", "Jo", "Ariel", "Dominique",
    "Andrea", "Chris",
)  # fmt: skip
LAST = (
    "Exampleton", "Samplewick", "Fictionby", "Placeholdt", "Inventmore", "Mockerby", "Dummyfield", "Specimann",
    "Nonamely", "Testerholm", "Fabricant", "Pretendle", "Makeupson", "Anyonesky", "Nobodian", "Somebodeen",
)  # fmt: skip
# What the languages of a script call somebody without a name; by the script of the first letter.
SCRIPTS: dict[str, tuple[str, ...]] = {
    "CYRILLIC": ("Имярек Имяреков", "Аноним Анонимов", "Некто Нектоев", "Пример Примеров"),
    "GREEK": ("Τάδε Ταδόπουλος", "Δείνα Δεινόπουλος"),
    "ARABIC": ("فلان الفلاني", "علان العلاني"),
    "HEBREW": ("פלוני אלמוני", "ישראל ישראלי"),
    "DEVANAGARI": ("अमुक अमुककुमार", "फलाना फलानासिंह"),
    "CJK": ("某某某", "无名氏", "某甲乙"),
    "HIRAGANA": ("なにがし",),
    "KATAKANA": ("ナニガシ",),
    "HANGUL": ("홍길동", "아무개"),
    "THAI": ("นายสมมติ",),
}
STREETS = (
    (re.compile(r"stra(?:ß|ss)e|str\.|weg\b|platz\b|allee\b", re.IGNORECASE), "Beispielstraße {}"),
    (re.compile(r"\brue\b|\bavenue de|\bboulevard\b", re.IGNORECASE), "{} rue de l’Exemple"),
    (re.compile(r"\bcalle\b|\bavenida\b|\bplaza\b", re.IGNORECASE), "Calle del Ejemplo {}"),
    (re.compile(r"\bvia\b|\bpiazza\b|\bcorso\b", re.IGNORECASE), "Via dell’Esempio {}"),
    (re.compile(r"\bul\.|\bulica\b|улиц|ул\.", re.IGNORECASE), "ul. Przykładowa {}"),
)
STREET = "{} Example Street"


def made_up_person(value: str, draw: Draw) -> str:
    """A name that nobody has: one word or two, as the value has, in its script where there is a list of it."""
    letter = next((sign for sign in value if sign.isalpha()), "A")
    script = unicodedata.name(letter, "LATIN").split()[0]
    if script in SCRIPTS:
        return draw.one(SCRIPTS[script])
    last = draw.one(LAST)
    name = f"{draw.one(FIRST)} {last}" if len(value.split()) > 1 else last
    if value == value.upper() and len(value) > 1:
        return name.upper()
    return name.lower() if value == value.lower() else name


def made_up_address(value: str, draw: Draw) -> str:
    """A house in a street called example, in the language of the street's word; one to 9,999."""
    form = next((form for pattern, form in STREETS if pattern.search(value)), STREET)
    return form.format(1 + draw.below(9999))
