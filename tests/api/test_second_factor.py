"""The second factor: setting an app up, recovery codes, proofs, and what admins need."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select, update

from pingvas.accounts.sign_in import app_codes
from pingvas.accounts.tables import RecoveryCode, SecondFactor, User
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from tests.api.auth_calls import ME, problem
from tests.api.second_factor_calls import MINE, answer, challenge_for, code_of, grow_old, log_in, set_up, ways
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.mail import sent_mail, text_of


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


@pytest.fixture
async def boss(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database, app: Any
) -> SignedInPerson:
    """An admin, where two factors are asked of admins."""
    async with database.transaction() as session:
        await session.execute(update(User).values(role="admin"))
    app.state.settings = app.state.settings.model_copy(update={"admin_second_factor": True})
    return ada


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


async def test_an_app_outlives_a_change_of_the_studios_secret_that_is_made_in_two_steps(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database, app: Any, settings: Settings
) -> None:
    # given a new secret beside the old one
    secret, _ = await set_up(client, database, ada)
    assert settings.secret_key is not None
    new = {"secret_key": "the new secret of this studio, as long as the old"}
    both = Settings(
        _env_file=None, **(settings.model_dump() | new | {"previous_secret_key": settings.secret_key})
    )

    # when a code is used meanwhile
    app.state.settings = both
    challenge = await challenge_for(client, ada)
    assert (await answer(client, challenge, await code_of(database, secret))).status_code == 200

    # then the new one alone will do
    async with database.read() as session:
        factor = await session.scalar(select(SecondFactor))
    assert factor is not None
    after = both.model_copy(update={"previous_secret_key": None})
    assert app_codes.unseal(after, factor.user_id, factor.secret) == secret
    assert app_codes.unseal(settings, factor.user_id, factor.secret) is None
