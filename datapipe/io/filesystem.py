"""The fsspec filesystem of a URL, set up once for all who read or write there."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import fsspec

from datapipe.core.errors import MissingDependency, RecipeError

READ_AHEAD = 8 << 20  # bytes of a request: below it the 50 ms that a request costs show, above only memory grows
CONNECT_TIMEOUT = 10.0  # seconds
READ_TIMEOUT = 30.0  # seconds without a byte

_EXTRAS = {"s3": ("s3fs", "s3"), "s3a": ("s3fs", "s3"), "hf": ("huggingface_hub", "huggingface")}
_EXTRAS |= dict.fromkeys(("http", "https"), ("aiohttp", "http"))
# user:password@, where the password is not the port of a host; an S3 secret may hold slashes
_PASSWORD = re.compile(r"[a-z0-9+.-]+://[^/@:]*:(?!\d+(/|$))[^@]*@", re.IGNORECASE)
_SECRET_USER = re.compile(r"(https?|s3a?|gs|gcs)://[^/@]+@", re.IGNORECASE)  # a token or key in the place of a user
_SECRET_KEYS = re.compile(r"(x-(amz|goog)-(signature|security-token)|sig|signature|.*token|.*secret|.*password)", re.I)


def filesystem(url: str) -> tuple[Any, str]:
    """The filesystem of a URL, and the path there; fsspec keeps one instance a process and thread.

    MissingDependency or RecipeError where there is no driver. Listings are never cached: others write there, too.
    """
    protocol = url.split("::", 1)[0].split("://", 1)[0]
    options: dict[str, Any] = {} if "::" in url else {"use_listings_cache": False, **_options(protocol)}
    try:
        fs, path = fsspec.core.url_to_fs(url, **options)
    except ImportError as error:
        if protocol in _EXTRAS:
            raise MissingDependency(*_EXTRAS[protocol], url) from None
        raise RecipeError(f"{url}: {error}") from None
    except ValueError as error:  # a protocol nobody knows
        raise RecipeError(f"{url}: {error}") from None
    if protocol in ("s3", "s3a"):
        fs.retries = 1  # repeats are ours (retry.py): three layers of them multiply
    return fs, path


def refuse_credentials(url: str) -> None:
    """RecipeError if the URL carries a password, a key or a signature: recipes, manifests and messages repeat URLs."""
    for part in url.split("::"):
        keys = [key for key, _ in parse_qsl(urlsplit(part).query)] if "://" in part and "?" in part else []
        if _PASSWORD.match(part) or _SECRET_USER.match(part) or any(map(_SECRET_KEYS.fullmatch, keys)):
            where = part.split("://", 1)[0]
            raise RecipeError(
                f"{where}://…: the URL carries credentials, which the manifest would publish; take them out and give "
                "them by the environment (AWS_PROFILE, AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS, HF_TOKEN)"
            )


def _options(protocol: str) -> dict[str, Any]:
    if protocol not in ("s3", "s3a"):
        return {}
    config = {
        # One quick repeat of a single request, so that a 503 of one part does not repeat a whole upload.
        "retries": {"mode": "standard", "total_max_attempts": 2},
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": READ_TIMEOUT,
        "max_pool_connections": 32,
    }
    # Named although boto reads them itself: instances are told apart by their options.
    name = "AWS_ENDPOINT_URL_S3" if os.environ.get("AWS_ENDPOINT_URL_S3") else "AWS_ENDPOINT_URL"
    endpoint = os.environ.get(name)
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise RecipeError(f"{name}={endpoint}: expected a URL that begins with http:// or https://")
    # Four parts of an upload at once: s3fs would hold ten in memory.
    return {"endpoint_url": endpoint, "config_kwargs": config, "default_block_size": READ_AHEAD, "max_concurrency": 4}
