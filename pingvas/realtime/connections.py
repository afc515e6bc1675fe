"""Stands before the socket.io library: who may open a socket, what is read from one, and when it is dropped.

The library keeps what it is sent and waits as long as it is made to wait. So every message passes `Session.hear` first, and
a session ends when it says what no client says, more than its person may, or nothing at all. It is told nothing of why but
a close code; the log is left alone, and `pingvas_sockets_dropped_total` counts.
"""

import asyncio
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pingvas.base.budgets import Budgets, Holding, address_key
from pingvas.base.errors import StudioError
from pingvas.base.metrics import REGISTRY
from pingvas.realtime.messages import MAX_BYTES, BadMessage, Kind, kind_of
from pingvas.realtime.outgoing import Server
from pingvas.realtime.websocket_protocol import ABORT

CONNECT_SECONDS = 10.0
SEND_SECONDS = 20.0
_BODY_SECONDS = 10.0
_MAX_PACKETS = 16  # of a polling client in one body, as in the library
_MAX_EARLY = 16  # messages before somebody has signed in
_PACKETS_END = "\x1e"
_SESSION = "pingvas.session"
_GONE = {"type": "websocket.disconnect", "code": 1008}

DROPPED = Counter(
    "pingvas_sockets_dropped",
    "Sockets closed by the studio, by cause",
    ("cause",),
    registry=REGISTRY,
)


class Dropped(Exception):
    """The session is to be dropped, and for which cause."""


