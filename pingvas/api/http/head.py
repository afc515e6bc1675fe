"""HEAD wherever GET is: answered as GET with the same headers, and without the body (RFC 9110, 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pingvas.api.http.addresses import is_of_the_api


class HeadAsGet:
    """ASGI middleware. Files and pages answer HEAD themselves, so that nothing is read that nobody gets."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or not is_of_the_api(scope["path"]):
            await self.app(scope, receive, send)
            return
        # A copy: the server looks at its own scope to know that no body may follow.
        asked = {**scope, "method": "GET"}

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(asked, receive, send_without_body)
        finally:
            if "route" in asked:
                scope["route"] = asked["route"]
