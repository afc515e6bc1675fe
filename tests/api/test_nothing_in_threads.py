"""Every call and all it depends on runs on the event loop: FastAPI calls plain functions, and classes, in a thread."""

from collections.abc import Iterator
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from fastapi.dependencies.models import Dependant

from pingvas.api.app import create_app


def _dependants(routes: Any) -> Iterator[Dependant]:
    for route in routes:
        if (dependant := getattr(route, "dependant", None)) is not None:
            yield dependant
        for inner in ("routes", "original_router"):
            within = getattr(route, inner, None) or []
            yield from _dependants(getattr(within, "routes", within))


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def test_all_that_fastapi_calls_is_async(make_settings: Any) -> None:
    app = create_app(make_settings(database_url="postgresql://a:b@127.0.0.1/c"))

    calls = {call for dependant in _dependants(app.routes) for call in _calls(dependant)}

    def is_async(call: Any) -> bool:
        called = call if hasattr(call, "__name__") else type(call).__call__
        return iscoroutinefunction(called) or isasyncgenfunction(called)

    assert len(calls) > 30
    assert [call for call in calls if not is_async(call)] == []
