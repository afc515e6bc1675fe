"""`Prefer: wait=N`: an answer that leaves when something is so, or when the time is over (RFC 7240)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from fastapi import Response
from starlette.types import Receive, Scope, Send

MAX_WAIT_SECONDS = 60

MakeAnswer = Callable[[], Awaitable[Response]]


def asked_to_wait(prefer: str | None) -> int:
    """Seconds that a `Prefer` header asks to wait, at most `MAX_WAIT_SECONDS`; 0 when it does not ask for that.

    A preference that is not understood is passed over, as the standard has it.
    """
    for preference in (prefer or "").split(","):
        name, _, value = preference.split(";")[0].partition("=")
        seconds = value.strip().strip('"')
        if name.strip().lower() == "wait" and seconds.isascii() and seconds.isdecimal():
            return min(int(seconds[:9]), MAX_WAIT_SECONDS)
    return 0


class HeldAnswer(Response):
    """Makes its answer only while it is being sent: the request's transaction has been committed by then, and neither
    a transaction nor a connection is held. Nothing is made for a client that has left."""

    def __init__(self, make: MakeAnswer, headers: Mapping[str, str]) -> None:
        super().__init__()
        self._make = make
        self._added = dict(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        making = asyncio.create_task(self._make_answer(), name="held answer")
        leaving = asyncio.create_task(_until_the_client_leaves(receive), name="client of a held answer")
        try:
            await asyncio.wait({making, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if making.done():
                await making.result()(scope, receive, send)
        finally:
            for task in (making, leaving):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _make_answer(self) -> Response:
        answer = await self._make()
        answer.headers.update(self._added)
        return answer


async def _until_the_client_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
