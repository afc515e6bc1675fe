"""The sandbox that sells, over real HTTP, for tests: what it sends waits until a test has it sent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import uvicorn

from pingvas.adapters.sellers.chosen import open_seller
from pingvas.adapters.sellers.lemon_squeezy.calls import Calls
from pingvas.adapters.sellers.lemon_squeezy.seller import LemonSqueezy
from pingvas.adapters.sellers.sandbox import keys
from pingvas.adapters.sellers.sandbox.app import create_app, open_sandbox
from pingvas.adapters.sellers.sandbox.state import Sandbox
from pingvas.adapters.sellers.seller import PlanVariant
from pingvas.base.settings import Settings

Answer = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]


@dataclass
class RunningSandbox:
    """`seller` asks it; `answer` is how the studio takes what it sends, `lost` the paths whose answers get lost on the way."""

    url: str
    settings: Settings
    sandbox: Sandbox
    sender: Any
    browser: httpx.AsyncClient
    answer: Answer
    sent: list[tuple[bytes, Mapping[str, str]]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    seconds: float = 1_800_000_000.0

    @property
    def seller(self) -> LemonSqueezy:
        return cast(LemonSqueezy, open_seller(self.settings))

    @property
    def calls(self) -> Calls:
        return self.seller._calls

    async def buy(
        self, checkout_url: str, *, how: str = "pay", email: str = "buyer@example.com"
    ) -> httpx.Response:
        """What somebody does on a checkout's page."""
        return await self.browser.post(checkout_url, data={"how": how, "email": email})

    async def control(self, path: str, **body: Any) -> Any:
        """Have something happen there: `clock`, `dunning`, …"""
        key = {"Authorization": f"Bearer {keys.api_key(self.settings)}"}
        answer = await self.browser.post(f"{self.url}/sandbox/{path}", json=body, headers=key)
        answer.raise_for_status()
        return answer.json()

    async def deliver(self) -> list[str]:
        """Have all be sent that is due; the names of what was sent."""
        before = len(self.sent)
        await self.sender.send_due()
        return [headers["X-Event-Name"] for _, headers in self.sent[before:]]


@asynccontextmanager
async def running_sandbox(settings: Settings, answer: Answer | None = None) -> AsyncIterator[RunningSandbox]:
    """A sandbox in the data folder of these settings, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        chosen = settings.model_copy(update={"sandbox_port": port, "billing_provider": "sandbox"})
        sandbox = open_sandbox(chosen, url, "http://studio.test/api/v1/webhooks/sandbox")
        async with httpx.AsyncClient(trust_env=False) as browser:
            running = RunningSandbox(url, chosen, sandbox, None, browser, answer or _taken)

            async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
                running.sent.append((body, headers))
                return await running.answer(url, body, headers)

            app = create_app(sandbox, loops=None, post=post, clock=lambda: running.seconds)
            running.sender = app.state.sender
            config = uvicorn.Config(_Losing(app, running), log_config=None, lifespan="on")
            server = uvicorn.Server(config)
            task = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                while not server.started:  # noqa: ASYNC110 - uvicorn sets a flag and tells nobody
                    await asyncio.sleep(0.01)
                yield running
            finally:
                server.should_exit = True
                await task
                sandbox.store.close()


async def _taken(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    return 200


class _Losing:
    """Does what it is asked and answers as a broken gateway would, once for each entry of `lost`."""

    def __init__(self, app: Any, running: RunningSandbox) -> None:
        self._app = app
        self._running = running

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        entry = f"{scope.get('method')} {scope.get('path')}"
        if entry not in self._running.lost:
            await self._app(scope, receive, send)
            return
        self._running.lost.remove(entry)

        async def swallow(message: Any) -> None:
            pass

        await self._app(scope, receive, swallow)
        await send({"type": "http.response.start", "status": 502, "headers": []})
        await send({"type": "http.response.body", "body": b"<h1>Bad Gateway</h1>"})


PRO, STUDIO = PlanVariant("pro", "monthly"), PlanVariant("studio", "monthly")
BACK = "http://studio.test/billing/return?checkout=1"


async def bought(sandbox: RunningSandbox, variant: Any = PRO, *, how: str = "pay") -> str:
    """Somebody buys it; the id of the newest subscription there."""
    page = await sandbox.seller.checkout(
        variant, token="t0", email="kim@example.com", return_url=BACK, language="ko"
    )
    answer = await sandbox.buy(page.url, how=how)
    assert (answer.status_code, answer.headers["location"]) == (303, BACK)
    subscriptions = sandbox.sandbox.store.all("subscriptions")
    return subscriptions[0].id if subscriptions else ""


def words(sandbox: RunningSandbox, since: int = 0) -> list[tuple[str, Any]]:
    """What was sent, read as the studio reads it."""
    read = []
    for body, headers in sandbox.sent[since:]:
        sent = sandbox.seller.accept_event({name.lower(): value for name, value in headers.items()}, body)
        event = sandbox.seller.read_event(sent.body)
        assert event.token == "t0"
        read.append((event.name, event.word))
    return read
