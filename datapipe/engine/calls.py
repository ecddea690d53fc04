"""The one place where an operator's own code is called, so that its failures are told from datapipe's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from datapipe.core.errors import DatapipeError


class OperatorFailed(Exception):
    """An operator raised: the batch holds a row it cannot work on."""


def call(method: Callable[[pa.RecordBatch], Any], batch: pa.RecordBatch) -> Any:
    """Only what the operator itself raises may be a row's fault: a full disk is not."""
    try:
        return method(batch)
    except DatapipeError:
        raise  # the operator's own law, not a row, is broken
    except Exception as error:  # anything an operator raises is the row's fate, and is told in quarantine
        raise OperatorFailed(f"{type(error).__name__}: {error}") from error
