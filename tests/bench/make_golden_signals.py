"""Ask the published code of three projects for the values of tests/ops/golden_signals.json.

    python tests/bench/make_golden_signals.py REDPAJAMA DATA_JUICER ROOTS SAMPLE TARGET

with checkouts of togethercomputer/RedPajama-Data (6d2cee9), datajuicer/data-juicer (1dc20a5) and
bigscience-workshop/data-preparation (9d05884), sample_data/web/web.jsonl.zst, and an environment with nltk 3.8 (as
then; later ones match another `\\w`), numpy, emoji>=2.14, regex, msgspec, pydantic, typing_extensions and zstandard;
datapipe is not needed. What these repositories import beside that (models, their registries, the word lists they
download) is replaced by nothing here: the values need none of it.
"""

import importlib
import io
import json
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import emoji
import zstandard

STOP_WORDS = {
    "en": "the be to of and that have with in a is it for on as at this",
    "de": "der die das und ist nicht ein eine zu in den von mit auf",
    "fr": "le la les de des et un une est à pour que dans en",
    "es": "el la los de y que en un una es por con",
    "ru": "и в не на я что с он а как это по",
    "el": "και το να του η της με την από για που",
    "ar": "في من على إلى أن هذا التي و",
    "hi": "के में की है और का से को",
    "vi": "và của là có cho một các được không có thể",
    "zh": "的 一 是 在 了 和 我们 不",
}
# Harmless, for the count is what is tested: words, phrases of two and of three, one with an accent, one never found.
FLAGGED = {
    "en": ["house", "old", "old rooms", "the end of", "in the", "don't", "can"],
    "de": ["haus", "in der", "für", "und"],
    "fr": ["maison", "de la", "été"],
    "es": ["casa", "en el"],
    "vi": ["một", "có thể"],
    "zh": ["人", "我们"],
}
PROSE = (
    "The house stands at the end of a long road, and the people who live there have seen many winters. "
    "In spring they open the windows to let the air in, and the old rooms fill with light. "
)
HAND_MADE = [
    ("en", PROSE * 4),
    ("en", PROSE.replace(". ", ".\n") + "\n\n• one point\n– another…\n ▶ a third...\nEnd of it?!\r\n \t\nLAST LINE"),
    ("en", "Enable JavaScript. javascript, java-script { } lorem ipsum. Dolorem ipsuming\tLorem-Ipsum #tag ... …… ..... #"),
    ("en", "Don't can't; the well-known _under_ 3.14 A B CD Ef É ÉA Ⅷ Ⓐ ǅ ª ½ ² ١٢ 1,000\n12 34 5a\n"),
    ("en", "one two three four five six seven eight nine ten eleven. " * 3 + "one two three four five other"),
    ("en", "word " * 60),
    ("en", " \n\n \t "),
    ("en", "."),
    ("en", "a"),
    ("el", "ΟΔΟΣ. Ο ΜΕΓΑΣ ΣΟΦΟΣ, Σ Σ. ΑΣ'Α ΑΣ-Α ΑΣ́ και το τέλος της ιστορίας ἄνδρα ᾂ\nΤΟΥΣ ΤΟΥΣ\n"),
    ("de", "İstanbul, Straße STRASSE ẞ Äpfel A\u0308pfel a\u0323\u0307 a\u0307\u0323 \u212b \ufb01 x\u0301\u0316\u0300y"),
    ("hi", "यह एक घर है। और वह घर बड़ा है। यह एक घर है। और वह घर बड़ा है। के में की है"),
    ("ar", "هذا بيت كبير في المدينة، من على إلى أن. هذا بيت كبير في المدينة، ١٢٣"),
    ("vi", "Một ngôi nhà có thể được xây dựng. Không có thể nào khác, và của một người là một."),
    ("zh", "我们的家在这里。我们不在了,人和人是一样的!\n中文句子没有空格。我们的家在这里。"),
    ("ja", "日本語の文には空白がありません。カタカナも、ガギグも。\nシッツ ツシ ー"),
    ("ko", "한국어 문장은 띄어쓰기가 있습니다. 한국어 문장은 길다.\n"),
    ("th", "ภาษาไทยไม่มีช่องว่าง ภาษาไทยไม่มีช่องว่าง"),
    ("en", "👍🏽 👩\u200d💻 🎉🎉 word🎉 \x00 \ufeff \u00ad a\u00a0b\u2003c \u2028 x\x85y\x1cz \U0001f6d8 \U000e0100 \U0010ffff"),
    ("fr", "L’été, c'est « l'aujourd'hui » — où? “Oui.” «Non!»\nÉTÉ ÇA N’EST PAS"),
]  # fmt: skip


