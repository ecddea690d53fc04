"""A plugin with orders: one that drops, copies and has two segments, and one whose places the whole corpus decides."""

PLUGIN = """
from typing import ClassVar
import numpy as np
import pyarrow as pa
from pydantic import PrivateAttr
from datapipe import Global, Order, Placed, Segment, Verdict, per_document
from datapipe.core.seeds import hashes

class Stages(Order):
    '''Every fifth has no place, every third two, one in each stage; easy ones first.'''
    name = "stages"
    reads = ("id",)
    writes = {"stage": pa.string(), "epoch": pa.int32()}
    forget: bool = False
    first: float = 0.5
    _total: int = PrivateAttr(0)

    def segments(self):
        return (Segment("general", self.first), Segment("rest", 1 - self.first))

    def place(self, batch):
        ids = batch.column("id").to_pylist()
        if "bad" in ids:
            raise ValueError("a bad row")
        number = np.array([int(name.rpartition("-")[2]) for name in ids], np.int64)
        times = np.where(number % 5 == 0, 0, np.where(number % 3 == 0, 2, 1))
        parents = np.repeat(np.arange(len(ids)), times)
        epoch = np.arange(len(parents)) - np.searchsorted(parents, parents)
        segment = np.where(epoch > 0, 1, number[parents] % 2)
        at = hashes(9 + self._total, [ids[p] for p in parents])
        columns = {"stage": pa.array([f"s{s}" for s in segment]), "epoch": pa.array(epoch, pa.int32())}
        dropped = {"fifth": times == (0 if not self.forget else 9)}
        return Placed(Verdict(len(ids), dropped), parents, segment, at, columns)

class Counted(Global):
    '''The same, by the number of rows.'''
    name = "counted"
    reads = ("id",)
    orders: ClassVar[bool] = True
    writes = {"stage": pa.string(), "epoch": pa.int32()}

    def segments(self):
        return Stages().segments()

    def sketch(self, batch):
        return batch.select(["_addr"])

    def reduce(self, part):
        return pa.table({"rows": pa.array([part.num_rows])})

    def combine(self, parts):
        return pa.table({"rows": pa.array([sum(part.column("rows")[0].as_py() for part in parts)])})

    def bind(self, artifact):
        bound = Stages()
        bound._total = artifact.column("rows")[0].as_py()
        return bound

@per_document.map("count", writes={"tokens": pa.list_(pa.uint16())})
def count(text: str) -> list[int]:
    '''Its characters.'''
    return [ord(letter) for letter in text]
"""
