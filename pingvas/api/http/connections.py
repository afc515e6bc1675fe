"""Connections: how many there may be, and how long a client may take to ask and to listen.

uvicorn's protocol for HTTP waits for ever for the end of the headers, takes headers of any length and writes to a client that
does not read. It makes ready every request that is in what it has read, before the first is answered. Here each of these has
a bound. Who is beyond it is hung up on: it costs a descriptor and no answer.
"""

import asyncio
import ipaddress
import logging
import resource
from collections.abc import Callable, Sequence
from typing import Any

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from pingvas.base.budget_figures import FIGURES, Share
from pingvas.base.budgets import Shares, address_key
from pingvas.base.errors import StudioError

# uvicorn writes a line for each connection that says nonsense or is one too many; `log_lines` leaves those out.
_connections_log = logging.getLogger("uvicorn.connections")

HEAD_SECONDS = 15.0
HEAD_BYTES = 64 * 1024
# Requests sent ahead, before the answer to the first. No browser does; each costs memory while it waits.
MAX_AHEAD = 16
# A client that takes nothing of its answer for so long has left.
WRITE_SECONDS = 60.0
# For reading an answer while the rest of a body that nobody wants still comes.
LEAVE_SECONDS = 2.0
# How long a connection too many is left open, unread, and how many such there may be.
REFUSED_SECONDS = 5.0
MOST_REFUSED = 2_000

_WANTED_DESCRIPTORS = 65_536
_MOST_ON_MACOS = 10_240
# Of the database, the storage, and what the process opens for itself.
_KEPT_DESCRIPTORS = 256
_GUARD = "pingvas_guard"


def raise_descriptors() -> int:
    """Let this process open as many descriptors as it may, up to a bound; how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (_WANTED_DESCRIPTORS, _MOST_ON_MACOS):
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft >= most:
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
            break
        except (ValueError, OSError):  # macOS says that there is no limit, and has one
            continue
    return _WANTED_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def most_refused(descriptors: int) -> int:
    """How many connections too many may be open for a while."""
    return min(MOST_REFUSED, descriptors // 4)


def most_connections(descriptors: int) -> int:
    """How many connections a process takes, so that descriptors are left for its own work."""
    figure = FIGURES["connections"]
    assert isinstance(figure, Share)  # noqa: S101 - a slip in the table
    return max(16, min(figure.total, descriptors - _KEPT_DESCRIPTORS - most_refused(descriptors)))


def most_open(descriptors: int) -> int:
    """The same with the sockets, which are counted by themselves; beyond it uvicorn answers 503."""
    sockets = FIGURES["sockets"]
    assert isinstance(sockets, Share)  # noqa: S101 - a slip in the table
    return max(16, min(most_connections(descriptors) + sockets.total, descriptors - _KEPT_DESCRIPTORS))


class Guard:
    """What the connections of one server share. `trusted`: the proxies, as uvicorn takes them; their connections are other
    people's, so they are counted all together alone."""

    def __init__(self, trusted: Sequence[str]) -> None:
        figure = FIGURES["connections"]
        assert isinstance(figure, Share)  # noqa: S101 - a slip in the table
        descriptors = raise_descriptors()
        total = most_connections(descriptors)
        self.most_refused = most_refused(descriptors)
        self.shares = Shares("connections", Share(figure.each, total, figure.unit, figure.why))
        self.is_proxy = _proxies(trusted)
        # Connections too many that are still open.
        self.refused: set[GuardedProtocol] = set()


def guard_of(state: ServerState) -> Guard:
    """The guard of a running server. Raises KeyError before its first connection."""
    guard: Guard = vars(state)[_GUARD]
    return guard


def _proxies(trusted: Sequence[str]) -> Callable[[str], bool]:
    networks = []
    for each in trusted:
        if each.strip() == "*":
            return lambda _host: True
        try:
            networks.append(ipaddress.ip_network(each.strip(), strict=False))
        except ValueError:
            continue

    def is_proxy(host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return is_proxy


class _TooFarAhead(Exception):
    """Ends the parser's work in the middle of what was read."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection."""

    _running: RequestResponseCycle | None = None
    _held_by: str | None = None
    _timer: asyncio.TimerHandle | None = None
    _writing: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True
    _is_refused = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = _connections_log

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        host = "unknown" if self.client is None else self.client[0]
        guard = self._guard()
        # What comes through a proxy is told apart by nothing here: each is a key of its own.
        key = f"proxied {id(self)}" if guard.is_proxy(host) else address_key(host)
        try:
            guard.shares.take(key)
        except StudioError:
            self._refuse(guard)
            return
        self._held_by = key
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_refused:
            self._guard().refused.discard(self)
        self._stop_timer()
        self._stop_writing()
        self._give_back()
        self._end_running()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing() or self._is_refused:
            return
        if self._in_head:
            if self._timer is None:  # the first bytes of another request
                self._begin_head()
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._hang_up()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        self._in_head = False
        if len(self.pipeline) >= MAX_AHEAD:
            self._hang_up()
            raise _TooFarAhead
        super().on_headers_complete()  # type: ignore[no-untyped-call, unused-ignore]

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head = True  # whatever comes next begins another request
        self._head_bytes = 0

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._in_head and self.cycle.response_complete and not self.transport.is_closing():
            # The answer left before the body was there: it is not waited for.
            self._unset_keepalive_if_required()
            self._stop_timer()
            self._timer = self.loop.call_later(LEAVE_SECONDS, self._hang_up)

    def _refuse(self, guard: Guard) -> None:
        """Hang up on a connection too many, after a while: whoever is hung up on at once is back at once, a thousand times
        a second."""
        self.connections.discard(self)  # none of those that are served
        if len(guard.refused) >= guard.most_refused:
            self.transport.abort()
            return
        guard.refused.add(self)
        self._is_refused = True
        self.loop.call_soon(self.transport.pause_reading)  # asyncio begins to read only after this method
        self._timer = self.loop.call_later(REFUSED_SECONDS, self._hang_up)

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def handle_websocket_upgrade(self) -> None:
        self._stop_timer()
        self._stop_writing()
        self._give_back()  # from now on it is a socket, and counted as one
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stop_writing()
        self._writing = self.loop.call_later(WRITE_SECONDS, self._hang_up)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_writing()

    def _guard(self) -> Guard:
        shared = vars(self.server_state)
        if _GUARD not in shared:
            trusted = self.config.forwarded_allow_ips
            shared[_GUARD] = Guard(trusted.split(",") if isinstance(trusted, str) else trusted)
        return guard_of(self.server_state)

    def _begin_head(self) -> None:
        self._head_bytes = 0
        self._timer = self.loop.call_later(HEAD_SECONDS, self._hang_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_writing(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _hang_up(self) -> None:
        self._end_running()
        self.transport.abort()

    def _end_running(self) -> None:
        """uvicorn tells the newest request alone that its client is gone; one before it would go on for nobody."""
        self.pipeline.clear()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()

    def _give_back(self) -> None:
        if self._held_by is not None:
            self._guard().shares.give_back(self._held_by)
            self._held_by = None
