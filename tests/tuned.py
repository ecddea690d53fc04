"""A run with scores, and the same asked of `datapipe tune` and of a run anew."""

from __future__ import annotations

from typing import Any

import orjson
import zstandard
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import parse
from datapipe.plan.overrides import apply_overrides
from tests.conftest import SAMPLE, Quiet, Runs

STEPS = """
      - normalize
      - language_id: {keep: [de, en, es, zh], min_score: 0.6}
      - gopher_repetition: {max_duplicate_5_gram: 0.3}
      - gopher_quality:
          where: {lang: [de, en, es]}
          min_alpha_words_ratio: 0.6
          min_stop_words: null
          by_lang: {en: {min_stop_words: 2}, de: {max_avg_word_length: 12}}
      - fineweb_quality: {max_duplicate_line_characters: 0.1}
      - c4_quality: {end_mark: false, where: {lang: [en]}, min_sentences: 4}
"""
RECIPE = f"""
name: tuned
seed: 3
scores: true
input_split: 100KB
datasets:
  web:
    read: {{jsonl: web.jsonl}}
    steps: {STEPS}
  more:
    read: {{jsonl: more.jsonl}}
    steps: [{{length: {{min_words: 20}}}}]
  both:
    from: [web, more]
write: {{dataset: both, path: out}}
"""


def web_rows() -> list[dict[str, Any]]:
    packed = (SAMPLE / "web" / "web.jsonl.zst").read_bytes()
    lines = zstandard.ZstdDecompressor().stream_reader(packed).read().splitlines()
    return [orjson.loads(line) for line in lines][:600]


def prepare(runs: Runs) -> Runs:
    runs.jsonl("web.jsonl", [{"id": row["id"], "text": row["text"]} for row in web_rows()])
    runs.jsonl("more.jsonl", [{"id": f"m{i}", "text": "word " * i, "lang": "xx"} for i in range(60)])
    return runs


def rerun(runs: Runs, recipe: str, settings: tuple[str, ...]) -> dict[str, Any]:
    located = parse(recipe, str(runs.folder / "recipe.yaml"))
    apply_overrides(located, settings)
    return Driver(compile_recipe(located), str(runs.folder / "again"), InProcess(), Quiet()).run(fresh=True)


def ask(runs: Runs, *settings: str, out: str = "out", more: tuple[str, ...] = ()) -> dict[str, Any]:
    words = [word for setting in settings for word in ("--set", setting)]
    done = CliRunner().invoke(datapipe, ["tune", str(runs.folder / out), *words, "--json", *more])
    if done.exception:
        raise done.exception
    (output,) = orjson.loads(done.stdout)["outputs"]
    found: dict[str, Any] = output
    return found


def by_group(found: dict[str, Any], which: str) -> dict[tuple[str, str], tuple[int, int]]:
    cells = {(g["group"]["source"], g["group"]["lang"]): g[which] for g in found["groups"]}
    return {key: (cell["documents"], cell["bytes"]) for key, cell in cells.items() if cell["documents"]}


def published(manifest: dict[str, Any]) -> dict[tuple[str, str], tuple[int, int]]:
    groups = manifest["outputs"][0]["groups"]
    return {(source, lang): tuple(n) for source, langs in groups.items() for lang, n in langs.items() if n[0]}
