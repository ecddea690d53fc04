"""The vocabulary: verdicts, seeds, the registry, functions as operators."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from datapipe.core import per_document
from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.core.registry import operators
from datapipe.core.seeds import step_seed, uniform
from datapipe.core.verdict import Verdict


def test_a_verdict_holds_every_failing_rule_in_order() -> None:
    verdict = Verdict(3, {"b": np.array([True, False, False]), "a": np.array([True, True, False])})
    assert verdict.keep.tolist() == [False, False, True]
    assert verdict.reason == ["b", "a", None]
    assert verdict.reasons(np.array([0, 1])) == [["b", "a"], ["a"]]


def test_randomness_is_a_hash_of_seed_step_and_id() -> None:
    seed = step_seed(17, "web.01.sample")
    draws = uniform(seed, [str(i) for i in range(20_000)])
    assert draws[7] == (xxhash.xxh3_64_intdigest(b"7", seed=seed) >> 11) * 2.0**-53
    assert draws.tolist()[:5] == uniform(seed, [str(i) for i in range(5)]).tolist()
    assert abs(draws.mean() - 0.5) < 0.01
    assert abs((draws < 0.1).mean() - 0.1) < 0.01
    assert step_seed(18, "web.01.sample") != seed != step_seed(17, "web.02.sample")


def test_names_are_suggested() -> None:
    assert did_you_mean("min_word", ["min_words", "max_words"]) == "; did you mean min_words?"
    assert did_you_mean("zzz", ["b", "a"]) == "; known: a, b"
    with pytest.raises(RecipeError, match="unknown operator; did you mean exact_dedup"):
        operators.get("exact_dedupe")
    assert "exact_dedup" in operators
    assert "no.such" not in operators


def test_functions_become_operators() -> None:
    @per_document.map("test_two_columns", writes={"upper": pa.string(), "size": pa.int64()})
    def two_columns(text: str, id: str) -> dict[str, object]:  # noqa: A002  # a column's name
        """Write two columns."""
        return {"upper": text.upper(), "size": len(text)}

    batch = pa.RecordBatch.from_pydict({"id": ["a", "b"], "text": pa.array(["xy", None], pa.large_string())})
    out = operators.get("test_two_columns")().apply(batch)
    assert out.column("upper").to_pylist() == ["XY", ""]
    assert out.column("size").to_pylist() == [2, 0]

    @per_document.filter("test_wrong_answer")
    def wrong_answer(text: str) -> bool:
        """Return what a filter must not."""
        return False

    with pytest.raises(TypeError, match="returns its reason as a string, or None"):
        operators.get("test_wrong_answer")().judge(batch)
    with pytest.raises(TypeError, match="neither a column nor a parameter"):

        @per_document.filter("test_star")
        def star(*columns: str) -> None:
            """Name no column."""
