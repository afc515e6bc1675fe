"""Pages of other sites that may call the API from a browser (CORS): none, unless the operator names their origins.

They bring a token or key of their own. The page's cookie does not travel with their calls, and the header that makes it count is not
one they may send. Sockets ask for themselves who may open one (`realtime/sockets.py`).
"""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SENT = (
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "Prefer",
    "Tus-Resumable",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "X-Request-ID",
)
_READ = (
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Tus-Resumable",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Offset",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
)
# For so long a browser asks no second time whether it may.
_MAX_AGE = 600


class OtherSites:
    """ASGI middleware. `origins` are those whose pages may call; `*` is everybody's."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._sockets = app
        self._opened = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_SENT,
            expose_headers=_READ,
            allow_credentials=False,
            max_age=_MAX_AGE,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        of_sockets = scope["type"] == "http" and scope["path"].startswith("/ws/")
        await (self._sockets if of_sockets else self._opened)(scope, receive, send)
