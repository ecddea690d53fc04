"""Values of other tools' own functions on golden documents: writes tests/ops/golden_variants.json.

    python tests/bench/make_golden_variants.py CHECKOUTS WEB.jsonl.zst OUT.json

CHECKOUTS holds dclm, dolma, Curator, RedPajama-Data and data-juicer, side by side; beside Python it takes uniseg, nltk,
fasttext-community, unidecode, numpy, emoji, regex, loguru and zstandard. What these tools import and the functions
called here do not need is replaced by nothing.
"""

import hashlib
import io
import json
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import zstandard

ABSENT = ("transformers", "justext", "lxml", "lxml.etree", "retrie", "retrie.retrie", "bs4", "blingfire", "jsonlines",
          "smashed", "smart_open", "boto3", "msgspec", "necessary", "dolma.core.registry", "dolma.core.taggers",
          "dolma.core.data_types", "utilities.register", "utilities.register.registry_utils",
          "core.quality_signals.utils.dsir", "core.quality_signals.base", "core.data_types",
          "core.factory_utils")  # fmt: skip
THE_HOUSE = "the house on the hill was old and that is where we have been with all of them to be safe"
BACK = " ".join(reversed(THE_HOUSE.split()))
PROSE = f"{THE_HOUSE}. The road, which is long, goes to the sea; it does not end there. {BACK}."
HAND_MADE = {
    "prose": PROSE,
    "one_word": "word",
    "nine_words": "one two three four five six seven eight nine",
    "signs": "... !!! --- ??? # # # … … 12 13 14",
    "repeated_sentence": PROSE + " " + PROSE + "\n" + PROSE,
    "repeated_word": "again " * 60,
    "lines": "One line of it.\nAnother.\nOne line of it.\n\n\nOne line of it.\n  Another.  \n\nA last one",
    "paragraphs": "A first one.\nOf two lines.\n\nA second.\n\nA first one.\nOf two lines.\n\n\n\nA second.\n\n",
    "bullets": "- one thing\n* two things\n• three things\n  - four\n● five\nnot one\n",
    "ellipses": "And then...\nand then…\nand so on . . .\nthe end.\nto be... \n",
    "hashes": "#one #two and ## three of the #four, with … and ... and . . . to be",
    "case": (
        "THE Road Goes To The Sea And the road goes to the sea and THE ROAD GOES TO THE SEA, and the "
        "rest of it is old"
    ),
    "signs_at_words": (
        "don't well-known 3.14 1,000 foo_bar _x_ a.b 'tis e.g. U.S. 10:30 and/or (see) \"quoted\" it’s "
        "a:b x² "
    ) * 3,
    "unicode": (
        "Größe naïve Ünïcode straße ÄRGER über ΣΊΣΥΦΟΣ Привет мир ПРИВЕТ Мир\u00a0hier \u2003 dort "
        "e\u0301a 한국어 한국어 "
    ) * 3,
    "unspaced": "漢字 漢字 かな 句子。第二句。句子。第二句。 ไทย ไทย " * 3,
    "emoji": "👍 👍🏽 👩\u200d💻 and the 👍 and the 👍 of it\x00 \ufeffword \u200bword\n" * 3,
    "code": (
        "let x = { a: 1 };\nThis page needs JavaScript to work.\nWe use cookies to serve you well.\nThe "
        "end of it all."
    ),
    "latin": (
        "Lorem ipsum dolor sit amet is no English sentence.\nBut this is one, of seven words.\nThis is, "
        "too, as one sees."
    ),
    "citations": (
        "A line with a mark.[1]\n[2]\nA line[citation needed] with two words.\n[edit]\n\nA short.\nAnd "
        "a last long line of it!\n"
    ),
    "ends": (
        "This line ends in nothing at all\nThis line ends in dots of its own...\nThis line ends in a "
        "sign…\n\nThis one says \"end of it all\"\n  This one ends well here.  \n'And this one is "
        "quoted, too.'\n"
    ),
    "long_word": (
        "A line with an " + "a" * 1200 + " in it.\nA line without one of those in it.\nAnd a third one "
        "for the sake of three.\n"
    ),
}  # fmt: skip


def digest(text: str) -> str:
    """A short text itself, else its SHA-256."""
    return text if len(text) < 200 else hashlib.sha256(text.encode()).hexdigest()


class Probe:
    """A threshold that remembers what was held against it."""

    value = 0.0

    def __lt__(self, value: float) -> bool:
        self.value = float(value)
        return False


