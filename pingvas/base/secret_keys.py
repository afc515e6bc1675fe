"""The studio's secret, and the keys that are derived from it: one for each purpose, so that none opens what another guards."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

# Where the secret is said, and the one before it: what a worker is not given.
SECRET_VARIABLES = frozenset(
    f"PINGVAS_{name}{ending}" for name in ("SECRET_KEY", "PREVIOUS_SECRET_KEY") for ending in ("", "_FILE")
)
# What lets one speak with the seller and for it: no worker needs it.
SELLER_VARIABLES = frozenset(
    f"PINGVAS_LEMON_SQUEEZY_{name}{ending}"
    for name in ("API_KEY", "WEBHOOK_SECRET")
    for ending in ("", "_FILE")
)


@lru_cache(maxsize=64)
def derive_key(secret: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose, by HMAC-SHA256."""
    return hmac.new(secret, f"pingvas:{purpose}".encode(), hashlib.sha256).digest()


def id_of_key(key: bytes) -> str:
    """What a key is called where it is said which one has signed; it tells nothing of the key."""
    return hmac.new(key, b"the id of this key", hashlib.sha256).hexdigest()[:12]


def kept_secret(path: Path) -> bytes:
    """Read the secret in the data folder, making it on first use."""
    return kept_file(path, lambda: secrets.token_urlsafe(48))


def kept_file(path: Path, make: Callable[[], str]) -> bytes:
    """Read a private file, making it on first use; two processes that start at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    try:
        temporary.touch(mode=0o600)
        temporary.write_text(make())
        os.link(temporary, path)  # fails when somebody else was first: then theirs counts
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)
    return path.read_bytes()
