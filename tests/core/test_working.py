"""Signs of progress: while work is done, not while nothing is, and not for ever."""

from __future__ import annotations

import hashlib
import time

import pytest

from datapipe.core import working as module
from datapipe.core.working import working


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.02)
    monkeypatch.setattr(module, "LEAST", 0.001)


def work(cpu: float) -> None:
    end = time.process_time() + cpu
    while time.process_time() < end:
        hashlib.sha256(bytes(200_000)).digest()  # lets go of the interpreter's lock, as trainers do


def test_signs_while_it_works() -> None:
    signs: list[float] = []
    with working(lambda: signs.append(time.process_time()), 100):
        work(1.0)
    assert len(signs) >= 2
    seen = len(signs)
    time.sleep(0.1)
    assert len(signs) == seen


def test_none_while_it_waits() -> None:
    signs: list[int] = []
    with working(lambda: signs.append(1), 100):
        time.sleep(0.3)
    assert len(signs) <= 1  # the start of the thread itself may be work


def test_none_after_the_most_it_may_take() -> None:
    signs: list[float] = []
    begun = time.process_time()
    with working(lambda: signs.append(time.process_time() - begun), 0.1):
        work(1.0)
    assert all(sign < 0.5 for sign in signs)


def test_what_fails_ends_it() -> None:
    signs: list[int] = []
    with pytest.raises(ValueError, match="no"), working(lambda: signs.append(1), 100):
        raise ValueError("no")
    seen = len(signs)
    work(0.1)
    assert len(signs) == seen