def dclm(text: str, module: Any) -> dict[str, Any]:
    """Its filters answer pages; a threshold that listens gives the value."""

    def value(function: Any, *words: Any, **more: Any) -> float:
        probe = Probe()
        function({"text": text}, *[probe if word is Probe else word for word in words], **more)
        return probe.value

    measure = module.repetition_filter
    out = {
        "duplicate_paragraphs": value(measure, "paragraph", Probe, count_characters=False),
        "duplicate_paragraph_characters": value(measure, "paragraph", Probe),
        "duplicate_lines": value(measure, "line", Probe, count_characters=False),
        "duplicate_line_characters": value(measure, "line", Probe),
        **{f"top_{n}_gram": value(measure, n, Probe) for n in (2, 3, 4)},
        **{f"duplicate_{n}_gram": value(measure, n, Probe) for n in range(5, 11)},
    }
    page = {"text": text}
    quality = {
        "too_few_words": not module.page_length_filter(dict(page), "word", 50, ignore_punctuation=True),
        "odd_words": not module.word_length_filter(dict(page), 3, 10),
        "symbols": not module.symbol_ratio_filter(dict(page)),
        "bullet_lines": not module.bullet_count_filter(dict(page)),
        "ellipsis_lines": not module.ellipsis_count_filter(dict(page)),
        "non_alphabetic_words": not module.alphabetic_word_ratio_filter(dict(page)),
        "few_stop_words": not module.stop_word_filter(dict(page)),
    }
    words = module.split_words(text, ignore_punctuation=True)
    return {"repetition": out, "quality": quality, "words": len(words)}


def dclm_c4(text: str, content: Any, lines: Any) -> str:
    """baselines_configs/c4.yaml up to its sentences; empty where a page is dropped."""
    policy = ["terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies"]
    steps = (
        lambda page: lines.word_length_modifier(page, max_length=1000, model="split"),
        lines.citation_removal_modifier(),
        lines.punctuation_line_modifier(remove_ellipses=True),
        lambda page: lines.line_length_modifier(page, min_length=5),
        content.substring_filter(banlist=["lorem ipsum"]),
        lines.substring_line_modifier(banlist=["javascript"]),
        content.substring_filter(banlist=["{"]),
        lines.substring_line_modifier(banlist=policy),
    )
    pages = [{"text": text}]
    for step in steps:
        pages = step(pages[0]) if pages else []
    return digest(pages[0]["text"] if pages else "")


def dolma(text: str, module: Any) -> dict[str, Any]:
    values = module.get_attributes(text)
    repetition = {
        "duplicate_lines": values.fraction_of_duplicate_lines,
        "duplicate_line_characters": values.fraction_of_characters_in_duplicate_lines,
        **{f"top_{n}_gram": value for n, value in values.fraction_of_characters_in_most_common_ngram},
        **{f"duplicate_{n}_gram": value for n, value in values.fraction_of_characters_in_duplicate_ngrams},
    }
    quality = {
        "words": values.word_count,
        "median_word_length": values.median_word_length,
        "symbols_per_word": values.symbol_to_word_ratio,
        "bullet_lines": values.fraction_of_lines_starting_with_bullet_point,
        "ellipsis_lines": values.fraction_of_lines_ending_with_ellipsis,
        "alphabetic_words": values.fraction_of_words_with_alpha_character,
        "stop_words": values.required_word_count,
    }
    return {"repetition": repetition, "quality": quality}


def dolma_c4(text: str, module: Any) -> dict[str, Any]:
    """The flags of c4_v2, and the text without the lines that configs/c4-replication/mixer.yaml replaces."""
    spans = module.FasterC4Tagger().predict(SimpleNamespace(text=text)).spans
    flags = sorted({span.type for span in spans if span.type.startswith("has_")} - {"has_naughty_word"})
    gone = [False] * len(text)
    for span in spans:
        if span.type.startswith("lines_"):
            gone[span.start : span.end] = [True] * (min(span.end, len(text)) - span.start)
    return {"flags": flags, "text": digest("".join(c for c, g in zip(text, gone, strict=True) if not g))}


def curator(text: str, module: Any) -> dict[str, float | None]:
    """Inverted to shares of what is repeated; a top n-gram of several equally frequent is its hash seed's choice: None."""

    def of(rule: Any, *words: Any) -> float:
        rule = rule(*words)
        rule._sentences = rule._paragraphs = rule._ngrams = None
        return rule.score_document(text)

    out: dict[str, float | None] = {}
    if any(line.strip() for line in text.split("\n")):
        out["duplicate_paragraphs"] = 1 - of(module.RepeatedParagraphsFilter)
        out["duplicate_paragraph_characters"] = 1 - of(module.RepeatedParagraphsByCharFilter)
        out["duplicate_lines"] = 1 - of(module.RepeatedLinesFilter)
        out["duplicate_line_characters"] = 1 - of(module.RepeatedLinesByCharFilter)
    words = text.split()
    for n in (2, 3, 4):
        grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        counts = sorted(Counter(grams).values(), reverse=True)
        tie = len(counts) > 1 and counts[0] == counts[1]
        out[f"top_{n}_gram"] = None if tie else of(module.RepeatingTopNGramsFilter, n)
    return out | {f"duplicate_{n}_gram": of(module.RepeatingDuplicateNGramsFilter, n) for n in range(5, 11)}


def rpv2(text: str, module: Any, document: Any) -> dict[str, float]:
    """Some signals divide by the words: none for a text without."""
    page = document.Document(text, None)
    if not page.normalized_words:
        return {}
    top = {f"top_{n}_gram": getattr(module, f"RPS_Doc_Frac_Chars_Top_{n}gram") for n in (2, 3, 4)}
    repeated = {f"duplicate_{n}_gram": getattr(module, f"RPS_Doc_Frac_Chars_Dupe_{n}Grams") for n in range(5, 11)}
    return {name: signal()(page)[0][2] for name, signal in (top | repeated).items()}


