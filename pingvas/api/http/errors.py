"""Every error leaves as an RFC 9457 problem document with a stable `code`; kinds of error get their status here."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from pingvas.api.http.addresses import allowed_methods
from pingvas.api.http.rate_headers import headers_of
from pingvas.api.http.request_id import request_id_of
from pingvas.base import errors
from pingvas.base.disk_full import CODE, is_disk_full
from pingvas.base.rate_limits import RateUsedUp

log = logging.getLogger(__name__)

STATUS = {
    errors.Unauthorized: 401,
    errors.PaymentRequired: 402,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.TimedOut: 408,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    errors.StudioError: 500,
}
# What the framework itself refuses, before a room is asked.
_FRAMEWORK_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}
_SHAPES_OF_BODIES = ("txt2img", "img2img", "inpaint", "upscale")
_RETRY_AFTER_SECONDS = {503: "5", 429: "5"}
# An answer is never as long as what was asked: so many bad fields are named, each in so many characters.
MOST_ERRORS, LONGEST_TEXT, LONGEST_DETAIL, MOST_PARTS = 20, 200, 1000, 12


class FieldError(BaseModel):
    """One bad field: `loc` is the path to it, `code` says what is wrong with it where that has a name."""

    loc: list[str | int]
    msg: str
    code: str | None = None


class Problem(BaseModel):
    """The body of every error (`application/problem+json`)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldError] | None = None


def status_of(error: errors.StudioError) -> int:
    """The status of the nearest kind the error descends from."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def headers_of_error(error: errors.StudioError) -> dict[str, str]:
    """The headers that say when to come back, and which limit it was, where the error knows."""
    told = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return told | dict(headers_of([error.allowance])) if isinstance(error, RateUsedUp) else told


def refusal(request: Request, error: errors.StudioError) -> JSONResponse:
    """The answer to an error met before any route is asked: for ASGI middleware."""
    status, headers = status_of(error), headers_of_error(error)
    return problem(request, status, error.code, error.detail, extra=error.extra, headers=headers)


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    field_errors: Sequence[Mapping[str, Any]] | None = None,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem document as an answer."""
    body: dict[str, Any] = {
        "type": f"urn:pingvas:error:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": shortened(detail, LONGEST_DETAIL),
        "instance": shortened(request.url.path),
        "code": code,
        **(extra or {}),
    }
    named = field_errors or body.get("errors")
    if named:
        body["errors"] = [_bounded(each) for each in named[:MOST_ERRORS]]
    sent = dict(headers or {})
    if status in _RETRY_AFTER_SECONDS:
        sent.setdefault("Retry-After", _RETRY_AFTER_SECONDS[status])
    if status == 401:
        sent.setdefault("WWW-Authenticate", "Bearer")
    return JSONResponse(body, status, headers=sent, media_type="application/problem+json")


def shortened(text: str, longest: int = LONGEST_TEXT) -> str:
    """At most so many characters of a text; a sign stands for the rest."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _bounded(error: Mapping[str, Any]) -> dict[str, Any]:
    """One bad field, of which a stranger may have chosen both the name and what is said."""
    loc = [shortened(part) if isinstance(part, str) else part for part in error["loc"][:MOST_PARTS]]
    code = error.get("code")
    return {"loc": loc, "msg": shortened(str(error["msg"]))} | ({} if code is None else {"code": code})


def install(app: FastAPI) -> None:
    """Make every error of the app a problem document."""

    @app.exception_handler(errors.StudioError)
    async def _known(request: Request, error: errors.StudioError) -> JSONResponse:
        status = status_of(error)
        if status >= 500:
            log.warning("%s %s: %s", request.method, request.url.path, error.__cause__ or error)
        bad = error.errors if isinstance(error, errors.Invalid) else []
        field_errors = [
            {"loc": _place_of(field.name, request), "msg": field.message, "code": field.code} for field in bad
        ]
        return problem(
            request,
            status,
            error.code,
            error.detail,
            field_errors=field_errors,
            extra=error.extra,
            headers=headers_of_error(error),
        )

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[:MOST_ERRORS]
        found = [{"loc": _place(item), "msg": errors.message_of(item)} for item in first]
        return problem(request, 422, errors.Invalid.code, errors.Invalid.default_detail, field_errors=found)

    @app.exception_handler(HTTPException)
    async def _framework(request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, errors.StudioError):  # ours, met while the body was being read
            return await _known(request, error.__cause__)
        if error.status_code == 400:  # a body nested past all reason, say: bad input like any other
            return problem(request, 422, errors.Invalid.code, str(error.detail))
        code = _FRAMEWORK_CODES.get(error.status_code, "internal_error")
        headers, detail = dict(error.headers or {}), str(error.detail)
        if error.status_code == 404:
            detail = "There is nothing at this address."
        elif error.status_code == 405:  # the framework names the methods of the first route alone
            headers["Allow"] = ", ".join(allowed_methods(app.router.routes, request.scope))
            detail = f"This address does not take {request.method}; it takes {headers['Allow']}."
        return problem(request, error.status_code, code, detail, headers=headers)

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> JSONResponse:
        request_id = request_id_of(request.scope)
        if is_disk_full(error):  # of a temporary file, say
            log.warning("%s %s: %s", request.method, request.url.path, error)
            detail = "The studio's disk is full. Try again a little later."
            return problem(request, 503, CODE, detail, headers={"X-Request-ID": request_id})
        log.error("%s %s failed (request %s)", request.method, request.url.path, request_id, exc_info=error)
        detail = f"Something went wrong on our side. The request id {request_id} helps to find it."
        # This handler runs outside the middleware that adds the header, so it is added here.
        return problem(request, 500, "internal_error", detail, headers={"X-Request-ID": request_id})


def _place_of(name: str, request: Request) -> list[str | int]:
    """Where in this request a field of that name stands: in the query or a header if its route takes one there, else in
    the body."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    for parameter in [] if dependant is None else get_flat_params(dependant):
        if isinstance(parameter.field_info, params.Query) and parameter.alias == name:
            return ["query", name]
        if isinstance(parameter.field_info, params.Header) and parameter.alias == name.lower():
            return ["header", name]
    return ["body", *(int(part) if part.isdecimal() else part for part in name.split("."))]


def _place(error: Mapping[str, Any]) -> list[Any]:
    """Where the bad field is. In a body of several shapes the framework names the shape, which is no field: taken out."""
    loc = list(error["loc"])
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return [*loc, str(error["ctx"]["discriminator"]).strip("'")]
    if len(loc) > 1 and loc[0] == "body" and loc[1] in _SHAPES_OF_BODIES:
        del loc[1]
    return loc
