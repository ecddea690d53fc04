"""`datapipe calibrate`: what it derives keeps, in a run, the share of the sample that it states."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from datapipe.cli.main import datapipe
from datapipe.core.errors import DatapipeError
from datapipe.core.verdict import Verdict
from datapipe.engine.tuning.calibrate import kept_share, thresholds, widest_tail, with_thresholds
from datapipe.ops.gopher_quality import GopherQuality
from datapipe.ops.length import Length
from tests.conftest import Runs
from tests.tuned import web_rows

LANGUAGES = {"de": 40, "en": 300, "fr": 30}  # documents; words of a document grow from 1 to these
RECIPE = """
name: base
datasets:
  web:
    read: {jsonl: raw.jsonl}
    steps:
      - normalize
      - length: {min_words: 5, max_words: 1000, by_lang: {en: {max_words: 900}, nn: {min_words: 2}}}
      - exact_dedup
  rest: {from: [web]}
write: {dataset: rest, path: out}
"""


@pytest.fixture
def sample(runs: Runs) -> Runs:
    rows = [
        {"id": f"{lang}-{i}", "text": f"{lang} " + "w " * i, "lang": lang}
        for lang, n in LANGUAGES.items()
        for i in range(n)
    ]
    runs.jsonl("sample.jsonl", [*rows, {"id": "?", "text": "nobody knows"}])
    (runs.folder / "base.yaml").write_text(RECIPE)
    return runs


def calibrate(*words: str) -> str:
    done = CliRunner().invoke(datapipe, ["calibrate", *words, "--workers", "0", "--quiet"])
    if isinstance(done.exception, DatapipeError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def compiled(text: str, runs: Runs, steps: int = 99) -> dict[str, Any]:
    """Run the sample through a fragment, as its owner would."""
    loaded = YAML(typ="safe", pure=True).load(text)
    recipe = {"read": {"jsonl": "sample.jsonl"}, "steps": loaded["steps"][:steps], "write": {"path": "again"}}
    with (runs.folder / "again.yaml").open("w") as stream:
        YAML().dump(recipe, stream)
    return runs((runs.folder / "again.yaml").read_text(), out="again")


def stated(text: str) -> dict[str, float]:
    """Language -> the share that the fragment says it keeps."""
    return {
        lang: float(share) / 100 for lang, share in re.findall(r"^ +(\w+): .*# .* ([\d.]+)% kept", text, re.MULTILINE)
    }


def kept(manifest: dict[str, Any]) -> dict[str, int]:
    return {lang: n for langs in manifest["outputs"][0]["groups"].values() for lang, (n, _) in langs.items()}


def test_a_fragment_keeps_what_it_states(sample: Runs) -> None:
    text = calibrate(str(sample.folder / "sample.jsonl"), "--recipe", str(sample.folder / "base.yaml"),
                     "--min-documents", "31", "--percentile", "5")  # fmt: skip
    assert text.startswith("# datapipe calibrate, from 371 documents of ")
    assert "each rule drops at most 0.05 of a language" in text
    assert "# no thresholds for languages of fewer than 31 documents: fr 30" in text
    assert "        de: {min_words: 2, max_words: 39}  # 40 documents, 95.0% kept" in text
    assert "        nn: {min_words: 2}  # as it was" in text
    assert "  - exact_dedup" in text
    shares, manifest = stated(text), compiled(text, sample)
    for lang in ("de", "en"):
        assert kept(manifest)[lang] == round(shares[lang] * LANGUAGES[lang])
        assert 0.9 <= shares[lang] <= 1
    assert kept(manifest)["fr"] == 26  # its own thresholds stayed: at least 5 words


def test_the_share_to_keep_can_be_said(sample: Runs) -> None:
    text = calibrate(str(sample.folder / "sample.jsonl"), "--recipe", str(sample.folder / "base.yaml"),
                     "--min-documents", "100", "--keep", "0.8")  # fmt: skip
    share = stated(text)["en"]
    assert 0.8 <= share < 0.81
    assert kept(compiled(text, sample))["en"] == round(share * 300)


def test_real_documents_through_several_steps(runs: Runs) -> None:
    """Languages from language_id; a rule set of many scores; the first step's share is exact, whatever follows."""
    runs.jsonl("sample.jsonl", [{"id": row["id"], "text": row["text"]} for row in web_rows()])
    (runs.folder / "base.yaml").write_text(
        "read: {jsonl: x.jsonl}\nwrite: {path: out}\nsteps:\n  - language_id\n"
        "  - gopher_quality: {min_stop_words: null}\n  - c4_quality: {end_mark: false, curly_bracket: false}\n"
        "  - fineweb_quality\n"
    )
    words = (str(runs.folder / "sample.jsonl"), "--recipe", str(runs.folder / "base.yaml"), "--min-documents", "200")
    text = calibrate(*words, "--percentile", "3")
    shares = re.findall(r"en: .*# ([\d,]+) documents, ([\d.]+)% kept", text)
    assert len(shares) == 3
    documents, share = shares[0]
    opened = text.replace("- language_id", "- language_id: {min_score: null}")
    manifest = compiled(opened, runs, steps=2)
    assert kept(manifest)["en"] == round(float(share) / 100 * int(documents))
    assert float(share) / 100 >= 1 - 9 * 0.03  # nine bounds, none of which drops more than 3 %


