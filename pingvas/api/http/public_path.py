"""A studio below a path, `https://example.org/studio`: a proxy may take that path off or leave it, here it is taken off."""

from starlette.types import ASGIApp, Receive, Scope, Send


class PublicPath:
    """ASGI middleware. `path` begins with a slash and does not end with one."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self._path = path
        self._raw_path = path.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            path: str = scope["path"]
            if path == self._path or path.startswith(f"{self._path}/"):
                raw: bytes = scope.get("raw_path") or path.encode()
                scope = {
                    **scope,
                    "path": path[len(self._path) :] or "/",
                    "raw_path": raw.removeprefix(self._raw_path) or b"/",
                }
        await self.app(scope, receive, send)
