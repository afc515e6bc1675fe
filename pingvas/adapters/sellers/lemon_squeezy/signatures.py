"""The signature of a webhook: hex HMAC-SHA256 of the body's bytes, without a prefix, in `X-Signature`.

While a secret is changed for another, what either has signed is good.
"""

import hashlib
import hmac
from collections.abc import Sequence

HEADER = "x-signature"


def sign(secret: str, body: bytes) -> str:
    """The signature of a body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(secrets: Sequence[str], body: bytes, signature: str) -> bool:
    """Whether one of the secrets has signed it, compared in constant time."""
    given = signature.strip().lower().encode("utf-8", "replace")
    return any(hmac.compare_digest(sign(secret, body).encode(), given) for secret in secrets)
