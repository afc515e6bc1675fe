"""What goes on beside the sockets of an API process outlives an error nobody foresaw: events come, and so do positions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import delete

from harness.catalog import make_model
from pingvas.accounts.tables import UserSession
from pingvas.base import notify
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.notify import Notice, Notifier
from pingvas.base.settings import Settings
from pingvas.generation.events import JobPending
from pingvas.realtime import backbone, positions, sockets
from pingvas.realtime.publisher import SocketPublisher, open_publisher
from pingvas.realtime.sockets import Realtime
from tests.make.billing import make_person as make_payer
from tests.make.events import started
from tests.make.generation import submit_jobs
from tests.make.trips import trip_once
from tests.realtime.conftest import Ears, Person, serving
from tests.realtime.test_sockets import Connect, MakePerson, connect_with, sign_in, tell


async def tell_until_heard(database: Database, person: Person, ears: Ears) -> Any:
    """Events are hints, and those that met the error are lost: tell again until one is heard."""
    telling = asyncio.create_task(_tell_on_and_on(database, person))
    try:
        return await ears.until("job:started")
    finally:
        telling.cancel()
        await asyncio.wait({telling})


async def _tell_on_and_on(database: Database, person: Person) -> None:
    while True:
        await tell(database, person, started(new_id()))
        await asyncio.sleep(0.05)


async def test_events_are_sent_again_after_an_error_in_sending(
    make_person: MakePerson,
    connect: Connect,
    worker_database: Database,
    publisher: SocketPublisher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = await make_person()
    ears = await connect(owner)
    trip = trip_once(monkeypatch, publisher._manager, "emit")

    await tell_until_heard(worker_database, owner, ears)

    assert trip.calls > 1


async def test_events_are_sent_again_after_an_error_in_the_notifier(
    make_person: MakePerson,
    connect: Connect,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = await make_person()
    ears = await connect(owner)
    trip = trip_once(monkeypatch, Notifier, "_flush")
    publisher = open_publisher(settings)
    await publisher.start()
    database = Database(str(settings.database_url), pool_size=1, publisher=publisher)

    await tell_until_heard(database, owner, ears)

    assert trip.calls > 1
    await database.dispose()
    await publisher.close()


async def test_events_are_heard_again_after_an_error_in_listening_and_pages_are_told_to_read_again(
    settings: Settings, make_person: MakePerson, worker_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen, broken = notify.listen, asyncio.Event()

    async def listen_but_break(*given: Any, **more: Any) -> AsyncIterator[Notice]:
        async for notice in listen(*given, **more):
            if not broken.is_set() and notice.message is not None:
                broken.set()
                raise KeyError("a bug that was put here")
            yield notice

    monkeypatch.setattr(backbone, "listen", listen_but_break)
    owner, ears = await make_person(), Ears()
    async with serving(settings) as address:
        await connect_with(ears, address, owner.token)

        await tell(worker_database, owner, JobPending(job_id=new_id()))
        await ears.until("system:resync")
        await tell_until_heard(worker_database, owner, ears)

        assert broken.is_set()
        assert "job:pending" not in [name for name, _ in ears.heard]
        await ears.client.disconnect()


async def test_positions_go_on_after_an_error(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "LOOK_SECONDS", 0.05)
    trip = trip_once(monkeypatch, positions, "read_waits")
    async with database.transaction() as session:
        actor = await make_payer(session)
        await make_model(session, name="toy")
    (job_id,) = (await submit_jobs(database, actor)).job_ids
    owner, ears = await sign_in(database, settings, actor.user_id), Ears()
    async with serving(settings) as address:
        await connect_with(ears, address, owner.token)

        told = await ears.until("queue:position")

        assert (told["job_id"], told["position"]) == (str(job_id), 1)
        assert trip.calls > 1
        await ears.client.disconnect()


async def test_the_recheck_of_devices_goes_on_after_an_error(
    database: Database, settings: Settings, make_person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "RECHECK_SECONDS", 0.05)
    trip = trip_once(monkeypatch, Realtime, "_drop_signed_out")
    leaving = await make_person()
    async with serving(settings) as address:
        ears = Ears()
        await connect_with(ears, address, leaving.token)
        async with database.transaction() as session:
            await session.execute(delete(UserSession).where(UserSession.user_id == leaving.user_id))

        assert await ears.until("auth:expired") == {"code": "invalid_token"}

    assert trip.calls > 1


async def test_more_devices_than_a_statement_has_arguments_are_rechecked(
    database: Database,
    settings: Settings,
    make_person: MakePerson,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await make_person()
    async with database.read() as session:
        device = (await session.execute(UserSession.__table__.select())).one().id
    dropped: list[str] = []
    realtime = Realtime(settings, database)

    async def note(sid: str, _: str) -> None:
        dropped.append(sid)

    monkeypatch.setattr(realtime, "_say_goodbye", note)

    await realtime._drop_signed_out(
        {"here": device, **{f"gone {number}": new_id() for number in range(40_000)}}, {}
    )

    assert len(dropped) == 40_000
    assert "here" not in dropped
