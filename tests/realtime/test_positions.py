"""Places in the queue, told to those who are connected and wait, and to nobody else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.events import Resync
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings
from pingvas.generation.lifecycle.cancel import request_cancel
from pingvas.realtime.events import QueuePosition
from pingvas.realtime.positions import Positions
from pingvas.realtime.rooms import user_room
from tests.make.accounts import make_device
from tests.make.billing import make_person as make_payer
from tests.make.generation import claim_job, submit_jobs
from tests.make.queue import make_worker
from tests.realtime.conftest import Ears, Person

Told = list[tuple[UUID, QueuePosition]]


class ReadCountingDatabase(Database):
    """The real one, which also counts how often it was read."""

    reads = 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        self.reads += 1
        async with super().read() as session:
            yield session


@pytest.fixture
async def counting(settings: Settings) -> AsyncIterator[ReadCountingDatabase]:
    assert settings.database_url is not None
    made = ReadCountingDatabase(settings.database_url, pool_size=1)
    yield made
    await made.dispose()


@pytest.fixture
async def looking(
    counting: ReadCountingDatabase, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Positions, Told]]:
    """Positions that look often, and what they have told."""
    monkeypatch.setattr("pingvas.realtime.positions.LOOK_SECONDS", 0.05)
    told: Told = []

    async def tell(user_id: UUID, payload: QueuePosition) -> None:
        told.append((user_id, payload))

    positions = Positions(counting, tell)
    task = asyncio.create_task(positions.run())
    yield positions, told
    task.cancel()


async def payers(database: Database, count: int) -> list[Actor]:
    async with database.transaction() as session:
        await make_model(session)
        await make_worker(session, "one", "toy")
        return [await make_payer(session) for _ in range(count)]


async def several_looks(counting: ReadCountingDatabase, looks: int = 4) -> None:
    until = counting.reads + looks
    async with asyncio.timeout(30):
        while counting.reads < until:  # noqa: ASYNC110 - reads are counted and tell nobody
            await asyncio.sleep(0.02)


async def expect(database: Database, job_id: UUID, seconds: float) -> None:
    """The job is now expected to run for so long."""
    async with database.transaction() as session:
        longer = text("UPDATE generation_jobs SET estimated_seconds = :seconds WHERE id = :id")
        await session.execute(longer, {"id": job_id, "seconds": seconds})


async def until_told(told: Told, count: int) -> None:
    async with asyncio.timeout(30):
        while len(told) < count:  # noqa: ASYNC110 - a list tells nobody that it grew
            await asyncio.sleep(0.02)


async def test_a_place_is_told_once_and_again_only_when_it_changes(
    database: Database, counting: ReadCountingDatabase, looking: tuple[Positions, Told]
) -> None:
    # given two people in line, of whom the second is connected
    positions, told = looking
    first, second = await payers(database, 2)
    (ahead,) = (await submit_jobs(database, first)).job_ids
    (job_id,) = (await submit_jobs(database, second)).job_ids
    await expect(database, ahead, 1000)

    # when
    positions.joined("a socket", second.user_id)
    await until_told(told, 1)
    await several_looks(counting)

    # then nobody hears more than is new
    ((user_id, payload),) = told
    assert user_id == second.user_id
    assert payload.model_dump(mode="json") == {
        "job_id": str(job_id),
        "position": 2,
        "eta_seconds": 1000,
        "waiting_for": "worker",
    }

    # when the job ahead is gone
    async with database.transaction() as session:
        await request_cancel(session, first, ahead)
    await until_told(told, 2)
    await several_looks(counting)

    # then
    assert [payload.position for _, payload in told] == [2, 1]


async def test_a_forecast_that_turns_out_wrong_is_told_anew(
    database: Database, looking: tuple[Positions, Told]
) -> None:
    # given
    positions, told = looking
    first, second = await payers(database, 2)
    (ahead,) = (await submit_jobs(database, first)).job_ids
    await submit_jobs(database, second)
    await expect(database, ahead, 1000)
    positions.joined("a socket", second.user_id)
    await until_told(told, 1)

    # when what is ahead is known to take much longer
    await expect(database, ahead, 5000)
    await until_told(told, 2)

    # then
    assert (told[1][1].position, told[1][1].eta_seconds) == (2, 5000)


async def test_the_database_is_left_alone_while_nobody_connected_waits(
    database: Database, counting: ReadCountingDatabase, looking: tuple[Positions, Told]
) -> None:
    # given somebody who waits, but is not here, and somebody who is here, but does not wait
    positions, told = looking
    away, here = await payers(database, 2)
    await submit_jobs(database, away)
    positions.joined("a socket", here.user_id)
    await several_looks(counting, 1)

    # when
    positions.hear("job:queued", user_room(away.user_id), {})
    positions.hear("job:progress", user_room(here.user_id), {})
    await asyncio.sleep(0.5)

    # then
    assert counting.reads == 1
    assert told == []

    # when the one who is here begins to wait, and goes
    await submit_jobs(database, here)
    positions.hear("job:queued", user_room(here.user_id), {})
    await until_told(told, 1)
    positions.left("a socket")
    await asyncio.sleep(0.3)
    reads = counting.reads
    await asyncio.sleep(0.3)

    # then
    assert counting.reads == reads
    assert {user_id for user_id, _ in told} == {here.user_id}


async def test_after_missed_events_everybody_is_looked_at(
    database: Database, counting: ReadCountingDatabase, looking: tuple[Positions, Told]
) -> None:
    positions, told = looking
    (person,) = await payers(database, 1)
    positions.joined("a socket", person.user_id)
    await several_looks(counting, 1)
    await submit_jobs(database, person)

    positions.hear(Resync.event, None, {})

    await until_told(told, 1)
    assert told[0][0] == person.user_id


async def test_a_job_that_has_started_is_not_told_of(
    database: Database, counting: ReadCountingDatabase, looking: tuple[Positions, Told]
) -> None:
    # given two jobs and one slot
    positions, told = looking
    (person,) = await payers(database, 1)
    first, second = (await submit_jobs(database, person, count=2)).job_ids
    await claim_job(database, worker_id="one")

    # when
    positions.joined("a socket", person.user_id)
    await until_told(told, 1)
    await several_looks(counting)

    # then
    assert [(payload.job_id, payload.waiting_for) for _, payload in told] == [(second, "slot")]
    assert first not in {payload.job_id for _, payload in told}


async def test_the_page_of_who_waits_hears_and_a_strangers_does_not(
    connect: Callable[..., Awaitable[Ears]],
    worker_database: Database,
    settings: Settings,
    make_person: Callable[..., Awaitable[Person]],
) -> None:
    # given a page that is open before its person asks for anything, somewhere else
    (actor,) = await payers(worker_database, 1)
    async with worker_database.transaction() as session:
        user = await session.get_one(User, actor.user_id)
        tokens = await make_device(session, settings, user)
    hers, theirs = await connect(Person(user.id, tokens.access_token)), await connect(await make_person())

    # when
    (job_id,) = (await submit_jobs(worker_database, actor)).job_ids

    # then
    heard = await hers.until("queue:position")
    assert heard == {"job_id": str(job_id), "position": 1, "eta_seconds": 0, "waiting_for": "worker"}
    assert theirs.heard == []
