"""Live events: who may connect, who hears what, and when."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from socketio.exceptions import ConnectionError as NotConnected
from sqlalchemy import delete

from harness.catalog import make_model
from pingvas.accounts.sessions import access_tokens
from pingvas.accounts.tables import User, UserSession
from pingvas.base import clock, migrate
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.events import EventPayload, publish_later
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from pingvas.generation.events import JobCanceled, JobFailed, JobQueued
from pingvas.launch import embedded_postgres
from pingvas.realtime.publisher import open_publisher
from tests.make.accounts import make_device, make_user
from tests.make.billing import make_person as make_payer
from tests.make.events import completed, credits_of, started, step
from tests.make.generation import submit_jobs
from tests.realtime.conftest import Ears, Person, serving

MakePerson = Callable[..., Awaitable[Person]]
Connect = Callable[..., Awaitable[Ears]]


async def tell(database: Database, person: Person, *payloads: EventPayload) -> None:
    async with database.transaction() as session:
        for payload in payloads:
            publish_later(session, person.user_id, payload)


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
async def test_the_owner_hears_of_a_job_and_a_stranger_does_not(
    make_person: MakePerson, connect: Connect, worker_database: Database, transports: list[str]
) -> None:
    owner, stranger, admin = await make_person(), await make_person(), await make_person("admin")
    hers = [await connect(owner, transports=transports), await connect(owner)]
    theirs, watching = await connect(stranger, transports=transports), await connect(admin)
    job_id = new_id()

    await tell(worker_database, owner, step(3, job_id))
    for person in (stranger, admin):
        await tell(worker_database, person, credits_of(person.user_id, 1))

    for ears in hers:
        heard = await ears.until("job:progress")
        assert (heard["job_id"], heard["step"]) == (str(job_id), 3)
    await theirs.until("credits:updated")
    await watching.until("credits:updated")
    assert [name for name, _ in theirs.heard + watching.heard] == ["credits:updated"] * 2


async def test_what_is_of_no_job_names_its_person(
    make_person: MakePerson, connect: Connect, worker_database: Database
) -> None:
    owner = await make_person()
    ears = await connect(owner)

    await tell(worker_database, owner, credits_of(owner.user_id, 7))

    heard = await ears.until("credits:updated")
    assert heard == {"user_id": str(owner.user_id), "balance": 7, "change": -3, "reason": "consume"}


async def test_events_come_after_the_commit_and_never_on_rollback(
    make_person: MakePerson, connect: Connect, worker_database: Database
) -> None:
    owner = await make_person()
    ears = await connect(owner)

    with suppress(ZeroDivisionError):
        async with worker_database.transaction() as session:
            publish_later(session, owner.user_id, JobCanceled(job_id=new_id(), refunded_credits=0))
            raise ZeroDivisionError
    async with worker_database.transaction() as session:
        publish_later(session, owner.user_id, JobQueued(job_id=new_id()))
        await asyncio.sleep(0.2)
        assert ears.heard == []
    await tell(worker_database, owner, started(new_id()))

    await ears.until("job:started")
    assert [name for name, _ in ears.heard] == ["job:queued", "job:started"]


async def test_a_long_korean_prompt_arrives_whole(
    make_person: MakePerson, connect: Connect, worker_database: Database
) -> None:
    owner = await make_person()
    ears = await connect(owner)
    prompt = "해 질 녘의 붉은 집 🏠\n" * 150

    await tell(worker_database, owner, completed(new_id(), prompt=prompt, file_url="x" * 9_000))

    image = (await ears.until("job:completed"))["image"]
    assert (image["generation_params"]["prompt"], image["file_url"]) == (prompt, "x" * 9_000)


async def test_many_events_arrive_in_order(
    make_person: MakePerson, connect: Connect, worker_database: Database
) -> None:
    owner = await make_person()
    ears = await connect(owner)

    job_id = new_id()
    await tell(worker_database, owner, *(step(number, job_id) for number in range(500)), completed(job_id))
    await ears.until("job:completed")

    assert [data["step"] for name, data in ears.heard if name == "job:progress"] == list(range(500))


PROCESS = """
import asyncio, sys, uuid
from pingvas.base import clock, migrate
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.events import publish_later
from pingvas.base.settings import Settings
from pingvas.generation.events import JobStarted
from pingvas.realtime.publisher import open_publisher

