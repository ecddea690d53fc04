"""URLs that lead to the same page, as one string."""

from __future__ import annotations

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443, "ftp": 21}


def normal_url(url: str) -> str:
    """`url` without what makes no difference: scheme, letter case of the host, `www.`, default port, fragment, last slash.

    The query stays as it is: its order and its parameters may lead to another page. What cannot be parsed stays whole.
    RFC 3986, section 6.2, and the scheme and `www.` beyond it, since crawls hold both forms of most pages.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return url
    if not host:
        return url
    host = host.rstrip(".").removeprefix("www.")
    if port is not None and port != _PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path.rstrip('/')}{query}"