def data_juicer(text: str, words_of: Any, signs: Any) -> dict[str, float]:
    """Its operator's measure at n words, from its own words."""
    words = words_of.words_refinement(
        words_of.get_words_from_document(text), lower_case=True, strip_chars=signs.SPECIAL_CHARACTERS
    )
    out = {}
    for n in range(5, 11):
        grams = [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]
        repeated = sum(count for count in Counter(grams).values() if count > 1)
        out[f"duplicate_{n}_gram"] = repeated / len(grams) if grams else 0.0
    return out


def load(path: Path, *roots: Path, name: str | None = None) -> Any:
    """A module from its file, with folders it finds its neighbours in."""
    import importlib.util

    sys.path[:0] = [str(root) for root in roots]
    spec = importlib.util.spec_from_file_location(name or path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name or path.stem] = module
    spec.loader.exec_module(module)
    return module


class Absent(ModuleType):
    """A package all of whose names are there and do nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock()


def stub(name: str, **attributes: Any) -> None:
    module = sys.modules[name] = Absent(name)
    module.__path__ = []
    for key, value in attributes.items():
        setattr(module, key, value)


class Register:
    """A registry or base class that does nothing."""

    @classmethod
    def add(cls, name: str) -> Any:
        return lambda value: value


class Span:
    def __init__(self, start: int, end: int, type: str, score: float = 1.0) -> None:  # noqa: A002
        self.start, self.end, self.type, self.score = start, end, type, score


def tools(root: Path) -> dict[str, Any]:
    """What is called, from the checkouts."""
    for name in ABSENT:
        stub(name)
    here = root / "data-juicer/data_juicer/ops/common"
    words_of, signs = load(here / "helper_func.py"), load(here / "special_characters.py")
    for package in (
        "nemo_curator",
        "nemo_curator.stages",
        "nemo_curator.stages.text",
        "nemo_curator.stages.text.filters",
        "nemo_curator.stages.text.utils",
    ):
        stub(package)
    stub("nemo_curator.stages.text.filters.doc_filter", DocumentFilter=object)
    here = root / "Curator/nemo_curator/stages/text"
    load(here / "utils/text_utils.py", name="nemo_curator.stages.text.utils.text_utils")
    repetition = load(here / "filters/heuristic/repetition/repetition.py")
    for package in ("dolma", "dolma.core", "dolma.taggers"):
        stub(package)
    stub("dolma.core.registry", TaggerRegistry=Register)
    stub("dolma.core.taggers", BaseTagger=object)
    stub("dolma.core.data_types", Span=Span, Document=object, DocResult=lambda doc, spans: SimpleNamespace(spans=spans))
    here = root / "dolma/python/dolma/taggers"
    gopher, c4 = load(here / "gopher.py", name="dolma.taggers.gopher"), load(here / "c4.py", name="dolma.taggers.c4")
    here = root / "dclm/baselines"
    stub("core.factory_utils", factory_function=lambda function: function)
    stub("core.constants", CONTENT="text", URL="url", PRECISION=8)
    load(here / "mappers/core_utils.py", here.parent, name="baselines.mappers.core_utils")
    content, lines = load(here / "mappers/filters/content_filters.py"), load(here / "mappers/modifiers.py")
    here = root / "RedPajama-Data/app/src"
    sys.modules.pop("core", None)
    stub("core")
    stub("core.quality_signals.base", RPSBase=object)
    stub("utilities.register.registry_utils", __all__=[])
    stub("core.data_types", TextSlice=lambda *words: words, SignalType=object)
    document = load(here / "core/document.py", here, name="core.document")
    signals = load(here / "core/quality_signals/repetitions.py")
    return {
        "dclm": lambda text: {**dclm(text, content), "c4": dclm_c4(text, content, lines)},
        "dolma": lambda text: {**dolma(text, gopher), "c4": dolma_c4(text, c4)},
        "curator": lambda text: {"repetition": curator(text, repetition)},
        "rpv2": lambda text: {"repetition": rpv2(text, signals, document)},
        "data_juicer": lambda text: {"repetition": data_juicer(text, words_of, signs)},
    }


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return round(value, 7) if isinstance(value, float) else value


def main(checkouts: str, source: str, target: str) -> None:
    run = tools(Path(checkouts))
    with Path(source).open("rb") as file:
        text = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        rows = [json.loads(line) for line in text]
    english = [row for row in rows if row["lang"] == "en" and len(row["text"]) < 20_000]
    real = english[:: max(len(english) // 16, 1)][:16]
    out = {
        "real": [{"id": row["id"], **{name: rounded(tool(row["text"])) for name, tool in run.items()}} for row in real],
        "hand_made": [
            {"name": name, "text": made, **{tool: rounded(call(made)) for tool, call in run.items()}}
            for name, made in HAND_MADE.items()
        ],
    }
    Path(target).write_text(json.dumps(out, ensure_ascii=False).replace("}, {", "},\n{") + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
