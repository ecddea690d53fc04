"""datapipe: from raw documents to a pretraining corpus, in one declared graph.

The public names are what a plugin needs. They are loaded on first use, so that `datapipe --help` imports neither
pyarrow nor Numba.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from datapipe.core import per_document
    from datapipe.core.context import Context
    from datapipe.core.errors import DatapipeError
    from datapipe.core.merged import Merged
    from datapipe.core.operator import Expand, Filter, Global, Map, Merge, Operator, Order
    from datapipe.core.path_parameters import FilePath
    from datapipe.core.placed import Placed, Segment
    from datapipe.core.threshold_filter import ThresholdFilter
    from datapipe.core.verdict import Verdict

_PUBLIC = {
    "Context": "datapipe.core.context",
    "DatapipeError": "datapipe.core.errors",
    "Expand": "datapipe.core.operator",
    "FilePath": "datapipe.core.path_parameters",
    "Filter": "datapipe.core.operator",
    "Global": "datapipe.core.operator",
    "Map": "datapipe.core.operator",
    "Merge": "datapipe.core.operator",
    "Merged": "datapipe.core.merged",
    "Operator": "datapipe.core.operator",
    "Order": "datapipe.core.operator",
    "Placed": "datapipe.core.placed",
    "Segment": "datapipe.core.placed",
    "ThresholdFilter": "datapipe.core.threshold_filter",
    "Verdict": "datapipe.core.verdict",
    "per_document": "datapipe.core",
}

__all__ = [
    "Context",
    "DatapipeError",
    "Expand",
    "FilePath",
    "Filter",
    "Global",
    "Map",
    "Merge",
    "Merged",
    "Operator",
    "Order",
    "Placed",
    "Segment",
    "ThresholdFilter",
    "Verdict",
    "per_document",
]


def __getattr__(name: str) -> Any:
    if name == "per_document":
        return importlib.import_module("datapipe.core.per_document")
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'datapipe' has no attribute {name!r}")
