"""Which addresses are whose: the API's, the files', the sockets' and the page's. What is nobody's is not found."""

import re
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

FILES = "files"
OF_THE_API = frozenset({"api", "ws", "healthz", "readyz", "metrics"})
_KIND = re.compile(r":\w+\}")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def is_of_the_api(path: str) -> bool:
    """Whether an address is the API's, the sockets' or the probes': there only a route answers, never the page."""
    return _first_part(path) in OF_THE_API


def _first_part(path: str) -> str:
    return path.lstrip("/").partition("/")[0]


def template_of(scope: Scope) -> str | None:
    """The address of the route that took a request, as the document writes it: without what kind of id it has."""
    path: str | None = getattr(scope.get("route"), "path", None)
    return None if path is None else _KIND.sub("}", path)


class PageRoute(Route):
    """Every address that is not the API's, nor a file's."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or is_of_the_api(scope["path"]) or _first_part(scope["path"]) == FILES:
            return Match.NONE, {}
        match, child_scope = super().matches(scope)
        return match, {**child_scope, "route": self}


class SocketRoute(Mount):
    """One address for an app that would answer at every address below it."""

    def __init__(self, path: str, app: ASGIApp) -> None:
        super().__init__(path, app)
        self._only = f"{path}/"

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] not in ("http", "websocket") or scope["path"] != self._only:
            return Match.NONE, {}
        match, child_scope = super().matches(scope)
        if scope["type"] == "http" and scope["method"] not in ("GET", "POST", "OPTIONS"):
            match = Match.PARTIAL
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.matches(scope)[0] is Match.PARTIAL:
            raise HTTPException(405)
        await super().handle(scope, receive, send)


def allowed_methods(routes: Sequence[BaseRoute], scope: Scope) -> list[str]:
    """The methods that some route takes at the address of `scope`."""
    asked = {
        **scope,
        "root_path": scope.get("app_root_path", scope.get("root_path", "")),
    }  # a mount changes it
    allowed = [
        method
        for method in _METHODS
        if any(route.matches({**asked, "method": method})[0] is Match.FULL for route in routes)
    ]
    return [*allowed, "HEAD"] if "GET" in allowed else allowed
