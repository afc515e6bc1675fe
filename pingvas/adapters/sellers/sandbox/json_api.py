"""The sandbox's API, as Lemon Squeezy has it: JSON:API with a key, pages of lists, and a number of calls a minute."""

import hmac
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pingvas.adapters.sellers.sandbox.bodies import (
    Refused,
    read_checkout,
    read_refund,
    read_subscription_change,
    read_webhook,
)
from pingvas.adapters.sellers.sandbox.catalogue import OFFERS, STORE_ID, Offer
from pingvas.adapters.sellers.sandbox.invoices import INVOICES, ORDERS, refund
from pingvas.adapters.sellers.sandbox.purchases import CHECKOUTS, SUBSCRIPTIONS, make_checkout
from pingvas.adapters.sellers.sandbox.state import Sandbox
from pingvas.adapters.sellers.sandbox.store import Resource, written
from pingvas.adapters.sellers.sandbox.subscriptions import OVER, cancel, change_plan, pause, resume, unpause

MEDIA_TYPE = "application/vnd.api+json"
CALLS_A_MINUTE = 300
_MAX_BODY = 64 * 1024
_KINDS = (SUBSCRIPTIONS, INVOICES, ORDERS, CHECKOUTS, "customers", "webhooks")
# What a list may be filtered by: attributes of these names.
_FILTERS = {"store_id", "status", "variant_id", "subscription_id", "customer_id", "user_email", "order_id"}

Handler = Callable[[Request], Awaitable[Response]]


