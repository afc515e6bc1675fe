"""Every answer carries `X-Request-ID`: the caller's own when it is a plain one, else a fresh one."""

import re
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pingvas.base.ids import new_id

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY = "pingvas.request_id"


class RequestId:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if _PLAIN.fullmatch(asked) else str(new_id())
        scope[_KEY] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)


def request_id_of(scope: MutableMapping[str, Any]) -> str:
    """The id of the request in this scope."""
    return str(scope.get(_KEY, "unknown"))
