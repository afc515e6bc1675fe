"""Signing up, in, on and out through the API, as a client that keeps its refresh token and as a hostile one."""

import asyncio
import time
import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import func, select, update

from pingvas.accounts import access_tokens, refresh_tokens
from pingvas.accounts.one_time import create_sign_in_token
from pingvas.accounts.tables import User, UserSession
from pingvas.api.app import create_app
from pingvas.base.ids import new_id
from pingvas.billing.tables import CreditTransaction, Subscription
from tests.lifespan import running_app
from tests.make.accounts import PASSWORD, SignedInPerson, fresh_email, sign_up

AUTH = "/api/v1/auth"
ME = "/api/v1/me"


def _problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, having checked that it is a whole one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    told = answer.json()
    assert {"type", "title", "status", "detail", "instance", "code"} <= set(told)
    assert (told["status"], told["code"]) == (status, code)
    assert "set-cookie" not in answer.headers
    return told


async def _refresh(client: httpx.AsyncClient, token: str | None, **more: Any) -> httpx.Response:
    return await client.post(f"{AUTH}/refresh", json={"refresh_token": token}, **more)


async def _acts(client: httpx.AsyncClient, access_token: str) -> bool:
    answer = await client.get(ME, headers={"Authorization": f"Bearer {access_token}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def test_signing_up_gives_an_account_a_plan_a_bonus_and_tokens(client, database, settings):
    # when
    email = fresh_email()
    answer = await client.post(
        f"{AUTH}/register", json={"email": email, "password": PASSWORD, "display_name": "Somebody"}
    )

    # then
    assert answer.status_code == 201
    told = answer.json()
    assert set(told) == {"access_token", "refresh_token", "token_type", "expires_in", "user"}
    assert (told["token_type"], told["expires_in"]) == ("bearer", settings.access_token_seconds)
    assert set(told["user"]) == {"id", "email", "display_name", "role", "status", "created_at"}
    assert (told["user"]["email"], told["user"]["role"], told["user"]["status"]) == (email, "user", "active")
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert await _acts(client, told["access_token"])
    async with database.read() as session:
        assert await session.scalar(select(Subscription.remaining_credits)) == settings.signup_bonus_credits
        assert await session.scalar(select(CreditTransaction.transaction_type)) == "bonus"


async def test_a_taken_address_is_told_as_that_and_changes_nothing(client, database, person):
    answer = await client.post(
        f"{AUTH}/register",
        json={"email": person.email.upper(), "password": "another password", "display_name": "Somebody else"},
    )

    _problem(answer, 409, "email_exists")
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1
        assert await session.scalar(select(func.count()).select_from(UserSession)) == 1
    answer = await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200


async def test_of_two_registrations_at_once_one_gets_201_and_the_other_409(client, database):
    # when
    wish = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody"}
    answers = await asyncio.gather(*(client.post(f"{AUTH}/register", json=wish) for _ in range(4)))

    # then
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Subscription)) == 1


BAD_INPUT: list[tuple[str, Any]] = [
    ("email", "river"),
    ("email", ""),
    ("email", None),
    ("email", 7),
    ("email", "x" * 5000 + "@example.com"),
    ("email", "a\x00@example.com"),
    ("password", "short"),
    ("password", "password123"),
    ("password", "x1y2" * 100),
    ("password", "p4" * 5000),
    ("password", None),
    ("password", ["a long and quiet river"]),
    ("display_name", ""),
    ("display_name", "x" * 81),
    ("display_name", "\x00"),
    ("display_name", {"a": 1}),
]


async def test_bad_input_names_the_field_and_repeats_no_secret(client, database):
    for field, value in BAD_INPUT:
        wish = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody", field: value}

        answer = await client.post(f"{AUTH}/register", json=wish)

        told = _problem(answer, 422, "validation_error")
        assert [error["loc"][:2] for error in told["errors"]] == [["body", field]], (field, value)
        assert field != "password" or not isinstance(value, str) or value not in answer.text
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 0