class JsonApi:
    """The routes below `/v1`. `wake` is called when something has happened that others are told of."""

    def __init__(self, sandbox: Sandbox, wake: Callable[[], None]) -> None:
        self._sandbox = sandbox
        self._wake = wake
        self._calls: deque[float] = deque()

    def routes(self) -> Sequence[BaseRoute]:
        listed = [
            route
            for kind in _KINDS
            for route in (
                Route(f"/{kind}", self._guarded(self._list(kind)), methods=["GET"]),
                Route(f"/{kind}/{{id}}", self._guarded(self._one(kind)), methods=["GET"]),
            )
        ]
        return [
            *listed,
            Route("/variants", self._guarded(self._variants), methods=["GET"]),
            Route("/checkouts", self._guarded(self._make_checkout), methods=["POST"]),
            Route("/subscriptions/{id}", self._guarded(self._change_subscription), methods=["PATCH"]),
            Route("/subscriptions/{id}", self._guarded(self._cancel), methods=["DELETE"]),
            Route(f"/{INVOICES}/{{id}}/refund", self._guarded(self._refund(INVOICES)), methods=["POST"]),
            Route(f"/{ORDERS}/{{id}}/refund", self._guarded(self._refund(ORDERS)), methods=["POST"]),
            Route("/webhooks", self._guarded(self._make_webhook), methods=["POST"]),
            Route("/webhooks/{id}", self._guarded(self._remove_webhook), methods=["DELETE"]),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        """With the key alone, and so often; each call is one transaction."""

        async def answer(request: Request) -> Response:
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            right = hmac.compare_digest(given.strip().encode(), self._sandbox.api_key.encode())
            if scheme.lower() != "bearer" or not right:
                return _problem(401, "Unauthorized", "Unauthenticated.")
            now = self._sandbox.clock()
            while self._calls and self._calls[0] <= now - 60:
                self._calls.popleft()
            left = CALLS_A_MINUTE - len(self._calls)
            if left <= 0:
                wait = {"Retry-After": str(max(1, round(self._calls[0] + 60 - now)))}
                return _problem(429, "Too Many Requests", "Too Many Attempts.", headers=wait | _limits(0))
            self._calls.append(now)
            try:
                await _bounded(request)
                with self._sandbox.store.transaction():
                    made = await handler(request)
            except Refused as refused:
                made = _problem(refused.status, refused.title, refused.detail, pointer=refused.pointer)
            self._wake()
            made.headers.update(_limits(left - 1))
            return made

        return answer

    def _list(self, kind: str) -> Handler:
        async def answer(request: Request) -> Response:
            number = _whole(request, "page[number]", 1, 10**9)
            size = _whole(request, "page[size]", 10, 100)
            wanted = {
                name: value
                for name in _FILTERS
                if (value := request.query_params.get(f"filter[{name}]")) is not None
            }
            found = [each for each in self._sandbox.store.all(kind) if _matches(each, wanted)]
            return self._page(request, [self._sandbox.tell(each) for each in found], number, size)

        return answer

    def _page(self, request: Request, told: Sequence[Any], number: int, size: int) -> Response:
        total, first = len(told), (number - 1) * size
        here = told[first : first + size]
        last = max(1, -(-total // size))
        page = {
            "currentPage": number,
            "from": first + 1 if here else None,
            "lastPage": last,
            "perPage": size,
            "to": first + len(here) if here else None,
            "total": total,
        }
        base = f"{self._sandbox.url}{request.url.path}"
        links = {
            "first": f"{base}?{urlencode({'page[number]': 1, 'page[size]': size})}",
            "last": f"{base}?{urlencode({'page[number]': last, 'page[size]': size})}",
        }
        return _answer(
            {"meta": {"page": page}, "jsonapi": {"version": "1.0"}, "links": links, "data": list(here)}
        )

    def _one(self, kind: str) -> Handler:
        async def answer(request: Request) -> Response:
            return self._tell(self._get(kind, request))

        return answer

    def _get(self, kind: str, request: Request) -> Resource:
        found = self._sandbox.store.find(kind, request.path_params["id"])
        if found is None:
            raise Refused(404, "Not Found", "The related resource was not found.")
        return found

    def _tell(self, resource: Resource, status: int = 200) -> Response:
        return _answer({"jsonapi": {"version": "1.0"}, "data": self._sandbox.tell(resource)}, status)

    async def _variants(self, request: Request) -> Response:
        return self._page(request, [_variant(offer) for offer in OFFERS], 1, 100)

    async def _make_checkout(self, request: Request) -> Response:
        asked = read_checkout(await request.body(), self._sandbox.store.now())
        return self._tell(make_checkout(self._sandbox, asked), 201)

    async def _change_subscription(self, request: Request) -> Response:
        subscription = self._get(SUBSCRIPTIONS, request)
        change = read_subscription_change(await request.body(), subscription.id)
        if subscription["status"] in OVER:
            raise Refused(422, "Unprocessable Entity", "An expired subscription cannot be changed.")
        if change.canceled is True:
            cancel(self._sandbox, subscription)
        elif change.canceled is False:
            resume(self._sandbox, subscription)
        if change.pause is not None:
            pause(self._sandbox, subscription, change.pause.mode, change.pause.resumes_at)
        elif change.unpauses and subscription["status"] == "paused":
            unpause(self._sandbox, subscription, self._sandbox.store.now())
        if change.offer is not None:
            change_plan(
                self._sandbox,
                subscription,
                change.offer,
                invoice_now=change.invoice_immediately,
                without_proration=change.disable_prorations,
            )
        return self._tell(subscription)

    async def _cancel(self, request: Request) -> Response:
        subscription = self._get(SUBSCRIPTIONS, request)
        cancel(self._sandbox, subscription)
        return self._tell(subscription)

    def _refund(self, kind: str) -> Handler:
        async def answer(request: Request) -> Response:
            paid = self._get(kind, request)
            amount = read_refund(await request.body(), kind, paid.id)
            if not refund(self._sandbox, paid, self._sandbox.store.now(), amount):
                raise Refused(
                    422, "Unprocessable Entity", "This cannot be refunded.", "/data/attributes/amount"
                )
            return self._tell(paid)

        return answer

    async def _make_webhook(self, request: Request) -> Response:
        asked = read_webhook(await request.body())
        return self._tell(add_webhook(self._sandbox, asked.url, asked.events, asked.secret), 201)

    async def _remove_webhook(self, request: Request) -> Response:
        self._sandbox.store.remove("webhooks", self._get("webhooks", request).id)
        return Response(status_code=204)


def add_webhook(sandbox: Sandbox, url: str, events: Sequence[str], secret: str) -> Resource:
    """Where events are sent from now on. No events named: all of them."""
    at = written(sandbox.store.now())
    attributes = {
        "store_id": int(STORE_ID),
        "url": url,
        "events": list(events),
        "last_sent_at": None,
        "created_at": at,
        "updated_at": at,
        "test_mode": True,
    }
    return sandbox.store.add("webhooks", attributes, hidden={"secret": secret})


def _variant(offer: Offer) -> dict[str, Any]:
    attributes = {
        "product_id": offer.variant_id,
        "name": offer.name,
        "slug": offer.name,
        "price": offer.price,
        "is_subscription": offer.interval is not None,
        "interval": offer.interval,
        "interval_count": None if offer.interval is None else 1,
        "status": "published",
        "test_mode": True,
    }
    return {"type": "variants", "id": str(offer.variant_id), "attributes": attributes}


def _matches(resource: Resource, wanted: Mapping[str, str]) -> bool:
    return all(str(resource.attributes.get(name)) == value for name, value in wanted.items())


def _whole(request: Request, name: str, otherwise: int, most: int) -> int:
    value = request.query_params.get(name)
    if value is None:
        return otherwise
    if not value.isascii() or not value.isdecimal() or not 1 <= int(value[:10]) <= most:
        raise Refused(400, "Bad Request", f"The {name} parameter must be a number from 1 to {most}.")
    return int(value)


async def _bounded(request: Request) -> None:
    """Read the body, which is kept for whoever asks for it, if it is none too large."""
    if int(request.headers.get("content-length") or 0) > _MAX_BODY:
        raise Refused(413, "Payload Too Large", "The body is too large.")
    if len(await request.body()) > _MAX_BODY:
        raise Refused(413, "Payload Too Large", "The body is too large.")


def _limits(left: int) -> dict[str, str]:
    return {"X-Ratelimit-Limit": str(CALLS_A_MINUTE), "X-Ratelimit-Remaining": str(left)}


def _answer(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def _problem(
    status: int,
    title: str,
    detail: str,
    *,
    pointer: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    error: dict[str, Any] = {"status": str(status), "title": title, "detail": detail}
    if pointer is not None:
        error["source"] = {"pointer": pointer}
    return _answer({"jsonapi": {"version": "1.0"}, "errors": [error]}, status, headers)
