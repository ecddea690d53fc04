"""What stages take of groups: budgets, the largest, caps, refusals; curves of changing weights; skills."""

import numpy as np
import pytest
from pydantic import ValidationError

from datapipe.core.mixing.allocation import CannotBeMet, Terms, allocate, shortfalls
from datapipe.core.mixing.skills import Skills
from datapipe.core.mixing.stages import KNOTS, Stage, check_stages, spread
from datapipe.core.mixing.water_filling import water_fill


def taken(stages: list[Stage], sizes: dict[str, float], terms: Terms) -> dict[tuple[str, str], float]:
    takes = allocate(stages, [0] * len(stages), [sizes], terms, {})
    return {(stages[t.stage].name, t.group): t.taken for t in takes}


def test_water_fill_shares_what_finds_no_room() -> None:
    # 60 of 100 find no room at a; b and c share them 3 : 1, and c is full, so that b takes the rest.
    assert water_fill(100, np.array([0.8, 0.15, 0.05]), np.array([20.0, 1000.0, 10.0])).tolist() == [20, 70, 10]
    assert water_fill(100, np.array([0.5, 0.5]), np.array([30.0, 20.0])).tolist() == [30, 20]
    rng = np.random.default_rng(1)
    for _ in range(50):
        weights, room, budget = rng.dirichlet(np.ones(6)), rng.random(6) * 50, rng.random() * 200
        got = water_fill(budget, weights, room)
        assert (got <= room + 1e-9).all()
        assert got.sum() == pytest.approx(min(budget, room.sum()))
        free = got < room - 1e-9
        if free.any():  # those with room left keep the proportions of their weights
            assert np.ptp(got[free] / weights[free]) < 1e-6


def test_stages_of_absolute_budgets_are_scaled_to_a_total() -> None:
    stages = [
        Stage(name="one", budget="2T", weights={"a": 3, "b": 1}),
        Stage(name="two", budget="500B", weights={"b": 1}),
    ]
    assert taken(stages, {"a": 1e13, "b": 1e13}, Terms())[("one", "a")] == 1.5e12
    assert taken(stages, {"a": 1e13, "b": 1e13}, Terms(1000.0)) == pytest.approx(
        {("one", "a"): 600, ("one", "b"): 200, ("two", "b"): 200}
    )


def test_the_largest_stream_within_max_epochs() -> None:
    stages = [
        Stage(name="one", share=0.5, weights={"a": 0.5, "b": 0.5}),
        Stage(name="two", share=0.5, weights={"b": 1}),
    ]
    found = taken(stages, {"a": 1000.0, "b": 300.0}, Terms("largest"))
    assert found == pytest.approx({("one", "a"): 100, ("one", "b"): 100, ("two", "b"): 200})  # b is the first to be out
    found = taken(stages, {"a": 1000.0, "b": 300.0}, Terms("largest", ({"b": 2}, 1.0)))
    assert sum(found.values()) == pytest.approx(800)


def test_more_than_there_is() -> None:
    stages = [
        Stage(name="one", budget=100, weights={"a": 1}),
        Stage(name="two", budget=100, weights={"a": 0.5, "b": 0.5}),
    ]
    sizes = {"a": 120.0, "b": 1000.0}
    takes = allocate(stages, [0, 0], [sizes], Terms(), {})
    assert shortfalls(takes, Terms(), "tokens") == [
        "a: 1.25 epochs of its tokens are asked for, max_epochs allows 1 epoch"
    ]
    assert shortfalls(takes, Terms(None, ({}, 1.25)), "tokens") == []
    capped = taken(stages, sizes, Terms(shortfall="cap"))
    assert capped == pytest.approx({("one", "a"): 100, ("two", "a"): 20, ("two", "b"): 80})


def test_groups_nobody_named_and_names_nobody_has() -> None:
    one = [Stage(name="one", budget=10, weights={"web": 1})]
    with pytest.raises(CannotBeMet, match=r"'wbe' has no weight; did you mean web\?"):
        taken(one, {"web": 10.0, "wbe": 10.0}, Terms())
    with pytest.raises(CannotBeMet, match=r"^web has a weight of 1, and there is nothing of it; did you mean webb\?"):
        taken(one, {"webb": 10.0}, Terms())
    with pytest.raises(CannotBeMet, match=r"max_epochs: there is nothing of wbe; did you mean web\?"):
        taken(one, {"web": 10.0}, Terms(None, ({"wbe": 4}, 1.0)))
    with pytest.raises(CannotBeMet, match=r"^'' \(rows without a value\) has no weight"):
        taken(one, {"web": 10.0, "": 10.0}, Terms())
    long = [*one, Stage(name="long", budget=10, weights={"web": 1}, where={"length": 8192})]
    with pytest.raises(CannotBeMet, match=r"^long: of the rows that meet its `where` 'code' has no weight"):
        allocate(long, [0, 1], [{"web": 10.0}, {"web": 10.0, "code": 1.0}], Terms(), {})
    assert taken(one, {"web": 10.0, "wbe": 10.0}, Terms(others="drop")) == {("one", "web"): 10}
    two = [Stage(name="one", budget=10, weights={"web": 1, "news": 1})]
    assert taken(two, {"web": 10.0}, Terms(absent="drop")) == {("one", "web"): 10}
    assert taken([*one, Stage(name="two", budget=1, weights={"web": 0, "b": 2})], {"web": 10.0, "b": 9.0}, Terms()) == {
        ("one", "web"): 10, ("two", "b"): 1,
    }  # fmt: skip


