"""Reads a storage URL: `file:///folder`, or `s3://bucket/prefix?endpoint=…&region=…`. Refuses what it does not know."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

# Credentials left out of the URL come from the usual AWS_* environment, a profile or the machine's role.
_CREDENTIALS = ("access_key_id", "secret_access_key", "session_token")
_S3_OPTIONS = (*_CREDENTIALS, "endpoint", "public_endpoint", "region", "virtual_hosted_style", "bulk_delete")


@dataclass(frozen=True)
class DiskLocation:
    """A folder on this machine."""

    folder: Path


@dataclass(frozen=True)
class S3Location:
    """A bucket, or a part of one, on anything that speaks S3.

    `public_endpoint` is the address browsers reach it at, where that is not the one the servers use.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    public_endpoint: str | None = None
    region: str | None = None
    virtual_hosted_style: bool = True
    bulk_delete: bool = True
    credentials: dict[str, str] = field(default_factory=dict, repr=False)


def read_location(url: str) -> DiskLocation | S3Location:
    """A storage URL -> where it points. Raises ValueError with a sentence for the operator."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise ValueError(f"Storage URL {url!r}: write file:///an/absolute/folder (three slashes).")
        return DiskLocation(Path(url2pathname(parts.path)))
    if parts.scheme == "s3":
        if not parts.netloc or "@" in parts.netloc:
            raise ValueError("Storage URL: write s3://bucket/prefix; keys belong in ?access_key_id=…")
        return _read_s3(parts.netloc, unquote(parts.path).strip("/"), _options(parts.query))
    raise ValueError(f"Storage URL with scheme {parts.scheme!r}: only file:// and s3:// are known.")


def _read_s3(bucket: str, prefix: str, options: dict[str, str]) -> S3Location:
    unknown = sorted(set(options) - set(_S3_OPTIONS))
    if unknown:
        raise ValueError(
            f"Storage URL: unknown option {unknown[0]!r}; known: {', '.join(sorted(_S3_OPTIONS))}."
        )
    endpoint = options.get("endpoint")
    return S3Location(
        bucket=bucket,
        prefix=prefix,
        endpoint=endpoint,
        public_endpoint=options.get("public_endpoint"),
        region=options.get("region"),
        # AWS wants the bucket in the host name; servers at an endpoint of one's own mostly have no such names.
        virtual_hosted_style=_flag(options, "virtual_hosted_style", default=endpoint is None),
        bulk_delete=_flag(options, "bulk_delete", default=True),
        credentials={name: options[name] for name in _CREDENTIALS if name in options},
    )


def _options(query: str) -> dict[str, str]:
    # Not parse_qs: it turns "+" into a space, and secret keys contain "+".
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _flag(options: dict[str, str], name: str, *, default: bool) -> bool:
    value = options.get(name, "true" if default else "false").lower()
    if value not in ("true", "false"):
        raise ValueError(f"Storage URL: {name} is true or false, not {value!r}.")
    return value == "true"
