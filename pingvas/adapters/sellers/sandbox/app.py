"""The sandbox put together: one small ASGI app, with what goes on beside its requests."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
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

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as beside:
            if loops is not None:
                passing = partial(_pass_time, sandbox, sender)
                await beside.enter_async_context(loops.running("events of the sandbox", sender.run))
                await beside.enter_async_context(loops.running("time of the sandbox", passing))
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