class Session:
    """One engine.io session, from its handshake to its end, over polling or a WebSocket."""

    def __init__(self, sockets: "BoundedSockets", address: str, holding: Holding) -> None:
        self.id: str | None = None
        self.address = address
        self.websocket: WebSocket | None = None
        self.is_polled = False
        self.is_over = False
        self._sockets = sockets
        self._holding = holding
        self._user_id: UUID | None = None
        self._asking = False
        self._early = 0
        self._deadline = self._in_time()

    @property
    def budgets(self) -> Budgets:
        return self._sockets.budgets

    def hear(self, text: str) -> Kind:
        """What a message is. Raises BadMessage, and BudgetUsedUp when its person says too much."""
        kind = kind_of(text)
        if self._user_id is None:
            self._early += 1
            if self._early > _MAX_EARLY:
                raise BadMessage("much before signing in")
        else:
            self.budgets.socket_events.take(self._user_id)
            self.budgets.socket_bytes.take(self._user_id, len(text))
        if kind is Kind.CONNECT:
            # A second one would make the library forget the first, whose place would be taken for ever.
            if self._asking or self._user_id is not None:
                raise BadMessage("connects twice")
            self.budgets.socket_handshakes.take(self.address)
            self._asking = True
        return kind

    def refused(self) -> None:
        """Whoever asked is nobody; another try may follow until the deadline."""
        self._asking = False

    def signed_in(self, user_id: UUID) -> None:
        """From now on it is this person's. Raises BudgetUsedUp when they have too many."""
        self._asking = False
        self.budgets.sockets.take(user_id)
        self._user_id = user_id
        self._deadline.cancel()
        if self.websocket is not None:
            self.websocket.is_ready()

    def signed_out(self) -> None:
        """It is nobody's again, and has as long as a new one to be somebody's."""
        if self._user_id is not None:
            self.budgets.sockets.give_back(self._user_id)
            self._user_id = None
        if not self.is_over:
            self._early = 0
            self._deadline = self._in_time()

    def end(self) -> None:
        """Give back what it held. A second time does nothing."""
        self.is_over = True
        self._deadline.cancel()
        self.signed_out()
        self._holding.give_back()

    def _in_time(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(CONNECT_SECONDS, self._sockets.drop, self, "no_connect")


class WebSocket:
    """A client's WebSocket as the library sees it: only good messages come in, and an end comes when the studio wants it."""

    def __init__(self, session: Session, scope: Scope, receive: Receive, send: Send) -> None:
        self._session = session
        self._receive = receive
        self._send = send
        self._abort = scope.get(ABORT)
        self._over = asyncio.Event()
        self._deadline = asyncio.get_running_loop().call_later(CONNECT_SECONDS, self._too_late)

    def is_ready(self) -> None:
        """The client has done what it opened this for."""
        self._deadline.cancel()

    def end(self, *, abort: bool = False) -> None:
        """Tell the library that the client is gone; with `abort` cut off a client that does not read."""
        self._deadline.cancel()
        self._over.set()
        if abort and self._abort is not None:
            self._abort()

    async def receive(self) -> Message:
        """The next message, or that the client is gone."""
        coming = asyncio.ensure_future(self._receive())
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait((coming, over), return_when=asyncio.FIRST_COMPLETED)
            if self._over.is_set():
                return _GONE
            message = coming.result()
        finally:
            coming.cancel()
            over.cancel()
        if message["type"] == "websocket.receive":
            try:
                self._hear(message)
            except Dropped as cause:
                DROPPED.labels(str(cause)).inc()
                self.end()
                return _GONE
        return message

    async def send(self, message: Message) -> None:
        """Raises OSError when the client does not read for so long."""
        if message["type"] == "websocket.close" and self._over.is_set():
            message = {**message, "code": 1008}
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._send(message)
        except TimeoutError:
            DROPPED.labels("slow_reader").inc()
            self.end(abort=True)
            raise OSError("the client does not read") from None

    def _hear(self, message: Message) -> None:
        text = message.get("text")
        if text is None:
            raise Dropped("bad_message")
        kind = _heard(self._session, text)
        if kind is Kind.UPGRADE:
            self.is_ready()
        elif kind is Kind.CLOSE:
            self.end()

    def _too_late(self) -> None:
        DROPPED.labels("no_connect").inc()
        self.end()


class BoundedSockets:
    """ASGI app around the library's. Handlers find their session by `session_of`."""

    def __init__(self, app: ASGIApp, server: Server, budgets: Budgets) -> None:
        self.budgets = budgets
        self._app = app
        self._server = server
        self._sessions: dict[str, Session] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._library_opened = server.eio.handlers["connect"]
        self._library_closed = server.eio.handlers["disconnect"]
        server.eio.on("connect", self._opened)
        server.eio.on("disconnect", self._closed)
        server.eio.too_slow = self._too_slow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        if "j" in query:  # JSONP, for browsers of long ago
            await _refuse(scope, receive, send, 400)
            return
        if "sid" in query:
            session = self._sessions.get(query["sid"][0])
            if session is None:
                await _refuse(scope, receive, send, 400)
            elif scope["type"] == "websocket":
                await self._upgrade(session, scope, receive, send)
            elif scope["method"] == "GET":
                await self._poll(session, scope, receive, send)
            else:
                await self._post(session, scope, receive, send)
        else:
            await self._handshake(scope, receive, send)

    def close(self) -> None:
        """Forget every session; the server goes."""
        for session in list(self._sessions.values()):
            session.end()
            if session.websocket is not None:
                session.websocket.end()

    def drop(self, session: Session, cause: str) -> None:
        """End a session soon, whatever it is doing."""
        if session.is_over:
            return
        DROPPED.labels(cause).inc()
        session.is_over = True
        if session.websocket is not None:
            session.websocket.end(abort=cause == "slow_reader")
        closing = asyncio.create_task(self._close(session), name="close a socket")
        self._closing.add(closing)  # the loop itself keeps only a weak reference
        closing.add_done_callback(self._closing.discard)

    async def _handshake(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        address = address_key(client[0] if client else None)
        try:
            self.budgets.socket_handshakes.take(address)
            holding = Holding(self.budgets.sockets_of_address, address)
            holding.more()
        except StudioError as error:
            await _refuse(scope, receive, send, 429, error.retry_after)
            return
        session = Session(self, address, holding)
        scope = {**scope, _SESSION: session}
        try:
            if scope["type"] == "websocket":
                await self._serve(session, scope, receive, send)
            else:
                await self._app(scope, receive, send)
        finally:
            if session.id is None:  # the library has refused it
                session.end()
            elif scope["type"] == "websocket":
                await self._close(session)

    async def _upgrade(self, session: Session, scope: Scope, receive: Receive, send: Send) -> None:
        if session.websocket is not None or session.is_over:
            await _refuse(scope, receive, send, 400)
            return
        await self._serve(session, scope, receive, send)

    async def _serve(self, session: Session, scope: Scope, receive: Receive, send: Send) -> None:
        session.websocket = websocket = WebSocket(session, scope, receive, send)
        try:
            await self._app(scope, websocket.receive, websocket.send)
        finally:
            websocket.is_ready()
            session.websocket = None

    async def _poll(self, session: Session, scope: Scope, receive: Receive, send: Send) -> None:
        if session.is_polled:
            # The protocol has one poll at a time; a second would take half of the events and wait for nobody.
            self.drop(session, "bad_message")
            await _refuse(scope, receive, send, 400)
            return
        session.is_polled = True
        try:
            await self._app(scope, receive, send)
        finally:
            session.is_polled = False

    async def _post(self, session: Session, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await _read(receive)
            said = body.decode()
            packets = said.split(_PACKETS_END)
            if len(packets) > _MAX_PACKETS:
                raise Dropped("bad_message")
            for number, packet in enumerate(packets, 1):
                kind = _heard(session, packet)
                if kind in (Kind.PROBE, Kind.UPGRADE) or (kind is Kind.CLOSE and number < len(packets)):
                    raise Dropped("bad_message")
            if session.is_over:
                raise Dropped("bad_message")  # it ended while the body came
        except (Dropped, UnicodeDecodeError) as error:
            self.drop(session, str(error) if isinstance(error, Dropped) else "bad_message")
            await _refuse(scope, receive, send, 400)
            return
        headers = [pair for pair in scope["headers"] if pair[0].lower() != b"content-length"]
        scope = {**scope, "headers": [*headers, (b"content-length", b"%d" % len(body))]}
        sent = False

        async def receive_read() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, receive_read, send)

    async def _opened(self, session_id: str, environ: dict[str, Any]) -> Any:
        session = session_of(environ)
        session.id = session_id
        self._sessions[session_id] = session
        return await self._library_opened(session_id, environ)

    async def _closed(self, session_id: str, reason: str) -> None:
        try:
            await self._library_closed(session_id, reason)
        finally:
            session = self._sessions.pop(session_id, None)
            if session is not None:
                session.end()

    async def _close(self, session: Session) -> None:
        if session.id is None:
            return
        socket = self._server.eio.sockets.get(session.id)
        if socket is not None:
            await socket.close(wait=False, abort=True)
            socket.queue.throw_away()
            if session.websocket is None:
                self._server.eio.sockets.pop(session.id, None)

    def _too_slow(self, session_id: str) -> None:
        session = self._sessions.get(session_id)
        if session is not None:
            self.drop(session, "slow_reader")


def session_of(environ: dict[str, Any]) -> Session:
    """The session of the request that opened it, by what the library hands to handlers."""
    session: Session = environ["asgi.scope"][_SESSION]
    return session


def _heard(session: Session, text: str) -> Kind:
    try:
        return session.hear(text)
    except BadMessage:
        raise Dropped("bad_message") from None
    except StudioError:
        raise Dropped("too_much") from None


async def _read(receive: Receive) -> bytes:
    """A polling client's body. Raises Dropped when it is long or slow."""
    body: bytes = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(_BODY_SECONDS):
            while len(body) <= MAX_BYTES:
                message = await receive()
                if message["type"] != "http.request":
                    raise Dropped("bad_message")
                body += bytes(message.get("body", b""))
                if not message.get("more_body", False):
                    return body
    raise Dropped("bad_message")


async def _refuse(
    scope: Scope, receive: Receive, send: Send, status: int, retry_after: int | None = None
) -> None:
    """Answer a handshake or a request without asking the library."""
    kind = "http"
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        kind = "websocket.http"
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
    if retry_after is not None:
        headers.append((b"retry-after", b"%d" % retry_after))
    await send({"type": f"{kind}.response.start", "status": status, "headers": headers})
    await send(
        {"type": f"{kind}.response.body", "body": b"Too many sockets" if status == 429 else b"Bad Request"}
    )
