"""The chores: what the house does by itself at set times. When to do it is kept by PgQueuer in schema `chores`.

Each chore may run in any process and be cut off at any moment; the next turn does what is left. Several of these
processes may run at once: the schedule's row is locked, so each turn is taken once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.domain.models import Schedule
from pgqueuer.domain.settings import DBSettings
from sqlalchemy import text

from pingvas.accounts.cleanup import forget_expired
from pingvas.adapters.storage import Storage, open_storage
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database
from pingvas.base.outbox import drain_deletions
from pingvas.base.settings import Settings
from pingvas.billing.ledger import find_disagreements
from pingvas.generation.leases import sweep_leases
from pingvas.generation.workers import forget_silent_workers
from pingvas.realtime.publisher import open_publisher

log = logging.getLogger(__name__)

SCHEMA = "chores"

_FORGET_IDEMPOTENCY_KEYS = text("DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'")


@dataclass(frozen=True)
class Tools:
    """What a chore works with."""

    database: Database
    storage: Storage
    settings: Settings


@dataclass(frozen=True)
class Chore:
    """`when` is a cron line; a sixth field counts seconds."""

    name: str
    when: str
    do: Callable[[Tools], Awaitable[None]]


async def _sweep_leases(tools: Tools) -> None:
    swept = await sweep_leases(tools.database, max_attempts=tools.settings.max_attempts)
    if swept.requeued or swept.failed:
        log.warning("workers were lost: %s jobs queued again, %s given up", swept.requeued, swept.failed)


async def _delete_objects(tools: Tools) -> None:
    gone = await drain_deletions(tools.database, tools.storage.delete)
    if gone:
        log.info("deleted %s stored objects", gone)


async def _forget_silent_workers(tools: Tools) -> None:
    async with tools.database.transaction() as session:
        await forget_silent_workers(session)


async def _forget_expired(tools: Tools) -> None:
    async with tools.database.transaction() as session:
        await forget_expired(session)
        await session.execute(_FORGET_IDEMPOTENCY_KEYS)


async def _check_ledger(tools: Tools) -> None:
    async with tools.database.read() as session:
        wrong = await find_disagreements(session)
    for disagreement in wrong:
        log.error("the ledger does not add up: %s", disagreement)


async def _tidy_storage(tools: Tools) -> None:
    gone = await tools.storage.tidy()
    if gone:
        log.info("tidied away %s unfinished files and empty folders", gone)


CHORES = (
    Chore("sweep_leases", "* * * * * */5", _sweep_leases),
    Chore("delete_objects", "* * * * * */10", _delete_objects),
    Chore("forget_silent_workers", "* * * * *", _forget_silent_workers),
    Chore("forget_expired", "7 * * * *", _forget_expired),
    Chore("check_ledger", "23 * * * *", _check_ledger),
    Chore("tidy_storage", "41 3 * * *", _tidy_storage),
)


async def run_chores(settings: Settings, stop: asyncio.Event) -> None:
    """Do the chores until `stop` is set, then finish those that are under way.

    Raises when the connection that keeps the schedule is lost; start it again then.
    """
    assert settings.database_url is not None  # noqa: S101 - the command line sees to it
    publisher = open_publisher(settings)
    database = Database(settings.database_url, pool_size=4, publisher=publisher)
    await publisher.start()
    connection = await asyncpg.connect(for_asyncpg(settings.database_url), timeout=5)
    try:
        scheduler = await open_schedule(connection)
        tools = Tools(database, open_storage(settings), settings)
        for chore in CHORES:
            scheduler.schedule(chore.name, chore.when)(_bind(chore, tools))
        stopper = asyncio.create_task(_pass_on(stop, scheduler.shutdown))
        try:
            await scheduler.run()
        finally:
            stopper.cancel()
    finally:
        await connection.close(timeout=5)
        await publisher.close()
        await database.dispose()


async def open_schedule(connection: asyncpg.Connection) -> SchedulerManager:
    """The schedule in this database, its tables made or brought up to date first."""
    names = DBSettings(db_schema=SCHEMA)
    queries = Queries(
        AsyncpgDriver(connection),
        qbe=QueryBuilderEnvironment(settings=names),
        qbq=QueryQueueBuilder(settings=names),
        qbs=QuerySchedulerBuilder(settings=names),
    )
    await connection.execute("SELECT pg_advisory_lock(hashtextextended('pingvas.chores', 0))")
    try:
        if await queries.schema_is_installed():
            await queries.upgrade()
        else:
            await queries.install()
    finally:
        await connection.execute("SELECT pg_advisory_unlock(hashtextextended('pingvas.chores', 0))")
    return SchedulerManager(queries)


def _bind(chore: Chore, tools: Tools) -> Callable[[Schedule], Awaitable[None]]:
    async def run(_: Schedule) -> None:
        await chore.do(tools)

    return run


async def _pass_on(stop: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stop.wait()
    shutdown.set()
