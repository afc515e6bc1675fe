"""Staying signed in and signing out over HTTP: refresh tokens, devices, one-time links."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import func, select, update

from pingvas.accounts.one_time import create_token
from pingvas.accounts.sessions import access_tokens, refresh_tokens
from pingvas.accounts.tables import UserSession
from pingvas.api.app import create_app
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from tests.api.auth_calls import AUTH, ME, acts, problem, refresh
from tests.lifespan import running_app
from tests.make.accounts import PASSWORD, SignedInPerson, fresh_email, sign_up


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def test_refreshing_gives_new_tokens_and_the_person(client: httpx.AsyncClient, person: Any) -> None:
    answer = await refresh(client, person.refresh_token)

    assert answer.status_code == 200
    assert answer.json()["user"] == person.user
    assert answer.json()["refresh_token"] not in (None, person.refresh_token)
    assert answer.headers["cache-control"] == "no-store"
    assert await acts(client, answer.json()["access_token"])


async def test_a_stolen_old_token_ends_the_session_for_everybody(
    client: httpx.AsyncClient, database: Database, settings: Settings, person: Any
) -> None:
    # given
    current = (await refresh(client, person.refresh_token)).json()
    async with database.transaction() as session:
        long_ago = func.now() - timedelta(seconds=settings.refresh_grace_seconds + 1)
        await session.execute(update(UserSession).values(rotated_at=long_ago))

    # when
    answer = await refresh(client, person.refresh_token)

    # then: refused, and what was done for it has been committed
    problem(answer, 401, "invalid_token")
    assert not await acts(client, current["access_token"])
    problem(await refresh(client, current["refresh_token"]), 401, "invalid_token")


async def test_two_tabs_refreshing_at_once_both_stay_signed_in(
    client: httpx.AsyncClient, person: Any
) -> None:
    answers = await asyncio.gather(*(refresh(client, person.refresh_token) for _ in range(5)))

    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert (await refresh(client, answers[0].json()["refresh_token"])).status_code == 200


async def test_a_forged_token_with_a_known_session_id_changes_nothing(
    client: httpx.AsyncClient, make_settings: Any, settings: Settings, person: Any
) -> None:
    session_id = access_tokens.verify(settings, person.access_token).session_id
    elsewhere = make_settings(secret_key="the secret of the studio next door, as long")

    for generation in range(3):
        forged = refresh_tokens.make(elsewhere, session_id, generation)
        problem(await refresh(client, forged), 401, "invalid_token")
        problem(await client.post(f"{AUTH}/logout", json={"refresh_token": forged}), 401, "invalid_token")

    assert await acts(client, person.access_token)
    assert (await refresh(client, person.refresh_token)).status_code == 200


async def test_nonsense_is_no_refresh_token(client: httpx.AsyncClient) -> None:
    for token in ["pvr_", "x", "pvr_" + "A" * 70, "강" * 74, "x" * 1024]:
        problem(await refresh(client, token), 401, "invalid_token")


async def test_refreshing_without_a_token_asks_to_sign_in(client: httpx.AsyncClient) -> None:
    tries: tuple[dict[str, Any], ...] = (
        {},
        {"json": {}},
        {"json": {"refresh_token": None}},
        {"json": {"refresh_token": ""}},
    )
    for sent in tries:
        problem(await client.post(f"{AUTH}/refresh", **sent), 401, "unauthorized")


async def test_an_access_token_is_no_refresh_token_and_the_other_way_round(
    client: httpx.AsyncClient, person: Any
) -> None:
    problem(await refresh(client, person.access_token), 401, "invalid_token")
    answer = await client.get(ME, headers={"Authorization": f"Bearer {person.refresh_token}"})
    problem(answer, 401, "invalid_token")


async def test_an_unused_device_expires(client: httpx.AsyncClient, database: Database, person: Any) -> None:
    async with database.transaction() as session:
        await session.execute(update(UserSession).values(expires_at=func.now()))

    problem(await refresh(client, person.refresh_token), 401, "token_expired")


async def test_an_expired_access_token_is_told_as_that(
    client: httpx.AsyncClient, settings: Settings, person: Any
) -> None:
    # given: a genuine token, made an hour ago
    claims = jwt.decode(person.access_token, options={"verify_signature": False})
    older = {**claims, "iat": claims["iat"] - 3600, "exp": claims["exp"] - 3600}
    token = jwt.encode(older, settings.key_for("access-token"), headers={"typ": access_tokens.TYPE})

    # when
    answer = await client.get(ME, headers={"Authorization": f"Bearer {token}"})

    # then
    problem(answer, 401, "token_expired")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_who_is_not_signed_in_is_asked_to(client: httpx.AsyncClient) -> None:
    for authorization, code in {
        "": "unauthorized",
        "Basic dTpw": "unauthorized",
        "Bearer": "unauthorized",
        "Bearer nonsense": "invalid_token",
        "Bearer e30.e30.e30": "invalid_token",
    }.items():
        problem(await client.get(ME, headers={"Authorization": authorization}), 401, code)
    problem(await client.get(ME), 401, "unauthorized")


@pytest.mark.parametrize("by", ["refresh token", "access token"])
async def test_signing_out_ends_both_tokens_at_once(client: httpx.AsyncClient, person: Any, by: Any) -> None:
    # when
    if by == "refresh token":
        answer = await client.post(f"{AUTH}/logout", json={"refresh_token": person.refresh_token})
    else:
        answer = await client.post(f"{AUTH}/logout", headers=person.headers)

    # then
    assert (answer.status_code, answer.content) == (204, b"")
    assert not await acts(client, person.access_token)
    problem(await refresh(client, person.refresh_token), 401, "invalid_token")


async def test_signing_out_leaves_the_other_devices_alone(client: httpx.AsyncClient, person: Any) -> None:
    other = (await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD})).json()

    await client.post(f"{AUTH}/logout", headers=person.headers)

    assert await acts(client, other["access_token"])


async def test_signing_out_again_is_no_error_with_the_refresh_token(
    client: httpx.AsyncClient, person: Any
) -> None:
    for _ in range(2):
        answer = await client.post(f"{AUTH}/logout", json={"refresh_token": person.refresh_token})
        assert answer.status_code == 204
    problem(await client.post(f"{AUTH}/logout", headers=person.headers), 401, "invalid_token")


async def test_signing_out_without_saying_who_asks_to_sign_in(client: httpx.AsyncClient) -> None:
    problem(await client.post(f"{AUTH}/logout"), 401, "unauthorized")


async def test_a_link_signs_in_once(client: httpx.AsyncClient, database: Database, person: Any) -> None:
    # given
    async with database.transaction() as session:
        token = await create_token(session, person.user["id"], "sign_in", minutes=5)

    # when
    answer = await client.post(f"{AUTH}/one-time", json={"token": token})

    # then
    assert answer.status_code == 200
    assert answer.json()["user"] == person.user
    assert await acts(client, answer.json()["access_token"])
    problem(await client.post(f"{AUTH}/one-time", json={"token": token}), 401, "invalid_token")


async def test_a_closed_studio_takes_nobody_new(make_settings: Any, database_url: Any) -> None:
    closed = create_app(make_settings(database_url=database_url, open_registration=False))
    wish = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody"}

    async with running_app(closed) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
            answer = await client.post(f"{AUTH}/register", json=wish)

    problem(answer, 403, "registration_closed")


async def test_no_token_is_written_to_the_data_folder(
    client: httpx.AsyncClient, settings: Settings, person: Any
) -> None:
    folder = Path(settings.data_dir)

    for file in folder.rglob("*"):
        if file.is_file():
            assert person.refresh_token.encode() not in file.read_bytes()


async def test_somebody_elses_device_is_not_found(
    client: httpx.AsyncClient, database: Database, person: Any
) -> None:
    stranger = await sign_up(client)
    async with database.read() as session:
        of_person = select(UserSession.id).where(UserSession.user_id == person.user["id"])
        device = await session.scalar(of_person)

    for device_id in (device, new_id()):
        answer = await client.delete(f"{ME}/sessions/{device_id}", headers=stranger.headers)
        problem(answer, 404, "not_found")
    assert await acts(client, person.access_token)
