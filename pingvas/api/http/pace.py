"""How often one address and one person may ask: beyond a burst their requests wait for their turn, so that others' are answered
as before.

A refusal costs nearly what an answer costs, and whoever is refused at once asks again at once. Waiting costs nothing.
"""

from asyncio import sleep
from collections.abc import Iterator
from contextlib import suppress
from operator import itemgetter

from fastapi import Request
from fastapi.security.utils import get_authorization_scheme_param
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from pingvas.accounts.refusals import InvalidToken, TokenExpired
from pingvas.accounts.sessions import access_tokens
from pingvas.api.http.errors import refusal
from pingvas.base.budgets import Budgets, Key, Rates, address_key, refuse
from pingvas.base.settings import Settings

# Whoever would wait for longer is refused.
LONGEST_WAIT = 5.0
_LONGEST_TOKEN = 2_000


class Pace:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

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
        scheme, token = get_authorization_scheme_param(Headers(scope=scope).get("authorization"))
        if scheme.lower() == "bearer" and len(token) <= _LONGEST_TOKEN:
            with suppress(InvalidToken, TokenExpired):  # the address alone counts then
                yield budgets.requests_of_person, access_tokens.verify(self.settings, token).user_id
