"""The second factor: an app whose codes work once, recovery codes, and what is asked of whom."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from sqlalchemy import func, select, text, update

from pingvas.accounts.one_time import create_token
from pingvas.accounts.sign_in import app_codes
from pingvas.accounts.sign_in.first_factor import MAX_ATTEMPTS
from pingvas.accounts.tables import Challenge, RecoveryCode, SecondFactor, User, UserSession
from pingvas.base.budget_figures import FIGURES, Rate
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from tests.api.auth_calls import AUTH, ME, problem
from tests.make.accounts import PASSWORD, SignedInPerson, sign_up
from tests.make.mail import sent_mail, text_of, token_in

MINE = f"{ME}/second-factor"


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def code_of(database: Database, secret: str, *, steps: int = 1) -> str:
    """A code of the app: of the next step by the database's clock, for that of now has confirmed it; or of another."""
    async with database.read() as session:
        now: datetime = await session.scalar(select(func.now()))  # type: ignore[assignment]
    return pyotp.TOTP(secret).at(now, counter_offset=steps)


async def set_up(
    client: httpx.AsyncClient, database: Database, person: SignedInPerson
) -> tuple[str, list[str]]:
    """Set an app up; its secret and the recovery codes."""
    begun = await client.post(MINE, headers=person.headers)
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    body = {"code": await code_of(database, secret, steps=0)}
    confirmed = await client.post(f"{MINE}/confirm", json=body, headers=person.headers)
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["recovery_codes"]


async def log_in(client: httpx.AsyncClient, person: SignedInPerson) -> httpx.Response:
    return await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD})


async def challenge_for(client: httpx.AsyncClient, person: SignedInPerson) -> str:
    told: str = problem(await log_in(client, person), 403, "second_factor_needed")["challenge"]
    return told


async def answer(client: httpx.AsyncClient, challenge: str, code: str) -> httpx.Response:
    return await client.post(f"{AUTH}/second-factor", json={"challenge_token": challenge, "code": code})