async def test_a_password_of_ten_thousand_characters_is_refused_before_it_is_hashed(
    plans, make_settings, database_url
):
    # given: hashing that would be noticed
    slow = make_settings(database_url=database_url, argon2_memory_kib=65_536, argon2_time_cost=30)
    wish = {"email": fresh_email(), "password": "x1y2z" * 2_000, "display_name": "Somebody"}

    async with running_app(create_app(slow)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
            await client.get("/healthz")
            before = time.process_time()  # every thread's work, whatever else the machine does
            answers = [await client.post(f"{AUTH}/{path}", json=wish) for path in ("register", "login")]
            took = time.process_time() - before

    for answer in answers:
        _problem(answer, 422, "validation_error")
    assert took < 1


DAMAGED = {
    "truncated": b'{"email": "a@example.com", "passw',
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"text"',
    "not UTF-8": b"\xff\xfe{}",
    "half a surrogate": b'{"email": "\\ud800"}',
    "deep": b"[" * 50_000,
}


@pytest.mark.parametrize("path", ["register", "login", "one-time"])
async def test_a_damaged_body_is_a_validation_error(client, path):
    for body in DAMAGED.values():
        answer = await client.post(
            f"{AUTH}/{path}", content=body, headers={"Content-Type": "application/json"}
        )

        _problem(answer, 422, "validation_error")


async def test_people_of_every_script_sign_up_and_in(client):
    # given: typed as separate jamo at one place and composed at the other
    email, password = "강물@예시.한국", "흐르는강물처럼고요하게 🦊"
    await sign_up(client, email=email, password=password)

    # when
    answer = await client.post(
        f"{AUTH}/login", json={"email": email, "password": unicodedata.normalize("NFD", password)}
    )

    # then
    assert answer.status_code == 200
    assert answer.json()["user"]["email"] == email


@pytest.mark.parametrize("email", [None, "nobody@example.com"], ids=["wrong password", "unknown address"])
async def test_failed_sign_ins_look_alike(client, person, email):
    answer = await client.post(
        f"{AUTH}/login", json={"email": email or person.email, "password": "not the right one"}
    )

    told = _problem(answer, 401, "invalid_credentials")
    assert told["detail"] == "The e-mail address or the password is wrong."


async def test_a_second_sign_in_leaves_the_first_device_alone(client, person):
    # when
    answer = await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD})

    # then
    assert answer.status_code == 200
    assert await _acts(client, person.access_token)
    assert await _acts(client, answer.json()["access_token"])
    assert (await _refresh(client, person.refresh_token)).status_code == 200


@pytest.mark.parametrize(
    ("status", "problem"),
    [("suspended", (403, "account_suspended")), ("deleted", (401, "invalid_credentials"))],
)
async def test_people_who_may_not_act_are_told_so_or_nothing(client, database, person, status, problem):
    async with database.transaction() as session:
        await session.execute(update(User).values(status=status))

    _problem(await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD}), *problem)
    wrong = await client.post(f"{AUTH}/login", json={"email": person.email, "password": "not the right one"})
    _problem(wrong, 401, "invalid_credentials")


async def test_refreshing_gives_new_tokens_and_the_person(client, person):
    answer = await _refresh(client, person.refresh_token)

    assert answer.status_code == 200
    assert answer.json()["user"] == person.user
    assert answer.json()["refresh_token"] not in (None, person.refresh_token)
    assert answer.headers["cache-control"] == "no-store"
    assert await _acts(client, answer.json()["access_token"])


async def test_a_stolen_old_token_ends_the_session_for_everybody(client, database, settings, person):
    # given
    current = (await _refresh(client, person.refresh_token)).json()
    async with database.transaction() as session:
        long_ago = func.now() - timedelta(seconds=settings.refresh_grace_seconds + 1)
        await session.execute(update(UserSession).values(rotated_at=long_ago))

    # when
    answer = await _refresh(client, person.refresh_token)

    # then: refused, and what was done for it has been committed
    _problem(answer, 401, "invalid_token")
    assert not await _acts(client, current["access_token"])
    _problem(await _refresh(client, current["refresh_token"]), 401, "invalid_token")


async def test_two_tabs_refreshing_at_once_both_stay_signed_in(client, person):
    answers = await asyncio.gather(*(_refresh(client, person.refresh_token) for _ in range(5)))

    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert (await _refresh(client, answers[0].json()["refresh_token"])).status_code == 200


async def test_a_forged_token_with_a_known_session_id_changes_nothing(
    client, make_settings, settings, person
):
    session_id = access_tokens.verify(settings, person.access_token).session_id
    elsewhere = make_settings(secret_key="the secret of the studio next door, as long")

    for generation in range(3):
        forged = refresh_tokens.make(elsewhere, session_id, generation)
        _problem(await _refresh(client, forged), 401, "invalid_token")
        _problem(await client.post(f"{AUTH}/logout", json={"refresh_token": forged}), 401, "invalid_token")

    assert await _acts(client, person.access_token)
    assert (await _refresh(client, person.refresh_token)).status_code == 200


async def test_nonsense_is_no_refresh_token(client):
    for token in ["pvr_", "x", "pvr_" + "A" * 70, "강" * 74, "x" * 1024]:
        _problem(await _refresh(client, token), 401, "invalid_token")


