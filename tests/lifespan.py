"""Runs an ASGI app's lifespan around a test: startup before, shutdown after, both in one task."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def running_app(app: Any) -> AsyncIterator[Any]:
    """The app between its startup and its shutdown. Raises what the app raises in either."""
    incoming: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    outgoing: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    task = asyncio.create_task(
        app({"type": "lifespan", "asgi": {"version": "3.0"}}, incoming.get, outgoing.put)
    )
    await incoming.put({"type": "lifespan.startup"})
    await _answer(task, outgoing, "lifespan.startup")
    try:
        yield app
    finally:
        await incoming.put({"type": "lifespan.shutdown"})
        await _answer(task, outgoing, "lifespan.shutdown")
        await task


async def _answer(
    task: asyncio.Task[None], outgoing: asyncio.Queue[MutableMapping[str, Any]], step: str
) -> None:
    answer = asyncio.create_task(outgoing.get())
    await asyncio.wait({task, answer}, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        answer.cancel()
        await task  # raises what went wrong
        raise RuntimeError(f"the app ended without answering {step}")
    message = answer.result()
    if message["type"] != f"{step}.complete":
        await asyncio.wait({task})
        raise RuntimeError(f"{step} failed: {message.get('message', '')}") from task.exception()
