"""Whose account an identity is: linked by an address only where both sides vouch for it, and taken over by nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import func, update

from pingvas.accounts.sign_in.linked_providers import NotLinked, find_person, link
from pingvas.accounts.tables import ApiKey, OAuthAccount, Passkey, SecondFactor, User, UserSession
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from tests.api.auth_calls import problem, refresh
from tests.api.linking_calls import begin_to_link, count, identity
from tests.fakes.discord import Discord, running_discord
from tests.make.accounts import PASSWORD, SignedInPerson, sign_up
from tests.make.mail import sent_mail, text_of, token_in
from tests.make.trips_to_providers import AUTH, CALLBACK, STUDIO, Traveller, landed, problem_of, traveller


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    async with running_discord(CALLBACK.format("discord")) as provider:
        provider.has_account("ada")
        provider.has_account("eve", id="80351110224678999")
        yield provider


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str, discord: Discord) -> Settings:
    return make_settings(database_url=database_url, public_url=STUDIO, **discord.settings)


@pytest.fixture
async def browser(app: Any, plans: None) -> AsyncIterator[Traveller]:
    async with traveller(app) as made:
        yield made


@pytest.fixture
async def ada(browser: Traveller) -> SignedInPerson:
    """Somebody with a password, who has not proven their address."""
    return await sign_up(browser.studio, email="ada@example.com")


async def prove(database: Database, person: SignedInPerson) -> None:
    async with database.transaction() as session:
        await session.execute(
            update(User).where(User.id == person.user["id"]).values(email_verified_at=func.now())
        )


async def test_an_address_that_both_sides_vouch_for_links_the_account(
    browser: Traveller, ada: SignedInPerson, database: Database, settings: Settings
) -> None:
    # given
    await prove(database, ada)
    await sent_mail(database, settings)

    # when
    answer = await browser.sign_in("discord", "ada")

    # then it is the same account, with its password and devices, and its owner hears of it
    assert problem_of(answer) is None
    assert (await browser.tokens())["user"]["id"] == ada.user["id"]
    assert (await refresh(browser.studio, ada.refresh_token)).status_code == 200
    login = {"email": ada.email, "password": PASSWORD}
    assert (await browser.studio.post(f"{AUTH}/login", json=login)).status_code == 200
    assert "Discord" in text_of((await sent_mail(database, settings))[-1])


async def test_who_registered_the_address_of_another_beforehand_is_thrown_out(
    app: Any, browser: Traveller, ada: SignedInPerson, database: Database
) -> None:
    # given somebody who signed up with another's address, and prepared more than one way back
    async with database.transaction() as session:
        owner = await session.get_one(User, ada.user["id"])
        session.add_all(
            [
                Passkey(id=new_id(), user_id=owner.id, credential_id=b"x", public_key=b"x", name="back door"),
                SecondFactor(user_id=owner.id, secret=b"x", confirmed_at=func.now()),
                ApiKey(id=new_id(), user_id=owner.id, name="k", prefix="k", key_hash="k", scopes=["read"]),
            ]
        )
    await browser.studio.post("/api/v1/me/email", json={"email": "eve@example.com"}, headers=ada.headers)

    # when the owner of the address comes
    async with traveller(app) as owner_s:
        answer = await owner_s.sign_in("discord", "ada")
        mine = (await owner_s.tokens())["user"]

    # then it is theirs alone
    assert problem_of(answer) is None
    assert mine["id"] == ada.user["id"]
    assert mine["email_verified_at"] is not None
    problem(await refresh(browser.studio, ada.refresh_token), 401, "invalid_token")
    problem(await browser.studio.get("/api/v1/me", headers=ada.headers), 401, "invalid_token")
    login = {"email": ada.email, "password": PASSWORD}
    problem(await browser.studio.post(f"{AUTH}/login", json=login), 401, "invalid_credentials")
    assert {table: await count(database, table) for table in (Passkey, SecondFactor, ApiKey)} == {
        Passkey: 0,
        SecondFactor: 0,
        ApiKey: 0,
    }
    assert await count(database, UserSession) == 1


async def test_who_proves_the_address_by_a_new_password_throws_out_who_was_there_before(
    browser: Traveller, ada: SignedInPerson, discord: Discord, database: Database, settings: Settings
) -> None:
    """The same attack, with an identity of the attacker's linked beforehand."""
    # given
    back = await browser.go(await begin_to_link(browser, ada), "eve")
    assert problem_of(await browser.come_back(back)) is None

    # when the owner of the address sets a password by mail
    await browser.studio.post(f"{AUTH}/password/forgot", json={"email": ada.email})
    body = {"token": token_in((await sent_mail(database, settings))[-1]), "password": "another long password"}
    assert (await browser.studio.post(f"{AUTH}/password/reset", json=body)).status_code == 204

    # then the other identity opens nothing of theirs
    assert await count(database, OAuthAccount) == 0
    login = {"email": ada.email, "password": "another long password"}
    assert (await browser.studio.post(f"{AUTH}/login", json=login)).status_code == 200


