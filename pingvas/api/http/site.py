"""The web page: the built files of `web/dist`, and `index.html` for every address of the page itself."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from pingvas.base.errors import NotFound
from pingvas.base.settings import REPOSITORY

DIST = REPOSITORY / "web" / "dist"

_UNBUILT = """<!doctype html><meta charset="utf-8"><title>Pingvas Studio</title>
<p>The web page is not built. <code>./studio up</code> builds it; the API is at <a href="/api/docs">/api/docs</a>."""
# Pictures come from the storage: from this address when it is a disk, from the bucket's when it is one.
_IMAGES_OF_A_BUCKET = " https: http:"
_RESERVED = ("api/", "files/", "ws", "healthz", "readyz", "metrics")


def site_router(*, pictures_are_local: bool, dist: Path = DIST) -> APIRouter:
    """A router to be included last: it answers whatever no other route does."""
    router = APIRouter(include_in_schema=False)
    root = dist.resolve()
    headers = _security_headers(pictures_are_local)

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    async def page(path: str) -> Response:
        if path.startswith(_RESERVED):
            raise NotFound
        file = (root / path).resolve()
        if path and file.is_relative_to(root) and file.is_file():
            hashed = path.startswith("assets/")  # their names change with their content
            cache = "public, max-age=31536000, immutable" if hashed else "no-cache"
            return FileResponse(file, headers={"Cache-Control": cache, **headers})
        if path.startswith("assets/"):
            raise NotFound
        index = root / "index.html"
        if not index.is_file():
            return HTMLResponse(_UNBUILT, headers=headers)
        return FileResponse(index, headers={"Cache-Control": "no-cache", **headers})

    return router


def _security_headers(pictures_are_local: bool) -> dict[str, str]:
    images = "'self' data: blob:" + ("" if pictures_are_local else _IMAGES_OF_A_BUCKET)
    return {
        "Content-Security-Policy": (
            f"default-src 'self'; img-src {images}; connect-src 'self' ws: wss:; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        ),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
