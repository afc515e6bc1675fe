"""The session a transaction is done in: SQLAlchemy's, whose cost is paid only by those who ask for it.

Statements that run for every job go to the driver itself (`statements.py`), on a connection from SQLAlchemy's pool.
Whoever asks the session for more goes on with that connection, in that transaction.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.util import greenlet_spawn


class _OnOneConnection(Session):
    """SQLAlchemy's part, bound to the connection that `statements.py` may have taken already."""

    bind: Any
    connection_taken: Connection | None = None
    commits_itself = False
    reads_only = False
    was_asked = False

    def get_bind(self, *_: Any, **__: Any) -> Connection:
        if self.commits_itself:
            raise RuntimeError("statements that commit by themselves go through `base/statements.py`")
        self.was_asked = True
        return self.take()

    def take(self) -> Connection:
        if self.connection_taken is None:
            self.connection_taken = self.bind.connect()
            # Said with the BEGIN, so it costs nothing; and each time, for others have had the connection before.
            dbapi: Any = self.connection_taken.connection.dbapi_connection
            dbapi.readonly = self.reads_only
        return self.connection_taken

    def has_work(self) -> bool:
        """Whether SQLAlchemy has done, or still has to do, anything."""
        return self.was_asked or self.has_changes()

    def has_changes(self) -> bool:
        """Whether objects were added, changed or deleted and not sent yet. `new`, `dirty` and `deleted` build sets."""
        return not self._is_clean()


class LazySession(AsyncSession):
    """An AsyncSession that takes a connection and begins a transaction when the first statement needs them.

    `commits_itself`: every statement is a transaction of its own, and only `statements.py` may run any. `reads_only`: the
    transaction is one in which PostgreSQL writes nothing.
    """

    sync_session: _OnOneConnection

    def __init__(
        self, engine: AsyncEngine, *, commits_itself: bool = False, reads_only: bool = False
    ) -> None:
        super().__init__(engine, expire_on_commit=False, autoflush=False, sync_session_class=_OnOneConnection)
        self.sync_session.commits_itself = commits_itself
        self.sync_session.reads_only = reads_only
        self._driver: Any = None

    @property
    def is_connected(self) -> bool:
        """Whether it has taken a connection, so that something may have been sent."""
        return self.sync_session.connection_taken is not None

    async def driver(self) -> Any:
        """asyncpg's connection, in this session's transaction."""
        if self._driver is None:
            self._driver = await self._begin()
        return self._driver

    async def send(self) -> None:
        """Send what was only added or changed so far, so that nothing is left for `commit` but the commit."""
        if self.sync_session.has_changes():
            await self.flush()

    async def commit(self) -> None:
        self._driver = None  # whatever comes next begins anew
        if self.sync_session.has_work():
            await super().commit()
        elif self.sync_session.connection_taken is not None:
            await greenlet_spawn(self._adapted.commit)

    async def rollback(self) -> None:
        self._driver = None
        if self.sync_session.has_work():
            await super().rollback()
        elif not self._is_at_rest() and not self._adapted.driver_connection.is_closed():
            try:
                await greenlet_spawn(self._adapted.rollback)
            except AsyncAdapt_asyncpg_dbapi.Error:
                # The connection is of no use any more; what was done on it is undone with it.
                self._adapted.driver_connection.terminate()

    async def close(self) -> None:
        """Give the connection back; what was not committed is undone."""
        if self.sync_session.was_asked:
            await super().close()
        taken = self.sync_session.connection_taken
        if taken is None:
            return
        self.sync_session.connection_taken = None
        driver: Any = None if taken.invalidated else taken.connection.driver_connection
        if driver is not None and driver.is_closed():
            with suppress(DBAPIError):
                await _let_sqlalchemy_meet(taken)
        else:
            await greenlet_spawn(taken.close)

    async def __aexit__(self, *raised: Any) -> None:
        if self.sync_session.was_asked or not self._is_at_rest():
            await super().__aexit__(*raised)
        elif self.sync_session.connection_taken is not None:
            self.sync_session.connection_taken.close()

    def _is_at_rest(self) -> bool:
        """Whether the connection, if there is one, can go back as it is: alive, and with nothing to undo."""
        if self.sync_session.connection_taken is None:
            return True
        adapted = self._adapted
        return adapted._transaction is None and not adapted.driver_connection.is_closed()

    @property
    def _adapted(self) -> Any:
        """SQLAlchemy's view of the driver's connection: what it knows of a transaction is the truth for both."""
        return self.sync_session.take().connection.dbapi_connection

    async def _begin(self) -> Any:
        connection: Connection = await greenlet_spawn(self.sync_session.take)
        adapted: Any = connection.connection.dbapi_connection
        if adapted._transaction is None and not self.sync_session.commits_itself:
            try:
                # SQLAlchemy does so when a cursor is first used; we use none.
                await adapted._start_transaction()
            except AsyncAdapt_asyncpg_dbapi.Error:
                self.sync_session.connection_taken = None
                await _let_sqlalchemy_meet(connection)
                raise
        return adapted.driver_connection


async def _let_sqlalchemy_meet(dead: Connection) -> None:
    """Of a dead connection SQLAlchemy empties its pool; it raises its own words for what happened."""
    try:
        await greenlet_spawn(dead.exec_driver_sql, "SELECT 1")
    finally:
        await greenlet_spawn(dead.close)
