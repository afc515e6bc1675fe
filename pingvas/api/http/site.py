"""The web page: the built files of `web/dist`, and `index.html` for every address of the page itself. Nothing else that
may lie there is given out."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from fastapi import Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from pingvas.api.http.addresses import PageRoute
from pingvas.api.http.plain_text import is_address
from pingvas.base.errors import NotFound
from pingvas.base.settings import REPOSITORY

DIST = REPOSITORY / "web" / "dist"

_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
# Addresses of the studio's own in the page's first document, and where it is told the path that the studio lies below.
_OWN_ADDRESS = re.compile(rb'((?:href|src)=")/(?!/)')
_BASE_PATH = b'<meta name="base-path" content="" />'
_SHUT = "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_PLAIN = {"Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff"}
_UNBUILT = """<!doctype html><meta charset="utf-8"><title>Pingvas Studio</title>
<p>The web page is not built. <code>./studio up</code> builds it; the API is at <a href="/api/docs">/api/docs</a>."""
# Pictures come from the storage: from this address when it is a disk, from the bucket's when it is one.
_IMAGES_OF_A_BUCKET = " https: http:"
# Here an address is a file or nothing; elsewhere it may be one of the page.
_FOLDERS_OF_FILES = ("assets/", "api-docs/")
# The compressed copies that the build lays beside a file, the smallest first.
_COPIES = {"br": "br", "gzip": "gz"}
# Longer than any address of the page, and than some file systems take.
_MAX_PATH = 1000
_END_OF_HEAD = b"</head>"

# Tags for the head of the page at an address, where it has some of its own.
FindTags = Callable[[Request, str], Awaitable[bytes | None]]


def page_route(
    *, pictures_are_local: bool, dist: Path = DIST, public_path: str = "", find_tags: FindTags | None = None
) -> PageRoute:
    """The route of the page and its files, to be put last. `public_path` is what the studio lies below, where people reach it."""
    root = dist.resolve()
    headers = _security_headers(pictures_are_local)

    async def page(request: Request) -> Response:
        path: str = request.path_params["path"]
        if not _may_be_of_the_page(path):
            raise NotFound
        file = root / path
        if path and _is_file_below(root, file):
            hashed = path.startswith("assets/")  # their names change with their content
            cache = "public, max-age=31536000, immutable" if hashed else "no-cache"
            return _answer(request, file, {"Cache-Control": cache, **headers})
        if path.startswith(_FOLDERS_OF_FILES):
            raise NotFound
        index = root / "index.html"
        if not index.is_file():
            unbuilt = _UNBUILT.replace('"/api/docs"', f'"{public_path}/api/docs"')
            return HTMLResponse(unbuilt, headers={"Cache-Control": "no-store", **headers})
        tags = None if find_tags is None else await find_tags(request, path)
        if public_path or tags:
            return _told(public_path, tags or b"", request, index, {"Cache-Control": "no-cache", **headers})
        return _answer(request, index, {"Cache-Control": "no-cache", **headers})

    return PageRoute("/{path:path}", page, methods=["GET"], include_in_schema=False)


def _may_be_of_the_page(path: str) -> bool:
    """Whether it is a plain address. Hidden files (what a build tool notes down, say) are no part of the page, and no
    address of it leads up or has characters that no file name has."""
    parts = path.split("/")
    plain = len(path) <= _MAX_PATH and path.isprintable() and is_address(path)
    return plain and not any(part.startswith(".") for part in parts)


def _is_file_below(root: Path, file: Path) -> bool:
    try:
        return file.is_file() and file.resolve().is_relative_to(root)
    except (OSError, ValueError):  # a name that the file system cannot have
        return False


def _answer(request: Request, file: Path, headers: Mapping[str, str]) -> Response:
    """The file, or that the browser's copy of it is still right. Where there is a compressed copy beside it that the
    browser takes, that one is sent."""
    kind = guess_type(file.name)[0] or "application/octet-stream"
    copies = {coding: file.with_name(f"{file.name}.{ending}") for coding, ending in _COPIES.items()}
    copies = {coding: copy for coding, copy in copies.items() if copy.is_file() and not copy.is_symlink()}
    if copies:
        headers = {"Vary": "Accept-Encoding", **headers}
    for coding, copy in copies.items():
        if _takes(coding, request.headers.get("accept-encoding", "")):
            file, headers = copy, {"Content-Encoding": coding, **headers}
            break
    answer = FileResponse(file, headers=dict(headers), media_type=kind, stat_result=file.stat())
    if answer.headers["etag"] in _tags(request.headers.get("if-none-match", "")):
        kept = {name: answer.headers[name] for name in ("etag", "last-modified")}
        return Response(status_code=304, headers={**headers, **kept})
    return answer


def _told(
    public_path: str, tags: bytes, request: Request, index: Path, headers: Mapping[str, str]
) -> Response:
    """The page's first document with its addresses below a path, and with tags in its head."""
    path = public_path.encode()
    told = index.read_bytes().replace(_BASE_PATH, _BASE_PATH.replace(b'""', b'"' + path + b'"'))
    page = _OWN_ADDRESS.sub(rb"\g<1>" + path + b"/", told) if path else told
    page = page.replace(_END_OF_HEAD, tags + _END_OF_HEAD, 1)
    etag = f'"{sha256(page).hexdigest()[:32]}"'
    if etag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers={**headers, "ETag": etag})
    return HTMLResponse(page, headers={**headers, "ETag": etag})


def _tags(header: str) -> set[str]:
    """The entity tags of an If-None-Match, compared weakly as it asks."""
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


def _takes(coding: str, accepted: str) -> bool:
    """Whether an Accept-Encoding names it, and not with a weight of nought."""
    for entry in accepted.split(","):
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        if name == coding:
            return not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
    return False


def _security_headers(pictures_are_local: bool) -> dict[str, str]:
    images = "'self' data: blob:" + ("" if pictures_are_local else _IMAGES_OF_A_BUCKET)
    # In CSP 3 'self' covers this host's own WebSockets too, of either scheme.
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src {images}; "
            f"connect-src 'self'; manifest-src 'self'; {_SHUT}"
        ),
        **_PLAIN,
    }


def docs_headers(page: bytes | memoryview) -> dict[str, str]:
    """The headers of the API's own page: its inline script is let in by its hash, its styles are made by that script."""
    scripts = " ".join(f"'sha256-{_hash(script)}'" for script in _INLINE_SCRIPT.findall(bytes(page)))
    policy = (
        f"default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data:; connect-src 'self'; {_SHUT}"
    )
    return {"Content-Security-Policy": policy, **_PLAIN}


def _hash(script: bytes) -> str:
    return b64encode(sha256(script).digest()).decode()
