"""What makes things happen at the sandbox that nobody does there otherwise: its time passes, a card fails, a bank takes money back.

For tests and for trying out; with the API's key alone.
"""

import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from pingvas.adapters.sellers.sandbox.invoices import ORDERS, call_fraud
from pingvas.adapters.sellers.sandbox.pages import move_ahead
from pingvas.adapters.sellers.sandbox.passing_time import AFTER_DUNNING, next_at
from pingvas.adapters.sellers.sandbox.purchases import SUBSCRIPTIONS
from pingvas.adapters.sellers.sandbox.state import Sandbox
from pingvas.adapters.sellers.sandbox.store import Resource, written
from pingvas.adapters.sellers.sandbox.subscriptions import change_card

_MOST_DAYS = 3660.0
_MAX_BODY = 16 * 1024

Handler = Callable[[Request, dict[str, Any]], Awaitable[dict[str, Any]]]


class _Wrong(Exception):
    def __init__(self, status: int, says: str) -> None:
        super().__init__(says)
        self.status, self.says = status, says


class Controls:
    """The routes below `/sandbox`."""

    def __init__(self, sandbox: Sandbox, wake: Callable[[], None]) -> None:
        self._sandbox = sandbox
        self._wake = wake

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/clock", self._guarded(self._see_clock), methods=["GET"]),
            Route("/clock", self._guarded(self._move_clock), methods=["POST"]),
            Route("/dunning", self._guarded(self._set_dunning), methods=["POST"]),
            Route("/subscriptions/{id}/card", self._guarded(self._change_card), methods=["POST"]),
            Route("/orders/{id}/fraud", self._guarded(self._fraud), methods=["POST"]),
            Route("/deliveries", self._guarded(self._deliveries), methods=["GET"]),
            Route("/deliveries/{id:int}/resend", self._guarded(self._resend), methods=["POST"]),
        ]

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            _, _, given = request.headers.get("authorization", "").partition(" ")
            if not hmac.compare_digest(given.strip().encode(), self._sandbox.api_key.encode()):
                return JSONResponse({"error": "The key is wrong."}, 401)
            try:
                body = await _body(request)
                with self._sandbox.store.transaction():
                    made = await handler(request, body)
            except _Wrong as wrong:
                return JSONResponse({"error": wrong.says}, wrong.status)
            self._wake()
            return JSONResponse(made)

        return answer

    async def _see_clock(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        following = next_at(self._sandbox)
        return {
            "now": written(self._sandbox.store.now()),
            "next": None if following is None else written(following),
        }

    async def _move_clock(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """`{"days": 31}`, `{"seconds": 60}`, both, or `{"to": "2027-01-01T00:00:00Z"}`: ahead, never back."""
        store = self._sandbox.store
        if "to" in body:
            try:
                by = datetime.fromisoformat(str(body["to"])) - store.now()
            except (TypeError, ValueError):
                raise _Wrong(422, "`to` is no time with a zone.") from None
        else:
            days, seconds = (_number(body.get(name, 0), name) for name in ("days", "seconds"))
            by = timedelta(days=days, seconds=seconds)
        if not timedelta(0) <= by <= timedelta(days=_MOST_DAYS):
            raise _Wrong(422, "Time can be moved ahead by ten years at most, and never back.")
        happened = move_ahead(self._sandbox, by)
        return {"now": written(store.now()), "happened": happened}

    async def _set_dunning(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """`{"then": "unpaid"}` or `expired`: what becomes of a subscription whose payment failed for good."""
        then = body.get("then")
        if then not in AFTER_DUNNING:
            raise _Wrong(422, f"`then` is one of {', '.join(AFTER_DUNNING)}.")
        self._sandbox.store.set_fact("after_dunning", str(then))
        return {"then": then}

    async def _change_card(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """`{"works": false}`: the next payments fail."""
        if not isinstance(body.get("works"), bool):
            raise _Wrong(422, "`works` is true or false.")
        subscription = self._get(SUBSCRIPTIONS, request)
        change_card(self._sandbox, subscription, works=body["works"])
        return self._sandbox.tell(subscription)

    async def _fraud(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        order = self._get(ORDERS, request)
        call_fraud(self._sandbox, order, self._sandbox.store.now())
        return self._sandbox.tell(order)

    async def _deliveries(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        told = [
            {
                "id": each.id,
                "event_name": each.event_name,
                "attempts": each.attempts,
                "answer": each.answer,
                "is_waiting": each.next_at is not None,
                "body": json.loads(each.body),
            }
            for each in self._sandbox.store.deliveries()
        ]
        return {"items": told}

    async def _resend(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        id: int = request.path_params["id"]
        if not self._sandbox.store.note_delivery(id, attempts=0, next_at=0.0, answer=None):
            raise _Wrong(404, "There is no such delivery.")
        return {"id": id}

    def _get(self, kind: str, request: Request) -> Resource:
        found = self._sandbox.store.find(kind, request.path_params["id"])
        if found is None:
            raise _Wrong(404, "There is no such thing here.")
        return found


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent; none for an empty body. Of another type nothing is taken, which keeps other sites' pages off."""
    if request.method == "GET" or int(request.headers.get("content-length") or 0) == 0:
        return {}
    if int(request.headers["content-length"]) > _MAX_BODY:
        raise _Wrong(413, "The body is too large.")
    try:
        told = await request.json()
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise _Wrong(422, "The body is no JSON object.")
    return told


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST_DAYS * 86_400:
        raise _Wrong(422, f"`{name}` is no number.")
    return float(value)
