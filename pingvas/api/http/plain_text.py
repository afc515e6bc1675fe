"""One kind of text for every input, wherever it stands: Unicode without NUL and without half a surrogate pair, which is
what PostgreSQL and file systems take. An address that has other text is not found, anything else is bad input."""

from typing import Any

from fastapi import Request

from pingvas.api.http.contract import raises
from pingvas.base.errors import BadField, Invalid, NotFound
from pingvas.base.visible_text import is_storable

_MAX_PART_BYTES = 255
_MESSAGE = "must be valid Unicode without the NUL character"
# How JSON writes NUL and surrogates; bodies without these are not looked through.
_SUSPECTS = (b"\\u0000", b"\\ud")


def is_address(path: str) -> bool:
    """Whether a path could be that of anything: its parts are text, and no longer than a file's name may be."""
    return is_storable(path) and all(len(part.encode()) <= _MAX_PART_BYTES for part in path.split("/"))


# For every route: FastAPI asks it before the route's own dependencies, with the body read already.
@raises(Invalid)
async def require_plain_text(request: Request) -> None:
    """Raises NotFound for what stands in the path, Invalid for a query, a header or a body."""
    if not is_address(request.url.path) or not all(map(_is_plain, request.path_params.values())):
        raise NotFound("There is nothing at this address.")
    if b"%00" in request.scope["query_string"]:
        bad = [name for name, value in request.query_params.multi_items() if not is_storable(name + value)]
        raise Invalid(errors=[BadField(name.replace("\0", "")[:100] or "query", _MESSAGE) for name in bad])
    if any(b"\0" in value for _, value in request.scope["headers"]):
        raise Invalid("A header has the NUL character.")
    if hasattr(request, "_json") and _is_suspect(await request.body()):
        place = _place_of_bad_text(await request.json(), ())
        if place is not None:
            raise Invalid(field=".".join(place) or "body", reason=_MESSAGE)
    elif request._form is not None:
        for name, value in request._form.multi_items():
            if isinstance(value, str) and not is_storable(value):
                raise Invalid(field=name, reason=_MESSAGE)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, str) or is_address(value)


def _is_suspect(body: bytes) -> bool:
    low = body.lower()
    return any(suspect in low for suspect in _SUSPECTS)


def _place_of_bad_text(value: Any, place: tuple[str, ...]) -> tuple[str, ...] | None:
    """Where in a body of JSON the first bad text stands. What is nested past all reason no parser has let through."""
    left = [(place, value)]
    while left:
        at, value = left.pop()
        if isinstance(value, str) and not is_storable(value):
            return at
        if isinstance(value, dict):
            if any(not is_storable(name) for name in value):
                return at
            left.extend(((*at, name), item) for name, item in value.items())
        elif isinstance(value, list):
            left.extend(((*at, str(index)), item) for index, item in enumerate(value))
    return None
