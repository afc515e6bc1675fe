"""What admins see and do: each deed is on record with its reason, and there is always an admin left."""

import asyncio
import csv
import io
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from tests.api.auth_calls import AUTH, ME, acts, problem
from tests.make.accounts import PASSWORD, SignedInPerson, sign_up
from tests.make.mail import sent_mail

ADMIN = "/api/v1/admin"
WHY = {"reason": "Sent the same picture a thousand times"}


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    made = await sign_up(client)
    async with database.transaction() as session:
        await session.execute(update(User).where(User.email == made.email).values(role="admin"))
    return made


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def _do(
    client: httpx.AsyncClient, admin: SignedInPerson, person: SignedInPerson, deed: str, **body: Any
) -> httpx.Response:
    url = f"{ADMIN}/users/{person.user['id']}/{deed}"
    method = "PUT" if deed == "role" else "POST"
    return await client.request(method, url, headers=admin.headers, json=WHY | body)


async def _audit(client: httpx.AsyncClient, admin: SignedInPerson, **params: Any) -> list[dict[str, Any]]:
    answer = await client.get(f"{ADMIN}/audit", headers=admin.headers, params=params)
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()["items"]
    return entries


async def test_a_suspended_person_is_out_at_once_knows_why_and_comes_in_again_when_restored(
    client: httpx.AsyncClient,
    admin: SignedInPerson,
    person: SignedInPerson,
    database: Database,
    settings: Settings,
) -> None:
    # when
    answer = await _do(client, admin, person, "suspend")

    # then
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["suspended_reason"]) == ("suspended", WHY["reason"])
    problem(await client.get(ME, headers=person.headers), 403, "account_suspended")
    open_page = {"refresh_token": person.refresh_token}
    told = problem(await client.post(f"{AUTH}/refresh", json=open_page), 403, "account_suspended")
    assert told["reason"] == WHY["reason"]
    body = {"email": person.email, "password": PASSWORD}
    refused = problem(await client.post(f"{AUTH}/login", json=body), 403, "account_suspended")
    assert refused["reason"] == WHY["reason"]
    problem(await _do(client, admin, person, "suspend"), 409, "conflict")

    # and when
    assert (await _do(client, admin, person, "restore")).status_code == 200
    problem(await client.post(f"{AUTH}/refresh", json=open_page), 401, "invalid_token")
    assert (await client.post(f"{AUTH}/login", json=body)).status_code == 200
    subjects = [letter["subject"] for letter in await sent_mail(database, settings)]
    assert "Your account is suspended" in subjects
    assert "Your account is no longer suspended" in subjects


async def test_every_deed_is_on_record_with_who_and_whom_and_why_and_what_it_changed(
    client: httpx.AsyncClient, admin: SignedInPerson, person: SignedInPerson
) -> None:
    # when
    await _do(client, admin, person, "credits", credits=250)
    await _do(client, admin, person, "role", role="admin")
    await _do(client, admin, person, "role", role="user")
    await _do(client, admin, person, "sessions/end")
    await _do(client, admin, person, "api-keys/revoke")
    await _do(client, admin, person, "second-factor/remove")
    await _do(client, admin, person, "suspend")

    # then
    entries = await _audit(client, admin, target_id=person.user["id"])
    assert [entry["action"] for entry in reversed(entries)] == [
        "user.give_credits",
        "user.role",
        "user.role",
        "user.end_sessions",
        "user.revoke_keys",
        "user.remove_second_factor",
        "user.suspend",
    ]
    assert {entry["actor_id"] for entry in entries} == {admin.user["id"]}
    assert {entry["reason"] for entry in entries} == {WHY["reason"]}
    assert entries[-1]["before"] == {"balance": 500}
    assert entries[-1]["after"] == {"balance": 750, "given": 250}
    assert entries[0]["after"] == {"status": "suspended"}
    only = await _audit(client, admin, action="user.suspend")
    assert [entry["id"] for entry in only] == [entries[0]["id"]]


async def test_the_log_is_exported_and_what_somebody_wrote_is_no_formula(
    client: httpx.AsyncClient, admin: SignedInPerson, person: SignedInPerson
) -> None:
    await _do(client, admin, person, "credits", credits=1, reason="=HYPERLINK(1)")

    answer = await client.get(f"{ADMIN}/audit.csv", headers=admin.headers)

    [head, row] = list(csv.reader(io.StringIO(answer.text)))
    assert dict(zip(head, row, strict=True))["reason"] == "'=HYPERLINK(1)"
    assert answer.headers["content-type"].startswith("text/csv")


