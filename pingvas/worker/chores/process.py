"""The chores' process: takes each turn when PgQueuer's schedule says so, and keeps on record how it went.

Several of these processes may run at once: the schedule's row is locked, so each turn is taken once. A turn that fails
or hangs is nobody's but its own chore's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import AbstractScheduleExecutor
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.domain.models import Schedule
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import ScheduleId

import pingvas.tables  # noqa: F401 - foreign keys between rooms are found by name once every table is known
from pingvas.adapters.mail import open_post
from pingvas.adapters.sellers.chosen import open_seller
from pingvas.adapters.storage import open_storage
from pingvas.base.chore_runs import SCHEMA, Turns, note_turns
from pingvas.base.database_away import connect, is_unavailable
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.errors import StudioError
from pingvas.base.loops import BackgroundLoops, end
from pingvas.base.settings import Settings
from pingvas.realtime.publisher import open_publisher
from pingvas.worker.chores.schedule import CHORES, Chore, ChoreContext, Counts

log = logging.getLogger(__name__)

APPLICATION_NAME = "pingvas chores"
# Turns in which nothing was to be done are written down together, so that an idle house writes little.
NOTE_SECONDS = 60.0
# How long turns that are under way may go on when the process is told to stop; the next turn does what they left.
STOP_SECONDS = 5.0
# A statement about the schedule takes milliseconds; one that takes so long gets no answer any more.
COMMAND_SECONDS = 15.0


async def run_chores(
    settings: Settings,
    stop: asyncio.Event,
    chores: Sequence[Chore] = CHORES,
    *,
    loops: BackgroundLoops | None = None,
) -> None:
    """Do the chores until `stop` is set; those under way then may go on for a few seconds.

    While the database is away, they wait for it. Raises LoopGaveUp when the schedule cannot be kept in this process:
    when the schema is one that it cannot have, say.
    """
    url = settings.database_url
    assert url is not None  # noqa: S101 - the command line sees to it
    loops = loops or BackgroundLoops("chores", url)
    loops.on_give_up = stop.set
    publisher = open_publisher(settings, loops)
    database = Database(url, pool_size=4, publisher=publisher)
    await publisher.start()
    context = ChoreContext(
        database, open_storage(settings), settings, open_post(settings), open_seller(settings)
    )
    runners = [ChoreRunner(chore, context) for chore in chores]
    unreturned: set[ScheduleId] = set()
    connected = asyncio.Lock()

    async def keep() -> None:
        async with connected:
            await _keep_schedule(url, runners, stop, unreturned)

    keeping = loops.start("chore schedule", keep, essential=True)
    stopping = asyncio.create_task(stop.wait(), name="told to stop")
    try:
        await asyncio.wait({keeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        async with connected:  # turns that are under way may end
            pass
    finally:
        stopping.cancel()
        await end(keeping)
        await publisher.close()
        await database.dispose()
    loops.raise_if_gave_up()


async def _keep_schedule(
    url: str, runners: Sequence[ChoreRunner], stop: asyncio.Event, unreturned: set[ScheduleId]
) -> None:
    """Take turns over one connection until `stop` is set. Raises what ends the connection.

    `unreturned`: turns that were begun and not yet given back to the schedule; what an earlier connection left is, first.
    """

    def break_off() -> None:
        for runner in runners:
            runner.break_off()

    async def pass_on() -> None:
        await stop.wait()
        scheduler.shutdown.set()
        await asyncio.sleep(STOP_SECONDS)
        break_off()

    connection = await connect(
        for_asyncpg(url),
        timeout=5,
        command_timeout=COMMAND_SECONDS,
        server_settings={"application_name": APPLICATION_NAME},
    )
    try:
        # A turn that hangs on the same dead network must not keep the schedule from a new connection.
        connection.add_termination_listener(lambda _: break_off())
        scheduler = await open_schedule(
            connection, [runner.chore for runner in runners], unreturned=unreturned
        )
        for runner in runners:
            scheduler.schedule(runner.chore.name, runner.chore.when)(_bind(runner))
        stopper = asyncio.create_task(pass_on(), name="pass the stop on")
        try:
            await scheduler.run()
        finally:
            stopper.cancel()
        if not stop.is_set():
            raise ConnectionResetError("the schedule ended by itself")
    finally:
        try:
            await connection.close(timeout=2)
        except Exception as error:
            if not is_unavailable(error):
                raise


async def open_schedule(
    connection: asyncpg.Connection,
    chores: Sequence[Chore] = CHORES,
    *,
    unreturned: set[ScheduleId] | None = None,
) -> SchedulerManager:
    """The schedule in this database: its tables made or brought up to date, lines that hold no longer removed."""
    names = DBSettings(db_schema=SCHEMA)
    queries = Queries(
        _Driver(connection),
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
        wanted = {(chore.name, chore.when) for chore in chores}
        old = [
            line for line in await queries.peek_schedule() if (line.entrypoint, line.expression) not in wanted
        ]
        await queries.delete_schedule({line.id for line in old}, set())
        if unreturned:
            await queries.set_schedule_queued(set(unreturned))
            unreturned.clear()
    finally:
        await connection.execute("SELECT pg_advisory_unlock(hashtextextended('pingvas.chores', 0))")
    return _Schedule(queries, unreturned=set() if unreturned is None else unreturned)


class _Driver(AsyncpgDriver):
    """Ends its connection when an answer does not come: whoever listens for its end then hears of it."""

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        try:
            return await super().fetch(query, *args)
        except Exception as error:
            if is_unavailable(error):
                self._connection.terminate()
            raise

    async def execute(self, query: str, *args: object) -> str:
        try:
            return await super().execute(query, *args)
        except Exception as error:
            if is_unavailable(error):
                self._connection.terminate()
            raise


@dataclass
class _Schedule(SchedulerManager):
    """Knows which turns it has begun and could not give back, because the connection broke meanwhile.

    Others take such a turn to be under way for half a minute.
    """

    unreturned: set[ScheduleId] = field(default_factory=set, kw_only=True)

    async def dispatch(self, executor: AbstractScheduleExecutor, schedule: Schedule) -> None:
        self.unreturned.add(schedule.id)
        await super().dispatch(executor, schedule)
        self.unreturned.discard(schedule.id)


class ChoreRunner:
    """Runs a chore and writes down how its turns went: at once when there is something to tell."""

    def __init__(self, chore: Chore, context: ChoreContext, *, note_seconds: float = NOTE_SECONDS) -> None:
        self.chore = chore
        self._context = context
        self._note_seconds = note_seconds
        self._noted_at = -note_seconds
        self._unnoted = 0
        self._failing = False
        self._limit: asyncio.Timeout | None = None
        self._broken_off = False

    def break_off(self) -> None:
        """End the turn that is under way, if there is one. It goes unnoted; the next turn does what it left."""
        if self._limit is not None and not self._broken_off:
            self._broken_off = True
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def run(self) -> None:
        """Do the chore once. Raises nothing: what went wrong is logged and noted."""
        name, began = self.chore.name, time.monotonic()
        self._broken_off = False
        counts: Counts | None = None
        error: str | None = None
        try:
            async with asyncio.timeout(self.chore.at_most) as self._limit:
                counts = await self.chore.do(self._context)
        except StudioError as trouble:  # the storage or the database is away
            error = f"{trouble.code}: {trouble.detail}"
            log.warning("%s: %s", name, trouble.detail)
        except Exception as trouble:  # one chore's bug must not stop the others
            if self._broken_off:
                return
            error = f"{type(trouble).__name__}: {trouble}"
            if isinstance(trouble, TimeoutError) and self._limit is not None and self._limit.expired():
                error = f"given up after {self.chore.at_most:g} s"
            log.exception("%s failed: %s", name, error)
        finally:
            self._limit = None
        if counts is not None and any(counts.values()):
            told = ", ".join(f"{what.replace('_', ' ')} {count}" for what, count in counts.items())
            log.log(logging.WARNING if self.chore.is_trouble else logging.INFO, "%s: %s", name, told)
        await self._note(time.monotonic() - began, counts, error)

    async def _note(self, seconds: float, counts: Counts | None, error: str | None) -> None:
        self._unnoted += 1
        was_failing, self._failing = self._failing, error is not None
        dull = not was_failing and error is None and not any((counts or {}).values())
        if dull and time.monotonic() - self._noted_at < self._note_seconds:
            return
        turns = Turns(
            self.chore.name, seconds, counts, error, runs=self._unnoted, failures=int(error is not None)
        )
        try:
            async with self._context.database.transaction(durable=False) as session:
                await note_turns(session, turns)
        except DatabaseUnavailable:
            log.warning("%s: the database is away; this turn goes unnoted", self.chore.name)
            return
        self._unnoted, self._noted_at = 0, time.monotonic()


def _bind(runner: ChoreRunner) -> Callable[[Schedule], Awaitable[None]]:
    async def run(_: Schedule) -> None:
        await runner.run()

    return run