async def test_a_new_password_for_a_proven_address_leaves_what_is_linked(
    browser: Traveller, ada: SignedInPerson, database: Database, settings: Settings
) -> None:
    await prove(database, ada)
    await browser.sign_in("discord", "ada")

    await browser.studio.post(f"{AUTH}/password/forgot", json={"email": ada.email})
    body = {"token": token_in((await sent_mail(database, settings))[-1]), "password": "another long password"}
    assert (await browser.studio.post(f"{AUTH}/password/reset", json=body)).status_code == 204

    assert await count(database, OAuthAccount) == 1


@pytest.mark.parametrize("is_proven", [True, False])
async def test_an_address_that_the_provider_does_not_vouch_for_links_nothing(
    browser: Traveller, ada: SignedInPerson, discord: Discord, database: Database, is_proven: bool
) -> None:
    # given
    if is_proven:
        await prove(database, ada)
    discord.has_account("ada", verified=False)

    # when
    answer = await browser.sign_in("discord", "ada")

    # then
    assert landed(answer) == ("/sign-in", {"problem": "not_linked"})
    assert await count(database, OAuthAccount) == 0
    assert (await refresh(browser.studio, ada.refresh_token)).status_code == 200


async def test_an_admins_account_is_not_handed_over_by_an_address_that_nobody_has_proven(
    browser: Traveller, ada: SignedInPerson, database: Database
) -> None:
    async with database.transaction() as session:
        await session.execute(update(User).values(role="admin"))

    assert problem_of(await browser.sign_in("discord", "ada")) == "not_linked"


async def test_case_makes_no_second_account(
    browser: Traveller, ada: SignedInPerson, discord: Discord, database: Database
) -> None:
    await prove(database, ada)
    discord.has_account("ada", email="ADA@Example.com")

    await browser.sign_in("discord", "ada")

    assert await count(database, User) == 1


async def test_a_suspended_account_is_linked_to_nothing(
    browser: Traveller, ada: SignedInPerson, database: Database
) -> None:
    await prove(database, ada)
    async with database.transaction() as session:
        await session.execute(update(User).values(status="suspended"))

    assert problem_of(await browser.sign_in("discord", "ada")) == "account_suspended"
    assert await count(database, OAuthAccount) == 0


async def test_a_sign_up_with_the_address_at_the_same_moment_makes_one_account(
    app: Any, browser: Traveller, database: Database
) -> None:
    back = await browser.go(await browser.leave("discord"), "ada")
    body = {"email": "ada@example.com", "password": PASSWORD, "display_name": "Ada"}

    signed_up, came = await asyncio.gather(
        browser.studio.post(f"{AUTH}/register", json=body), browser.come_back(back)
    )

    assert problem_of(came) is None
    assert signed_up.status_code in (201, 409)
    assert await count(database, User) == 1


async def test_an_identity_is_known_by_its_id_and_not_by_its_address(database: Database) -> None:
    """At the provider an address may have moved to somebody else."""
    async with database.transaction() as session:
        old = User(id=new_id(), email="ada@example.com", display_name="Ada", role="user", status="active")
        session.add(old)
        await session.flush()
        await link(session, old, identity("ada"))

    async with database.transaction() as session:
        with pytest.raises(NotLinked):
            await find_person(session, identity("a new owner", email="ada@example.com"))
