"""Proving an address, changing it, and getting a new password, as a client does it with the links of mails."""

import asyncio
from typing import Any

import httpx
from sqlalchemy import func, update

from pingvas.accounts.tables import OneTimeToken, UserSession
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from tests.api.auth_calls import AUTH, ME, acts, problem
from tests.make.accounts import PASSWORD, SignedInPerson, fresh_email, sign_up
from tests.make.mail import sent_mail, token_in

ANOTHER = "another long and quiet river"


async def _post(
    client: httpx.AsyncClient, path: str, person: SignedInPerson | None = None, **body: Any
) -> httpx.Response:
    return await client.post(path, headers=person.headers if person else {}, json=body)


async def _forget_proofs(database: Database) -> None:
    """As if everybody had signed in a while ago."""
    async with database.transaction() as session:
        await session.execute(
            update(UserSession).values(proven_at=func.now() - func.make_interval(0, 0, 0, 0, 1))
        )


async def test_signing_up_sends_a_link_that_proves_the_address_once(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    # given
    person = await sign_up(client)
    assert person.user["email_verified_at"] is None
    [letter] = await sent_mail(database, settings)
    assert letter["to"] == person.email

    # when
    answer = await _post(client, f"{AUTH}/verify-email", token=token_in(letter))

    # then
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"email": person.email, "bonus_credits": 0}
    me = (await client.get(ME, headers=person.headers)).json()
    assert me["user"]["email_verified_at"] is not None
    problem(await _post(client, f"{AUTH}/verify-email", token=token_in(letter)), 401, "invalid_token")
    problem(await _post(client, f"{ME}/verify-email", person), 409, "already_proven")


