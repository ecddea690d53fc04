"""Ask DCLM's own line modifiers (commit 361714b) for the texts and verdicts of tests/ops/golden_lines.json.

Run from the project's root, beside a checkout of mlfoundations/dclm, in an environment with fasttext; the packages its
modules import for other purposes are replaced by empty ones, and datapipe is not needed:
    python tests/bench/make_golden_lines.py DCLM sample_data/web/web.jsonl.zst tests/ops/golden_lines.json
"""

import hashlib
import importlib.util
import io
import json
import sys
import types
from pathlib import Path
from typing import Any

import zstandard

UNUSED = ("justext", "lxml", "lxml.etree", "retrie", "retrie.retrie", "bs4", "nltk", "nltk.tokenize", "transformers",
          "nltk.tokenize.punkt", "uniseg", "uniseg.wordbreak", "unidecode", "yaml")  # fmt: skip
FILES = ("core.constants", "core.factory_utils", "mappers.core_utils", "mappers.modifiers",
         "mappers.enrichers.enrichers", "mappers.filters.content_filters")  # fmt: skip
# baselines/baselines_configs/dclm_baseline_refinedweb.yaml, from the newlines on, without the document rules between.
STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("newline_removal_modifier", {"max_consecutive": 2}),
    ("word_counter_enricher", {"key": "previous_word_count"}),
    ("uppercase_ratio_line_modifier", {"max_ratio": 0.5}),
    ("numeric_ratio_line_modifier", {"max_ratio": 0.999999}),
    ("counter_line_modifier", {}),
    ("line_length_modifier", {"min_length": 2}),
    ("substring_line_modifier", {"max_length": 10, "banlist": "items in cart", "remove_substring_only": True}),
    (
        "substring_line_modifier",
        {"max_length": 10, "banlist": "Read more...", "location": "suffix", "remove_substring_only": True},
    ),
    (
        "substring_line_modifier",
        {"max_length": 10, "banlist": "Sign-in", "location": "prefix", "remove_substring_only": True},
    ),
)
LAST = ("word_removal_ratio_filter", {"prev_word_count_key": "previous_word_count", "max_removed_ratio": 0.05})

PROSE = "\n".join(f"{n} is a to be or of in it we do so." for n in "abcdef")
LINES = (
    "MENU AND MORE",
    "Menu AND More",
    "HALF half",
    "HALf half",
    "Ⅷ ⅨⅩ ⓐ Ⓐ🄰🅐🅰",
    "ÄÖÜ ÄÖÜ aou",
    "ΑΒΓ ΔΕΖ",
    "ǅ ǅ",
    "12345",
    " 12345 ",
    "١٢٣٤٥",
    "²³",
    "12 345",
    "3 likes",
    "3 LIKES",
    "1,203 Followers!",
    "*** 1.2K views ***",
    "1.2kk views",
    "K views",
    "7 lİkes",
    "5\u212a shares",
    "5\u00a0\u2003comments",
    "3 likes and more",
    "-3 upvotes",
    "_3 likes",
    "3likes",
    "٣ likes",
    "3 likes_",
    "1..2,, quotes",
    "word",
    "two words",
    "   ",
    "\t",
    "\u3000",
    "\u00a0one\u00a0two",
    "漢字かな交じり文。",
    "漢字 かな",
    "one\u200btwo",
    "a\x1fb",
    "a\x85b",
    "2 items in cart",
    "ITEMS IN CART",
    "items in cart items in cart",
    "You have items in cartons here",
    "ıtems İn cart",
    "itemſ in cart x",
    "items\u00a0in cart x",
    "one two three four five six seven items in cart",
    "one two three four five six seven eight items in cart",
    "Read more...",
    "the story read more...",
    "the story Read more on",
    "the story read more of",
    "the story read more",
    "read more a漢b",
    "the story READ MORE…",
    "the story\u2003read more...",
    "Read more... about it",
    "story Read more... ",
    "Sign-in",
    "sign-in here now",
    "Please sign-in here",
    "ſıgn-İn here now",
    "Sign-in\u00a0here now",
    "Sign-in Read more...",
    "  Sign-in here",
    "sign-in sign-in here",
    "ab\x00cd ef",
    "\x00ab cd",
    "e\u0301 e\u0301 É E\u0301",
    "👍🏽 👩\u200d👩\u200d👧",
    "ไทย ภาษา",
    "אבג דהו",
    "العربية لغة",
)


def documents() -> list[str]:
    """Each line alone, first, in the middle and last; lines one after another; runs of newlines; nothing."""
    out = [
        "",
        " ",
        "\n\n",
        "...",
        PROSE,
        PROSE.replace("\n", "\n\n\n\n"),
        "\n\n\n" + PROSE + "\n\n\n",
        PROSE * 3 + "\n\n\nOF CAPITALS\n\n\n",
    ]
    for line in LINES:
        out += [
            line,
            f"{line}\n{PROSE}",
            PROSE.replace("\n", f"\n{line}\n", 1),
            f"{PROSE}\n{line}",
            f"\n \n{line}\n\n{PROSE}\n{line} \n",
        ]
    for k in (3, 7, 11):
        out += ["\n".join((*LINES[i::k], PROSE, *LINES[i // 2 :: k + 1])) for i in range(k)]
    return out


def modules(root: Path) -> dict[str, Any]:
    """The functions of the repository's files, by name."""
    for name in UNUSED:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__getattr__ = lambda name: None  # type: ignore[method-assign]
    functions: dict[str, Any] = {}
    for package in ("baselines", "baselines.core", "baselines.mappers", "core"):
        sys.modules[package] = types.ModuleType(package)
    for name in FILES:
        path = root / "baselines" / (name.replace(".", "/") + ".py")
        spec = importlib.util.spec_from_file_location(f"baselines.{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[f"baselines.{name}"] = sys.modules[name] = module
        spec.loader.exec_module(module)
        functions |= vars(module)
    return functions


def corrected(functions: dict[str, Any], text: str) -> tuple[str | None, bool]:
    """The text that is left (None: nothing is), and whether it is kept."""

    def run(name: str, parameters: dict[str, Any], page: dict[str, Any]) -> list[Any]:
        function = functions[name]
        return function(**parameters)(page) if hasattr(function, "_is_factory") else function(page, **parameters)

    page = {"text": text}
    for name, parameters in STEPS:
        if not run(name, parameters, page):
            return None, False
    return page["text"], bool(run(*LAST, page))


def main(root: str, source: str, target: str) -> None:
    functions = modules(Path(root))
    with Path(source).open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        rows = [json.loads(line) for line in lines]
    real = []
    for row in rows[::8]:
        left, kept = corrected(functions, row["text"])
        real.append({"id": row["id"], "sha1": hashlib.sha1((left or "").encode()).hexdigest(), "kept": kept})
    made = []
    for text in dict.fromkeys(documents()):
        left, kept = corrected(functions, text)
        made.append({"text": text, "left": left or "", "kept": kept})
    Path(target).write_text(
        json.dumps({"real": real, "hand_made": made}, ensure_ascii=False, separators=(",", ":")).replace("},{", "},\n{")
        + "\n"
    )


main(*sys.argv[1:])