async def test_refreshing_without_a_token_asks_to_sign_in(client):
    for sent in ({}, {"json": {}}, {"json": {"refresh_token": None}}, {"json": {"refresh_token": ""}}):
        _problem(await client.post(f"{AUTH}/refresh", **sent), 401, "unauthorized")


async def test_an_access_token_is_no_refresh_token_and_the_other_way_round(client, person):
    _problem(await _refresh(client, person.access_token), 401, "invalid_token")
    answer = await client.get(ME, headers={"Authorization": f"Bearer {person.refresh_token}"})
    _problem(answer, 401, "invalid_token")


async def test_an_unused_device_expires(client, database, person):
    async with database.transaction() as session:
        await session.execute(update(UserSession).values(expires_at=func.now()))

    _problem(await _refresh(client, person.refresh_token), 401, "token_expired")


async def test_an_expired_access_token_is_told_as_that(client, settings, person):
    # given: a genuine token, made an hour ago
    claims = jwt.decode(person.access_token, options={"verify_signature": False})
    older = {**claims, "iat": claims["iat"] - 3600, "exp": claims["exp"] - 3600}
    token = jwt.encode(older, settings.key_for("access-token"), headers={"typ": access_tokens.TYPE})

    # when
    answer = await client.get(ME, headers={"Authorization": f"Bearer {token}"})

    # then
    _problem(answer, 401, "token_expired")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_who_is_not_signed_in_is_asked_to(client):
    for authorization, code in {
        "": "unauthorized",
        "Basic dTpw": "unauthorized",
        "Bearer": "unauthorized",
        "Bearer nonsense": "invalid_token",
        "Bearer e30.e30.e30": "invalid_token",
    }.items():
        _problem(await client.get(ME, headers={"Authorization": authorization}), 401, code)
    _problem(await client.get(ME), 401, "unauthorized")


@pytest.mark.parametrize("by", ["refresh token", "access token"])
async def test_signing_out_ends_both_tokens_at_once(client, person, by):
    # when
    if by == "refresh token":
        answer = await client.post(f"{AUTH}/logout", json={"refresh_token": person.refresh_token})
    else:
        answer = await client.post(f"{AUTH}/logout", headers=person.headers)

    # then
    assert (answer.status_code, answer.content) == (204, b"")
    assert not await _acts(client, person.access_token)
    _problem(await _refresh(client, person.refresh_token), 401, "invalid_token")


async def test_signing_out_leaves_the_other_devices_alone(client, person):
    other = (await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD})).json()

    await client.post(f"{AUTH}/logout", headers=person.headers)

    assert await _acts(client, other["access_token"])


async def test_signing_out_again_is_no_error_with_the_refresh_token(client, person):
    for _ in range(2):
        answer = await client.post(f"{AUTH}/logout", json={"refresh_token": person.refresh_token})
        assert answer.status_code == 204
    _problem(await client.post(f"{AUTH}/logout", headers=person.headers), 401, "invalid_token")


async def test_signing_out_without_saying_who_asks_to_sign_in(client):
    _problem(await client.post(f"{AUTH}/logout"), 401, "unauthorized")


async def test_a_link_signs_in_once(client, database, person):
    # given
    async with database.transaction() as session:
        token = await create_sign_in_token(session, person.user["id"], minutes=5)

    # when
    answer = await client.post(f"{AUTH}/one-time", json={"token": token})

    # then
    assert answer.status_code == 200
    assert answer.json()["user"] == person.user
    assert await _acts(client, answer.json()["access_token"])
    _problem(await client.post(f"{AUTH}/one-time", json={"token": token}), 401, "invalid_token")


async def test_a_closed_studio_takes_nobody_new(make_settings, database_url):
    closed = create_app(make_settings(database_url=database_url, open_registration=False))
    wish = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody"}

    async with running_app(closed) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
            answer = await client.post(f"{AUTH}/register", json=wish)

    _problem(answer, 403, "registration_closed")


async def test_no_token_is_written_to_the_data_folder(client, settings, person):
    folder = Path(settings.data_dir)

    for file in folder.rglob("*"):
        if file.is_file():
            assert person.refresh_token.encode() not in file.read_bytes()


async def test_somebody_elses_device_is_not_found(client, database, person):
    stranger = await sign_up(client)
    async with database.read() as session:
        of_person = select(UserSession.id).where(UserSession.user_id == person.user["id"])
        device = await session.scalar(of_person)

    for device_id in (device, new_id()):
        answer = await client.delete(f"{ME}/sessions/{device_id}", headers=stranger.headers)
        _problem(answer, 404, "not_found")
    assert await _acts(client, person.access_token)