async def test_another_link_may_be_asked_for_a_few_times(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await sign_up(client)

    answers = [await _post(client, f"{ME}/verify-email", person) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    letters = await sent_mail(database, settings)
    assert (await _post(client, f"{AUTH}/verify-email", token=token_in(letters[-1]))).status_code == 200


async def test_where_the_bonus_waits_for_the_proof_it_comes_with_it_once(
    client: httpx.AsyncClient, app: Any, database: Database, settings: Settings
) -> None:
    # given
    app.state.settings = settings.model_copy(update={"bonus_after_verification": True})
    body = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody"}
    answer = await client.post(f"{AUTH}/register", json=body)
    assert (answer.json()["bonus_credits"], answer.json()["bonus_due"]) == (0, 500)
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    me = (await client.get(ME, headers=headers)).json()
    assert (me["credits"]["balance"], me["bonus_due"]) == (0, 500)
    [letter] = await sent_mail(database, settings)

    # when
    proven = await _post(client, f"{AUTH}/verify-email", token=token_in(letter))

    # then
    assert proven.json()["bonus_credits"] == 500
    me = (await client.get(ME, headers=headers)).json()
    assert (me["credits"]["balance"], me["bonus_due"]) == (500, 0)


async def test_a_forgotten_password_is_replaced_and_every_device_signed_out(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    # given
    person = await sign_up(client)
    await sent_mail(database, settings)
    assert (await _post(client, f"{AUTH}/password/forgot", email=person.email.upper())).status_code == 202
    letter = (await sent_mail(database, settings))[-1]

    # when
    answer = await _post(client, f"{AUTH}/password/reset", token=token_in(letter), password=ANOTHER)

    # then
    assert answer.status_code == 204, answer.text
    assert not await acts(client, person.access_token)
    old = await _post(client, f"{AUTH}/login", email=person.email, password=PASSWORD)
    problem(old, 401, "invalid_credentials")
    new = await _post(client, f"{AUTH}/login", email=person.email, password=ANOTHER)
    assert new.status_code == 200
    assert new.json()["user"]["email_verified_at"] is not None  # the link went to the address
    again = await _post(client, f"{AUTH}/password/reset", token=token_in(letter), password=PASSWORD)
    problem(again, 401, "invalid_token")
    assert (await sent_mail(database, settings))[-1]["subject"] == "Your password has been changed"


async def test_a_password_that_is_refused_leaves_the_link_good(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await sign_up(client)
    await _post(client, f"{AUTH}/password/forgot", email=person.email)
    letter = (await sent_mail(database, settings))[-1]

    refused = [
        await _post(client, f"{AUTH}/password/reset", token=token_in(letter), password=bad)
        for bad in ("short", "1234567890", person.email)
    ]

    assert {answer.status_code for answer in refused} == {422}
    good = await _post(client, f"{AUTH}/password/reset", token=token_in(letter), password=ANOTHER)
    assert good.status_code == 204


async def test_of_two_who_use_a_link_at_once_one_sets_the_password(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await sign_up(client)
    await _post(client, f"{AUTH}/password/forgot", email=person.email)
    token = token_in((await sent_mail(database, settings))[-1])

    answers = await asyncio.gather(
        *(_post(client, f"{AUTH}/password/reset", token=token, password=f"{ANOTHER} {n}") for n in range(2))
    )

    assert sorted(answer.status_code for answer in answers) == [204, 401]


async def test_asking_for_an_unknown_address_is_answered_the_same_and_sends_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await sign_up(client)
    before = len(await sent_mail(database, settings))

    known = await _post(client, f"{AUTH}/password/forgot", email=person.email)
    unknown = await _post(client, f"{AUTH}/password/forgot", email=fresh_email())

    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, b"null")
    assert len(await sent_mail(database, settings)) == before + 1


async def test_a_link_stops_working_in_time(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    person = await sign_up(client)
    await _post(client, f"{AUTH}/password/forgot", email=person.email)
    token = token_in((await sent_mail(database, settings))[-1])
    async with database.transaction() as session:
        await session.execute(update(OneTimeToken).values(expires_at=func.now()))

    answer = await _post(client, f"{AUTH}/password/reset", token=token, password=ANOTHER)

    problem(answer, 401, "token_expired")


async def test_a_link_of_one_purpose_is_none_of_another(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await sign_up(client)
    token = token_in((await sent_mail(database, settings))[-1])

    reset = await _post(client, f"{AUTH}/password/reset", token=token, password=ANOTHER)
    signed_in = await _post(client, f"{AUTH}/one-time", token=token)
    confirmed = await _post(client, f"{AUTH}/email/confirm", token=token)

    for answer in (reset, signed_in, confirmed):
        problem(answer, 401, "invalid_token")


async def test_a_change_of_address_needs_both_addresses_and_the_old_one_is_told(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    # given somebody whose address is proven
    person, new = await sign_up(client), fresh_email()
    await _post(client, f"{AUTH}/verify-email", token=token_in((await sent_mail(database, settings))[-1]))

    # when
    asked = await _post(client, f"{ME}/email", person, email=new)
    letters = {letter["to"]: letter for letter in (await sent_mail(database, settings))[-2:]}
    first = await _post(client, f"{AUTH}/email/confirm", token=token_in(letters[new]))
    between = (await client.get(ME, headers=person.headers)).json()
    second = await _post(client, f"{AUTH}/email/confirm", token=token_in(letters[person.email]))

    # then
    assert asked.status_code == 202
    assert asked.json()["new_email"] == new
    assert first.json()["changed"] is False
    assert between["user"]["email"] == person.email
    assert (between["email_change"]["old_confirmed"], between["email_change"]["new_confirmed"]) == (
        False,
        True,
    )
    assert second.json() == {"changed": True, "waiting": None}
    after = (await client.get(ME, headers=person.headers)).json()
    assert (after["user"]["email"], after["email_change"]) == (new, None)
    assert after["user"]["email_verified_at"] is not None
    told = (await sent_mail(database, settings))[-1]
    assert (told["to"], told["subject"]) == (person.email, "Your e-mail address has been changed")


async def test_a_change_to_somebody_elses_address_is_answered_the_same_and_never_comes_to_be(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    person, other = await sign_up(client), await sign_up(client)
    before = len(await sent_mail(database, settings))

    answer = await _post(client, f"{ME}/email", person, email=other.email.upper())

    assert answer.status_code == 202
    assert len(await sent_mail(database, settings)) == before


async def test_a_change_to_an_address_that_somebody_took_meanwhile_ends_and_says_so(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    # given a change that one of the two addresses agreed to
    person, new = await sign_up(client), fresh_email()
    await _post(client, f"{AUTH}/verify-email", token=token_in((await sent_mail(database, settings))[-1]))
    await _post(client, f"{ME}/email", person, email=new)
    letters = {letter["to"]: letter for letter in (await sent_mail(database, settings))[-2:]}
    await _post(client, f"{AUTH}/email/confirm", token=token_in(letters[new]))

    # when somebody else signs up with the new one, and the other agrees
    await sign_up(client, email=new)
    answer = await _post(client, f"{AUTH}/email/confirm", token=token_in(letters[person.email]))

    # then
    problem(answer, 409, "email_exists")
    me = (await client.get(ME, headers=person.headers)).json()
    assert (me["user"]["email"], me["email_change"]) == (person.email, None)
    told = (await sent_mail(database, settings))[-1]
    assert (told["to"], told["subject"]) == (person.email, "Your e-mail address was not changed")
    again = await _post(client, f"{AUTH}/email/confirm", token=token_in(letters[person.email]))
    problem(again, 401, "invalid_token")
    assert (await _post(client, f"{ME}/email", person, email=fresh_email())).status_code == 202


async def test_a_change_that_is_taken_back_cannot_be_confirmed(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    person, new = await sign_up(client), fresh_email()
    await _post(client, f"{ME}/email", person, email=new)
    token = token_in((await sent_mail(database, settings))[-1])

    taken_back = await client.delete(f"{ME}/email", headers=person.headers)

    assert taken_back.status_code == 204
    problem(await _post(client, f"{AUTH}/email/confirm", token=token), 401, "invalid_token")


async def test_what_is_dear_asks_for_a_fresh_proof_on_this_device(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    # given
    person = await sign_up(client)
    other = await _post(client, f"{AUTH}/login", email=person.email, password=PASSWORD)
    await _forget_proofs(database)

    # when
    refused = [
        await _post(client, f"{ME}/password", person, password=ANOTHER),
        await _post(client, f"{ME}/email", person, email=fresh_email()),
        await client.delete(ME, headers=person.headers),
    ]
    wrong = await _post(client, f"{ME}/proof", person, password="not my password at all")
    proven = await _post(client, f"{ME}/proof", person, password=PASSWORD)
    changed = await _post(client, f"{ME}/password", person, password=ANOTHER)

    # then
    for answer in refused:
        problem(answer, 403, "proof_needed")
    problem(wrong, 401, "invalid_credentials")
    assert (proven.status_code, changed.status_code) == (204, 204)
    assert await acts(client, person.access_token)
    assert not await acts(client, other.json()["access_token"])
    elsewhere = await _post(client, f"{AUTH}/login", email=person.email, password=ANOTHER)
    assert elsewhere.status_code == 200


async def test_a_sign_in_from_another_kind_of_device_is_told_by_mail_once(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    # given
    person = await sign_up(client)
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

    # when
    for _ in range(2):
        body = {"email": person.email, "password": PASSWORD}
        await client.post(f"{AUTH}/login", json=body, headers={"User-Agent": firefox})

    # then
    subjects = [letter["subject"] for letter in await sent_mail(database, settings)]
    assert subjects.count("A new sign-in to your account") == 1
