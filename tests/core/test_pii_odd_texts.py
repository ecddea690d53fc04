"""Texts that are empty, short, or made of signs that no value has: nobody finds anything in them, or stumbles."""

from __future__ import annotations

import pytest

from datapipe.core.pii.catalog import TYPES
from tests.recognized import found, house

ODD = (
    *("", "\0", "\0" * 99, "4", "::", ":", "°", "1.2.3.4", "4111 1111 1111 111", "é" * 99, "DE89", "🙂°🙂", "@", "://"),
    *("\u0301" * 99, "-----BEGIN", "password", "born", "Mr.", "\ufeff", "\n" * 99, "%40", "\u202e1\u202c", "key="),
)  # fmt: skip


@pytest.mark.parametrize("type_", TYPES)
def test_nothing_is_in_odd_texts(type_: str) -> None:
    assert {text: found(house((type_,)), text, 0.6) for text in ODD} == {text: [] for text in ODD}