async def main(url, user_id):
    publisher = open_publisher(Settings(_env_file=None, database_url=url))
    await publisher.start()
    database = Database(url, pool_size=1, publisher=publisher)
    async with database.transaction() as session:
        started = JobStarted(job_id=uuid.uuid4(), worker_id="elsewhere", total_steps=None)
        publish_later(session, uuid.UUID(user_id), started)
    await publisher.close()
    await database.dispose()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_events_cross_from_another_process(
    make_person: MakePerson, connect: Connect, settings: Settings
) -> None:
    owner = await make_person()
    ears = await connect(owner)

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROCESS, str(settings.database_url), str(owner.user_id)
    )
    assert await asyncio.wait_for(process.wait(), 120) == 0

    heard = await ears.until("job:started")
    assert heard["worker_id"] == "elsewhere"
    UUID(heard["job_id"])


async def refusal(address: str, token: Any) -> Any:
    """The code with which a handshake is refused."""
    ears = Ears()
    refused: list[Any] = []
    ears.client.on("connect_error", refused.append)
    with pytest.raises(NotConnected):
        await connect_with(ears, address, token)
    return refused[0]


async def connect_with(ears: Ears, address: str, token: Any) -> None:
    await ears.client.connect(
        address, auth={"token": token}, socketio_path="/ws", transports=["websocket"], wait_timeout=5
    )


async def test_a_bad_token_is_refused_with_its_code(
    address: str, make_person: MakePerson, settings: Settings, make_settings: Any, database: Database
) -> None:
    person = await make_person()
    over = make_settings(database_url=settings.database_url, access_token_seconds=1)
    claims = access_tokens.verify(settings, person.token)
    signed_out = await make_person()
    async with database.transaction() as session:
        await session.execute(delete(UserSession).where(UserSession.user_id == signed_out.user_id))

    expired = _issue_in_the_past(over, claims)
    refused = {
        name: await refusal(address, token)
        for name, token in {
            "expired": expired,
            "nonsense": "nonsense",
            "none": None,
            "number": 7,
            "signed out": signed_out.token,
            "forged": person.token[:-4] + "AAAA",
        }.items()
    }

    assert refused["expired"]["message"] == "token_expired"
    assert refused["expired"]["data"]["code"] == "token_expired"
    for name in ("nonsense", "none", "number", "signed out", "forged"):
        assert refused[name]["message"] == "invalid_token", name
        assert refused[name]["data"]["code"] == "invalid_token", name


def _issue_in_the_past(settings: Settings, claims: access_tokens.AccessClaims) -> str:
    moment = clock.now() - timedelta(hours=1)
    original = clock.now
    clock.now = lambda: moment
    try:
        return access_tokens.issue(settings, user_id=claims.user_id, session_id=claims.session_id)
    finally:
        clock.now = original


async def test_pages_of_other_sites_cannot_connect(address: str) -> None:
    host = address.removeprefix("http://")

    async def status(origin: str) -> int:
        handshake = f"{address}/ws/?EIO=4&transport=polling"
        return (await client.get(handshake, headers={"Origin": origin})).status_code

    async with httpx.AsyncClient() as client:
        for origin in ("https://elsewhere.example", f"http://{host}.elsewhere.example", "null"):
            assert await status(origin) == 400, origin
        for origin in (f"http://{host}", f"https://{host}", "http://127.0.0.1:8400"):  # the last is base_url
            assert await status(origin) == 200, origin


async def test_a_socket_ends_when_its_token_is_over(
    make_person: MakePerson, connect: Connect, database: Database, settings: Settings, make_settings: Any
) -> None:
    person = await make_person()
    claims = access_tokens.verify(settings, person.token)
    brief = make_settings(database_url=settings.database_url, access_token_seconds=4)  # to connect in
    token = access_tokens.issue(brief, user_id=person.user_id, session_id=claims.session_id)

    ears = await connect(Person(person.user_id, token))
    heard = await ears.until("auth:expired", seconds=30)
    await asyncio.wait_for(ears.client.wait(), 30)

    assert heard == {"code": "token_expired"}
    assert not ears.client.connected


