"""Recipes: what is wrong is said with file, line and the nearest right name, before any work."""

from pathlib import Path

import pytest

from datapipe.core.errors import RecipeError
from datapipe.plan.locate import parse
from datapipe.plan.overrides import apply_overrides
from tests.conftest import Runs, compile_text


@pytest.fixture
def folder(runs: Runs) -> Path:
    runs.jsonl("a.jsonl", [{"id": "1", "text": "one", "year": 1}])
    runs.jsonl("b.jsonl", [{"id": "1", "text": "one"}])
    return runs.folder


def lines(text: str, folder: Path) -> str:
    with pytest.raises(RecipeError) as caught:
        compile_text(text, folder)
    return str(caught.value).replace(str(folder) + "/", "")


SHORT = "read: {jsonl: a.jsonl}\nsteps:\n  - STEP\nwrite: {path: out}\n"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("gopher_quality: {min_word: 3}", "recipe.yaml:3: gopher_quality.min_word: unknown; did you mean min_words?"),
        ("gopher_qualty", "recipe.yaml:3: gopher_qualty: unknown operator; did you mean gopher_quality?"),
        ("gopher_quality: {min_words: 9, max_words: 8}", "min_words 9 is more than max_words 8"),
        ("unique_ids", "placed by the planner"),
        ("length: {min_words: 99999999999999999999}", "recipe.yaml:3: the number 99999999999999999999 does not fit"),
        ("gopher_quality: {min_words: many}", "recipe.yaml:3: gopher_quality.min_words: expected"),
        (
            "gopher_quality: {action: remove}",
            "recipe.yaml:3: gopher_quality.action: expected drop or tag, found 'remove'",
        ),
        (
            "gopher_quality: {where: {lng: [de]}}",
            "reads the column lng, which no earlier step or reader makes; did you mean lang?",
        ),
        (
            "gopher_quality: {by_lang: {de: {min_word: 3}}}",
            "gopher_quality.by_lang.de.min_word: unknown; did you mean min_words?",
        ),
        ("select: {yaer: {min: 3}}", "reads the column yaer"),
        ("sample: {fraction: 1.5}", "recipe.yaml:3: sample.fraction: expected less than or equal to 1, found 1.5"),
        ("sample", "recipe.yaml:3: sample.fraction: missing"),
        ("[a, b]", "recipe.yaml:3: a step is an operator's name, or `- name: {parameters}`"),
        ("exact_dedup: {by_lang: {de: {}}}", "exact_dedup.by_lang: a global operator does not take it"),
        ("exact_dedup: {keep: {text: desc}}", "keep: the column text is large_string, expected a number"),
        ("url_filter: {domain_files: [lists/none.txt]}", "url_filter needs the file"),
        ("line_dedup: {prefer: books}", "recipe.yaml:3: line_dedup.prefer: expected a list, found 'books'"),
        ("rehydrate: {copies: 3}", "recipe.yaml:3: rehydrate.copies: expected a mapping, found 3"),
        ("decontaminate: {against: []}", "recipe.yaml:3: decontaminate.against: expected one entry at least, found []"),
    ],
)
def test_a_wrong_step(step: str, expected: str, folder: Path) -> None:
    assert expected in lines(SHORT.replace("STEP", step), folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("read: {jsonl: a.jsonl}\nwrte: {path: out}", "recipe.yaml:2: wrte: unknown; did you mean write?"),
        ("read: {jsonl: a.jsonl}", "nothing to write"),
        ("write: {path: out}", "nothing to read"),
        (
            "read: {json: a.jsonl}\nwrite: {path: out}",
            "recipe.yaml:1: read: expected one reader, found json; did you mean jsonl?",
        ),
        (
            "read: {jsonl: a.jsonl, colums: {}}\nwrite: {path: out}",
            "recipe.yaml:1: read.colums: unknown; did you mean columns?",
        ),
        ("read: {jsonl: c.jsonl}\nwrite: {path: out}", "c.jsonl"),
        (
            "read: {jsonl: a.jsonl}\nwrite: {path: out, shard_size: 3 quarts}",
            "recipe.yaml:2: write.0.shard_size: expected a size",
        ),
        (
            "datasets: {a: {read: {jsonl: a.jsonl}}, b: {from: [aa]}}\nwrite: {path: o, dataset: b}",
            "no dataset aa; did you mean a?",
        ),
        ("datasets:\n  a: {from: [b]}\n  b: {from: [a]}\nwrite: {path: o, dataset: b}", "made from itself: a → b → a"),
        (
            "datasets:\n  a: {read: {jsonl: a.jsonl}}\n  b: {read: {jsonl: b.jsonl}}\nwrite: {path: o}",
            "write.dataset: missing",
        ),
        (
            "datasets:\n  a: {read: {jsonl: a.jsonl}}\n  b: {read: {jsonl: b.jsonl}}\nwrite: {path: o, dataset: a}",
            "recipe.yaml:3: datasets.b",
        ),
        (
            "datasets:\n  w: {read: {jsonl: a.jsonl}}\n  x: {from: [w]}\n  y: {from: [w]}\n"
            "  z: {from: [x, y]}\nwrite: {path: o, dataset: z}",
            "the rows of w would come twice, by x and by y",
        ),
        (
            "read: {jsonl: a.jsonl}\nread: {jsonl: b.jsonl}\nwrite: {path: o}",
            "recipe.yaml:2: not valid YAML: found duplicate key",
        ),
        ("read: {jsonl: [a.jsonl}\nwrite: {path: o}", "not valid YAML"),
        ("- a", "expected a mapping"),
        (
            "name: my corpus\nread: {jsonl: a.jsonl}\nwrite: {path: o}",
            "recipe.yaml:1: name: expected a name of letters A to Z, digits, _ and -, found 'my corpus'",
        ),
        ("task_timeout: .inf\nread: {jsonl: a.jsonl}\nwrite: {path: o}", "recipe.yaml:1: task_timeout: expected less"),
        (
            "datasets:\n  a: {read: {jsonl: a.jsonl}}\n  b: {from: [a], steps: [exact_dedup]}\n"
            "write: {path: o, dataset: b}\nresources:\n  datasets: {a: {cpus: 2}}",
            "recipe.yaml:6: resources.datasets.a: would change nothing, for its steps run in stages of other datasets; "
            "say it for one that has stages: b",
        ),
        ("read: {jsonl: a.jsonl}\nplugins: [none.py]\nwrite: {path: o}", "recipe.yaml:2: plugin"),
    ],
)
def test_a_wrong_frame(text: str, expected: str, folder: Path) -> None:
    assert expected in lines(text, folder)


