"""`pii_scrub` as recipes write it: types, actions, keys, presets, what is dropped, what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest
from pydantic import ValidationError

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.verdict import Verdict
from datapipe.io.opening import open_file
from datapipe.ops.pii_scrub import PiiScrub
from datapipe.plan.schema import recipe_schema
from tests.conftest import SAMPLE

CONTEXT = Context("web.01.pii_scrub", 7, open_file)


def judge(texts: list[str | None], parameters: dict[str, Any]) -> Verdict:
    operator = PiiScrub.model_validate(parameters)
    operator.setup(CONTEXT)
    n = len(texts)
    return operator.judge(
        pa.record_batch(
            {
                ADDR: pa.array(range(n), pa.uint64()),
                "text": pa.array(texts, pa.large_string()),
                "lang": pa.array([None] * n, pa.string()),
            }
        )
    )


def texts_after(texts: list[str | None], **parameters: Any) -> list[str | None]:
    after: list[str | None] = judge(texts, parameters).columns["text"].to_pylist()
    return after


MAIL = "write to ana.lima@web.de, or to Ana.Lima@WEB.de, or to bo@host.org"


def test_each_action_leaves_its_own_text() -> None:
    assert texts_after([MAIL], entities=["email"]) == ["write to <EMAIL>, or to <EMAIL>, or to <EMAIL>"]
    assert (
        texts_after([MAIL], entities={"email": {"tag": "[mail]"}})[0] == "write to [mail], or to [mail], or to [mail]"
    )
    assert texts_after([MAIL], entities={"email": "remove"}) == ["write to , or to , or to "]
    assert texts_after([MAIL], entities={"email": "report"}) == [MAIL]
    replaced = texts_after([MAIL, None, ""], entities="email", method="replace")
    assert replaced[1:] == [None, ""]
    one, other, third = (word.strip(",") for word in replaced[0].split() if "@" in word)  # type: ignore[union-attr]
    assert one == other != third  # the same address, however it is written
    assert one.endswith("@example.com")


def test_hashes_follow_from_the_key_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_bytes(b"  0123456789abcdef\n")
    monkeypatch.setenv("PII_KEY", "0123456789abcdef")
    from_file = texts_after([MAIL], entities="email", method="hash", key_file=str(tmp_path / "key"))
    assert from_file == texts_after([MAIL], entities="email", method="hash", key_env="PII_KEY")
    assert from_file[0].startswith("write to <EMAIL:")  # type: ignore[union-attr]
    monkeypatch.setenv("PII_KEY", "another key, as long")
    assert from_file != texts_after([MAIL], entities="email", method="hash", key_env="PII_KEY")


def test_the_key_has_a_sign_and_is_told_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PII_KEY", "0123456789abcdef")
    operator = PiiScrub(entities="email", method="hash", key_env="PII_KEY")
    sign = operator.facts(CONTEXT)
    assert set(sign) == {"pii_key"}
    assert "0123456789abcdef" not in json.dumps([sign, operator.model_dump(mode="json"), operator.remarks()])
    monkeypatch.setenv("PII_KEY", "0123456789abcdeg")
    assert operator.facts(CONTEXT) != sign
    assert operator.files() == ()


def test_a_missing_or_short_key_stops_with_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PII_KEY", raising=False)
    operator = PiiScrub(entities="email", method="hash", key_env="PII_KEY")
    with pytest.raises(RecipeError, match=r"^key_env: the environment variable PII_KEY is not set$"):
        operator.facts(CONTEXT)
    monkeypatch.setenv("PII_KEY", "secretly")
    with pytest.raises(RecipeError, match="16 bytes or more, found 8") as error:
        operator.facts(CONTEXT)
    assert "secretly" not in str(error.value)
    with pytest.raises(RecipeError, match=r"key_file: /nowhere/key cannot be read"):
        PiiScrub(key_file="/nowhere/key").facts(CONTEXT)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"entities": ["emial"]}, "no type emial; did you mean email?"),
        ({"entities": {"email": "masked"}}, "no action masked; did you mean mask?"),
        ({"entities": {"email": {"actoin": "mask"}}}, "actoin"),
        ({"entities": []}, "no type is named"),
        ({"entities": 7}, "expected types"),
        ({"entities": {"email": "hash"}}, "hash needs a secret key"),
        ({"key_file": "a", "key_env": "b"}, "one key"),
        ({"preset": "fineweb", "entities": ["email"]}, "preset and entities: fineweb says by itself"),
        ({"preset": "dolma", "method": "remove"}, "preset and method: dolma says by itself"),
        ({"preset": "finewebb"}, "fineweb"),
        ({"max_entities": -1}, "max_entities"),
        ({"entities": {"email": 5}}, "entities.email: expected an action or"),
        ({"entities": {"email": {"action": "mask", "above": 3}}}, "above belongs to action: drop_document"),
        ({"entities": {"email": {"action": "remove", "otherwise": "report"}}}, "otherwise belongs to"),
        (
            {"entities": {"email": {"action": "replace", "tag": "[x]"}}},
            "tag is the text of a mask; replace writes none",
        ),
        ({"regions": ["us"]}, "no country 'us'"),
    ],
)
def test_what_is_refused(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence.replace("?", r"\?")):
        PiiScrub.model_validate(parameters)


def test_documents_with_more_than_so_many_are_dropped() -> None:
    texts: list[str | None] = [MAIL, "a@web.de", "none"]
    one = judge(texts, {"entities": {"email": {"action": "drop_document", "above": 1, "otherwise": "remove"}}})
    assert one.keep.tolist() == [False, True, True]
    assert one.reasons(range(3)) == [["email_found"], [], []]
    assert one.columns["text"].to_pylist()[1:] == ["", "none"]
    assert "@" not in one.columns["text"][0].as_py()  # what the ledger will show
    assert [len(found) for found in one.entities.to_pylist()] == [3, 1, 0]
    assert one.scores["email"].tolist() == one.scores["entities"].tolist() == [3, 1, 0]
    two = judge(texts, {"max_entities": 2})
    assert two.reasons(range(3)) == [["max_entities"], [], []]


def test_values_are_evidence_only_where_asked_for() -> None:
    for asked in (False, True):
        found = judge([MAIL], {"entities": "email", "values": asked}).entities.to_pylist()[0]
        assert [one["value"] for one in found] == (
            ["ana.lima@web.de", "Ana.Lima@WEB.de", "bo@host.org"] if asked else [None] * 3
        )
        assert found[0]["hash"] == found[1]["hash"] != found[2]["hash"]


def test_editors_know_what_may_be_written() -> None:
    schema = recipe_schema()
    good: list[Any] = [
        {}, {"entities": "all"}, {"entities": "email"}, {"entities": ["email", "ip"]}, {"preset": "dolma"},
        {"entities": {"email": "mask", "phone": None, "ip.v6": {"action": "drop_document", "above": 2}}},
    ]  # fmt: skip
    bad: list[Any] = [
        {"entities": "emial"}, {"entities": ["emial"]}, {"entities": {"email": "masked"}}, {"preset": "pile"},
        {"entities": {"email": {"actoin": "mask"}}},
    ]  # fmt: skip
    for step, right in [(step, True) for step in good] + [(step, False) for step in bad]:
        recipe = {"read": {"jsonl": "a"}, "steps": [{"pii_scrub": step}], "write": {"path": "out"}}
        assert jsonschema.Draft202012Validator(schema).is_valid(recipe) == right, step


def test_check_tells_what_is_done() -> None:
    lines = PiiScrub(entities={"email": "mask", "phone": "remove"}, values=True).remarks()
    assert lines[0] == "mask email; remove phone, from a score of 0.5 on"
    assert any("the values themselves" in line for line in lines)
    assert any("version strings" in line for line in PiiScrub(preset="fineweb").remarks())


RECIPE = """
name: pii
seed: 3
read: {{jsonl: in/*.jsonl}}
steps:
  - pii_scrub: {{entities: {{email: hash, phone: replace, ip: mask}}, max_entities: 3, key_env: PII_KEY}}
  - pii_scrub: {{action: tag, label: again, key_env: PII_KEY}}
write: {{path: {out}, shard_size: 8kB}}
"""


def test_runs_with_any_number_of_workers_are_equal_and_tell_no_key(
    runs: Any, digests: Callable[[Path], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PII_KEY", "a key of this very test")
    for part in range(3):
        rows = [
            {"id": f"{part}-{i}", "text": f"Text {i}. " + f"ask user{i % 9}@host{i % 5}.org, " * (i % 6)}
            for i in range(80)
        ]
        runs.jsonl(f"in/{part}.jsonl", rows)
    one = runs(RECIPE.format(out="one"), "one")
    runs(RECIPE.format(out="two"), "two", workers=2)
    folder = runs.folder
    assert digests(folder / "one") == digests(folder / "two")
    assert [(folder / out / "pii").exists() for out in ("one", "two")] == [True, True]
    assert runs.table("pii", "one") == runs.table("pii", "two")
    assert one["rows_dropped"] == 3 * len([i for i in range(80) if i % 6 > 3])
    for row in runs.table("data", "one"):
        assert "@" not in row["text"]
        assert row["again.entities"] == 0
    assert all("@" not in row["text"] for row in runs.table("ledger", "one"))
    found = runs.table("pii", "one")
    assert {row["value"] for row in found} == {None}
    assert len({row["hash"] for row in found}) == len({(i % 9, i % 5) for i in range(80) if i % 6})
    told = b"".join(path.read_bytes() for path in (folder / "one").rglob("*") if path.is_file())
    assert b"a key of this very test" not in told


def test_a_missing_key_stops_before_any_work(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PII_KEY", raising=False)
    runs.jsonl("in/0.jsonl", [{"text": "a"}])
    with pytest.raises(RecipeError, match="the environment variable PII_KEY is not set"):
        runs(RECIPE.format(out="out"))
    assert not (runs.folder / "out").exists()


def test_another_key_is_other_work(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.jsonl("in/0.jsonl", [{"text": "me@web.de"}])
    texts = []
    for key in ("0123456789abcdef", "fedcba9876543210"):
        monkeypatch.setenv("PII_KEY", key)
        runs(RECIPE.format(out="out"))
        texts.append(runs.table("data")[0]["text"])
    assert texts[0] != texts[1]


def test_another_key_of_one_language_is_other_work(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = RECIPE.format(out="out").replace("jsonl: in/*.jsonl", "jsonl: in/*.jsonl, columns: {lang: lang}")
    recipe = recipe.replace("max_entities: 3, key_env: PII_KEY", "key_env: PII_KEY, by_lang: {de: {key_env: DE_KEY}}")
    runs.jsonl("in/0.jsonl", [{"text": "me@web.de", "lang": "de"}])
    monkeypatch.setenv("PII_KEY", "a key of this very test")
    with pytest.raises(RecipeError, match=r":6: pii_scrub: key_env: the environment variable DE_KEY is not set"):
        runs(recipe)
    texts = []
    for key in ("0123456789abcdef", "fedcba9876543210"):
        monkeypatch.setenv("DE_KEY", key)
        runs(recipe)
        texts.append(runs.table("data")[0]["text"])
    assert texts[0] != texts[1]


def test_the_recipe_of_the_house_runs(runs: Any) -> None:
    recipe = (SAMPLE.parent / "pipelines" / "pii.yaml").read_text()
    for old, new in (("../sample_data", str(SAMPLE)), ("../out", str(runs.folder / "out"))):
        recipe = recipe.replace(old, new)
    runs(recipe)
    found = {(row["source"], row["type"], row["action"]) for row in runs.table("pii")}
    assert ("letters", "email", "replace") in found
    assert {"web"} < {source for source, _, _ in found}
    assert not any("@example.org" in row["text"] for row in runs.table("data"))
