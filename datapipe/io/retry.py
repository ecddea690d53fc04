"""Requests over a network: tried again while the failure may pass, told in a sentence when it will not."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, TypeVar

from datapipe.core.errors import DatapipeError, RunFailed

ATTEMPTS = 8
FIRST_WAIT = 0.5  # seconds, doubled each time: 0.5, 1, 2 … 16, 16 s, 47 s in all at most
LONGEST_WAIT = 16.0

_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_TRANSIENT_CODES = {"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "IncompleteBody", "BadDigest"}
# Errors by the names of their classes: their packages need not be installed.
_TRANSIENT_CLASSES = {
    "ConnectionError", "TimeoutError", "HTTPClientError", "ClientConnectionError", "ClientPayloadError",
    "IncompleteRead", "IncompleteReadError", "ResponseParserError", "FSTimeoutError", "TransportError",
}  # fmt: skip
_CREDENTIALS = {
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError",
    "ProfileNotFound", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "DefaultCredentialsError",
    "ClientAuthenticationError", "LocalTokenNotFoundError",
}  # fmt: skip
_LOG_IN = {
    "s3": "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`",
    "hf": "set HF_TOKEN, or run `hf auth login`",
}
T = TypeVar("T")


def retrying(url: str, operation: str, request: Callable[[], T]) -> T:
    """What the request returns, after as many attempts as it takes; RunFailed naming URL, operation and last error.

    FileNotFoundError and FileExistsError are answers and pass, and so does what is no failure of a store.
    """
    attempt = 1
    while True:
        try:
            return request()
        except Exception as error:
            if isinstance(error, DatapipeError) or _is_foreign(error):
                raise
            if not is_transient(error):
                _give_up(url, operation, error)
                raise
            if attempt == ATTEMPTS:
                text = f"{url}: cannot {operation}, in {ATTEMPTS} attempts: {describe(error)}"
                raise RunFailed(text) from error
            if attempt == 1:
                print(f"datapipe: {url}: {describe(error)}; trying again", file=sys.stderr, flush=True)
        time.sleep(min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1)) * random.uniform(0.5, 1))
        attempt += 1


def is_transient(error: BaseException) -> bool:
    """Whether the same request may well succeed a little later."""
    return _is_any(error, _TRANSIENT_CLASSES) or status(error) in _TRANSIENT or _answer(error)[0] in _TRANSIENT_CODES


def is_absence(error: BaseException) -> bool:
    """Whether the store answered that there is no such object; a missing bucket is another matter."""
    return isinstance(error, FileNotFoundError) and _answer(error)[0] != "NoSuchBucket"


def status(error: BaseException) -> int | None:
    """The HTTP status a store answered with, if that is what failed."""
    if _is_any(error, _TRANSIENT_CLASSES):  # aiohttp gives a body that was cut off the "code" 400
        return None
    for e in _chain(error):
        response = getattr(e, "response", None)
        if isinstance(response, dict):
            response = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        said = (getattr(o, n, None) for n in ("status_code", "status", "code") for o in (response, e))
        for found in chain((response,), said):  # one by one: aiohttp warns when its `code` is asked for
            if isinstance(found, int) and 100 <= found < 600:
                return int(found)
    return None


def describe(error: BaseException) -> str:
    """The failure in a few words: status, code and message of the store, or the error's own words."""
    code, message = _answer(error)
    message = message or getattr(error, "server_message", None) or ""  # of the hub, whose errors are paragraphs
    words = message or str(getattr(error, "strerror", None) or error) or type(error).__name__
    words = " ".join(words.split()).rstrip(".")
    number = status(error)
    head = " ".join(part for part in (str(number or ""), code) if part)
    return words if not head or words.startswith(head) else f"{head}: {words}"


def _give_up(url: str, operation: str, error: Exception) -> None:
    code, _ = _answer(error)
    protocol = url.split("://", 1)[0].replace("s3a", "s3").replace("gcs", "gs")
    log_in = _LOG_IN.get(protocol, "see the documentation of the storage's fsspec driver")
    if code == "NoSuchBucket":
        bucket = url.split("://", 1)[-1].split("/", 1)[0]
        raise RunFailed(f"{url}: the bucket {bucket} does not exist; create it, or correct the name") from error
    if is_absence(error) or isinstance(error, FileExistsError):
        return
    if _is_any(error, _CREDENTIALS):
        raise RunFailed(f"{url}: no credentials found ({describe(error)}): {log_in}") from error
    if isinstance(error, PermissionError) or status(error) in (401, 403):
        raise RunFailed(
            f"{url}: the store refuses to {operation} ({describe(error)}): check what these credentials may do there, "
            f"or {log_in}"
        ) from error
    raise RunFailed(f"{url}: cannot {operation}: {describe(error)}") from error


def _is_foreign(error: Exception) -> bool:
    """A fault of a program, not of a store: a TypeError, a KeyError."""
    return type(error).__module__ == "builtins" and not isinstance(error, OSError)


def _is_any(error: BaseException, names: set[str]) -> bool:
    return any(cls.__name__ in names for e in _chain(error) for cls in type(e).__mro__)


def _answer(error: BaseException) -> tuple[str, str]:
    """Code and message in the answer of an S3 store; a code that only repeats the status is left out."""
    for e in _chain(error):
        response = getattr(e, "response", None)
        if isinstance(response, dict) and "Error" in response:
            told: dict[str, Any] = response["Error"]
            code = str(told.get("Code") or "")
            return "" if code.isdigit() else code, str(told.get("Message") or "")
    return "", ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    for _ in range(8):  # chains can be circles
        if at is None:
            return
        yield at
        at = at.__cause__
