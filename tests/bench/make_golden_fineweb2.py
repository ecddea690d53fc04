"""Ask datatrove 0.10.1, set up as fineweb-2-pipeline.py does, for the verdicts of tests/ops/golden_fineweb2.json.

Run from the project's root, beside a checkout of huggingface/fineweb-2 (commit d0defb2), in an environment with
datatrove[processing], spacy and pyyaml; datapipe is not needed:
    python tests/bench/make_golden_fineweb2.py FINEWEB2 sample_data/web/web.jsonl.zst tests/ops/golden_fineweb2.json
"""

import io
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
import zstandard
from datatrove.data import Document
from datatrove.pipeline.filters import FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter

# Languages of the sample for which datatrove's tokenizer is spaCy's; the others' cut words by dictionary.
LANGUAGES = {
    "de": "deu_Latn",
    "es": "spa_Latn",
    "fr": "fra_Latn",
    "ru": "rus_Cyrl",
    "pl": "pol_Latn",
    "it": "ita_Latn",
    "pt": "por_Latn",
    "sv": "swe_Latn",
    "el": "ell_Grek",
    "ar": "arb_Arab",
    "nl": "nld_Latn",
    "tr": "tur_Latn",
}


def filters(language: str, config: dict[str, Any]) -> list[Any]:
    """The three filters of a language."""
    return [
        GopherRepetitionFilter(
            language=language, dup_para_frac=0, dup_line_char_frac=0, dup_para_char_frac=0,
            dup_line_frac=config["dup_line_frac"], top_n_grams=config["top_n_grams"], dup_n_grams=config["dup_n_grams"],
        ),
        FineWebQualityFilter(
            language=language, short_line_thr=999, char_duplicates_ratio=0.1,
            line_punct_thr=config["line_punct_thr"], new_line_ratio=config["new_line_ratio"],
        ),
        GopherQualityFilter(
            language=language, max_avg_word_length=config["max_avg_word_length"],
            min_avg_word_length=config["min_avg_word_length"], stop_words=config["stopwords"],
            max_non_alpha_words_ratio=config["max_non_alpha_words_ratio"], min_stop_words=2,
        ),
    ]  # fmt: skip


def main(root: str, source: str, target: str) -> None:
    with Path(source).open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        rows = [json.loads(line) for line in lines]
    out = []
    taken: Counter[str] = Counter()
    for lang, language in LANGUAGES.items():
        config = yaml.safe_load((Path(root) / "configs" / f"{language}.yml").read_text())
        rules = filters(language, config)
        for row in rows:
            if row["lang"] != lang or len(row["text"]) > 40_000 or taken[lang] == 24:
                continue
            taken[lang] += 1
            answers = [rule.filter(Document(text=row["text"], id="0")) for rule in rules]
            reasons = [None if answer is True else answer[1] for answer in answers]
            out.append({"id": row["id"], "lang": lang, "language": language, "reasons": reasons})
    Path(target).write_text("[" + ",\n".join(map(json.dumps, out)) + "]\n")


main(*sys.argv[1:])