class Anything(ModuleType):
    """A module in place of one that is not wanted: every name in it is a decorator that does nothing."""

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return Registry()


class Registry:
    def register_module(self, name):
        return lambda cls: cls

    def __call__(self, *args, **kwargs):
        return None


def absent(*names: str) -> None:
    for name in names:
        sys.modules[name] = Anything(name)


def redpajama(folder: str, documents):
    sys.path.insert(0, f"{folder}/app/src")
    stop = importlib.import_module("core.quality_signals.utils.stop_words")
    stop.stop_words.clear()
    stop.stop_words.update({lang: set(words.split()) for lang, words in STOP_WORDS.items()})
    document = importlib.import_module("core.document").Document
    parts = [importlib.import_module(f"core.quality_signals.{n}") for n in ("natural_language", "repetitions", "lines")]
    content = importlib.import_module("core.quality_signals.content")
    content._DEFAULT_LANGS = tuple(FLAGGED)
    for lang, text in documents:
        signals = [cls() for part in parts for cls in part.get_callables_from_module(module=part)]
        with tempfile.TemporaryDirectory() as lists:
            for code, words in FLAGGED.items():
                Path(lists, f"{code}.txt").write_text("\n".join(words))
            signals += [content.RPS_Doc_Lorem_Ipsum(), content.RPS_Doc_Curly_Bracket()]
            if lang in FLAGGED:
                content.load_bad_words.__globals__["_DEFAULT_LANGS"] = tuple(FLAGGED)
                signals.append(content.RPS_Doc_LDNOOBW_Words(bad_words_dir=lists, language=lang))
            if lang in STOP_WORDS:
                signals.append(content.RPS_Doc_Stop_Word_Fraction(language=lang))
        doc = document(text, domain=None)
        values = {}
        for signal in signals:
            scores = [score for _, _, score in signal(doc)]
            values[signal.field_name] = scores if signal.field_name.startswith("rps_lines") else scores[0]
        yield values


def data_juicer(folder: str, documents):
    for name in ("data_juicer", "data_juicer.ops", "data_juicer.ops.filter", "data_juicer.utils"):
        sys.modules[name] = package = ModuleType(name)
        package.__path__ = [f"{folder}/{name.replace('.', '/')}"]
    absent("data_juicer.utils.model_utils", "data_juicer.ops.op_fusion", "loguru")
    sys.modules["data_juicer.ops.base_op"] = base = Anything("data_juicer.ops.base_op")

    class Filter:
        def __init__(self, *args, **kwargs):
            self.text_key = "text"

    base.Filter = Filter
    assets = ModuleType("data_juicer.utils.asset_utils")
    assets.ASSET_DIR = ""
    lists = {"stopwords": {k: v.split() for k, v in STOP_WORDS.items()}, "flagged_words": FLAGGED}
    assets.load_words_asset = lambda words_dir, words_type: dict(lists[words_type])
    sys.modules["data_juicer.utils.asset_utils"] = assets
    constant = importlib.import_module("data_juicer.utils.constant")
    constant.Fields.stats, constant.Fields.context = "stats", "context"

    def filters(lang: str):
        for module, cls, extra in (
            ("alphanumeric_filter", "AlphanumericFilter", {}),
            ("average_line_length_filter", "AverageLineLengthFilter", {}),
            ("maximum_line_length_filter", "MaximumLineLengthFilter", {}),
            ("character_repetition_filter", "CharacterRepetitionFilter", {}),
            ("word_repetition_filter", "WordRepetitionFilter", {}),
            ("special_characters_filter", "SpecialCharactersFilter", {}),
            ("text_length_filter", "TextLengthFilter", {}),
            ("words_num_filter", "WordsNumFilter", {}),
            ("stopwords_filter", "StopWordsFilter", {"lang": lang} if lang in STOP_WORDS else None),
            ("flagged_words_filter", "FlaggedWordFilter", {"lang": lang} if lang in FLAGGED else None),
        ):
            if extra is not None:
                yield getattr(importlib.import_module(f"data_juicer.ops.filter.{module}"), cls)(**extra)

    for lang, text in documents:
        sample = {"text": text, "stats": {}, "context": {}}
        for one in filters(lang):
            if hasattr(one, "compute_stats_batched"):
                one.compute_stats_batched({"text": [text], "stats": [sample["stats"]], "context": [{}]})
            else:
                one.compute_stats_single(sample)
        yield sample["stats"]


