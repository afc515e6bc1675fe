"""How often one address may ask: beyond a burst its requests wait for their turn, so that others' are answered as before.

A refusal costs nearly what an answer costs, and whoever is refused at once asks again at once. Waiting costs nothing.
"""

import asyncio

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from pingvas.api.http.errors import refusal
from pingvas.base.budgets import Budgets, address_key, refuse

# Whoever would wait for longer is refused.
LONGEST_WAIT = 5.0


class Pace:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            budgets: Budgets = scope["app"].state.budgets
            client = scope.get("client")
            key = address_key(None if client is None else client[0])
            wait = budgets.requests.wait_for(key)
            if wait > LONGEST_WAIT:
                error = refuse(budgets.requests.name, wait)
                await refusal(Request(scope), error)(scope, receive, send)
                return
            budgets.requests.add(key)
            if wait > 0:
                await asyncio.sleep(wait)
        await self.app(scope, receive, send)
