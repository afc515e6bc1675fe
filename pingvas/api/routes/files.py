"""Files on local disk, `/files/{key}`: given to whoever holds a signed address, and to nobody else."""

from email.utils import format_datetime
from pathlib import PurePosixPath

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from pingvas.adapters.signed_urls import FileGrant
from pingvas.api.http.deps import AddressDep, BudgetsDep, StorageDep
from pingvas.api.http.ranges import asked_part
from pingvas.base.clock import now
from pingvas.gallery.plain_copies import PREFIX, read_plain

router = APIRouter(include_in_schema=False)

_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
_SAFE = {
    # Whatever the bytes are, a browser shall see a picture: no guessing, no scripts, no frames.
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
}


@router.api_route("/files/plain/{key:path}", methods=["GET", "HEAD"])
async def read_plain_file(
    key: str, request: Request, storage: StorageDep, address: AddressDep, budgets: BudgetsDep
) -> Response:
    """A picture without how it was made. It is put together in memory, so a few at a time."""
    query = request.query_params
    public = query.get("p") == "1"
    grant = storage.verify_made(PREFIX + key, query.get("e", ""), query.get("s", ""), public=public)
    look = await storage.look_at(key)
    headers = _caching(grant) | _SAFE
    if look.etag is not None:
        # What is taken out is decided by this version alone, so the same bytes come of the same file.
        headers["ETag"] = f'"plain-{look.etag.strip(chr(34))}"'
        if headers["ETag"] in _tags(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
    media_type = _TYPES.get(PurePosixPath(key).suffix, "application/octet-stream")
    with budgets.plain_copies.of(address):
        data = await read_plain(storage, key)
    part = asked_part(request, headers.get("ETag"), len(data))
    if part.refusal is not None:
        return part.refusal
    headers |= part.headers
    body = b"" if request.method == "HEAD" else data[part.first : part.last + 1]
    return Response(body, part.code, headers=headers, media_type=media_type)


@router.api_route("/files/{key:path}", methods=["GET", "HEAD"])
async def read_file(key: str, request: Request, storage: StorageDep) -> Response:
    """The bytes of one object, or the part that `Range` asks for, cacheable until its address expires."""
    query = request.query_params
    grant = storage.verify(key, query.get("e", ""), query.get("s", ""), public=query.get("p") == "1")
    look = await storage.look_at(key)
    headers = _caching(grant) | _SAFE
    if look.etag is not None:
        headers["ETag"] = look.etag
        if look.etag in _tags(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
    part = asked_part(request, look.etag, look.size)
    if part.refusal is not None:
        return part.refusal
    headers |= part.headers
    media_type = _TYPES.get(PurePosixPath(key).suffix)
    if media_type is None:
        headers["Content-Disposition"] = "attachment"
    media_type = media_type or "application/octet-stream"
    if request.method == "HEAD":
        return Response(status_code=part.code, headers=headers, media_type=media_type)
    reading = await storage.read(key, None if part.is_whole else (part.first, part.last + 1))
    return StreamingResponse(reading.chunks(), part.code, headers=headers, media_type=media_type)


def _caching(grant: FileGrant) -> dict[str, str]:
    # Bytes of a key never change, but a cache shall not outlive the permission to read them.
    seconds = int((grant.expires_at - now()).total_seconds())
    return {
        "Cache-Control": f"{'public' if grant.public else 'private'}, max-age={max(0, seconds)}, immutable",
        "Cross-Origin-Resource-Policy": "cross-origin" if grant.public else "same-origin",
        "Expires": format_datetime(grant.expires_at, usegmt=True),
    }


def _tags(header: str) -> set[str]:
    """The entity tags of an If-None-Match, compared weakly as it asks."""
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}
