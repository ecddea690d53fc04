"""Locks in a store that has none."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from datapipe.io.store import RemoteStore, Store, open_store
from tests.s3 import BUCKET, Server, s3_server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with s3_server() as server:
        yield server


def put(store: Store, name: str, data: bytes) -> None:
    with store.create(name) as stream:
        stream.write(data)


@pytest.fixture(params=["memory", "s3"])
def leased(request: pytest.FixtureRequest) -> str:
    if request.param == "s3":
        request.getfixturevalue("server")
    return f"{request.param}://{BUCKET}/{request.node.originalname}"


def test_one_holds_a_lease(leased: str) -> None:
    one, other = open_store(leased), open_store(leased)
    with one.alone("work/lock") as mine, other.alone("work/lock") as again, other.alone("work/lock", True) as shared:
        assert (mine, again, shared) == (True, False, False)
    with other.alone("work/lock") as mine:
        assert mine, "released"
    with one.alone("lock", True) as a, other.alone("lock", True) as b, other.alone("lock") as alone:
        assert (a, b, alone) == (True, True, False)
    with pytest.raises(KeyError), one.alone("lock"):
        raise KeyError
    assert one.names("") == one.names("work") == []


def test_a_lease_is_stale_when_its_holder_is_gone(leased: str) -> None:
    now = [1000.0]
    store = RemoteStore(leased, clock=lambda: now[0], renew_every=15)
    put(store, "lock", b'{"host": "another", "pid": 1, "nonce": "x", "time": 990}')
    put(store, "lock.y", b'{"host": "another", "pid": 1, "nonce": "y", "time": 100}')
    with store.alone("lock") as got:
        assert not got
    now[0] = 1049.0
    with store.alone("lock", True) as got:
        assert not got
    now[0] = 1051.0
    with store.alone("lock") as got:
        assert got, "60 s without renewal"
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    put(store, "lock", b'{"host": "%s", "pid": %d, "nonce": "x", "time": 1051}' % (os.uname().nodename.encode(), pid))
    with store.alone("lock") as got:
        assert got, "a process of this machine that has ended"


def test_a_lease_is_renewed_until_it_is_taken_over(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    store = RemoteStore(f"s3://{BUCKET}/renewed", renew_every=0.05)
    with store.alone("lock") as got:
        assert got
        then = store.read_json("lock")["time"]
        deadline = time.monotonic() + 300
        while store.read_json("lock")["time"] == then:
            assert time.monotonic() < deadline
        put(store, "lock", b'{"nonce": "of another"}')
        while "taken over" not in capfd.readouterr().err:
            assert time.monotonic() < deadline
    assert store.read_json("lock") == {"nonce": "of another"}, "only one's own is released"