async def test_the_export_has_what_the_page_was_filtered_to(
    client: httpx.AsyncClient, admin: SignedInPerson, person: SignedInPerson
) -> None:
    # given deeds of two kinds on two people
    other = await sign_up(client)
    for somebody in (person, other):
        await _do(client, admin, somebody, "credits", credits=1)
        await _do(client, admin, somebody, "suspend")

    async def exported(**filter: Any) -> list[tuple[str, str]]:
        answer = await client.get(f"{ADMIN}/audit.csv", headers=admin.headers, params=filter)
        [head, *rows] = list(csv.reader(io.StringIO(answer.text)))
        rows_by_name = [dict(zip(head, row, strict=True)) for row in rows]
        found = [(row["action"], row["target_id"]) for row in rows_by_name]
        shown = await _audit(client, admin, **filter)
        assert found == [(entry["action"], entry["target_id"]) for entry in shown]
        return found

    # then
    them = [other.user["id"], person.user["id"]]
    assert await exported(action="user.suspend") == [("user.suspend", who) for who in them]
    assert await exported(action="user.suspend", target_id=them[1]) == [("user.suspend", them[1])]
    assert await exported(actor_id=them[0]) == []
    assert len(await exported(actor_id=admin.user["id"])) == 4


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET reason = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
async def test_the_database_refuses_to_change_the_log(
    client: httpx.AsyncClient,
    admin: SignedInPerson,
    person: SignedInPerson,
    database: Database,
    statement: str,
) -> None:
    await _do(client, admin, person, "credits", credits=1)

    with pytest.raises(IntegrityError, match="append-only"):
        async with database.transaction() as session:
            await session.execute(text(statement))


async def test_credits_that_an_admin_gives_stand_in_the_ledger_with_the_reason(
    client: httpx.AsyncClient, admin: SignedInPerson, person: SignedInPerson
) -> None:
    given = await _do(client, admin, person, "credits", credits=250)

    assert given.json() == {"balance": 750}
    ledger = (await client.get(f"{ME}/credits", headers=person.headers)).json()
    assert (ledger["items"][0]["amount"], ledger["items"][0]["description"]) == (250, WHY["reason"])


async def test_the_last_admin_cannot_be_lost(
    client: httpx.AsyncClient, admin: SignedInPerson, person: SignedInPerson
) -> None:
    refused = [
        await _do(client, admin, admin, "suspend"),
        await _do(client, admin, admin, "role", role="user"),
        await client.delete(ME, headers=admin.headers),
    ]

    for answer in refused:
        problem(answer, 409, "last_admin")
    assert await acts(client, admin.access_token)


async def test_of_two_admins_who_demote_each_other_at_once_one_stays(
    client: httpx.AsyncClient, admin: SignedInPerson, person: SignedInPerson
) -> None:
    # given
    await _do(client, admin, person, "role", role="admin")

    # when
    answers = await asyncio.gather(
        _do(client, admin, person, "role", role="user"), _do(client, person, admin, "role", role="user")
    )

    # then
    assert sorted(answer.status_code for answer in answers) in ([200, 403], [200, 409])
    roles = [(await client.get(ME, headers=one.headers)).json()["user"]["role"] for one in (admin, person)]
    assert sorted(roles) == ["admin", "user"]


async def test_people_are_found_by_parts_of_what_names_them(
    client: httpx.AsyncClient, admin: SignedInPerson, person: SignedInPerson
) -> None:
    await client.patch(ME, headers=person.headers, json={"display_name": "강물 100%_", "handle": "river_1"})

    async def found(**params: str) -> list[str]:
        answer = await client.get(f"{ADMIN}/users", headers=admin.headers, params=params)
        return [one["id"] for one in answer.json()["items"]]

    mine = [person.user["id"]]
    for words in (person.email[5:12].upper(), "강물", "0%_", "river_", person.user["id"]):
        assert await found(q=words) == mine, words
    assert await found(q="%") == mine
    assert await found(role="admin") == [admin.user["id"]]
    assert await found(status="suspended") == []
    details = await client.get(f"{ADMIN}/users/{person.user['id']}", headers=admin.headers)
    assert (details.json()["plan"], details.json()["credits"], details.json()["devices"]) == ("free", 500, 1)


