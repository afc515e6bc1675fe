"""Leaving: a deletion that can be taken back, one that is carried out, and the file with everything about somebody."""

import io
import json
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import httpx
from PIL import Image
from sqlalchemy import func, select, text, update

from harness.catalog import make_model
from pingvas.accounts.leaving.exports import take_export
from pingvas.accounts.tables import DataExport, User
from pingvas.adapters.storage import Storage
from pingvas.base.db import Database
from pingvas.base.outbox import drain_deletions
from pingvas.base.settings import Settings
from pingvas.billing.tables import CreditTransaction
from pingvas.generation.tables import GenerationJob
from pingvas.tables import metadata
from pingvas.worker.chores.export_file import make_exports
from pingvas.worker.chores.export_tables import EXPORTED, LEFT_OUT
from pingvas.worker.chores.leaving import erase_leaving
from tests.api.auth_calls import AUTH, ME, problem
from tests.make.accounts import PASSWORD, SignedInPerson, sign_up
from tests.make.mail import sent_mail
from tests.make.picture_files import saved


async def _upload(client: httpx.AsyncClient, person: SignedInPerson, path: str = "/api/v1/images") -> Any:
    files = {"file": ("a.png", saved(Image.new("RGB", (200, 120), "teal"), "PNG"), "image/png")}
    answer = await client.post(path, headers=person.headers, files=files)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _sign_in(client: httpx.AsyncClient, person: SignedInPerson) -> dict[str, str]:
    answer = await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def _stored(storage: Storage) -> list[str]:
    return [
        found.key
        for kind in ("images", "thumbnails", "avatars", "exports")
        async for found in storage.list(kind)
    ]


async def test_somebody_who_deletes_the_account_can_only_come_back_or_take_everything_along(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    # given
    person = await sign_up(client)
    elsewhere = await _sign_in(client, person)

    # when
    answer = await client.delete(ME, headers=person.headers)

    # then
    assert answer.status_code == 200, answer.text
    leaves_at = answer.json()["leaves_at"]
    assert (await client.get(ME, headers=elsewhere)).status_code == 401
    me = (await client.get(ME, headers=person.headers)).json()
    assert (me["user"]["status"], me["leaves_at"]) == ("deleted", leaves_at)
    refused = await client.get("/api/v1/images", headers=person.headers)
    assert problem(refused, 403, "account_leaving")["leaves_at"]
    assert (await client.post(f"{ME}/export", headers=person.headers)).status_code == 202
    [*_, letter] = await sent_mail(database, settings)
    assert letter["subject"] == "Your account will be deleted"


async def test_a_deletion_is_taken_back_after_signing_in_and_nothing_is_lost(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    # given
    person = await sign_up(client)
    image = await _upload(client, person)
    await client.delete(ME, headers=person.headers)

    # when
    headers = await _sign_in(client, person)
    answer = await client.post(f"{ME}/delete/undo", headers=headers)

    # then
    assert answer.status_code == 204
    listed = (await client.get("/api/v1/images", headers=headers)).json()["items"]
    assert [found["id"] for found in listed] == [image["id"]]
    assert await erase_leaving(database) == 0
    problem(await client.post(f"{ME}/delete/undo", headers=headers), 409, "conflict")


async def test_when_its_days_are_over_an_account_is_gone_with_every_byte_and_its_history_names_nobody(
    client: httpx.AsyncClient, app: Any, database: Database, settings: Settings
) -> None:
    # given somebody with a picture, a picture of themselves, an export, and a job that waits
    person = await sign_up(client)
    storage: Storage = app.state.storage
    await _upload(client, person)
    await _upload(client, person, f"{ME}/avatar")
    await client.post(f"{ME}/export", headers=person.headers)
    assert await make_exports(database, storage, settings) == 1
    async with database.transaction() as session:
        await make_model(session, name="mini")
    job = {"job_type": "txt2img", "model": "mini", "prompt": "a secret river"}
    submitted = await client.post("/api/v1/jobs", headers=person.headers, json=job)
    assert submitted.status_code == 202, submitted.text
    assert len(await _stored(storage)) == 6
    await client.delete(ME, headers=person.headers)
    async with database.transaction() as session:
        await session.execute(update(User).values(leaves_at=func.now()))

    # when
    erased = await erase_leaving(database)
    await drain_deletions(database, storage.delete)

    # then
    assert erased == 1
    assert await _stored(storage) == []
    user_id = UUID(person.user["id"])
    async with database.read() as reading:
        for table in metadata.tables.values():
            for key in table.foreign_keys:
                if key.column.table.name == "users":
                    left = select(func.count()).select_from(table).where(key.parent == user_id)
                    assert await reading.scalar(left) == 0, table.name
        jobs = list(await reading.scalars(select(GenerationJob)))
        ledger = list(await reading.scalars(select(CreditTransaction)))
        everything = str((await reading.execute(text("SELECT to_jsonb(j) FROM generation_jobs j"))).all())
    assert [(found.user_id, found.status, found.actual_credits) for found in jobs] == [(None, "canceled", 0)]
    assert [line.transaction_type for line in ledger] == ["bonus", "consume", "refund"]
    assert {line.user_id for line in ledger} == {None}
    assert "secret river" not in everything
    again = await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD})
    problem(again, 401, "invalid_credentials")
    letters = await sent_mail(database, settings)
    assert (letters[-1]["to"], letters[-1]["subject"]) == (person.email, "Your account is gone")