async def ways(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = (await client.get(f"{ME}/sign-in-methods", headers=headers)).json()
    return told


async def grow_old(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(
            update(UserSession).values(proven_at=func.now() - func.make_interval(0, 0, 0, 1))
        )


async def test_an_app_is_told_its_secret_and_counts_once_it_has_shown_a_code(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database, settings: Settings
) -> None:
    # when it is begun
    begun = await client.post(MINE, headers=ada.headers)
    told = begun.json()
    parts = urlsplit(told["uri"])

    # then
    assert begun.headers["cache-control"] == "no-store"
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query)["secret"] == [told["secret"]]
    assert parse_qs(parts.query)["issuer"] == ["Pingvas Studio"]
    assert (await log_in(client, ada)).status_code == 200, "it does not count yet"

    # when it is confirmed
    body = {"code": await code_of(database, told["secret"], steps=0)}
    confirmed = await client.post(f"{MINE}/confirm", json=body, headers=ada.headers)

    # then
    assert confirmed.headers["cache-control"] == "no-store"
    assert len(set(confirmed.json()["recovery_codes"])) == 10
    assert (await ways(client, ada.headers))["second_factor"] | {"since": None} == {
        "on": True,
        "since": None,
        "recovery_codes_left": 10,
    }
    await challenge_for(client, ada)
    letters = await sent_mail(database, settings)
    assert letters[-1]["Subject"] == "A second factor now protects your account"


async def test_the_secret_lies_encrypted_and_bound_to_its_person(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database, settings: Settings, make_settings: Any
) -> None:
    secret, codes = await set_up(client, database, ada)
    async with database.read() as session:
        factor = await session.scalar(select(SecondFactor))
        kept = await session.scalars(select(RecoveryCode.code_hash))
    assert factor is not None

    other_studio = make_settings(secret_key="the secret of the studio next door, as long")
    other_person = new_id()
    assert secret.encode() not in factor.secret
    assert app_codes.unseal(settings, factor.user_id, factor.secret) == secret
    assert app_codes.unseal(settings, other_person, factor.secret) is None
    assert app_codes.unseal(other_studio, factor.user_id, factor.secret) is None
    assert app_codes.unseal(settings, factor.user_id, factor.secret[:-1]) is None
    assert app_codes.unseal(settings, factor.user_id, b"") is None
    assert not {code.replace("-", "") for code in codes} & set(kept.all())


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


async def test_a_recovery_code_works_once_however_it_is_typed_and_its_person_hears_of_it(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database, settings: Settings
) -> None:
    # given
    _, codes = await set_up(client, database, ada)
    await sent_mail(database, settings)
    typed = codes[0].upper().replace("-", " ").replace("0", "O").replace("1", "l")

    # when
    first = await answer(client, await challenge_for(client, ada), typed)
    second = await answer(client, await challenge_for(client, ada), codes[0])

    # then
    assert first.status_code == 200, first.text
    problem(second, 422, "wrong_code")
    assert (await ways(client, ada.headers))["second_factor"]["recovery_codes_left"] == 9
    assert any("9 are left" in text_of(letter) for letter in await sent_mail(database, settings))


async def test_recovery_codes_are_made_anew(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    _, old = await set_up(client, database, ada)

    new = (await client.post(f"{MINE}/recovery-codes", headers=ada.headers)).json()["recovery_codes"]

    assert len(set(new) | set(old)) == 20
    challenge = await challenge_for(client, ada)
    problem(await answer(client, challenge, old[0]), 422, "wrong_code")
    assert (await answer(client, challenge, new[0])).status_code == 200


async def test_recovery_codes_are_nobody_elses(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    _, codes = await set_up(client, database, ada)
    bob = await sign_up(client)
    await set_up(client, database, bob)

    problem(await answer(client, await challenge_for(client, bob), codes[0]), 422, "wrong_code")


async def test_an_app_is_taken_away_with_all_that_belongs_to_it(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database, settings: Settings
) -> None:
    # given
    await set_up(client, database, ada)
    waiting = await challenge_for(client, ada)

    # when
    removed = await client.delete(MINE, headers=ada.headers)
    again = await client.delete(MINE, headers=ada.headers)

    # then
    assert removed.status_code == 204
    problem(again, 409, "no_second_factor")
    assert (await log_in(client, ada)).status_code == 200
    told = await ways(client, ada.headers)
    assert told["second_factor"] == {"on": False, "since": None, "recovery_codes_left": 0}
    assert told["session_has_second_factor"] is False
    problem(await answer(client, waiting, "123456"), 409, "challenge_over")
    assert "taken away" in (await sent_mail(database, settings))[-1]["Subject"]


async def test_beginning_anew_replaces_a_secret_that_was_not_confirmed(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    first = (await client.post(MINE, headers=ada.headers)).json()["secret"]
    second = (await client.post(MINE, headers=ada.headers)).json()["secret"]
    confirm = f"{MINE}/confirm"

    old = await client.post(
        confirm, json={"code": await code_of(database, first, steps=0)}, headers=ada.headers
    )
    new = await client.post(
        confirm, json={"code": await code_of(database, second, steps=0)}, headers=ada.headers
    )

    problem(old, 422, "wrong_code")
    assert new.status_code == 200


async def test_what_contradicts_the_present_state_is_told(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    for answer_ in (
        await client.post(f"{MINE}/confirm", json={"code": "123456"}, headers=ada.headers),
        await client.post(f"{MINE}/recovery-codes", headers=ada.headers),
        await client.delete(MINE, headers=ada.headers),
    ):
        problem(answer_, 409, "no_second_factor")
    await set_up(client, database, ada)
    for answer_ in (
        await client.post(MINE, headers=ada.headers),
        await client.post(f"{MINE}/confirm", json={"code": "123456"}, headers=ada.headers),
    ):
        problem(answer_, 409, "second_factor_exists")


async def test_changing_the_factor_asks_for_a_fresh_proof(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    await set_up(client, database, ada)
    await grow_old(database)

    for answer_ in (
        await client.post(MINE, headers=ada.headers),
        await client.delete(MINE, headers=ada.headers),
        await client.post(f"{MINE}/recovery-codes", headers=ada.headers),
    ):
        problem(answer_, 403, "proof_needed")


async def test_a_code_proves_who_is_there(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    # given
    secret, codes = await set_up(client, database, ada)
    path = f"{ME}/proof/code"

    # when
    await grow_old(database)
    wrong = await client.post(path, json={"code": "000000"}, headers=ada.headers)
    still_old = await client.delete(MINE, headers=ada.headers)
    code = await code_of(database, secret)
    right = await client.post(path, json={"code": f" {code[:3]} {code[3:]} "}, headers=ada.headers)
    again = await client.post(path, json={"code": code}, headers=ada.headers)
    renewed = await client.post(f"{MINE}/recovery-codes", headers=ada.headers)

    # then
    problem(wrong, 422, "wrong_code")
    problem(still_old, 403, "proof_needed")
    assert right.status_code == 204, right.text
    problem(again, 422, "wrong_code")
    assert renewed.status_code == 200
    problem(await client.post(path, json={"code": codes[0]}, headers=ada.headers), 422, "wrong_code")


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


async def test_a_secret_that_cannot_be_read_any_more_leaves_the_recovery_codes(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    """As after the studio's secret was changed."""
    secret, codes = await set_up(client, database, ada)
    async with database.transaction() as session:
        await session.execute(update(SecondFactor).values(secret=b"\x01" + bytes(60)))
    challenge = await challenge_for(client, ada)

    problem(await answer(client, challenge, await code_of(database, secret)), 422, "wrong_code")
    assert (await answer(client, challenge, codes[0])).status_code == 200


async def test_suspended_people_are_told_so_when_they_have_shown_both(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    _, codes = await set_up(client, database, ada)
    challenge = await challenge_for(client, ada)
    async with database.transaction() as session:
        await session.execute(update(User).values(status="suspended"))

    problem(await answer(client, challenge, codes[0]), 403, "account_suspended")


# Admins.


@pytest.fixture
async def boss(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database, app: Any
) -> SignedInPerson:
    """An admin, where two factors are asked of admins."""
    async with database.transaction() as session:
        await session.execute(update(User).values(role="admin"))
    app.state.settings = app.state.settings.model_copy(update={"admin_second_factor": True})
    return ada


async def test_an_admin_without_a_second_factor_is_none_where_the_operator_wants_one(
    client: httpx.AsyncClient, boss: SignedInPerson, database: Database
) -> None:
    # given
    problem(await client.get("/api/v1/admin/users", headers=boss.headers), 403, "second_factor_required")
    bob = await sign_up(client)
    problem(await client.get("/api/v1/admin/users", headers=bob.headers), 403, "forbidden")

    # when they set one up
    _, codes = await set_up(client, database, boss)

    # then this device has shown it, and one that shows a code at sign-in as well
    assert (await client.get("/api/v1/admin/users", headers=boss.headers)).status_code == 200
    token = (await answer(client, await challenge_for(client, boss), codes[0])).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/v1/admin/users", headers=headers)).status_code == 200

    # and without it they are none again
    await client.delete(MINE, headers=boss.headers)
    problem(await client.get("/api/v1/admin/users", headers=headers), 403, "second_factor_required")


async def test_an_admin_who_was_signed_in_before_shows_a_code_on_that_device(
    client: httpx.AsyncClient, boss: SignedInPerson, database: Database
) -> None:
    # given another device
    token = (await log_in(client, boss)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    secret, _ = await set_up(client, database, boss)
    problem(await client.get("/api/v1/admin/users", headers=headers), 403, "second_factor_required")

    # when
    body = {"code": await code_of(database, secret)}
    assert (await client.post(f"{ME}/proof/code", json=body, headers=headers)).status_code == 204

    # then
    assert (await client.get("/api/v1/admin/users", headers=headers)).status_code == 200
