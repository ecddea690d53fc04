"""Words of every script: ICU's where there are spaces, written syllables where there are none.

The texts are the first article of the Universal Declaration of Human Rights.
"""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.kernels.classes import TERMINALS, _points, class_table
from datapipe.kernels.words import START, STOP, WIDTH, abbreviations, segment
from tests.reference import words as twin

SPACED = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience.",
    "ar": "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميرًا وعليهم أن يعامل بعضهم بعضًا بروح الإخاء.",
    "fa": "تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند.",
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה עליהם לנהוג.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। उन्हें बुद्धि की देन है।",
    "bn": "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে। তাঁদের বিবেক এবং বুদ্ধি আছে; সুতরাং সকলেরই।",
    "gu": "પ્રતિષ્ઠા અને અધિકારોની દૃષ્ટિએ સર્વ માનવો જન્મથી સ્વતંત્ર અને સમાન હોય છે.",
    "pa": "ਸਾਰਾ ਮਨੁੱਖੀ ਪਰਿਵਾਰ ਆਪਣੀ ਮਹਿਮਾ, ਸ਼ਾਨ ਅਤੇ ਹੱਕਾਂ ਦੇ ਪੱਖੋਂ ਜਨਮ ਤੋਂ ਹੀ ਆਜ਼ਾਦ ਹੈ।",
    "ta": "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பிலும், உரிமைகளிலும் சமமானவர்கள்.",
    "te": "ప్రతిపత్తిస్వత్వముల విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులును సమానులును నగుదురు.",
    "kn": "ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಜನಿಸಿದ್ದಾರೆ. ಹಾಗೂ ಘನತೆ ಮತ್ತು ಹಕ್ಕುಗಳಲ್ಲಿ ಸಮಾನರಾಗಿದ್ದಾರೆ.",
    "ml": "മനുഷ്യരെല്ലാവരും തുല്യാവകാശങ്ങളോടും അന്തസ്സോടും സ്വാതന്ത്ര്യത്തോടുംകൂടി ജനിച്ചിട്ടുള്ളവരാണ്.",
    "am": "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው። የተፈጥሮ ማስተዋልና ሕሊና ስላለው፣ አንዱ ሌላውን።",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았다.",
    "ka": "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით.",
    "hy": "Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ ու իրավունքներով։",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "ru": "Все люди рождаются свободными и равными в своём достоинстве и правах. Они наделены разумом и совестью.",
    "vi": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler.",
}
UNSPACED = {
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม และควรปฏิบัติต่อกัน",
    "lo": "ມະນຸດທຸກຄົນເກີດມາມີກຽດສັກສີ, ສິດທິ, ເສລີພາບ ແລະ ຄວາມສະເໝີພາບເທົ່າທຽມກັນ.",
    "km": "មនុស្សទាំងអស់កើតមកមានសេរីភាព និងសមភាពក្នុងសិទ្ធិ និងសេចក្ដីថ្លៃថ្នូរ។",
    "my": "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် လည်းကောင်း၊ အခွင့်အရေးများဖြင့် လည်းကောင်း၊ မွေးဖွားလာသူများ ဖြစ်သည်။",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "zh": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
}
SYLLABLES = {
    "ภาษาไทย": "ภา|ษา|ไทย",
    "เมื่อวันจันทร์": "เมื่อ|วัน|จันทร์",
    "ประเทศ๒๕๖๐ต่างๆ": "ประ|เทศ|๒๕๖๐|ต่างๆ",
    "ໃນວັນຈັນ": "ໃນ|ວັນ|ຈັນ",
    "ភាសាខ្មែរ": "ភា|សា|ខ្មែរ",
    "ကျောင်းသားများ": "ကျောင်း|သား|များ",
    "မန္တလေး": "မန္တ|လေး",
    "သင်္ဘော": "သင်္ဘော",
    "コンピューターを使う人々": "コンピューター|を|使|う|人|々",
    "ガガ\uff76\uff9e漢字": "ガガ\uff76\uff9e|漢|字",
    "ยา\u200bดี": "ยา\u200b|ดี",
    "漢\U000e0100字": "漢\U000e0100|字",
    "3.14元AT&T的U.S.和": "3.14|元|AT&T|的|U.S.|和",
    "གཟའ་ཟླའི་ཉིན": "གཟའ་|ཟླའི་|ཉིན",
    "የሰው፡ልጅ፡ሁሉ።": "የሰው፡|ልጅ፡|ሁሉ|።",
    "ಮಾಡಿದ್ದಾರೆ. छे. e\u0301.": "ಮಾಡಿದ್ದಾರೆ|.|छे|.|e\u0301|.",
}


