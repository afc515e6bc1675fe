"""The socket.io server at `/ws`: who may connect, which room they join, and what they may ask.

Refuses a handshake without a good access token or API key, and drops a socket when its time is over. What a socket may cost
before and after that is for `connections`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import socketio
from socketio.exceptions import ConnectionRefusedError as Refused
from sqlalchemy import ARRAY, Uuid, any_, bindparam, select

from pingvas.accounts.actor import Actor
from pingvas.accounts.api_keys.use import note_uses, refuse_without_scope, which_live
from pingvas.accounts.current import authenticate_for_a_while, is_admin, refuse_if_viewing
from pingvas.accounts.events import AuthExpired
from pingvas.accounts.refusals import InvalidToken
from pingvas.accounts.tables import User, UserSession
from pingvas.base.budgets import Budgets
from pingvas.base.db import Database
from pingvas.base.errors import Invalid, StudioError
from pingvas.base.loops import BackgroundLoops, end
from pingvas.base.notify import Notifier
from pingvas.base.public_address import is_own_origin
from pingvas.base.settings import Settings
from pingvas.generation.lifecycle.cancel import request_cancel
from pingvas.generation.status.jobs import get_job
from pingvas.realtime.backbone import backbone_url, open_manager
from pingvas.realtime.connections import BoundedSockets, Session, session_of
from pingvas.realtime.events import QueuePosition
from pingvas.realtime.job_ends import JobEnds
from pingvas.realtime.messages import MAX_BYTES, TextPacket
from pingvas.realtime.outgoing import Server
from pingvas.realtime.positions import Positions
from pingvas.realtime.rooms import ADMIN, EVERYBODY, user_room

log = logging.getLogger(__name__)

_MAX_TOKEN = 4_096  # ours have a few hundred characters
RECHECK_SECONDS = 30.0
_START_SECONDS = 5

# The devices come as one array: there may be more of them than a statement may have arguments.
_SIGNED_IN = (
    select(UserSession.id)
    .join(User, User.id == UserSession.user_id)
    .where(UserSession.id == any_(bindparam("device_ids", type_=ARRAY(Uuid))), User.status == "active")
)


class Realtime:
    """The socket.io server of one API process. `asgi` is mounted at `/ws`; `start` and `close` frame its life."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        loops: BackgroundLoops | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._loops = loops or BackgroundLoops("")
        self._notifier = Notifier(backbone_url(settings), loops=self._loops)
        self._manager = open_manager(settings, self._notifier)
        self._manager.hear = self._hear
        self._positions = Positions(database, self._tell_position)
        self.job_ends = JobEnds()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._devices: dict[str, UUID] = {}
        self._keys: dict[str, UUID] = {}
        self._sessions: dict[str, Session] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._goodbyes: set[asyncio.Task[None]] = set()
        self.server = Server(
            async_mode="asgi",
            client_manager=self._manager,
            serializer=TextPacket,
            async_handlers=False,  # a socket's events are answered one after the other
            max_http_buffer_size=MAX_BYTES,
            cors_allowed_origins=self._is_ours,
            cors_credentials=False,  # a token says who it is, never a cookie
            logger=False,
            engineio_logger=False,
        )
        self._sockets = BoundedSockets(
            socketio.ASGIApp(self.server, socketio_path=None), self.server, budgets or Budgets()
        )
        self.asgi = self._sockets
        self.server.on("connect", self._connect)
        self.server.on("disconnect", self._disconnect)
        self.server.on("job:subscribe", self._acknowledged(self._subscribe))
        self.server.on("job:unsubscribe", self._acknowledged(self._unsubscribe))
        self.server.on("job:cancel", self._acknowledged(self._cancel))

    async def start(self) -> None:
        """Begin to listen for events. The library would do so at the first connection, and miss what came before."""
        await self._notifier.start()
        self.server.manager_initialized = True
        self._manager.initialize()
        self._tasks = [
            self._loops.start("event listener", self._manager.hear_others, essential=True),
            self._loops.start("socket recheck", self._recheck),
            self._loops.start("queue positions", self._positions.run),
        ]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._manager.listening.wait(), _START_SECONDS)

    async def close(self) -> None:
        """Disconnect everybody and stop listening."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._sockets.close()
        await self.server.shutdown()
        for task in self._tasks:
            await end(task)
        await self._notifier.close()
        for connection in (getattr(self._manager, "pubsub", None), getattr(self._manager, "redis", None)):
            if connection is not None:
                await connection.aclose()

    def _is_ours(self, origin: str | None, environ: dict[str, Any]) -> bool:
        """Whether a page at this origin may connect. What it then does takes a token, which no browser sends by itself."""
        if origin is None:
            return True  # not a browser
        opened_to = self._settings.cors_origins
        return (
            is_own_origin(self._settings.base_url, origin, environ.get("HTTP_HOST"))
            or "*" in opened_to
            or origin.lower() in opened_to
        )

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        opened = session_of(environ)
        token = auth.get("token") if isinstance(auth, dict) else None
        try:
            if not isinstance(token, str) or len(token) > _MAX_TOKEN or not token.isascii():
                raise InvalidToken
            ip = _client_of(environ)
            async with self._database.read() as session:
                actor, left = await authenticate_for_a_while(
                    session, self._settings, token, ip=ip, needs="read"
                )
            if actor.key is not None and not actor.key.used_lately:
                async with self._database.transaction(durable=False) as session:
                    await note_uses(session, {actor.key.id: ip})
            if opened.is_over:  # it was closed meanwhile
                raise InvalidToken
            opened.signed_in(actor.user_id)
        except StudioError as error:
            opened.refused()
            raise Refused(error.code, {"code": error.code, "detail": error.detail}) from None
        self._sessions[sid] = opened
        await self.server.save_session(sid, {"actor": actor})
        await self.server.enter_room(sid, user_room(actor.user_id))
        await self.server.enter_room(sid, EVERYBODY)
        if actor.key is None and is_admin(self._settings, actor):
            await self.server.enter_room(sid, ADMIN)
        if actor.session_id is not None:
            self._devices[sid] = actor.session_id
        if actor.key is not None:
            self._keys[sid] = actor.key.id
        self._positions.joined(sid, actor.user_id)
        if left is not None:
            self._timers[sid] = asyncio.get_running_loop().call_later(left.total_seconds(), self._expire, sid)

    async def _disconnect(self, sid: str, _reason: str) -> None:
        self._devices.pop(sid, None)
        self._keys.pop(sid, None)
        self._positions.left(sid)
        timer = self._timers.pop(sid, None)
        if timer is not None:
            timer.cancel()
        session = self._sessions.pop(sid, None)
        if session is not None:
            session.signed_out()

    def _expire(self, sid: str) -> None:
        self._timers.pop(sid, None)
        goodbye = asyncio.create_task(self._say_goodbye(sid, "token_expired"), name="auth expired")
        self._goodbyes.add(goodbye)  # the loop itself keeps only a weak reference
        goodbye.add_done_callback(self._said_goodbye)

    def _said_goodbye(self, goodbye: asyncio.Task[None]) -> None:
        self._goodbyes.discard(goodbye)
        if not goodbye.cancelled() and goodbye.exception() is not None:
            log.error("a socket whose token is over could not be closed", exc_info=goodbye.exception())

    async def _say_goodbye(self, sid: str, code: str) -> None:
        await self._manager.emit_here(AuthExpired(code=code), room=sid)
        await self.server.disconnect(sid)

    async def _recheck(self) -> None:
        """Now and then, look for what no event may have told."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            self._positions.look_at_everybody()
            # Nobody is thrown out because we cannot look.
            await self._drop_signed_out(dict(self._devices), dict(self._keys))

    async def _drop_signed_out(self, devices: dict[str, UUID], keys: dict[str, UUID]) -> None:
        """Drop the sockets of devices that were signed out, of keys that were revoked, and of people who were suspended."""
        good: set[UUID] = set()
        if not devices and not keys:
            return
        async with self._database.read() as session:
            if devices:
                asked = {"device_ids": list(set(devices.values()))}
                good.update(await session.scalars(_SIGNED_IN, asked))
            if keys:
                good |= await which_live(session, list(set(keys.values())))
        for sid, credential in {**devices, **keys}.items():
            if credential not in good:
                await self._say_goodbye(sid, "invalid_token")

    def _hear(self, event: str, room: str | None, payload: Any) -> None:
        """What passes through on its way to the sockets, whoever they belong to."""
        self._positions.hear(event, room, payload)
        self.job_ends.hear(event, payload)

    async def _tell_position(self, user_id: UUID, position: QueuePosition) -> None:
        await self._manager.emit_here(position, room=user_room(user_id))

    def _acknowledged(
        self, act: Callable[[str, Actor, Any], Awaitable[dict[str, Any]]]
    ) -> Callable[..., Awaitable[dict[str, Any]]]:
        """A handler that acts for the socket's person and answers `{ok, …}` or `{ok: false, error: {code, message}}`."""

        async def handler(sid: str, data: Any = None) -> dict[str, Any]:
            try:
                actor: Actor = (await self.server.get_session(sid))["actor"]
                return {"ok": True, **await act(sid, actor, data)}
            except KeyError:  # the socket closed while its message waited
                return _refusal(InvalidToken())
            except StudioError as error:
                return _refusal(error)

        return handler

    async def _subscribe(self, _sid: str, actor: Actor, data: Any) -> dict[str, Any]:
        # A job's events reach every socket of its owner anyway; a page that comes late learns where the job stands.
        async with self._database.read() as session:
            view = await get_job(session, actor, _job_id(data))
        return {"status": view.job.status}

    async def _unsubscribe(self, _sid: str, _actor: Actor, _data: Any) -> dict[str, Any]:
        return {}

    async def _cancel(self, _sid: str, actor: Actor, data: Any) -> dict[str, Any]:
        refuse_if_viewing(actor)
        refuse_without_scope(actor.key, "generate")
        job_id = _job_id(data)
        async with self._database.transaction() as session:
            await request_cancel(session, actor, job_id)
        return {}


def _client_of(environ: dict[str, Any]) -> str | None:
    """The address of the client that opened a socket, where that is known."""
    client = environ["asgi.scope"].get("client")
    return client[0] if client else None


def _job_id(data: Any) -> UUID:
    try:
        return UUID(data["job_id"])
    except (TypeError, KeyError, ValueError, AttributeError):
        raise Invalid("Send {job_id}.", field="job_id", reason="is not a job's id") from None


def _refusal(error: StudioError) -> dict[str, Any]:
    return {"ok": False, "error": {"code": error.code, "message": error.detail}}
