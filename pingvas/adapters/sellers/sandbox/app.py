"""The sandbox put together: one small ASGI app, with what goes on beside its requests."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from pingvas.adapters.sellers.sandbox import keys
from pingvas.adapters.sellers.sandbox.controls import Controls
from pingvas.adapters.sellers.sandbox.events import Post, Sender
from pingvas.adapters.sellers.sandbox.json_api import JsonApi, add_webhook
from pingvas.adapters.sellers.sandbox.pages import Pages
from pingvas.adapters.sellers.sandbox.passing_time import happen
from pingvas.adapters.sellers.sandbox.state import Sandbox
from pingvas.adapters.sellers.sandbox.store import Store
from pingvas.base.loops import BackgroundLoops
from pingvas.base.settings import Settings

_TICK_SECONDS = 5.0
_Beside = tuple[str, Callable[[], Awaitable[None]]]


def open_sandbox(settings: Settings, url: str, webhook_url: str) -> Sandbox:
    """The sandbox in the data folder, which browsers reach at `url` and whose events go to `webhook_url`. Close its store."""
    store = Store(settings.data_dir / keys.FOLDER / "sandbox.sqlite")
    sandbox = Sandbox(store, url.rstrip("/"), keys.api_key(settings), keys.page_key(settings))
    secret = keys.webhook_secrets(settings)[0]
    with store.transaction():
        store.forget_deliveries()
        for known in store.all("webhooks"):
            if known.hidden.get("is_ours"):
                known.attributes["url"] = webhook_url
                known.hidden["secret"] = secret
                store.keep(known)
                return sandbox
        made = add_webhook(sandbox, webhook_url, [], secret)
        made.hidden["is_ours"] = True
        store.keep(made)
    return sandbox


def create_app(
    sandbox: Sandbox,
    *,
    loops: BackgroundLoops | None,
    post: Post | None = None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """`app.state.sender` sends the events. With `loops` that goes on by itself, and time passes."""
    sender = Sender(sandbox.store, post=post, clock=clock)
    beside: list[_Beside] = []
    if loops is not None:
        beside = [("events", sender.run), ("time", partial(_pass_time, sandbox, sender))]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with _all_running(loops, beside):
            yield

    app = Starlette(
        routes=[
            Mount("/v1", routes=JsonApi(sandbox, sender.wake).routes()),
            Mount("/sandbox", routes=Controls(sandbox, sender.wake).routes()),
            *Pages(sandbox, sender.wake).routes(),
        ],
        middleware=[Middleware(_MarkedAsSandbox)],
        lifespan=lifespan,
    )
    app.state.sender = sender
    app.state.sandbox = sandbox
    return app


@asynccontextmanager
async def _all_running(loops: BackgroundLoops | None, tasks: list[_Beside]) -> AsyncIterator[None]:
    if loops is None or not tasks:
        yield
        return
    (name, work), *others = tasks
    async with loops.running(f"sandbox: {name}", work), _all_running(loops, others):
        yield


async def _pass_time(sandbox: Sandbox, sender: Sender) -> None:
    """What is due happens also when nobody moves the clock."""
    while True:
        with sandbox.store.transaction():
            done = happen(sandbox, sandbox.store.now())
        if done:
            sender.wake()
        await asyncio.sleep(_TICK_SECONDS)


class _MarkedAsSandbox:
    """Every answer says what it comes from."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers") or ())  # type: ignore[call-overload]
                message = {**message, "headers": [*headers, (b"x-sandbox", b"1")]}
            await send(message)

        await self._app(scope, receive, marked if scope["type"] == "http" else send)  # type: ignore[arg-type]
