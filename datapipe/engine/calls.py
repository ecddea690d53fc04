"""The one place where an operator's own code is called, so that its failures are told from datapipe's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from datapipe.core.errors import DatapipeError
from datapipe.engine import beacon


class OperatorFailed(Exception):
    """An operator raised: the batch holds a row it cannot work on."""


def call(label: str, method: Callable[[pa.RecordBatch], Any], batch: pa.RecordBatch, *, step: bool = True) -> Any:
    """Only what the operator itself raises may be a row's fault, and only while it runs may a hang be: a full disk is not.

    step  the label is a step's, which can take the rows one by one
    """
    beacon.at_rows(label, batch, step=step)
    try:
        return method(batch)
    except DatapipeError:
        raise  # the operator's own law, not a row, is broken
    except Exception as error:  # anything an operator raises is the row's fate, and is told in quarantine
        raise OperatorFailed(f"{type(error).__name__}: {error}") from error
    finally:
        beacon.at("write")  # ledger, edits, rows: whatever stalls from here on is not the operator's doing
