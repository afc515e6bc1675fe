"""The web page: the built files of `web/dist`, and `index.html` for every address of the page itself."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from pingvas.base.errors import NotFound
from pingvas.base.settings import REPOSITORY

DIST = REPOSITORY / "web" / "dist"

_UNBUILT = """<!doctype html><meta charset="utf-8"><title>Pingvas Studio</title>
<p>The web page is not built. <code>./studio up</code> builds it; the API is at <a href="/api/docs">/api/docs</a>."""
_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob: https: http:; style-src 'self' 'unsafe-inline'; "
        "connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_RESERVED = ("api/", "files/", "ws", "healthz", "readyz", "metrics")


def site_router(dist: Path = DIST) -> APIRouter:
    """A router to be included last: it answers whatever no other route does."""
    router = APIRouter(include_in_schema=False)
    root = dist.resolve()

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    async def page(path: str) -> Response:
        if path.startswith(_RESERVED):
            raise NotFound
        file = (root / path).resolve()
        if path and file.is_relative_to(root) and file.is_file():
            hashed = path.startswith("assets/")  # their names change with their content
            cache = "public, max-age=31536000, immutable" if hashed else "no-cache"
            return FileResponse(file, headers={"Cache-Control": cache, **_SECURITY})
        if path.startswith("assets/"):
            raise NotFound
        index = root / "index.html"
        if not index.is_file():
            return HTMLResponse(_UNBUILT, headers=_SECURITY)
        return FileResponse(index, headers={"Cache-Control": "no-cache", **_SECURITY})

    return router
