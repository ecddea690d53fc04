"""Amounts of tokens, bytes or documents as people write them: 2T, 500B, 10M."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12}
_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?(?:[eE][0-9]+)?)\s*([KMGT]B|[KMBGT]|)\s*", re.IGNORECASE)


def amount_of(value: Any) -> Any:
    """The number of an amount such as 2T; B is a billion, as in `500B tokens`; MB, GB and TB are of bytes."""
    if isinstance(value, str):
        match = _AMOUNT.fullmatch(value)
        if match is None:
            raise ValueError(f"expected an amount such as 2T, 500B or 10M, found {value!r}")
        return round(float(match[1]) * _UNITS[match[2].upper()[:1]])
    return value


def amount(value: float) -> str:
    """A number in three digits: 1.2T."""
    for sign, size in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if value >= 0.9995 * size:
            return f"{value / size:.3g}{sign}"
    return f"{value:.3g}"


Amount = Annotated[
    float, BeforeValidator(amount_of, json_schema_input_type=float | str), Field(gt=0, allow_inf_nan=False)
]
