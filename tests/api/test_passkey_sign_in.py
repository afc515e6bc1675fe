"""Signing in and proving with a passkey, and the ways of cheating with one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import func, update

from pingvas.accounts.tables import Challenge, User
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from tests.api.auth_calls import AUTH, ME, problem
from tests.api.passkey_calls import MINE, ORIGIN, add, asked, asked_to_make, count, grow_old, log_in
from tests.fakes.authenticator import Browser, to_bytes, to_text
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.mail import sent_mail, text_of


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    return make_settings(database_url=database_url, public_url=f"{ORIGIN}/studio")


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


@pytest.fixture
def browser() -> Browser:
    return Browser(ORIGIN)


async def test_a_passkey_signs_in_without_a_name_and_counts_as_two_factors(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, database: Database, settings: Settings
) -> None:
    # given
    made = await add(client, ada, browser)

    # when
    options = await asked(client)
    answer = await log_in(client, browser.get(options))

    # then
    assert options["userVerification"] == "required"
    assert options["allowCredentials"] == []
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["id"] == ada.user["id"]
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    ways = (await client.get(f"{ME}/sign-in-methods", headers=headers)).json()
    assert (ways["passkeys"], ways["passkeys_available"], ways["session_has_second_factor"]) == (
        1,
        True,
        True,
    )
    (shown,) = (await client.get(MINE, headers=headers)).json()["items"]
    assert shown["id"] == made["id"]
    assert shown["name"] == "My phone"
    assert shown["last_used_at"] is not None
    assert "“My phone”" in text_of((await sent_mail(database, settings))[-1])


async def test_a_web_page_gets_its_refresh_token_in_a_cookie(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    await add(client, ada, browser)
    credential = browser.get(await asked(client))

    answer = await client.post(
        f"{AUTH}/passkeys/login", json={"credential": credential}, headers={"X-Pingvas-Client": "web"}
    )

    assert answer.json()["refresh_token"] is None
    assert "SameSite=strict" in answer.headers["set-cookie"]


async def test_an_answer_works_once_also_for_two_at_once(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    await add(client, ada, browser)
    credential = browser.get(await asked(client))

    answers = await asyncio.gather(*(log_in(client, credential) for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    problem(await log_in(client, credential), 409, "challenge_over")


async def test_a_challenge_is_over_after_a_while(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, database: Database
) -> None:
    await add(client, ada, browser)
    credential = browser.get(await asked(client))
    async with database.transaction() as session:
        await session.execute(
            update(Challenge).values(expires_at=func.now() - func.make_interval(0, 0, 0, 1))
        )

    problem(await log_in(client, credential), 409, "challenge_over")


async def test_a_challenge_that_was_not_given_is_not_taken(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    await add(client, ada, browser)
    good = await asked(client)
    changed = bytearray(to_bytes(good["challenge"]))
    changed[-1] ^= 1

    for challenge in (to_text(bytes(changed)), to_text(b"x"), to_text(bytes(48)), ""):
        problem(await log_in(client, browser.get(good | {"challenge": challenge})), 409, "challenge_over")


async def test_a_challenge_for_one_thing_is_none_for_another(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    # given challenges of each kind
    await add(client, ada, browser)
    to_make = await asked_to_make(client, ada)
    to_prove = await client.post(f"{ME}/proof/passkey/options", headers=ada.headers)
    to_sign_in = await asked(client)

    # then each is refused where it does not belong
    problem(await log_in(client, browser.get(to_make)), 409, "challenge_over")
    problem(await log_in(client, browser.get(to_prove.json()["public_key"])), 409, "challenge_over")
    body = {"credential": browser.get(to_sign_in)}
    problem(await client.post(f"{ME}/proof/passkey", json=body, headers=ada.headers), 409, "challenge_over")
    options = await asked(client) | {"rp": to_make["rp"], "user": to_make["user"]}
    by_new: dict[str, Any] = {"credential": browser.create(options), "name": "x"}
    problem(await client.post(MINE, json=by_new, headers=ada.headers), 409, "challenge_over")


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://studio.example.org.evil.example"},
        {"origin": "http://studio.example.org"},
        {"origin": "https://studio.example.org:8443"},
        {"type": "webauthn.create"},
        {"crossOrigin": True},
        {"verifies": False},
    ],
)
async def test_an_answer_of_another_page_or_without_verification_is_refused(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, lies: dict[str, Any]
) -> None:
    await add(client, ada, browser)

    problem(await log_in(client, browser.get(await asked(client), **lies)), 422, "passkey_refused")


async def test_a_signature_of_another_key_is_refused(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    # given a passkey with the id of Ada's and a key of its own
    await add(client, ada, browser)
    thief = Browser(ORIGIN)
    thief.create({"rp": {"id": "studio.example.org"}, "user": {"id": "AA"}, "challenge": "AA"})
    thief.passkeys[0].id = browser.passkeys[0].id
    thief.passkeys[0].user_handle = browser.passkeys[0].user_handle

    problem(await log_in(client, thief.get(await asked(client))), 422, "passkey_refused")


async def test_a_passkey_that_says_to_be_anothers_is_refused(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    await add(client, ada, browser)

    for handle in (b"somebody else", b""):
        browser.passkeys[0].user_handle = handle
        problem(await log_in(client, browser.get(await asked(client))), 422, "passkey_refused")


async def test_an_unknown_passkey_is_told_no_more_than_a_wrong_one(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    stranger = Browser(ORIGIN)
    stranger.create({"rp": {"id": "studio.example.org"}, "user": {"id": "AA"}, "challenge": "AA"})

    problem(await log_in(client, stranger.get(await asked(client))), 422, "passkey_refused")


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        {"id": 7},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "////"}},
        {"response": {"clientDataJSON": "x" * 10_000}},
        {"a": {"b": [{}] * 100}},
    ],
)
async def test_what_is_no_answer_of_a_browser_is_refused(
    client: httpx.AsyncClient, ada: SignedInPerson, nonsense: Any
) -> None:
    problem(await log_in(client, nonsense), 422, "passkey_refused")
    body = {"credential": nonsense, "name": "x"}
    problem(await client.post(MINE, json=body, headers=ada.headers), 422, "passkey_refused")
    body = {"credential": nonsense}
    problem(await client.post(f"{ME}/proof/passkey", json=body, headers=ada.headers), 422, "passkey_refused")


async def test_every_damage_to_an_answer_is_refused(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    await add(client, ada, browser)
    for part in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
        for damage in (
            lambda text: text[:-6],
            lambda text: "AAAA" + text,
            lambda _: "",
            lambda _: None,
            lambda _: 7,
        ):
            credential = browser.get(await asked(client))
            credential["response"][part] = damage(credential["response"][part])
            answer = await log_in(client, credential)
            assert answer.status_code in (409, 422, 429), (part, answer.text)
            assert answer.json()["code"] in ("passkey_refused", "challenge_over", "rate_limited")


async def test_a_copy_of_an_authenticator_is_refused_and_its_person_told(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, database: Database, settings: Settings
) -> None:
    # given an authenticator whose copy has been used meanwhile
    await add(client, ada, browser)
    for _ in range(3):
        assert (await log_in(client, browser.get(await asked(client)))).status_code == 200
    await sent_mail(database, settings)
    browser.passkeys[0].count = 1

    # when
    behind = await log_in(client, browser.get(await asked(client)))
    browser.passkeys[0].count = 2
    same = await log_in(client, browser.get(await asked(client)))
    ahead = await log_in(client, browser.get(await asked(client)))

    # then
    problem(behind, 422, "passkey_refused")
    problem(same, 422, "passkey_refused")
    assert ahead.status_code == 200
    letters = (await sent_mail(database, settings))[-2:]
    assert {letter["Subject"] for letter in letters} == {"A passkey of yours may have been copied"}


async def test_an_authenticator_that_never_counts_is_taken_each_time(
    client: httpx.AsyncClient, ada: SignedInPerson
) -> None:
    browser = Browser(ORIGIN, counts=False)
    await add(client, ada, browser)

    for _ in range(3):
        assert (await log_in(client, browser.get(await asked(client)))).status_code == 200


async def test_one_that_has_counted_and_says_nought_is_refused(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    await add(client, ada, browser)
    await log_in(client, browser.get(await asked(client)))
    browser.passkeys[0].count = None

    problem(await log_in(client, browser.get(await asked(client))), 422, "passkey_refused")


async def test_suspended_people_are_told_so_by_their_passkey_alone(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, database: Database
) -> None:
    await add(client, ada, browser)
    async with database.transaction() as session:
        await session.execute(update(User).values(status="suspended", suspended_reason="spam"))

    told = problem(await log_in(client, browser.get(await asked(client))), 403, "account_suspended")
    problem(
        await log_in(client, browser.get(await asked(client), origin="https://evil.example")),
        422,
        "passkey_refused",
    )

    assert told["reason"] == "spam"


async def test_a_passkey_proves_who_is_there(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, database: Database
) -> None:
    # given a device whose proof is old
    await add(client, ada, browser)
    await grow_old(database)
    problem(await client.post(f"{MINE}/options", headers=ada.headers), 403, "proof_needed")

    # when
    options = (await client.post(f"{ME}/proof/passkey/options", headers=ada.headers)).json()["public_key"]
    body = {"credential": browser.get(options)}
    proven = await client.post(f"{ME}/proof/passkey", json=body, headers=ada.headers)
    again = await client.post(f"{ME}/proof/passkey", json=body, headers=ada.headers)

    # then
    assert [each["id"] for each in options["allowCredentials"]] == [to_text(browser.passkeys[0].id)]
    assert proven.status_code == 204, proven.text
    problem(again, 409, "challenge_over")
    assert await asked_to_make(client, ada)
    ways = (await client.get(f"{ME}/sign-in-methods", headers=ada.headers)).json()
    assert ways["session_has_second_factor"] is True


async def test_a_passkey_of_another_proves_nothing(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, database: Database
) -> None:
    # given
    await add(client, ada, browser)
    bob, his = await sign_up(client), Browser(ORIGIN)
    await add(client, bob, his)
    await grow_old(database)

    # when Bob answers Ada's question, and his own with hers
    asked_ada = (await client.post(f"{ME}/proof/passkey/options", headers=ada.headers)).json()["public_key"]
    asked_bob = (await client.post(f"{ME}/proof/passkey/options", headers=bob.headers)).json()["public_key"]
    by_his = {"credential": his.get(asked_ada)}
    by_hers = {"credential": his.get(asked_bob)}

    # then
    problem(
        await client.post(f"{ME}/proof/passkey", json=by_his, headers=ada.headers), 422, "passkey_refused"
    )
    problem(
        await client.post(f"{ME}/proof/passkey", json=by_hers, headers=ada.headers), 409, "challenge_over"
    )


async def test_who_guesses_passkeys_is_turned_away(client: httpx.AsyncClient, app: Any) -> None:
    statuses = [(await log_in(client, {})).status_code for _ in range(35)]

    assert statuses == [422] * 30 + [429] * 5


async def test_questions_of_an_address_are_bounded(
    client: httpx.AsyncClient, app: Any, database: Database
) -> None:
    app.state.budgets.challenges.add("127.0.0.1", 59)

    answers = [await client.post(f"{AUTH}/passkeys/options") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert await count(database, Challenge) == 1
