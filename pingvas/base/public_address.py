"""The address people type: what may be one, its path, and which origins are this studio's own pages."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

# What the studio has at its root. A path that begins so could not be told from it where a proxy takes the path off.
_TAKEN = frozenset({"api", "api-docs", "assets", "files", "healthz", "metrics", "readyz", "ws"})
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*", re.ASCII)
_ORIGIN = re.compile(r"https?://[^/?#@\s]+", re.ASCII | re.IGNORECASE)


def accept_public_url(url: str) -> str:
    """The address without a slash at its end. Raises ValueError with what is wrong."""
    url = url.rstrip("/")
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise ValueError("must be an address as in https://studio.example.org or https://example.org/studio")
    if _PATH.fullmatch(parts.path) is None or any(part in (".", "..") for part in parts.path.split("/")):
        raise ValueError("has a path of other signs than letters, digits and ._~-")
    first = parts.path.lstrip("/").partition("/")[0]
    if first in _TAKEN:
        raise ValueError(f"has a path that begins with /{first}, which is an address of the studio itself")
    return url


def accept_origin(origin: str) -> str:
    """An origin as browsers name it: scheme, host and port. Raises ValueError."""
    origin = origin.rstrip("/").lower()
    if origin != "*" and _ORIGIN.fullmatch(origin) is None:
        raise ValueError(f"{origin!r} is no origin; write it as in https://example.org")
    return origin


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts: SplitResult = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_this_machine(url: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_own_origin(base_url: str, origin: str, host: str | None) -> bool:
    """Whether a page at `origin` is of the studio that people reach at `base_url`, and this request at `host`.

    The scheme of the latter is not compared, which fails behind a proxy that ends TLS without saying so.
    """
    return origin.lower() == origin_of(base_url) or (
        host is not None and urlsplit(origin).netloc.lower() == host.lower()
    )
