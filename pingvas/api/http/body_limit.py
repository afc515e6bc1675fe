"""Bodies beyond a limit are refused before they are read into memory."""

from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pingvas.api.http.errors import problem
from pingvas.base.errors import TooLarge

MAX_BODY_BYTES = 1024 * 1024


class BodyLimit:
    """ASGI middleware: a declared length is checked at once, an undeclared one while it arrives.

    `larger` names the paths that take more, and how much.
    """

    def __init__(
        self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES, larger: Mapping[str, int] | None = None
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.larger = dict(larger or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        max_bytes = self.larger.get(scope["path"], self.max_bytes)
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdigit() and int(declared) > max_bytes:
            error = _too_large(max_bytes)
            answer = problem(Request(scope), 413, error.code, error.detail, extra=error.extra)
            await answer(scope, receive, send)
            return
        read = 0

        async def receive_within_limit() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > max_bytes:
                raise _too_large(max_bytes)
            return message

        await self.app(scope, receive_within_limit, send)


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(
        f"This request is too large: at most {max_bytes} bytes are taken.", extra={"max_bytes": max_bytes}
    )
