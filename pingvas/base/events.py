"""What happened, told after the commit. Events are hints: a client that misses one reads the same over HTTP."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

_PENDING = "pingvas.events"


class EventPayload(BaseModel):
    """What one kind of event says. Each kind is a class in the room where it happens; `realtime/events.py` lists them all,
    and the page's types are made from that list.

    A field that is left out is not sent: the page keeps what it knows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: ClassVar[str]
    """The name that the page listens for."""


class Resync(EventPayload):
    """Events were missed, or would be too many: read again what you show."""

    event: ClassVar[str] = "system:resync"


@dataclass(frozen=True)
class Event:
    """One thing that happened, for one person's devices (`user_id`); None: for everybody's."""

    user_id: UUID | None
    said: EventPayload

    @property
    def name(self) -> str:
        """What the page listens for."""
        return self.said.event

    @cached_property
    def payload(self) -> dict[str, Any]:
        """What is sent, as JSON: made when somebody sends it, which is after the commit."""
        return self.said.model_dump(mode="json", exclude_unset=True)


@dataclass
class Pending:
    """What a transaction wants told once it has committed."""

    events: list[Event] = field(default_factory=list)
    wake_workers: bool = False
    calls: list[Callable[[], None]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.events) or self.wake_workers


class Publisher(Protocol):
    """Carries events to the people's devices and wakes workers. `publish` returns at once and never raises."""

    def publish(self, events: Sequence[Event], *, wake_workers: bool) -> None: ...


def publish_later(session: AsyncSession, user_id: UUID | None, payload: EventPayload) -> None:
    """Keep an event until this transaction commits; a rollback forgets it. Nobody hears of a deleted person's job."""
    if user_id is not None:
        _pending(session).events.append(Event(user_id, payload))


def publish_to_all_later(session: AsyncSession, payload: EventPayload) -> None:
    """The same for the devices of everybody."""
    _pending(session).events.append(Event(None, payload))


def wake_workers_later(session: AsyncSession) -> None:
    """After the commit, tell idle workers that there is work."""
    _pending(session).wake_workers = True


def after_commit(session: AsyncSession, call: Callable[[], None]) -> None:
    """Keep a call until this transaction has committed; a rollback forgets it. It must be quick and never raise."""
    _pending(session).calls.append(call)


def take_pending(session: AsyncSession) -> Pending:
    """What the transaction gathered; the session forgets it. For `base/db.py`."""
    pending: Pending | None = session.info.pop(_PENDING, None)
    return Pending() if pending is None else pending


def _pending(session: AsyncSession) -> Pending:
    pending: Pending | None = session.info.get(_PENDING)
    if pending is None:
        pending = session.info[_PENDING] = Pending()
    return pending
