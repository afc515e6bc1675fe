"""Bodies of requests: read only from who may send one, no longer than a limit, no slower than a pace, and within budgets.

Who asks comes first: a route that only a signed-in person may call reads nothing from anybody else. It happens at the first
read, so that a request which no route takes is answered as that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pingvas.api.http.callers import Callers
from pingvas.api.http.errors import refusal
from pingvas.base.budgets import Budgets, Holding, Shares, address_key
from pingvas.base.errors import StudioError, TimedOut, TooLarge, Unauthorized

# Where nothing larger is meant: the longest request for pictures has 40 kB.
MAX_BODY_BYTES = 64 * 1024
# What a multipart form adds to the file it carries.
ROOM_FOR_THE_FORM = 64 * 1024
# A body that pauses for longer, or comes slower than this for long, is given up. A modem of 2 kB/s sends a picture yet.
MAX_PAUSE_SECONDS = 15.0
FIRST_SECONDS = 30.0
LEAST_BYTES_A_SECOND = 2048

_WITH_BODIES = ("POST", "PUT", "PATCH", "DELETE")


class BodyTooSlow(TimedOut):
    default_detail = "The body of this request came too slowly."


@dataclass(frozen=True)
class Admission:
    """That somebody may send a body: at most so many bytes, beyond which `refuse` says why.

    Its bytes are held in `holding`; `under_way` is held beside, until the answer has left too.
    """

    max_bytes: int
    refuse: Callable[[], StudioError]
    holding: Holding
    under_way: Holding | None = None


Admit = Callable[[Request, int], Awaitable[Admission]]


def bearer_of(headers: Headers) -> str:
    """The bearer token. Raises Unauthorized when there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized
    return token.strip()


class Bodies:
    """ASGI middleware. `open_to_all`: the prefixes below `prefix` that strangers may send bodies to; `special`: the paths
    whose bodies somebody else admits, with the largest declared length that is taken there; one that ends in "/" stands for whatever
    lies right below it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        prefix: str,
        open_to_all: tuple[str, ...],
        special: Mapping[str, tuple[int, Admit]],
        max_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self.app = app
        self.prefix = prefix
        self.open_to_all = open_to_all
        self.special = dict(special)
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _WITH_BODIES:
            await self.app(scope, receive, send)
            return
        below = scope["path"].rpartition("/")[0] + "/"
        most, admit = (
            self.special.get(scope["path"]) or self.special.get(below) or (self.max_bytes, self._admit)
        )
        request = Request(scope)
        declared_text = request.headers.get("content-length", "0")
        declared = int(declared_text[:20]) if declared_text.isascii() and declared_text.isdigit() else 0
        body = _Body(request, receive, admit, declared)
        if declared > most:
            try:
                await self._know_who(request)
                error: StudioError = too_large(most)
            except StudioError as unknown:
                error = unknown
            await refusal(request, error)(scope, receive, send)
            return
        try:
            await self.app(scope, body.receive, send)
        finally:
            body.done()

    async def _know_who(self, request: Request) -> None:
        path = request.scope["path"]
        if path.startswith(self.prefix) and not path.startswith(self.open_to_all):
            callers: Callers = request.app.state.callers
            await callers.require_known(bearer_of(request.headers))

    async def _admit(self, request: Request, declared: int) -> Admission:
        await self._know_who(request)
        budgets: Budgets = request.app.state.budgets
        key = address_key(None if request.client is None else request.client.host)
        holding = hold(budgets.body_bytes, key, min(declared, self.max_bytes))
        return Admission(self.max_bytes, lambda: too_large(self.max_bytes), holding)


def hold(shares: Shares, who: object, amount: int) -> Holding:
    """So much of a share, until the body is done."""
    holding = Holding(shares, who)  # type: ignore[arg-type] # a key of the budget
    holding.more(amount)
    return holding


def hold_upload(budgets: Budgets, user_id: UUID, amount: int) -> tuple[Holding, Holding]:
    """That one more picture of a person is under way, and its bytes. Raises what says that they have too much under way."""
    under_way = hold(budgets.uploads, user_id, 1)
    try:
        return under_way, hold(budgets.upload_bytes, user_id, amount)
    except StudioError:
        under_way.give_back()
        raise


class Pace:
    """For how long more of a body is waited for: seconds go with time and come back with bytes, and there are never more than
    at the beginning. So a quick beginning buys no slow end: nobody holds what was sent for hours with a byte now and then."""

    def __init__(self) -> None:
        self._left = FIRST_SECONDS

    @property
    def patience(self) -> float:
        return max(0.0, min(self._left, MAX_PAUSE_SECONDS))

    def note(self, seconds: float, amount: int) -> None:
        """So many bytes came after so many seconds."""
        self._left = min(FIRST_SECONDS, self._left - seconds + amount / LEAST_BYTES_A_SECOND)


class _Body:
    """The body of one request while it arrives."""

    def __init__(self, request: Request, receive: Receive, admit: Admit, declared: int) -> None:
        self._request = request
        self._receive = receive
        self._admit = admit
        self._declared = declared
        self._admission: Admission | None = None
        self._read = 0
        self._pace = Pace()
        self._whole = False

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()  # a held answer that waits for its client to leave
        if self._admission is None:
            self._admission = await self._admit(self._request, self._declared)
        message = await self._in_time()
        self._read += len(message.get("body", b""))
        if self._read > self._admission.max_bytes:
            raise self._admission.refuse()
        if self._read > self._admission.holding.amount:
            self._admission.holding.more(self._read - self._admission.holding.amount)
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def _in_time(self) -> Message:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(self._pace.patience):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow from None
        self._pace.note(clock() - began, len(message.get("body", b"")))
        return message

    def done(self) -> None:
        if self._admission is not None:
            self._admission.holding.give_back()
            if self._admission.under_way is not None:
                self._admission.under_way.give_back()


def too_large(max_bytes: int) -> TooLarge:
    """The error for a body of more than so many bytes."""
    return TooLarge(
        f"This request is too large: at most {max_bytes} bytes are taken.", extra={"max_bytes": max_bytes}
    )
