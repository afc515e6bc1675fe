"""A person's passkeys: made with an authenticator in software, named, listed and removed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from pingvas.accounts.sign_in.passkeys import MAX_PASSKEYS
from pingvas.accounts.tables import Challenge, Passkey, User
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from tests.api.auth_calls import AUTH, ME, problem
from tests.api.passkey_calls import MINE, ORIGIN, add, asked, asked_to_make, count, grow_old, log_in
from tests.fakes.authenticator import Browser, to_bytes, to_text
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.mail import sent_mail


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    return make_settings(database_url=database_url, public_url=f"{ORIGIN}/studio")


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


@pytest.fixture
def browser() -> Browser:
    return Browser(ORIGIN)


async def test_the_browser_is_asked_for_a_verified_and_discoverable_passkey(
    client: httpx.AsyncClient, ada: SignedInPerson
) -> None:
    options = await asked_to_make(client, ada)

    assert options["rp"] == {"name": "Pingvas Studio", "id": "studio.example.org"}
    assert options["user"]["name"] == ada.email
    assert to_bytes(options["user"]["id"]).hex() == ada.user["id"].replace("-", "")
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert options["excludeCredentials"] == []


@pytest.mark.parametrize(
    "lies", [{"origin": "https://evil.example"}, {"type": "webauthn.get"}, {"verifies": False}]
)
async def test_a_new_passkey_of_another_page_or_without_verification_is_refused(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, lies: dict[str, Any], database: Database
) -> None:
    credential = browser.create(await asked_to_make(client, ada), **lies)

    answer = await client.post(MINE, json={"credential": credential, "name": "x"}, headers=ada.headers)

    problem(answer, 422, "passkey_refused")
    assert await count(database, Passkey) == 0


async def test_a_passkey_for_another_site_is_refused(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    options = await asked_to_make(client, ada)
    credential = browser.create(options | {"rp": {"id": "evil.example"}})

    answer = await client.post(MINE, json={"credential": credential, "name": "x"}, headers=ada.headers)

    problem(answer, 422, "passkey_refused")


async def test_passkeys_are_made_and_removed_with_a_fresh_proof_alone(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, database: Database
) -> None:
    made = await add(client, ada, browser)
    options = await asked_to_make(client, ada)
    await grow_old(database)

    body = {"credential": browser.create(options), "name": "x"}
    problem(await client.post(MINE, json=body, headers=ada.headers), 403, "proof_needed")
    problem(await client.delete(f"{MINE}/{made['id']}", headers=ada.headers), 403, "proof_needed")


async def test_a_passkey_is_known_once(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, database: Database
) -> None:
    # given a browser that makes one with the id of another person's
    await add(client, ada, browser)
    bob, his = await sign_up(client), Browser(ORIGIN)
    credential = his.create(await asked_to_make(client, bob))
    async with database.transaction() as session:
        await session.execute(update(Passkey).values(credential_id=his.passkeys[0].id))

    answer = await client.post(MINE, json={"credential": credential, "name": "x"}, headers=bob.headers)

    problem(answer, 409, "passkey_exists")


async def test_the_browser_is_told_which_passkeys_there_are(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    await add(client, ada, browser)

    (excluded,) = (await asked_to_make(client, ada))["excludeCredentials"]

    assert excluded == {
        "id": to_text(browser.passkeys[0].id),
        "type": "public-key",
        "transports": ["internal", "hybrid"],
    }


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\u200bb"])
async def test_a_name_must_show(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, name: str
) -> None:
    made = await add(client, ada, browser)
    credential = browser.create(await asked_to_make(client, ada))

    for answer in (
        await client.post(MINE, json={"credential": credential, "name": name}, headers=ada.headers),
        await client.patch(f"{MINE}/{made['id']}", json={"name": name}, headers=ada.headers),
    ):
        assert problem(answer, 422, "validation_error")["errors"][0]["loc"] == ["body", "name"]


async def test_a_passkey_is_renamed_and_removed_by_its_person_alone(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, database: Database, settings: Settings
) -> None:
    # given
    made = await add(client, ada, browser)
    bob = await sign_up(client)
    path = f"{MINE}/{made['id']}"

    # when
    by_bob = (
        await client.patch(path, json={"name": "mine"}, headers=bob.headers),
        await client.delete(path, headers=bob.headers),
    )
    renamed = await client.patch(path, json={"name": " 내 전화 "}, headers=ada.headers)
    removed = await client.delete(path, headers=ada.headers)
    again = await client.delete(path, headers=ada.headers)

    # then
    for answer in (*by_bob, again):
        problem(answer, 404, "not_found")
    assert renamed.json()["name"] == "내 전화"
    assert removed.status_code == 204
    assert (await client.get(MINE, headers=ada.headers)).json()["items"] == []
    problem(await log_in(client, browser.get(await asked(client))), 422, "passkey_refused")
    assert "removed" in (await sent_mail(database, settings))[-1]["Subject"]


async def test_the_last_way_in_cannot_be_removed(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, database: Database
) -> None:
    # given somebody with two passkeys and no password
    first, second = await add(client, ada, browser), await add(client, ada, browser, "another")
    async with database.transaction() as session:
        await session.execute(update(User).values(password_hash=None))

    # when both are removed at once
    answers = await asyncio.gather(
        *(client.delete(f"{MINE}/{each['id']}", headers=ada.headers) for each in (first, second))
    )

    # then
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    problem(next(answer for answer in answers if answer.status_code == 409), 409, "last_way_in")
    assert await count(database, Passkey) == 1


async def test_devices_that_had_shown_a_passkey_have_shown_none_once_it_is_removed(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser
) -> None:
    # given
    made = await add(client, ada, browser)
    token = (await log_in(client, browser.get(await asked(client)))).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    # when
    await client.delete(f"{MINE}/{made['id']}", headers=ada.headers)

    # then
    ways = (await client.get(f"{ME}/sign-in-methods", headers=headers)).json()
    assert ways["session_has_second_factor"] is False


async def test_an_account_has_so_many_passkeys_at_most(
    client: httpx.AsyncClient, ada: SignedInPerson, browser: Browser, database: Database
) -> None:
    options = await asked_to_make(client, ada)
    async with database.transaction() as session:
        user_id = await session.scalar(select(User.id))
        for number in range(MAX_PASSKEYS):
            session.add(
                Passkey(
                    id=new_id(),
                    user_id=user_id,
                    credential_id=b"%d" % number,
                    public_key=b"x",
                    name=str(number),
                )
            )

    body = {"credential": browser.create(options), "name": "one too many"}
    problem(await client.post(MINE, json=body, headers=ada.headers), 409, "too_many_passkeys")
    problem(await client.post(f"{MINE}/options", headers=ada.headers), 409, "too_many_passkeys")


async def test_of_one_person_few_questions_wait(
    client: httpx.AsyncClient, ada: SignedInPerson, database: Database
) -> None:
    for _ in range(15):
        await asked_to_make(client, ada)

    assert await count(database, Challenge) == 10


async def test_where_no_browser_offers_passkeys_that_is_told(
    client: httpx.AsyncClient, ada: SignedInPerson, app: Any, settings: Settings
) -> None:
    app.state.settings = settings.model_copy(update={"public_url": "http://192.168.1.5:8400"})

    problem(await client.post(f"{AUTH}/passkeys/options"), 409, "passkeys_unavailable")
    problem(await client.post(f"{MINE}/options", headers=ada.headers), 409, "passkeys_unavailable")
    assert (await client.get(f"{AUTH}/providers")).json() == {"items": [], "passkeys": False}