async def test_the_export_holds_everything_and_is_read_without_us(
    client: httpx.AsyncClient, app: Any, database: Database, settings: Settings
) -> None:
    # given
    person = await sign_up(client)
    image = await _upload(client, person)
    await _upload(client, person, f"{ME}/avatar")
    asked = await client.post(f"{ME}/export", headers=person.headers)
    assert asked.json()["status"] == "waiting"

    # when
    await make_exports(database, app.state.storage, settings)
    told = (await client.get(f"{ME}/export", headers=person.headers)).json()
    fetched = await client.get(told["url"])

    # then
    assert told["status"] == "ready"
    assert told["file_size"] == len(fetched.content)
    assert fetched.headers["content-disposition"] == "attachment"
    with ZipFile(io.BytesIO(fetched.content)) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        picture = archive.read(f"images/{image['id']}.png")
        shown = Image.open(io.BytesIO(archive.read("account/avatar.webp")))
        [profile] = _lines(archive, "account/profile.jsonl")
        [account] = _lines(archive, "account/account.jsonl")
        [described] = _lines(archive, "images/images.jsonl")
        [line] = _lines(archive, "credits/ledger.jsonl")
        everything = b"".join(archive.read(name) for name in names)
    assert picture.startswith(b"\x89PNG")
    assert shown.size == (512, 512)
    assert profile["file"] == "account/avatar.webp"
    assert {"README.txt", "index.html", "account/devices.jsonl", "account/profile.jsonl"} <= names
    assert account["email"] == person.email
    assert (described["id"], described["file"]) == (image["id"], f"images/{image['id']}.png")
    assert line["amount"] == 500
    for secret in (b"argon2", person.refresh_token.encode(), b"password_hash"):
        assert secret not in everything
    letters = await sent_mail(database, settings)
    assert letters[-1]["subject"] == "Your data is ready"


async def test_an_export_that_was_begun_and_not_ended_is_begun_anew_and_given_up_after_three_times(
    client: httpx.AsyncClient, app: Any, database: Database, settings: Settings
) -> None:
    # given
    person = await sign_up(client)
    await client.post(f"{ME}/export", headers=person.headers)

    async def begin_and_die() -> bool:
        async with database.transaction() as session:
            begun = await take_export(session)
        async with database.transaction() as session:
            await session.execute(update(DataExport).values(leased_until=func.now()))
        return begun is not None

    # when
    begun = [await begin_and_die() for _ in range(4)]

    # then
    assert begun == [True, True, True, False]
    told = (await client.get(f"{ME}/export", headers=person.headers)).json()
    assert (told["status"], told["url"]) == ("failed", None)


async def test_asking_again_while_an_export_waits_costs_none_of_the_day(
    client: httpx.AsyncClient, app: Any, database: Database, settings: Settings
) -> None:
    person = await sign_up(client)

    async def ask() -> httpx.Response:
        return await client.post(f"{ME}/export", headers=person.headers)

    while_it_waits = [(await ask()).status_code for _ in range(12)]
    await make_exports(database, app.state.storage, settings)
    fresh = await ask()

    assert set(while_it_waits) == {202}
    assert (fresh.status_code, fresh.json()["status"]) == (202, "waiting")


async def test_nobody_sees_an_export_that_was_never_asked_for(client: httpx.AsyncClient) -> None:
    person = await sign_up(client)

    problem(await client.get(f"{ME}/export", headers=person.headers), 404, "not_found")


def test_every_table_that_names_a_person_is_exported_or_left_out_for_a_reason() -> None:
    naming = {
        table.name
        for table in metadata.tables.values()
        if any(key.column.table.name == "users" for key in table.foreign_keys)
    }

    known = {table.table for table in EXPORTED} | set(LEFT_OUT)

    assert naming - known == set()


def _lines(archive: ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(name).decode().splitlines()]
