"""An S3 server on this machine that fails on request: moto behind a wrapper that injects faults and keeps a log."""

from __future__ import annotations

import os
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

BUCKET = "corpus"
SECRET = "never-to-be-printed-7f3a"
_CODES = {403: "AccessDenied", 500: "InternalError", 503: "SlowDown"}
_ENV = {
    "AWS_ACCESS_KEY_ID": "test-key",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
_UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3")


@dataclass(frozen=True)
class Request:
    """What came in: `range` is the header's value, "" without one."""

    method: str
    path: str
    query: str
    range: str


Fault = int | str | None
"""A status (403, 500, 503), "drop" (the connection ends before an answer), "truncate" (in the middle of it), "slow"
(the answer takes `Server.slow` seconds), None: no fault."""


@dataclass
class Server:
    """A running server: where it is, and every request it got, in order."""

    endpoint: str = ""
    faults: Callable[[Request], Fault] = lambda request: None
    requests: list[Request] = field(default_factory=list)
    slow: float = 1.0

    def of(self, method: str, part: str = "") -> list[Request]:
        """The requests of a method whose path holds `part`."""
        return [r for r in self.requests if r.method == method and part in r.path]

    def uploads(self) -> list[dict[str, Any]]:
        """Multipart uploads that were begun and neither finished nor aborted."""
        found: list[dict[str, Any]] = self.client().list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        return found

    def client(self) -> Any:
        """An ordinary client, whose requests meet no faults only while there are none."""
        import boto3

        return boto3.client("s3", endpoint_url=self.endpoint)


def first(count: int, fault: Fault, method: str = "", part: str = "") -> Callable[[Request], Fault]:
    """The fault for the first so many requests of a method whose path holds `part`."""
    left = [count]
    lock = threading.Lock()

    def faults(request: Request) -> Fault:
        with lock:
            if (method and request.method != method) or part not in request.path or left[0] == 0:
                return None
            left[0] -= 1
            return fault

    return faults


@contextmanager
def s3_server(faults: Callable[[Request], Fault] | None = None) -> Iterator[Server]:
    """A server with the bucket `corpus`, and the environment that leads every client to it."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, *args: Any) -> None: ...

        def log(self, *args: Any) -> None: ...

    server = Server()
    app = _with_faults(DomainDispatcherApplication(create_backend_app), server)
    web = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    server.endpoint = f"http://127.0.0.1:{web.port}"
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    before = {name: os.environ.get(name) for name in (*_ENV, *_UNSET, "AWS_ENDPOINT_URL")}
    for name in _UNSET:
        os.environ.pop(name, None)
    os.environ.update(_ENV, AWS_ENDPOINT_URL=server.endpoint)
    try:
        urllib.request.urlopen(f"{server.endpoint}/moto-api/reset", data=b"").close()
        server.client().create_bucket(Bucket=BUCKET)
        server.requests.clear()
        server.faults = faults or server.faults
        yield server
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        web.shutdown()
        thread.join()
        web.server_close()


def _with_faults(app: Any, server: Server) -> Any:
    lock = threading.Lock()

    def wrapped(environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(
            environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], environ.get("HTTP_RANGE", "")
        )
        with lock:
            server.requests.append(request)
        fault = server.faults(request)
        if fault == "slow":
            time.sleep(server.slow)
        if isinstance(fault, int):
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            body = f"<Error><Code>{_CODES[fault]}</Code><Message>as the test asked</Message></Error>".encode()
            start_response(f"{fault} Fault", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
            return [b"" if request.method == "HEAD" else body]
        if fault == "drop":
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionError("dropped")
        answer = app(environ, start_response)
        return _cut(b"".join(answer), environ["werkzeug.socket"]) if fault == "truncate" else answer

    return wrapped


def _cut(data: bytes, connection: socket.socket) -> Iterator[bytes]:
    yield data[: len(data) // 2]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionError("cut")
