"""Signing in with a code: which ways in ask for one, and what guessing one comes to."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from sqlalchemy import func, select, text, update

from pingvas.accounts.one_time import create_token
from pingvas.accounts.sign_in.first_factor import MAX_ATTEMPTS
from pingvas.accounts.tables import Challenge, User, UserSession
from pingvas.base.budget_figures import FIGURES, Rate
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from tests.api.auth_calls import AUTH, ME, problem
from tests.api.second_factor_calls import answer, challenge_for, code_of, log_in, set_up, ways
from tests.make.accounts import PASSWORD, SignedInPerson, sign_up
from tests.make.mail import sent_mail, token_in


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def test_signing_in_asks_for_a_code_and_starts_no_device_before_it(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    # given
    secret, _ = await set_up(client, database, ada)

    # when
    refused = await log_in(client, ada)
    told = problem(refused, 403, "second_factor_needed")
    async with database.read() as session:
        devices = await session.scalar(select(func.count()).select_from(UserSession))
    signed_in = await answer(client, told["challenge"], await code_of(database, secret))

    # then
    assert devices == 1
    assert told["expires_in"] == 600
    assert signed_in.status_code == 200, signed_in.text
    headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    assert (await ways(client, headers))["session_has_second_factor"] is True
    newest = (await client.get(f"{ME}/sessions", headers=headers)).json()["items"][0]
    assert (newest["method"], newest["second_factor"], newest["current"]) == ("password", True, True)


async def test_a_wrong_password_is_not_told_of_a_second_factor(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    await set_up(client, database, ada)

    body = {"email": ada.email, "password": "a wrong password"}
    problem(await client.post(f"{AUTH}/login", json=body), 401, "invalid_credentials")


@pytest.mark.parametrize(("steps", "is_good"), [(-2, False), (1, True), (3, False)])
async def test_codes_of_about_now_are_taken(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database, steps: int, is_good: bool
) -> None:
    secret, _ = await set_up(client, database, ada)
    challenge = await challenge_for(client, ada)

    told = await answer(client, challenge, await code_of(database, secret, steps=steps))

    assert told.status_code == (200 if is_good else 422), told.text


async def test_no_code_works_twice_nor_one_older_than_the_last(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    # given
    secret, _ = await set_up(client, database, ada)
    now = await code_of(database, secret)
    assert (await answer(client, await challenge_for(client, ada), now)).status_code == 200

    # then neither this one nor the one that confirmed the app works
    challenge = await challenge_for(client, ada)
    for code in (now, await code_of(database, secret, steps=0), await code_of(database, secret, steps=-1)):
        problem(await answer(client, challenge, code), 422, "wrong_code")


async def test_of_two_who_show_a_code_at_once_one_is_signed_in(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    secret, _ = await set_up(client, database, ada)
    challenges = [await challenge_for(client, ada) for _ in range(3)]
    code = await code_of(database, secret)

    answers = await asyncio.gather(*(answer(client, challenge, code) for challenge in challenges))

    assert sorted(told.status_code for told in answers) == [200, 422, 422]


async def test_a_challenge_signs_in_once(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    _, codes = await set_up(client, database, ada)
    challenge = await challenge_for(client, ada)

    answers = await asyncio.gather(*(answer(client, challenge, code) for code in codes[:3]))

    assert sorted(told.status_code for told in answers) == [200, 409, 409]
    problem(await answer(client, challenge, codes[3]), 409, "challenge_over")
    assert (await ways(client, ada.headers))["second_factor"]["recovery_codes_left"] == 9


async def test_after_a_few_wrong_codes_the_password_is_asked_for_again(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    secret, _ = await set_up(client, database, ada)
    challenge = await challenge_for(client, ada)

    wrong = [await answer(client, challenge, "not a code at all") for _ in range(MAX_ATTEMPTS)]
    right = await answer(client, challenge, await code_of(database, secret))

    assert [told.json()["code"] for told in wrong] == ["wrong_code"] * MAX_ATTEMPTS
    assert [told.json()["tries_left"] for told in wrong] == [4, 3, 2, 1, 0]
    problem(right, 409, "challenge_over")


@pytest.mark.parametrize("challenge", ["", "x", "A" * 64, "=" * 64, "한" * 60])
async def test_what_is_no_challenge_is_refused(
    client: httpx.AsyncClient, plans: None, challenge: str
) -> None:
    problem(await answer(client, challenge, "123456"), 409, "challenge_over")


async def test_a_challenge_is_over_after_a_while(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    secret, _ = await set_up(client, database, ada)
    challenge = await challenge_for(client, ada)
    async with database.transaction() as session:
        await session.execute(update(Challenge).values(expires_at=func.now() - text("interval '1 second'")))

    problem(await answer(client, challenge, await code_of(database, secret)), 409, "challenge_over")


async def test_a_new_password_ends_sign_ins_that_wait_for_a_code(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    _, codes = await set_up(client, database, ada)
    challenge = await challenge_for(client, ada)

    body = {"password": "another long password"}
    assert (await client.post(f"{ME}/password", json=body, headers=ada.headers)).status_code == 204

    problem(await answer(client, challenge, codes[0]), 409, "challenge_over")


async def test_who_guesses_codes_is_turned_away_and_closes_no_other_way_in(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    # given somebody who has the password
    secret, codes = await set_up(client, database, ada)
    figure = FIGURES["second_factor"]
    assert isinstance(figure, Rate)

    # when they guess, beginning again each time
    told = []
    for _ in range(4):
        challenge = await challenge_for(client, ada)
        told += [await answer(client, challenge, "000000") for _ in range(MAX_ATTEMPTS)]

    # then they are told to wait, and so is the right code; a recovery code is taken
    statuses = [each.status_code for each in told]
    assert statuses == [422] * int(figure.at_once) + [429] * (20 - int(figure.at_once))
    challenge = await challenge_for(client, ada)
    assert (await answer(client, challenge, await code_of(database, secret))).status_code == 429
    assert (await answer(client, challenge, codes[0])).status_code == 200


async def test_codes_guessed_at_once_are_not_more_than_one_after_the_other(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    await set_up(client, database, ada)
    challenges = [await challenge_for(client, ada) for _ in range(4)]

    answers = await asyncio.gather(
        *(answer(client, challenge, f"{number:06}") for challenge in challenges for number in range(5))
    )

    assert sum(told.status_code == 422 for told in answers) <= 10


async def test_the_operators_link_asks_for_no_code(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    await set_up(client, database, ada)
    async with database.transaction() as session:
        user = await session.scalar(select(User))
        assert user is not None
        token = await create_token(session, user.id, "sign_in")

    told = await client.post(f"{AUTH}/one-time", json={"token": token})

    assert told.status_code == 200
    headers = {"Authorization": f"Bearer {told.json()['access_token']}"}
    assert (await ways(client, headers))["session_has_second_factor"] is False


async def test_a_new_password_by_mail_goes_round_no_second_factor(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database, settings: Settings
) -> None:
    # given somebody whose address is proven
    await set_up(client, database, ada)
    await client.post(
        f"{AUTH}/verify-email", json={"token": token_in((await sent_mail(database, settings))[0])}
    )

    # when
    await client.post(f"{AUTH}/password/forgot", json={"email": ada.email})
    body = {"token": token_in((await sent_mail(database, settings))[-1]), "password": PASSWORD}
    assert (await client.post(f"{AUTH}/password/reset", json=body)).status_code == 204

    # then
    await challenge_for(client, ada)


async def test_suspended_people_are_told_so_when_they_have_shown_both(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    _, codes = await set_up(client, database, ada)
    challenge = await challenge_for(client, ada)
    async with database.transaction() as session:
        await session.execute(update(User).values(status="suspended"))

    problem(await answer(client, challenge, codes[0]), 403, "account_suspended")
