import pyarrow as pa
import pytest
from pydantic import ValidationError

from datapipe.core.context import Context
from datapipe.core.verdict import Verdict
from datapipe.ops.sample import Sample


def judge(fraction: float, ids: list[str | None], seed: int = 3) -> Verdict:
    sample = Sample(fraction=fraction)
    sample.setup(Context("a", seed, lambda path: pytest.fail(path)))
    return sample.judge(pa.RecordBatch.from_pydict({"id": pa.array(ids, pa.string())}))


IDS: list[str | None] = [f"doc-{i}" for i in range(4000)]


def test_the_fraction_is_kept() -> None:
    for fraction in (0.0, 0.1, 0.5, 1.0):
        kept = int(judge(fraction, IDS).keep.sum())
        assert abs(kept - 4000 * fraction) <= 3.5 * (4000 * fraction * (1 - fraction)) ** 0.5  # 3.5 standard deviations


def test_a_row_has_one_fate_whatever_the_order() -> None:
    fates = dict(zip(IDS, judge(0.3, IDS).reason, strict=True))
    backwards = IDS[::-1]
    assert judge(0.3, backwards).reason == [fates[name] for name in backwards]
    assert [judge(0.3, [name]).reason[0] for name in IDS[:50]] == [fates[name] for name in IDS[:50]]


def test_a_larger_sample_holds_the_smaller_and_another_seed_is_another_sample() -> None:
    small, large = judge(0.2, IDS).keep, judge(0.4, IDS).keep
    assert not (small & ~large).any()
    assert (judge(0.2, IDS, seed=4).keep != small).any()


def test_reason_score_and_missing_ids() -> None:
    verdict = judge(0.0, ["a", None])
    assert verdict.reason == ["not_sampled", "not_sampled"]
    assert ((verdict.scores["draw"] >= 0) & (verdict.scores["draw"] < 1)).all()


@pytest.mark.parametrize("fraction", [-0.1, 1.1, None, "half"])
def test_impossible_fractions_are_refused(fraction: object) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate({"fraction": fraction})