def words(text: str) -> list[str]:
    data = np.frombuffer(text.encode(), np.uint8)
    out = np.empty((len(data) + 1, WIDTH), np.int64)
    n = segment(data, 0, len(data), class_table(), abbreviations(), out)
    return [data[a:b].tobytes().decode() for a, b in out[:n, [START, STOP]]]


def spoken(found: list[str]) -> list[str]:
    """Those with a letter or a number, without what stands above and around them."""
    return [word for word in found if any(map(str.isalnum, word))]


@pytest.mark.parametrize("language", SPACED)
def test_with_spaces_words_are_those_of_icu(language: str) -> None:
    breakers = pytest.importorskip("icu4py.breakers")
    assert spoken(words(SPACED[language])) == spoken(list(breakers.WordBreaker(SPACED[language], language)))


@pytest.mark.parametrize("language", UNSPACED)
def test_without_spaces_words_are_somewhat_more_than_those_of_icu(language: str) -> None:
    breakers = pytest.importorskip("icu4py.breakers")
    text = UNSPACED[language]
    found = spoken(words(text))
    assert 0.95 <= len(found) / len(spoken(list(breakers.WordBreaker(text, language)))) <= 1.8
    if language not in ("ja", "zh"):
        assert 2.7 <= sum(map(len, found)) / len(found) <= 5


@pytest.mark.parametrize("text", SYLLABLES)
def test_syllables(text: str) -> None:
    assert "|".join(words(text)) == SYLLABLES[text]


@pytest.mark.parametrize("text", [*SPACED.values(), *UNSPACED.values()])
def test_no_word_starts_with_a_mark_and_none_gets_lost(text: str) -> None:
    for form in ("NFC", "NFD"):
        found = words(unicodedata.normalize(form, text))
        assert "".join(found) == "".join(unicodedata.normalize(form, text).split())
        assert not [word for word in found if unicodedata.category(word[0]).startswith("M")]


@pytest.mark.parametrize("text", UNSPACED.values())
def test_a_repeated_sentence_has_repeated_words(text: str) -> None:
    assert words(text + text)[len(words(text)) :][1:] == words(text)[1:]


LETTERS = sorted(
    {c for text in (*UNSPACED.values(), *SYLLABLES) for c in text} | set("\u1037\u103a\u1039\u17d2๒。. a1\u200d")
)


@settings(max_examples=1000, deadline=None)
@given(st.text(st.sampled_from(LETTERS), max_size=40))
def test_any_row_of_letters_is_cut_as_by_the_twin(text: str) -> None:
    assert words(text) == twin.words(text)


@pytest.mark.parametrize("unit", ["ก", "กา", "เ", "္က", "က", "က့", "ア", "あ", "་", "漢\u200b", "ཀ་", "៑"])
def test_a_megabyte_of_one_letter_takes_no_longer_than_megabytes_do(unit: str) -> None:
    import time

    words(unit)
    began = time.process_time()
    data = np.frombuffer(unit.encode() * (1_000_000 // len(unit.encode())), np.uint8)
    segment(data, 0, len(data), class_table(), abbreviations(), np.empty((len(data) + 1, WIDTH), np.int64))
    assert time.process_time() - began < 10


def test_sentence_terminals_are_those_of_unicode_but_for_new_and_rare_ones() -> None:
    regex = pytest.importorskip("regex")
    listed = {chr(point) for point in _points(TERMINALS)}
    assert {c for c in listed if not regex.match(r"\p{STerm}", c)} == set("\u17d6\u17d9\u17da")
    # Compatibility forms, Coptic, and what Unicode named or scripts it encoded after 15.0.
    more = set(
        "\u1b4e\u1b4f\u1b7f\u2024\u2cf9\u2cfa\u2cfb\u2e60\u2e61\ufe12\ufe15\ufe16\U000113d4\U000113d5\U00016d6e\U00016d6f"
    )
    every = (chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000)
    assert {c for c in every if regex.match(r"\p{STerm}", c)} - listed <= more
