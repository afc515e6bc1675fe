"""The database, and the only place in the house that ends a transaction.

`Database.transaction()` commits when its block ends well, rolls back when it raises, and hands the events
gathered on the way to the publisher, and counts what happened, only after the commit.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import orjson
from sqlalchemy import ARRAY, DateTime, MetaData, Text, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from pingvas.base.database_away import connect, is_unavailable
from pingvas.base.database_url import for_sqlalchemy
from pingvas.base.disk_full import CODE, is_disk_full
from pingvas.base.errors import Unavailable
from pingvas.base.events import Pending, Publisher, take_pending
from pingvas.base.keepalive import notice_silence
from pingvas.base.read_session import ReadSession
from pingvas.base.session import LazySession

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "%(constraint_name)s",
}


class Base(DeclarativeBase):
    """The declarative base of every room's tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
    }


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or has no room or connection left."""

    default_detail = "The database is not available right now. Nothing was changed; try again in a moment."


class DatabaseFull(DatabaseUnavailable):
    """The disk of the database takes no more bytes."""

    code = CODE
    default_detail = "The studio's disk is full, so nothing can be kept right now. Nothing was changed; try again a little later."


class OutcomeUnknown(DatabaseUnavailable):
    """The connection broke while the database was told to keep what was done: it may have, and it may not."""

    code = "outcome_unknown"
    default_detail = (
        "The connection to the database broke while this was being saved, so nobody can tell whether it was. "
        "Look before you try again; the same call with the same Idempotency-Key gets the answer of the first."
    )


class Database:
    """One pool of connections. `url` is `postgresql://…`; times are the database's, isolation is read committed."""

    def __init__(self, url: str, *, pool_size: int = 10, publisher: Publisher | None = None) -> None:
        self.url = for_sqlalchemy(url)
        self.publisher = publisher
        self.engine = create_async_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            json_deserializer=orjson.loads,
            hide_parameters=True,  # an error's text is written into logs; values do not belong there
            pool_pre_ping=False,  # a dead connection shows itself as `unavailable`, once, and is replaced
            connect_args={
                "async_creator_fn": connect,
                "timeout": 5,
                "server_settings": {
                    "application_name": "pingvas",
                    # Our statements are short; compiling one would take longer than running it.
                    "jit": "off",
                    "idle_in_transaction_session_timeout": "60000",
                },
            },
        )
        event.listen(self.engine.sync_engine, "connect", _on_connect)

    @asynccontextmanager
    async def transaction(self, *, durable: bool = True) -> AsyncIterator[AsyncSession]:
        """A session whose block is one transaction.

        `durable=False` lets the commit return before it is on disk: for progress and heartbeats, which a crash
        of the database server may forget, never for money or outcomes.
        Raises DatabaseUnavailable when the server cannot be reached or gives up in the middle, and then nothing has
        changed; and OutcomeUnknown when it does so at the commit.
        """
        moment = _Moment()
        with _unavailable_when_down(moment):
            async with LazySession(self.engine) as session:
                try:
                    if not durable:
                        await (await session.driver()).execute("SET LOCAL synchronous_commit = off")
                    yield session
                    await session.send()
                    moment.commits = True
                    await session.commit()
                except BaseException:
                    take_pending(session)
                    await session.rollback()
                    raise
                pending = take_pending(session)
        self._tell(pending)

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[AsyncSession]:
        """A session whose statements, which `statements.py` runs, each commit by themselves.

        Two round trips to the server less than a transaction, for what is one statement. Raises OutcomeUnknown when the
        connection breaks under one.
        """
        moment = _Moment()
        with _unavailable_when_down(moment):
            async with LazySession(self.engine, commits_itself=True) as session:
                try:
                    yield session
                finally:
                    moment.commits = session.is_connected
        self._tell(take_pending(session))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """A session for reading: PostgreSQL refuses to write in it. What was read stays readable afterwards."""
        with _unavailable_when_down(_Moment()):
            async with LazySession(self.engine, reads_only=True) as session:
                try:
                    yield session
                finally:
                    session.expunge_all()  # the rollback would empty the rows
                    await session.rollback()

    async def dispose(self) -> None:
        """Close the pool."""
        await self.engine.dispose()

    def _tell(self, pending: Pending) -> None:
        for call in pending.calls:
            call()
        if pending and self.publisher is not None:
            self.publisher.publish(pending.events, wake_workers=pending.wake_workers)


def _on_connect(adapted: Any, _: Any) -> None:
    notice_silence(adapted.driver_connection)


@dataclass
class _Moment:
    """How far a transaction is. From when it `commits`, only the server knows what it has kept."""

    commits: bool = False


@contextmanager
def _unavailable_when_down(moment: _Moment) -> Iterator[None]:
    """Turns the driver's ways of saying "the server is down" into DatabaseUnavailable or OutcomeUnknown."""
    try:
        yield
    except Exception as error:
        if is_unavailable(error):
            raise _what_it_means(error, moment) from error
        raise


def _what_it_means(error: Exception, moment: _Moment) -> DatabaseUnavailable:
    if is_disk_full(error):  # an answer of the server's, so nothing was kept, whatever the moment
        return DatabaseFull()
    return OutcomeUnknown() if moment.commits else DatabaseUnavailable()
