"""The laws of DESIGN 7 over every registered operator: a new one arrives already tested."""

import pytest

from datapipe.core.operator import Filter, Map, Operator
from datapipe.core.registry import operators
from datapipe.engine.contract import broken_laws


@pytest.mark.parametrize("name", operators.names())
def test_every_operator_keeps_the_laws(name: str) -> None:
    assert broken_laws(operators.get(name)) == []


@pytest.mark.parametrize("name", operators.names())
def test_every_operator_explains_itself(name: str) -> None:
    cls: type[Operator] = operators.get(name)
    assert cls.__doc__, "the docstring is what `datapipe ops NAME` prints"
    for field_name, field in cls.model_fields.items():
        assert field.description, f"{field_name} has no description"


def test_a_broken_operator_is_caught() -> None:
    import pyarrow as pa

    class Forgetful(Map):
        """Loses a row."""

        def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
            return batch.slice(1)

    class Sloppy(Filter):
        """Judges by the size of the batch."""

        def judge(self, batch: pa.RecordBatch):  # type: ignore[no-untyped-def]
            import numpy as np

            from datapipe.core.verdict import Verdict

            return Verdict(batch.num_rows, {"odd": np.full(batch.num_rows, batch.num_rows % 2 == 1)})

    class Undeclared(Map):
        """Changes a column that it does not declare."""

        def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
            return batch.set_column(
                batch.schema.get_field_index("text"), "text", pa.nulls(batch.num_rows, pa.large_string())
            )

    assert any("as many rows" in law for law in broken_laws(Forgetful))
    assert any("splitting" in law for law in broken_laws(Sloppy))
    assert any("does not declare" in law for law in broken_laws(Undeclared))


def test_a_broken_order_is_caught() -> None:
    import numpy as np
    import pyarrow as pa

    from datapipe.core.operator import Global, Order
    from datapipe.core.placed import Placed, Segment
    from datapipe.core.verdict import Verdict

    class AsTheyCome(Order):
        """Places rows by the batch they are in."""

        def segments(self) -> tuple[Segment, ...]:
            return (Segment("all", 1.0),)

        def place(self, batch: pa.RecordBatch) -> Placed:
            n = batch.num_rows
            return Placed(Verdict(n), np.arange(n), np.zeros(n, np.int64), np.arange(n, dtype=np.uint64))

    class Forgetful(AsTheyCome):
        """Has no place for the first row, and does not say so."""

        def place(self, batch: pa.RecordBatch) -> Placed:
            n = max(0, batch.num_rows - 1)
            return Placed(Verdict(batch.num_rows), np.arange(n) + 1, np.zeros(n, np.int64), np.zeros(n, np.uint64))

    class Beyond(AsTheyCome):
        """Writes a segment that there is not, and a column that it does not declare."""

        def place(self, batch: pa.RecordBatch) -> Placed:
            n = batch.num_rows
            columns = {"stage": pa.array(["x"] * n)}
            return Placed(Verdict(n), np.arange(n), np.full(n, self.far), np.zeros(n, np.uint64), columns)

        far: int = 0

    class Silent(Global):
        """Orders, and does not say so."""

        def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
            return batch.select(["_addr"])

        def reduce(self, part: pa.Table) -> pa.Table:
            return pa.table({"rows": pa.array([part.num_rows])})

        def bind(self, artifact: pa.Table) -> Order:
            return AsTheyCome()

    assert any("splitting" in law for law in broken_laws(AsTheyCome))
    assert any("no place exactly where the verdict drops it" in law for law in broken_laws(Forgetful))
    assert any("does not declare: ['stage']" in law for law in broken_laws(Beyond))
    Beyond.examples = ({"far": 1},)
    assert any("segments are numbered from 0 to 0" in law for law in broken_laws(Beyond))
    assert any("exactly if it `orders`" in law for law in broken_laws(Silent))