@pytest.mark.parametrize("keep", ["last", "{n: down}", "{n: desc, m: asc}", "{}", "[longest]"])
def test_a_wrong_keep_is_one_line(keep: str, folder: Path) -> None:
    expected = "expected first, longest, or one column and its order (asc, desc), such as {quality: desc}; found "
    told = lines(SHORT.replace("STEP", f"minhash_dedup: {{keep: {keep}}}"), folder)
    assert told.startswith(f"recipe.yaml:3: minhash_dedup.keep: {expected}")
    assert "\n" not in told
    semantic = lines(SHORT.replace("STEP", f"semantic_dedup: {{embed: wordllama, keep: {keep}}}"), folder)
    assert "semantic_dedup.keep: expected farthest, nearest, first, longest, or one column" in semantic


def test_every_mistake_at_once(folder: Path) -> None:
    said = lines("read: {jsonl: a.jsonl}\nmax_error_rate: 2\nseed: x\nwrite: {pth: out}\n", folder)
    assert len(said.split("\n")) == 4


def test_languages_are_not_booleans(folder: Path) -> None:
    plan = compile_text(SHORT.replace("STEP", "language_id: {keep: [no, en]}"), folder)
    assert plan.steps()[0].parameters["keep"] == ["no", "en"]


def test_labels_and_columns(folder: Path) -> None:
    plan = compile_text(
        "name: x\ndatasets:\n  web:\n    read: {jsonl: a.jsonl, columns: {year: {field: year, type: int}}}\n"
        "    steps: [gopher_quality, {gopher_quality: {label: again, action: tag}}]\nwrite: {path: out}",
        folder,
    )
    assert [s.label for s in plan.steps()][:2] == ["web.01.gopher_quality", "again"]
    names = plan.stages[-1].rows.names
    assert names[:8] == ["_addr", "id", "text", "source", "url", "lang", "metadata", "year"]
    assert names[8:11] == ["again.keep", "again.reasons", "again.words"]


def test_a_later_step_changes_only_the_last_stage(folder: Path) -> None:
    recipe = "read: {jsonl: a.jsonl}\nsteps: [exact_dedup, {sample: {fraction: 0.5}}]\nwrite: {path: out}\n"
    one, two = compile_text(recipe, folder), compile_text(recipe.replace("0.5", "0.6"), folder)
    assert one.stages[0].key == two.stages[0].key
    assert one.stages[1].key != two.stages[1].key
    assert one.fingerprint != two.fingerprint
    touched = compile_text(recipe, folder)
    assert touched.fingerprint == one.fingerprint
    (folder / "a.jsonl").write_text('{"id": "1", "text": "another"}\n')
    assert compile_text(recipe, folder).stages[0].key != one.stages[0].key


def test_set(folder: Path) -> None:
    located = parse(SHORT.replace("STEP", "gopher_quality: {label: gq}"), str(folder / "recipe.yaml"))
    apply_overrides(
        located,
        ("gopher_quality.min_words=7", "gq.max_words=null", "seed=4", "write.shard_size=3MB", "steps.gq.action=tag"),
    )
    assert located.data["steps"] == [
        {"gopher_quality": {"label": "gq", "min_words": 7, "max_words": None, "action": "tag"}}
    ]
    assert located.data["seed"] == 4
    assert located.data["write"]["shard_size"] == "3MB"
    with pytest.raises(RecipeError, match="did you mean gopher_quality"):
        apply_overrides(located, ("gopher_qualty.min_words=7",))
    with pytest.raises(RecipeError, match="expected key=value"):
        apply_overrides(located, ("seed",))
