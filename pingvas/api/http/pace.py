"""How often one address and one person may ask: beyond a burst their requests wait for their turn, so that others' are answered
as before.

A refusal costs nearly what an answer costs, and whoever is refused at once asks again at once. Waiting costs nothing.
"""

from asyncio import sleep
from collections.abc import Iterator
from operator import itemgetter

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from pingvas.api.http.callers import Callers, bearer_in
from pingvas.api.http.errors import refusal
from pingvas.base.budgets import Budgets, Key, Rates, address_key, refuse

# Whoever would wait for longer is refused.
LONGEST_WAIT = 5.0


class Pace:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, callers: Callers) -> None:
        self.app = app
        self.callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            counted = list(self._counted(scope))
            wait, rates = max(((rates.wait_for(key), rates) for rates, key in counted), key=itemgetter(0))
            if wait > LONGEST_WAIT:
                await refusal(Request(scope), refuse(rates.name, wait))(scope, receive, send)
                return
            for rates, key in counted:
                rates.add(key)
            if wait > 0:
                await sleep(wait)
        await self.app(scope, receive, send)

    def _counted(self, scope: Scope) -> Iterator[tuple[Rates, Key]]:
        """What a request counts against: its address, and the person whose token it brings."""
        budgets: Budgets = scope["app"].state.budgets
        client = scope.get("client")
        yield budgets.requests, address_key(None if client is None else client[0])
        bearer = bearer_in(Headers(scope=scope))
        person = None if bearer is None else self.callers.person_of(bearer)
        if person is not None:  # else the address alone counts
            yield budgets.requests_of_person, person
