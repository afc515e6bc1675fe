"""What the OpenAPI document says of errors: gathered from what a route asks for, so that no route lists them by hand.

A dependency, or a route for what is its own, says with `@raises` which errors it may end with. What every call has (a bad
request, a fault of ours) and what follows from its shape (an id in the path, a body) is added here. All of them are problem
documents.
"""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import ASGIApp

from pingvas.api.http.bodies import BodyTooSlow
from pingvas.api.http.errors import STATUS, Problem
from pingvas.api.http.scopes import tell_scopes
from pingvas.base.budgets import BudgetUsedUp, StudioBusy
from pingvas.base.db import DatabaseFull, OutcomeUnknown
from pingvas.base.errors import Invalid, NotFound, StudioError, TooLarge

Call = TypeVar("Call", bound=Callable[..., Any])
Kinds = dict[type[StudioError], None]  # a set that keeps its order

_SAID = "__raises__"
_PROBLEM_JSON = "application/problem+json"
_WITH_BODIES = {"POST", "PUT", "PATCH", "DELETE"}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}}},
    429: {
        "Retry-After": {"$ref": "#/components/headers/Retry-After"},
        "RateLimit-Policy": {"$ref": "#/components/headers/RateLimit-Policy"},
        "RateLimit": {"$ref": "#/components/headers/RateLimit"},
    },
    503: {"Retry-After": {"$ref": "#/components/headers/Retry-After"}},
}
_RETRY_AFTER = {
    "description": "Seconds after which the same call may go through",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
_RATE_LIMITS = {
    "RateLimit-Policy": {
        "description": 'What is allowed, as in `"requests";q=30;w=60`: the limit, of so many calls in so many seconds. Other answers that '
        "were counted have it too",
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": 'How that stands, as in `"requests";r=12;t=18`: so many are left, and in so many seconds there are more',
        "schema": {"type": "string"},
    },
}
_LIMITS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
_ERRORS_OF_OURS = {"internal_error": "A fault of ours"}


def raises(*kinds: type[StudioError]) -> Callable[[Call], Call]:
    """Say which errors a dependency or a route may end with, for the document."""

    def said(call: Call) -> Call:
        setattr(call, _SAID, kinds)
        return call

    return said


class StudioAPI(FastAPI):
    """FastAPI whose document tells of every error that a route sends, and of what a key needs to call it.

    `around` is put around all of it, the answer to a fault of ours too.
    """

    around: Callable[[ASGIApp], ASGIApp] = staticmethod(lambda app: app)

    def build_middleware_stack(self) -> ASGIApp:
        return self.around(super().build_middleware_stack())

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            _write_limits_exactly(document)
            _add_problem(document["components"])
            tell_scopes(document)
            for route in iter_route_contexts(self.routes):
                if isinstance(route.original_route, APIRoute) and route.include_in_schema:
                    for method in route.methods or ():
                        operation = document["paths"][route.path_format][method.lower()]
                        _tell_errors(operation, _kinds(route.dependant, method))
        assert self.openapi_schema is not None  # noqa: S101 - for the type checker: it has just been made
        return self.openapi_schema


def _write_limits_exactly(document: dict[str, Any]) -> None:
    """Write whole limits as whole numbers: the framework makes 2⁶³ a number with a fraction, which is read as another."""
    left: list[Any] = [document]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            for name in _LIMITS & each.keys():
                if isinstance(each[name], float) and each[name].is_integer():
                    each[name] = int(each[name])
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)


def _add_problem(components: dict[str, Any]) -> None:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= schema.pop("$defs")
    components["schemas"]["Problem"] = schema
    components["schemas"] = dict(sorted(components["schemas"].items()))
    components["headers"] = {"Retry-After": _RETRY_AFTER, **_RATE_LIMITS}


def _kinds(dependant: Dependant, method: str) -> Kinds:
    """Every error that a call of this route may end with."""
    found: Kinds = {BudgetUsedUp: None}  # of requests
    for each in _flat(dependant):
        found |= dict.fromkeys(getattr(each.call, _SAID, ()))
        if each.path_params:
            found[NotFound] = None
        if each.body_params:
            found |= dict.fromkeys((Invalid, BodyTooSlow, StudioBusy))
    if method in _WITH_BODIES:
        found[TooLarge] = None
    else:
        for of_writes in (DatabaseFull, OutcomeUnknown):
            found.pop(of_writes, None)
    return found


def _flat(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for below in dependant.dependencies:
        yield from _flat(below)


def _tell_errors(operation: dict[str, Any], kinds: Iterable[type[StudioError]]) -> None:
    responses = operation["responses"]
    responses.pop("default", None)
    told: dict[int, dict[str, str]] = {500: _ERRORS_OF_OURS}
    for kind in kinds:
        of_status = told.setdefault(_status_of(kind), {})
        of_status.setdefault(kind.code, kind.default_detail)
    for status, codes in sorted(told.items()):
        if str(status) in responses:  # a route that answers a status with something else says so itself
            continue
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase
            + ": "
            + "; ".join(f"`{code}` ({text.rstrip('.')})" for code, text in codes.items()),
            "content": {_PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
    operation["responses"] = dict(sorted(responses.items()))


def _status_of(kind: type[StudioError]) -> int:
    return next(STATUS[each] for each in kind.__mro__ if each in STATUS)