async def test_an_admin_looks_as_somebody_else_and_changes_nothing_and_they_are_told(
    client: httpx.AsyncClient,
    admin: SignedInPerson,
    person: SignedInPerson,
    database: Database,
    settings: Settings,
) -> None:
    # when
    answer = await _do(client, admin, person, "view")
    looking = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    # then
    me = (await client.get(ME, headers=looking)).json()
    assert (me["user"]["id"], me["viewed_by_admin"]) == (person.user["id"], True)
    for call in (
        client.patch(ME, headers=looking, json={"bio": "x"}),
        client.delete(ME, headers=looking),
        client.post("/api/v1/jobs/cancel", headers=looking),
        client.post(f"{ME}/export", headers=looking),
        client.post(f"{ME}/proof", headers=looking, json={"password": PASSWORD}),
        client.post("/api/v1/images", headers=looking, files={"file": ("a.png", b"x", "image/png")}),
    ):
        problem(await call, 403, "read_only_view")
    devices = (await client.get(f"{ME}/sessions", headers=person.headers)).json()["items"]
    assert len(devices) == 1
    letters = await sent_mail(database, settings)
    assert (letters[-1]["to"], letters[-1]["subject"]) == (
        person.email,
        "Somebody who runs the studio looked at your account",
    )
    assert (await _audit(client, admin))[0]["action"] == "user.view"
    problem(await _do(client, admin, admin, "view"), 409, "conflict")


async def test_an_announcement_is_told_while_it_holds(
    client: httpx.AsyncClient, admin: SignedInPerson, person: SignedInPerson
) -> None:
    # given
    both = {"text_en": "Tonight we move.", "text_ko": "오늘 밤 이사합니다."}
    now = await client.post(f"{ADMIN}/announcements", headers=admin.headers, json=both | {"level": "warning"})
    later = both | {"starts_at": "2999-01-01T00:00:00Z"}
    await client.post(f"{ADMIN}/announcements", headers=admin.headers, json=later)

    # when
    shown = (await client.get("/api/v1/announcements", headers=person.headers)).json()["items"]
    listed = (await client.get(f"{ADMIN}/announcements", headers=admin.headers)).json()["items"]
    removed = await client.delete(f"{ADMIN}/announcements/{now.json()['id']}", headers=admin.headers)

    # then
    assert now.status_code == 201, now.text
    assert [(one["level"], one["text_ko"]) for one in shown] == [("warning", both["text_ko"])]
    assert len(listed) == 2
    assert removed.status_code == 204
    assert (await client.get("/api/v1/announcements", headers=person.headers)).json() == {"items": []}


@pytest.mark.parametrize(
    "body",
    [
        {"text_en": "x", "text_ko": "\u3164"},
        {"text_en": "x" * 501, "text_ko": "x"},
        {"text_en": "x", "text_ko": "x", "ends_at": "2000-01-01T00:00:00Z"},
        {"text_en": "x", "text_ko": "x", "level": "loud"},
        {"text_en": "x"},
    ],
)
async def test_an_announcement_that_nobody_could_read_is_refused(
    client: httpx.AsyncClient, admin: SignedInPerson, body: Any
) -> None:
    answer = await client.post(f"{ADMIN}/announcements", headers=admin.headers, json=body)

    problem(answer, 422, "validation_error")


async def test_nobody_but_an_admin_comes_near_any_of_it(
    client: httpx.AsyncClient, app: Any, person: SignedInPerson
) -> None:
    routes = [
        (method.upper(), re.sub(r"\{\w+_id\}", person.user["id"], path))
        for path, item in app.openapi()["paths"].items()
        if path.startswith(ADMIN)
        for method in item
        if method in ("get", "put", "post", "delete", "patch")
    ]
    assert len(routes) >= 14

    for method, path in routes:
        assert (await client.request(method, path)).status_code == 401, (method, path)
        body = WHY | {"role": "admin", "credits": 1, "text_en": "x", "text_ko": "x"}
        answer = await client.request(method, path, headers=person.headers, json=body)
        assert answer.status_code in (403, 422), (method, path, answer.text)
        problem(
            await client.request(method, path, headers=person.headers, json=WHY),
            answer.status_code,
            answer.json()["code"],
        )
