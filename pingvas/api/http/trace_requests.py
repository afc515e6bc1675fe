"""A span around every request of the API, in the caller's trace where it says that it has one."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pingvas.api.http.addresses import template_of
from pingvas.base import tracing


class TraceRequests:
    """ASGI middleware; without tracing it costs nothing. `prefix`: the paths that are traced."""

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not tracing.is_on() or not scope["path"].startswith(self.prefix):
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        parent = Headers(scope=scope).get("traceparent")
        attributes = {"http.request.method": method, "url.path": scope["path"]}
        with tracing.span(method, parent=parent, mode="server", **attributes) as span:

            async def send_and_note(message: Message) -> None:
                if span is not None and message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            await self.app(scope, receive, send_and_note)
            route = template_of(scope)
            if span is not None and route is not None:
                span.set_attribute("http.route", route)
                span.update_name(f"{method} {route}")
