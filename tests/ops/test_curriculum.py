"""The laws of `curriculum`: stages in their order, epochs across them, weights that change, rows of one length."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.mixing.weights_file import WeightsFile
from datapipe.core.registry import operators
from datapipe.io.opening import open_file
from tests.mixing import bound, corpus, stream, tokens_by

SIZES = {"web": 4000, "code": 1000, "python": 200}
STAGES = [
    {"name": "general", "budget": "2T", "weights": {"web": 0.9, "code": 0.1}},
    {"name": "code", "budget": "500B", "weights": {"web": 0.15, "code": 0.85}},
    {"name": "python", "budget": "100B", "weights": {"code": 0.25, "python": 0.75}, "order": {"by": "score"}},
]


def test_stages_come_in_order_with_their_budgets_and_mixtures() -> None:
    rows = corpus(SIZES)
    found = stream("curriculum", [rows], stages=STAGES, budget="1.3M", max_epochs={"code": 2})
    taken = tokens_by(found, "stage", "source")
    largest = max(rows.column("n_tokens").to_pylist())
    for name, budget, weights in (("general", 1e6, STAGES[0]["weights"]), ("code", 250e3, STAGES[1]["weights"]),
                                  ("python", 50e3, STAGES[2]["weights"])):  # fmt: skip
        for group, weight in weights.items():
            assert abs(taken[name, group] - weight * budget) <= largest
    assert list(dict.fromkeys(found.column("stage").to_pylist())) == ["general", "code", "python"]


def test_a_stage_goes_on_where_the_one_before_stopped() -> None:
    found = stream("curriculum", [corpus(SIZES)], stages=STAGES, budget="5M", max_epochs=4)
    for group in SIZES:
        mine = found.filter(pa.array(np.array(found.column("source").to_pylist()) == group))
        copies = Counter(mine.column("id").to_pylist())
        assert max(copies.values()) - min(copies.values()) <= 1
        assert len(copies) == SIZES[group] or max(copies.values()) == 1
        if group == "web":  # the others end in a sorted stage
            assert (np.diff(np.array(mine.column("epoch"))) >= 0).all()
        pairs = set(zip(mine.column("id").to_pylist(), mine.column("epoch").to_pylist(), strict=True))
        assert len(pairs) == mine.num_rows


def test_a_sorted_stage_is_sorted() -> None:
    found = stream("curriculum", [corpus(SIZES)], stages=STAGES, budget="1.3M", max_epochs={"code": 2})
    last = found.filter(pa.array(np.array(found.column("stage").to_pylist()) == "python"))
    for group in ("code", "python"):
        scores = np.array(last.column("score"))[np.array(last.column("source").to_pylist()) == group]
        assert len(scores) > 5
        assert (np.diff(scores) >= 0).all()


@pytest.mark.parametrize(
    ("shape", "order"), [("linear", "shuffled"), ("cosine", "interleaved"), ("linear", {"by": "score"})]
)
def test_weights_change_over_a_stage(shape: str, order: object) -> None:
    rows = corpus({"web": 20_000, "code": 20_000}, mean=100)
    stages = [
        {"name": "one", "share": 0.25, "weights": {"web": 1}},
        {"name": "two", "share": 0.75, "weights": {"web": 0.2, "code": 0.8}, "interpolate": shape, "order": order},
    ]
    found = stream("curriculum", [rows], stages=stages, budget="2M", max_epochs=2)
    two = found.filter(pa.array(np.array(found.column("stage").to_pylist()) == "two"))
    code = np.array(two.column("source").to_pylist()) == "code"
    size = np.array(two.column("n_tokens"))
    t = np.cumsum(size) / size.sum()
    f = t if shape == "linear" else (1 - np.cos(np.pi * t)) / 2
    for window in np.array_split(np.arange(len(t)), 12):
        share = size[window][code[window]].sum() / size[window].sum()
        assert share == pytest.approx(0.8 * f[window].mean(), abs=0.01 if order == "interleaved" else 0.06)
    if isinstance(order, dict):
        assert (np.diff(np.array(two.column("score"))[code]) >= 0).all()


def test_rows_of_one_length_belong_to_the_stages_that_ask_for_it() -> None:
    rows = corpus({"web": 2000})
    length = np.where(np.arange(2000) % 5 == 0, 8192, 2048).astype(np.int32)
    rows = rows.append_column("length", pa.array(length))
    stages = [
        {"name": "short", "share": 0.9, "where": {"length": 2048}},
        {"name": "long", "share": 0.1, "where": {"length": 8192}},
    ]
    found = stream("curriculum", [rows], stages=stages, tokens="length", budget="2M")
    by = {name: set() for name in ("short", "long")}
    for name, value in zip(found.column("stage").to_pylist(), found.column("length").to_pylist(), strict=True):
        by[name].add(value)
    assert by == {"short": {2048}, "long": {8192}}
    total = sum(found.column("length").to_pylist())
    assert abs(total - 2e6) <= 8192
    # stages without a condition take the rest, and a stage that asks again goes on where the first stopped
    stages = [
        {"name": "rest", "share": 0.5},
        {"name": "long", "share": 0.25, "where": {"length": 8192}},
        {"name": "longer", "share": 0.25, "where": {"length": 8192}},
    ]
    found = stream("curriculum", [rows], stages=stages, tokens="length", budget="3M")
    stage, names = np.array(found.column("stage").to_pylist()), np.array(found.column("id").to_pylist())
    assert set(found.column("epoch").to_pylist()) == {1}
    assert not set(names[stage == "long"]) & set(names[stage == "longer"])
    assert set(np.array(found.column("length"))[stage == "rest"]) == {2048}
    placed = bound(
        "curriculum", [rows], stages=[{**stages[1], "share": 1}], tokens="length", budget=100_000, max_epochs=2
    ).place(rows)
    assert placed.verdict.failed["no_weight"].sum() == 1600


def test_skills_and_weights_files(tmp_path) -> None:
    rows = corpus(SIZES)
    found = stream("curriculum", [rows], skills={"needs": {"code": ["web"], "python": ["code"]}}, budget="300K")
    stage, source = found.column("stage").to_pylist(), found.column("source").to_pylist()
    assert {s for s, g in zip(stage, source, strict=True) if g == "python"} == {"level-3"}
    assert {g for s, g in zip(stage, source, strict=True) if s == "level-1"} == {"web"}
    path = tmp_path / "learned.json"
    path.write_bytes(WeightsFile(weights={"web": 3, "code": 1}, unit="tokens").to_bytes())
    asked = {
        "stages": [{"name": "a", "budget": "200K", "file": "mine"}],
        "weights_files": {"mine": str(path)},
        "others": "drop",
    }
    taken = tokens_by(stream("curriculum", [rows], **asked), "source")
    assert taken["web"] / taken["code"] == pytest.approx(3, rel=0.1)
    ctx = Context("test.01", 7, open_file)
    remarks = operators.get("curriculum").model_validate({**asked, "unit": "documents"}).facts(ctx)["remarks"]
    assert "mine: shares of tokens are taken as shares of documents" in remarks
    with pytest.raises(RecipeError, match="weights of source, expected those of lang"):
        operators.get("curriculum").model_validate({**asked, "by": "lang"}).facts(ctx)


def test_check_tells_and_refuses_before_work() -> None:
    asked = {"stages": STAGES, "sizes": {"web": "3T", "code": "800B", "python": "80B"}}
    ctx = Context("test.01", 7, open_file)
    facts = operators.get("curriculum").model_validate(asked).facts(ctx)
    assert any(line.split() == ["code", "code", "85.00%", "800B", "425B", "0.531"] for line in facts["remarks"])
    assert facts["schedule"]["stages"][0]["groups"]["web"] == {
        "begins": 0.9,
        "ends": 0.9,
        "taken": 1.8e12,
        "size": 3e12,
    }
    with pytest.raises(RecipeError, match=r"python: 1\.50 epochs"):
        operators.get("curriculum").model_validate({**asked, "sizes": {**asked["sizes"], "python": "50B"}}).facts(ctx)
    preset = {"preset": "llama", "names": {"web": "CommonCrawl", "code": "Github"}}
    remarks = (
        operators.get("mixture").model_validate({**preset, "absent": "drop", "unit": "bytes"}).facts(ctx)["remarks"]
    )
    assert remarks[0].startswith("llama: Touvron et al. 2023 (arXiv:2302.13971), table 1")
    assert remarks[0].endswith("StackExchange (2.0%), Wikipedia (4.5%), the rest normalised")
    unsized = operators.get("curriculum").model_validate({"stages": STAGES}).facts(ctx)
    assert "python: 100B tokens, code 25.0%, python 75.0%" in unsized["remarks"]
    assert unsized["schedule"]["stages"][2]["groups"]["python"]["taken"] == 75e9


def test_a_sample_has_as_much_less_of_a_budget() -> None:
    """Forecasts run samples: of a tenth of the rows a tenth is asked, and what a sample lacks fails nothing."""
    rows = corpus(SIZES).slice(0, 520)
    for asked in ({"budget": "1.3M"}, {"budget": None}):
        operator = operators.get("curriculum").model_validate({"stages": STAGES, "max_epochs": {"code": 2}, **asked})
        smaller = operator.of_sample(0.1)
        whole = 1.3e6 if asked["budget"] else 2.6e12
        assert smaller.budget == pytest.approx(whole / 10)
        assert operator.model_validate(smaller.model_dump(mode="json", by_alias=True)) == smaller
    found = stream("curriculum", [rows], stages=STAGES, budget=130_000, shortfall="cap", absent="drop")
    assert sum(found.column("n_tokens").to_pylist()) == pytest.approx(130_000, rel=0.2)
    assert operators.get("mixture").model_validate({}).of_sample(0.1).budget is None


def test_a_weights_file_that_is_not_there() -> None:
    mixture = operators.get("mixture").model_validate({"file": "nowhere/weights.json"})
    with pytest.raises(RecipeError, match=r"nowhere/weights\.json is not there; expected a weights file"):
        mixture.facts(Context("test.01", 1, open_file))


def test_a_weights_file_of_other_sources_is_refused_before_work(tmp_path) -> None:
    path = tmp_path / "learned.json"
    ctx = Context("test.01", 1, open_file)

    def problem(sources: tuple[str, ...], **terms: str) -> str | None:
        mixture = operators.get("mixture").model_validate({"file": str(path), **terms})
        mixture.facts(ctx)
        return mixture.check_sources(sources)

    path.write_bytes(WeightsFile(weights={"web": 3, "codes": 1, "books": 0}).to_bytes())
    assert problem(("web", "codes", "books")) is None
    assert problem(("web", "codes")) is None  # of books it wants none
    assert problem(("web", "code")) == (
        f"{path}: codes has a weight of 0.25, and no rows read in it come here; did you mean code?"
    )
    assert problem(("web", "code"), absent="drop", others="drop") is None
    assert "'wiki' has no weight" in str(problem(("web", "codes", "wiki")))
    assert problem(("web", "codes", "wiki"), others="drop") is None
    path.unlink()
    path.mkdir()
    with pytest.raises(RecipeError, match="cannot be read"):
        problem(("web",))