@pytest.mark.parametrize("shape", ["linear", "cosine"])
def test_a_changing_weight_is_spread_by_its_integral(shape: str) -> None:
    t = np.linspace(0, 1, 200_001)
    f = t if shape == "linear" else (1 - np.cos(np.pi * t)) / 2
    rate = 0.2 + (0.7 - 0.2) * f
    integral = np.append(0, np.cumsum((rate[1:] + rate[:-1]) / 2)) / (len(t) - 1)
    found = np.interp(t, np.linspace(0, 1, KNOTS), spread(0.2, 0.7, shape))
    assert np.abs(found - integral / integral[-1]).max() < 1e-6
    assert integral[-1] == pytest.approx((0.2 + 0.7) / 2)  # what `allocate` takes
    assert (np.diff(spread(0.0, 1.0, shape)) > 0).all()
    assert (spread(0.3, 0.3, None) == np.linspace(0, 1, KNOTS)).all()


def test_stages_begin_with_what_the_one_before_ended_with() -> None:
    stages = [
        Stage(name="one", budget=100, weights={"a": 1}),
        Stage(name="two", budget=100, weights={"b": 1}, interpolate="linear"),
        Stage(name="three", budget=100, weights={"b": 1}, interpolate="cosine", begin={"weights": {"a": 1, "b": 3}}),
    ]  # fmt: skip
    takes = allocate(stages, [0] * 3, [{"a": 1000.0, "b": 1000.0}], Terms(), {})
    assert {(t.stage, t.group): (t.begins, t.ends, t.taken) for t in takes} == {
        (0, "a"): (1, 1, 100),
        (1, "a"): (1, 0, 50), (1, "b"): (0, 1, 50),
        (2, "a"): (0.25, 0, 12.5), (2, "b"): (0.75, 1, 87.5),
    }  # fmt: skip


def test_stages_that_do_not_add_up() -> None:
    for stages, complaint in (
        ([], "one stage at least"),
        ([Stage(name="a", share=1), Stage(name="a", share=1)], "two are called a"),
        ([Stage(name="a")], "either budget"),
        ([Stage(name="a", share=0.5), Stage(name="b", budget=5)], "some have a budget"),
        ([Stage(name="a", share=0.5), Stage(name="b", share=0.4)], "sum to 0.9"),
        ([Stage(name="a", share=1, interpolate="linear")], "no stage before it"),
        ([Stage(name="a", share=1, weights={"unimax": 4})], "unimax"),
    ):
        with pytest.raises(ValueError, match=complaint):
            check_stages(stages, "largest" if stages and stages[0].share else None)


def test_skills_come_when_what_they_need_is_done() -> None:
    skills = Skills(needs={"algebra": ["arithmetic"], "calculus": ["algebra", "limits"], "limits": []}, eta=0.5)
    assert skills.levels() == {"arithmetic": 0, "limits": 0, "algebra": 1, "calculus": 2}
    first, second, third = (stage.weights for stage in skills.stages())
    assert [stage.share for stage in skills.stages()] == [0.5, 0.25, 0.25]
    # exp(eta * (own loss + losses of those that need it)), by hand
    e = np.exp(0.5)
    assert first == pytest.approx({"arithmetic": e**2, "limits": e**2, "algebra": 0, "calculus": 0})
    assert second == pytest.approx({"arithmetic": e, "limits": e, "algebra": e**2, "calculus": 0})
    assert third == pytest.approx({"arithmetic": 1, "limits": e, "algebra": e, "calculus": e})
    with pytest.raises(ValidationError, match="a needs b needs c needs a: a cycle"):
        Skills(needs={"a": ["b"], "b": ["c"], "c": ["a"]})
    with pytest.raises(ValidationError, match="did you mean algebra"):
        Skills(needs={"algebra": []}, losses={"algebr": 2})


def test_a_group_of_which_nothing_meets_a_condition() -> None:
    weights = {"web": 1, "code": 1}
    stages = [Stage(name="rest", budget=10), Stage(name="long", budget=10, where={"length": 8192}, weights=weights)]
    with pytest.raises(
        CannotBeMet, match=r"long: web has a weight of 0\.5, and there is nothing of it that meets `where`"
    ):
        allocate(stages, [0, 1], [{"web": 90.0, "code": 90.0}, {"code": 9.0}], Terms(), {})