def roots(folder: str, documents):
    sys.path.insert(0, f"{folder}/preprocessing/training/01b_oscar_cleaning_and_filtering")
    emoji.UNICODE_EMOJI = {"en": emoji.EMOJI_DATA}  # what version 1.6 called it
    absent("fasttext", "sentencepiece", "kenlm", "pandas", "stopwords", "flagged_words")
    sys.modules["languages_id"] = SimpleNamespace(langs_id=None)
    rules = importlib.import_module("filtering")
    for lang, text in documents:
        p = rules.LoadParameters.load_parameters(lang)
        # The only language with a tokenizer model: a sign is a word here. They remove newlines before they cut, and so
        # join the Latin words of two lines; a blank keeps them apart.
        spaced = text.replace("\n", " \n") if p["tokenization"] else text
        model = SimpleNamespace(encode_as_pieces=signs) if p["tokenization"] else None
        strip, check = p["strip_characters"], rules.Filtering
        more = (
            p["cond_words_augmentation"], p["words_augmentation_group_sizes"], p["words_augmentation_join_char"]
        )  # fmt: skip
        stop = set(STOP_WORDS[lang].split()) if lang in STOP_WORDS else None
        flagged = set(FLAGGED[lang]) if lang in FLAGGED else None
        words = rules.ModifyingDocuments.get_words_from_document(
            spaced, model, lower_case=False, strip_characters=strip
        )
        values = {
            "words": len(words),
            "character_repetition": check.compute_character_repetition_ratio(text, p["character_repetition_length"]),
            "word_repetition": check.compute_word_repetition_ratio(spaced, model, strip, p["word_repetition_length"]),
            "special_characters": check.compute_special_characters_ratio(text, p["special_characters"]),
        }
        if stop:
            values["stop_words"] = check.compute_stopwords_ratio(spaced, model, strip, *more, stop)
        if flagged:
            values["flagged_words"] = check.compute_flagged_words_ratio(spaced, model, strip, *more, flagged)
        values["keep"] = check.filtering(
            text, True, model, strip, p["number_words_min_cutoff"], p["number_words_max_cutoff"],
            True, p["character_repetition_length"], p["character_repetition_max_cutoff"],
            True, p["word_repetition_length"], p["word_repetition_max_cutoff"],
            True, p["special_characters"], p["special_characters_max_cutoff"], *more,
            True, stop, p["stopwords_min_cutoff"], True, flagged, p["flagged_words_max_cutoff"],
            False, lang, None, 0, False, None, None, 0,
        )  # fmt: skip
        yield values


def main(folders: list[str], sample: str, target: str) -> None:
    with Path(sample).open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        rows = [json.loads(line) for line in lines]
    real = []
    for lang in sorted({row["lang"] for row in rows if row["lang"]}):
        some = [row for row in rows if row["lang"] == lang and 300 < len(row["text"]) < 4000]
        real += some[:: max(len(some) // 2, 1)][:2]
    documents = [(row["lang"], row["text"]) for row in real] + HAND_MADE
    answers = [run(folder, documents) for run, folder in zip((redpajama, data_juicer, roots), folders, strict=True)]
    out = []
    for number, (lang, text) in enumerate(documents):
        name = {"id": real[number]["id"]} if number < len(real) else {"text": text}
        values = zip(("redpajama", "data_juicer", "roots"), map(other_than_zero, map(next, answers)), strict=True)
        out.append(json.dumps({"lang": lang, **name, **dict(values)}, ensure_ascii=False))
    lists = json.dumps({"stop_words": STOP_WORDS, "flagged_words": FLAGGED}, ensure_ascii=False)
    Path(target).write_text(f'{{"lists": {lists},\n"documents": [\n' + ",\n".join(out) + "\n]}\n")


def other_than_zero(values: dict) -> dict:
    """What is not named in the file is 0, or all zeros."""
    return {
        name: value if not isinstance(value, float) else round(value, 9)
        for name, value in values.items()
        if (any(value) if isinstance(value, list) else value != 0)
    }


def signs(text: str) -> list[str]:
    """A Han sign is a word of its own; the rest is parted at white space."""
    han = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
    return re.findall(f"[{han}]|[^\\s{han}]+", text)


main(sys.argv[1:4], *sys.argv[4:])
