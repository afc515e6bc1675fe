"""Limits of requests a minute: of programs by their person's plan, of a key by its owner, of an address before anybody signed in.

The page is no program: it asks a hundred times for one look at a gallery, and is bounded by the budgets, as everybody is. What it
says of itself is believed; docs/decisions/0025-keys-and-limits.md tells what a program gains by saying the same.
"""

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pingvas.accounts.api_keys.key_text import looks_like_key
from pingvas.api.http.callers import Callers, bearer_in
from pingvas.api.http.errors import refusal
from pingvas.api.http.rate_headers import headers_of
from pingvas.api.http.refresh_cookie import WEB, WEB_HEADER
from pingvas.base.budgets import address_key
from pingvas.base.errors import TooMany, Unavailable
from pingvas.base.fair_queue import FairQueue
from pingvas.base.rate_limits import Allowance, RateLimits
from pingvas.billing.request_limits import ProgramLimits

# Requests a minute of an address that bring no credentials, or none that are anybody's: ten times what a household needs.
PER_ADDRESS = 600


class RequestLimits:
    """ASGI middleware. `prefix`: the paths that are counted; `uncounted`: those among them that are not, for what is refused there
    may be lost."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: RateLimits,
        callers: Callers,
        prefix: str,
        uncounted: tuple[str, ...] = (),
    ) -> None:
        self.app = app
        self.limits = limits
        self.callers = callers
        self.prefix = prefix
        self.uncounted = uncounted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or not scope["path"].startswith(self.prefix)
            or scope["path"].startswith(self.uncounted)
            or scope["method"] == "OPTIONS"
        ):
            await self.app(scope, receive, send)
            return
        bearer, is_page = _credentials_in(Headers(scope=scope))
        if bearer is not None and (
            (is_page and self.callers.person_of(bearer) is not None) or self.callers.is_unlimited(bearer)
        ):
            await self.app(scope, receive, send)
            return
        try:
            told = [
                (name.lower().encode(), value.encode())
                for name, value in headers_of(await self._count(scope, bearer))
            ]
        except TooMany as error:
            await refusal(Request(scope), error)(scope, receive, send)
            return

        async def send_and_tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                named = {name for name, _ in headers}
                # What a route has told of generations stands beside; the older headers tell of one limit.
                headers.extend(pair for pair in told if not (pair[0].startswith(b"x-") and pair[0] in named))
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, send_and_tell if told else send)

    async def _count(self, scope: Scope, bearer: str | None) -> list[Allowance]:
        """Count a request: how its limits stand now. Raises RateUsedUp and BudgetUsedUp."""
        client = scope.get("client")
        address = address_key(client[0] if client else None)
        known = None if bearer is None else self.callers.known(bearer)
        asked = _limits_of(known, address)
        if known is not None and all(self.limits.holds(*each) for each in asked):
            return await self._hit(asked)
        turns: FairQueue = scope["app"].state.transactions
        try:
            async with turns.turn(address):
                caller = None if bearer is None else await self.callers.find(bearer)
                return await self._hit(_limits_of(caller, address))
        except Unavailable:  # nobody can be counted; the route says by itself what is away
            return []

    async def _hit(self, limits: list[tuple[str, int, str]]) -> list[Allowance]:
        hits = [await self.limits.hit(*each) for each in limits]
        return [hit for hit in hits if hit is not None]


def _credentials_in(headers: Headers) -> tuple[str | None, bool]:
    """The bearer token of a request, and whether it is one of the page. A key is a program's, whoever brings it."""
    bearer = bearer_in(headers)
    is_page = headers.get(WEB_HEADER, "").strip().lower() == WEB
    return bearer, is_page and not (bearer is not None and looks_like_key(bearer))


def _limits_of(caller: ProgramLimits | None, address: str) -> list[tuple[str, int, str]]:
    """What is to be counted: which limit, how many a minute, and of whom."""
    if caller is None:
        return [("address", PER_ADDRESS, address)]
    limits = []
    if caller.of_key is not None:
        limits.append(("key", caller.of_key, str(caller.key_id)))
    if caller.of_plan is not None:
        limits.append(("requests", caller.of_plan, str(caller.user_id)))
    return limits