def test_a_bare_list_of_operators_and_a_chosen_threshold(sample: Runs) -> None:
    text = calibrate(str(sample.folder / "sample.jsonl"), "--ops", "gopher_quality, gopher_repetition",
                     "--only", "max_avg_word_length,min_avg_word_length", "--min-documents", "300")  # fmt: skip
    assert re.search(
        r"- gopher_quality:\n      by_lang:\n        en: {min_avg_word_length: 1\.0, max_avg_word_length: 1\.0\d}", text
    )
    assert "  - gopher_repetition\n" in f"{text}\n"


def test_a_run_folder_and_a_reader_are_samples_too(sample: Runs) -> None:
    one = calibrate(str(sample.folder / "sample.jsonl"), "--ops", "gopher_quality", "--min-documents", "40")
    read = f"{{jsonl: {sample.folder}/sample.jsonl, columns: {{text: text}}}}"
    assert calibrate(read, "--ops", "gopher_quality", "--min-documents", "40").split("\n")[2:] == one.split("\n")[2:]
    sample("read: {jsonl: sample.jsonl}\nwrite: {path: out}\nsteps: []", out="trusted")
    again = calibrate(str(sample.folder / "trusted"), "--ops", "gopher_quality", "--min-documents", "40")
    assert again.split("\n")[2:] == one.split("\n")[2:]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ops", "gopher_qualty"), "did you mean gopher_quality?"),
        (("--ops", "exact_dedup"), "no step has a threshold"),
        (("--ops", "length"), "expected at least one bound"),
        (("--ops", "gopher_quality", "--only", "min_wrds"), "did you mean min_words?"),
        (
            ("--ops", "gopher_quality", "--only", "max_avg_word_length", "--min-documents", "9"),
            "min_avg_word_length 3.0 is more than max_avg_word_length",
        ),
        (("--recipe", "base.yaml", "--dataset", "wbe"), "did you mean web?"),
    ],
)
def test_misuse_is_explained(sample: Runs, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str) -> None:
    monkeypatch.chdir(sample.folder)
    with pytest.raises(DatapipeError, match=re.escape(said)):
        calibrate("sample.jsonl", *words)


def test_a_sample_that_cannot_be_read_or_has_no_language(sample: Runs, tmp_path: Path) -> None:
    with pytest.raises(DatapipeError, match="how to read it"):
        calibrate("wiki.dump", "--ops", "gopher_quality")
    path = sample.jsonl("silent.jsonl", [{"id": "a", "text": "a b c"}])
    with pytest.raises(DatapipeError, match="no document has a language"):
        calibrate(str(path), "--ops", "gopher_quality")


def test_thresholds_lie_at_the_tails_and_round_outwards() -> None:
    words = np.arange(100.0)
    length = np.where(words < 90, 4.00049, 7.77777)
    scores = {name: np.full(100, np.nan) for _, name in GopherQuality.bounds.values()}
    scores |= {"words": words, "mean_word_length": length}
    measured = Verdict(100, {"fixed": np.zeros(100, np.bool_)}, scores)
    step = GopherQuality(max_words=None)
    found = thresholds(step, measured, 0.1)
    assert found == {"min_words": 9, "min_avg_word_length": 4.0, "max_avg_word_length": 7.78}  # NaN: nothing to go by
    assert kept_share(with_thresholds(step, found), measured) == 0.91
    assert thresholds(step, measured, 0.1, only={"min_words"}) == {"min_words": 9}


def test_the_widest_tail_keeps_the_share() -> None:
    rng = np.random.default_rng(1)
    scores = {unit: rng.integers(0, 10_000, 2_000).astype(float) for unit in ("characters", "bytes", "words", "lines")}
    measured = Verdict(2_000, {"fixed": np.zeros(2_000, np.bool_)}, scores)
    step = Length(min_words=1, max_words=9, min_lines=1)
    for share in (0.5, 0.9, 0.99):
        tail = widest_tail(step, measured, share)
        assert share <= kept_share(with_thresholds(step, thresholds(step, measured, tail)), measured) <= share + 0.005
