"""The published order, read back for training: any global step at once, as any rank, from any storage.

Trainers import this room: it needs pyarrow, numpy and fsspec, and nothing of the rooms that run recipes.
"""

from datapipe.stream.published import Segment
from datapipe.stream.stream import Batch, Stream

__all__ = ["Batch", "Segment", "Stream"]
