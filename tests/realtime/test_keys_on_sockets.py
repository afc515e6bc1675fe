"""Sockets of programs: opened with an API key that may read, and dropped when it works no more."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest
from socketio import AsyncServer
from socketio.exceptions import ConnectionError as NotConnected
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.accounts.api_keys.keys import KeyChanges, MadeKey, create_key
from pingvas.accounts.api_keys.use import Scope
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.realtime.rooms import ADMIN
from tests.make.billing import make_person as make_payer
from tests.make.events import credits_of
from tests.make.generation import submit_jobs
from tests.realtime.conftest import Ears, Person, serving
from tests.realtime.test_sockets import tell

MakePerson = Callable[..., Awaitable[Person]]
Connect = Callable[..., Awaitable[Ears]]


async def make_key(database: Database, user_id: UUID, *scopes: Scope, **bounds: Any) -> MadeKey:
    async with database.transaction() as session:
        return await create_key(session, user_id, "a script", scopes, cast("KeyChanges", bounds))


async def refusal(address: str, key: MadeKey) -> str:
    """With which code a socket of this key is refused."""
    ears, refused = Ears(), list[Any]()
    ears.client.on("connect_error", refused.append)
    with pytest.raises(NotConnected):
        await ears.client.connect(
            address,
            auth={"token": key.text},
            socketio_path="/ws",
            transports=["websocket"],
            wait_timeout=5,
        )
    return str(refused[0]["message"])


async def test_a_program_hears_of_its_owner_s_jobs(
    make_person: MakePerson, connect: Connect, database: Database, worker_database: Database
) -> None:
    # given
    owner = await make_person()
    key = await make_key(database, owner.user_id, "read")

    # when
    ears = await connect(replace(owner, token=key.text))
    await tell(worker_database, owner, credits_of(owner.user_id, 7))

    # then
    assert (await ears.until("credits:updated"))["balance"] == 7
    async with database.read() as session:
        assert await session.scalar(text("SELECT last_used_ip FROM api_keys")) == "127.0.0.1"


async def test_a_key_that_may_not_read_opens_none(
    make_person: MakePerson, address: str, database: Database
) -> None:
    owner = await make_person()
    key = await make_key(database, owner.user_id, "generate", "manage")

    assert await refusal(address, key) == "forbidden"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("revoked_at = now()", "invalid_token"),
        ("expires_at = now()", "token_expired"),
        ("addresses = ARRAY['203.0.113.1']", "address_not_allowed"),
    ],
)
async def test_nor_one_that_works_no_more_or_not_from_here(
    make_person: MakePerson, address: str, database: Database, change: str, code: str
) -> None:
    # given
    owner = await make_person()
    key = await make_key(database, owner.user_id, "read")
    async with database.transaction() as session:
        await session.execute(text(f"UPDATE api_keys SET {change}"))

    # then
    assert await refusal(address, key) == code


@pytest.mark.parametrize(
    "ended",
    [
        "UPDATE api_keys SET revoked_at = now() WHERE name = 'gone'",
        "UPDATE users SET status = 'suspended'",
    ],
)
async def test_a_socket_is_dropped_when_its_key_is_revoked_or_its_owner_suspended(
    make_person: MakePerson,
    connect: Connect,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    ended: str,
) -> None:
    # given two sockets of two keys
    monkeypatch.setattr("pingvas.realtime.sockets.RECHECK_SECONDS", 0.2)
    owner = await make_person()
    gone, stays = [await make_key(database, owner.user_id, "read") for _ in range(2)]
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE api_keys SET name = 'gone' WHERE id = :id"), {"id": gone.view.key.id}
        )
    async with serving(settings) as url:
        dropped, kept = Ears(), Ears()
        for ears, key in ((dropped, gone), (kept, stays)):
            await ears.client.connect(
                url, auth={"token": key.text}, socketio_path="/ws", transports=["websocket"]
            )

        # when
        async with database.transaction() as session:
            await session.execute(text(ended))

        # then
        assert (await dropped.until("auth:expired"))["code"] == "invalid_token"
        if "api_keys" in ended:
            await asyncio.sleep(0.5)
            assert kept.client.connected
        for ears in (dropped, kept):
            await ears.client.disconnect()


async def test_a_socket_ends_when_its_key_expires(
    make_person: MakePerson, connect: Connect, database: Database
) -> None:
    # given a key that works for a moment
    owner = await make_person()
    key = await make_key(database, owner.user_id, "read")
    async with database.transaction() as session:
        await session.execute(text("UPDATE api_keys SET expires_at = now() + interval '1 second'"))

    # when
    ears = await connect(replace(owner, token=key.text))

    # then
    assert (await ears.until("auth:expired"))["code"] == "token_expired"


async def test_taking_a_job_back_over_a_socket_needs_the_scope_for_it(
    connect: Connect, database: Database, settings: Settings
) -> None:
    # given a job, and two programs
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_payer(session)
    job_id = str((await submit_jobs(database, actor)).job_ids[0])
    reading, generating = [
        await connect(Person(actor.user_id, (await make_key(database, actor.user_id, *scopes)).text))
        for scopes in (("read",), ("read", "generate"))
    ]

    # when
    refused = await reading.client.call("job:cancel", {"job_id": job_id})
    told = await reading.client.call("job:subscribe", {"job_id": job_id})
    taken_back = await generating.client.call("job:cancel", {"job_id": job_id})

    # then
    assert (refused["ok"], refused["error"]["code"]) == (False, "forbidden")
    assert told == {"ok": True, "status": "queued"}
    assert taken_back == {"ok": True}


async def test_the_key_of_an_admin_hears_nothing_that_admins_hear(
    make_person: MakePerson, connect: Connect, database: Database
) -> None:
    # given
    admin = await make_person("admin")
    key = await make_key(database, admin.user_id, "read", "manage", "generate")
    joined: list[str] = []
    enter_room = AsyncServer.enter_room

    async def note(server: AsyncServer, sid: str, room: str, **options: Any) -> None:
        joined.append(room)
        await enter_room(server, sid, room, **options)

    with pytest.MonkeyPatch.context() as watching:
        watching.setattr(AsyncServer, "enter_room", note)

        # when
        await connect(replace(admin, token=key.text))
        with_key, joined = joined, []
        await connect(admin)

    # then
    assert ADMIN not in with_key
    assert ADMIN in joined