async def test_a_page_follows_and_cancels_its_own_jobs_only(
    make_person: MakePerson, connect: Connect, database: Database, settings: Settings
) -> None:
    async with database.transaction() as session:
        actor = await make_payer(session)
        await make_model(session, name="toy")
    (job_id,) = (await submit_jobs(database, actor)).job_ids
    owner = await sign_in(database, settings, actor.user_id)
    hers, theirs = await connect(owner), await connect(await make_person())
    asked = {"job_id": str(job_id)}

    followed = await hers.client.call("job:subscribe", asked)
    strange = [await theirs.client.call(name, asked) for name in ("job:subscribe", "job:cancel")]
    canceled = await hers.client.call("job:cancel", asked)
    again = await hers.client.call("job:subscribe", asked)

    assert followed == {"ok": True, "status": "queued"}
    assert [answer["ok"] for answer in strange] == [False, False]
    assert [answer["error"]["code"] for answer in strange] == ["not_found", "not_found"]
    assert canceled == {"ok": True}
    assert again == {"ok": True, "status": "canceled"}
    assert (await hers.until("job:canceled"))["job_id"] == str(job_id)
    assert await hers.client.call("job:unsubscribe") == {"ok": True}


async def sign_in(database: Database, settings: Settings, user_id: UUID) -> Person:
    async with database.transaction() as session:
        user = await session.get_one(User, user_id)
        tokens = await make_device(session, settings, user)
    return Person(user_id, tokens.access_token)


async def test_nonsense_from_a_client_is_answered_and_harms_nobody(
    make_person: MakePerson, connect: Connect, worker_database: Database
) -> None:
    person = await make_person()
    ears = await connect(person)

    tries: tuple[Any, ...] = (None, 7, "x", [], {}, {"job_id": "x"}, {"job_id": None}, {"job_id": {"a": 1}})
    for nonsense in tries:
        answer = await ears.client.call("job:cancel", nonsense)
        assert (answer["ok"], answer["error"]["code"]) == (False, "validation_error"), nonsense
    await tell(worker_database, person, credits_of(person.user_id, 2))

    await ears.until("credits:updated")


async def test_after_being_cut_off_the_page_is_told_to_read_again(
    make_person: MakePerson, connect: Connect, worker_database: Database, settings: Settings
) -> None:
    owner = await make_person()
    ears = await connect(owner)
    connection = await asyncpg.connect(for_asyncpg(str(settings.database_url)))
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name IN ('pingvas listener', 'pingvas notifier')"
    )
    await connection.close()

    await ears.until("system:resync")
    job_id = new_id()
    await tell(worker_database, owner, started(job_id))

    assert (await ears.until("job:started"))["job_id"] == str(job_id)


async def test_events_come_again_after_the_database_was_restarted(tmp_path: Path, make_settings: Any) -> None:
    server = await asyncio.to_thread(embedded_postgres.start, tmp_path)
    settings = make_settings(database_url=server.url("postgres"))
    await migrate.upgrade(server.url("postgres"))
    publisher = open_publisher(settings)
    await publisher.start()
    database = Database(server.url("postgres"), pool_size=2, publisher=publisher)
    try:
        async with serving(settings) as address:
            async with database.transaction() as session:
                user = await make_user(session)
                tokens = await make_device(session, settings, user)
            ears, person = Ears(), Person(user.id, tokens.access_token)
            await connect_with(ears, address, person.token)
            await tell(database, person, started(new_id()))
            await ears.until("job:started")

            await asyncio.to_thread(server.stop)
            server = await asyncio.to_thread(embedded_postgres.start, tmp_path)
            await ears.until("system:resync", seconds=20)
            failed = JobFailed(job_id=new_id(), code="timeout", message="Too late.", refunded_credits=3)
            await _once_it_answers(lambda: tell(database, person, failed))

            await ears.until("job:failed")
            assert ears.client.connected
            await ears.client.disconnect()
    finally:
        await publisher.close()
        await database.dispose()
        await asyncio.to_thread(server.stop)


async def _once_it_answers(act: Callable[[], Awaitable[None]]) -> None:
    """Again, as a worker would, until the dead connections of the pool have been replaced."""
    for _ in range(5):
        with suppress(DatabaseUnavailable):
            await act()
            return
    raise AssertionError("the database stayed away")


async def test_a_device_that_was_signed_out_loses_its_socket(
    database: Database, settings: Settings, make_person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pingvas.realtime.sockets.RECHECK_SECONDS", 0.2)
    leaving, staying = await make_person(), await make_person()
    async with serving(settings) as address:
        gone, here = Ears(), Ears()
        await connect_with(gone, address, leaving.token)
        await connect_with(here, address, staying.token)

        async with database.transaction() as session:
            await session.execute(delete(UserSession).where(UserSession.user_id == leaving.user_id))
        heard = await gone.until("auth:expired")
        await asyncio.wait_for(gone.client.wait(), 5)

        assert heard == {"code": "invalid_token"}
        assert here.client.connected
        assert here.heard == []
        await here.client.disconnect()
