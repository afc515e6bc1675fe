"""Linking an account of another service while signed in, removing it, and proving with it who is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from pingvas.accounts.sign_in.linked_providers import MAX_LINKED, link
from pingvas.accounts.tables import OAuthAccount, Passkey, User, UserSession
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from tests.api.auth_calls import problem
from tests.api.linking_calls import LINKED, begin_to_link, count, identity
from tests.fakes.discord import Discord, running_discord
from tests.make.accounts import PASSWORD, SignedInPerson, sign_up
from tests.make.mail import sent_mail, text_of
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


async def test_somebody_signed_in_links_an_account_whatever_its_address(
    browser: Traveller, ada: SignedInPerson, discord: Discord, database: Database, settings: Settings
) -> None:
    # given
    discord.has_account("eve", id="80351110224678999", email=None)

    # when
    back = await browser.go(await begin_to_link(browser, ada, next="/account/sign-in?tab=linked"), "eve")
    answer = await browser.come_back(back)

    # then
    assert landed(answer) == ("/account/sign-in", {"tab": "linked"})
    assert not browser.is_signed_in, "linking signs no device in"
    told = (await browser.studio.get(LINKED, headers=ada.headers)).json()["items"]
    assert [(each["provider"], each["name"]) for each in told] == [("discord", "eve")]
    assert "Discord" in text_of((await sent_mail(database, settings))[-1])
    async with httpx.AsyncClient() as outside:
        again = Traveller(browser.studio, outside)
        await again.sign_in("discord", "eve")
        assert (await again.tokens())["user"]["id"] == ada.user["id"]


async def test_an_identity_belongs_to_one_account(
    app: Any, browser: Traveller, ada: SignedInPerson, database: Database
) -> None:
    # given
    await browser.come_back(await browser.go(await begin_to_link(browser, ada), "eve"))

    # when somebody else links it too
    async with traveller(app) as other:
        bob = await sign_up(other.studio)
        answer = await other.come_back(await other.go(await begin_to_link(other, bob), "eve"))

    # then
    assert landed(answer) == ("/account/sign-in", {"problem": "linked_elsewhere"})
    assert await count(database, OAuthAccount) == 1


async def test_linking_again_what_is_linked_changes_nothing(
    browser: Traveller, ada: SignedInPerson, database: Database
) -> None:
    for _ in range(2):
        back = await browser.go(await begin_to_link(browser, ada), "eve")
        assert problem_of(await browser.come_back(back)) is None
    assert await count(database, OAuthAccount) == 1


async def test_who_signed_out_meanwhile_links_nothing(
    browser: Traveller, ada: SignedInPerson, database: Database
) -> None:
    back = await browser.go(await begin_to_link(browser, ada), "eve")
    await browser.studio.post(f"{AUTH}/logout", json={"refresh_token": ada.refresh_token})

    assert problem_of(await browser.come_back(back)) == "invalid_token"
    assert await count(database, OAuthAccount) == 0


async def test_nobody_is_made_to_link_an_identity_of_another(
    app: Any, browser: Traveller, ada: SignedInPerson, database: Database
) -> None:
    """An attacker who sends a victim the end of their own trip, with their own identity."""
    async with traveller(app) as attacker:
        eve = await sign_up(attacker.studio)
        back = await attacker.go(await begin_to_link(attacker, eve), "eve")

    assert problem_of(await browser.come_back(back)) == "state_lost"
    assert await count(database, OAuthAccount) == 0


async def test_linking_and_removing_ask_for_a_fresh_proof(
    browser: Traveller, ada: SignedInPerson, database: Database
) -> None:
    await browser.come_back(await browser.go(await begin_to_link(browser, ada), "eve"))
    (linked,) = (await browser.studio.get(LINKED, headers=ada.headers)).json()["items"]
    async with database.transaction() as session:
        await session.execute(
            update(UserSession).values(proven_at=func.now() - func.make_interval(0, 0, 0, 1))
        )

    for answer in (
        await browser.studio.post(f"{LINKED}/discord", headers=ada.headers),
        await browser.studio.delete(f"{LINKED}/{linked['id']}", headers=ada.headers),
    ):
        problem(answer, 403, "proof_needed")


async def test_a_linked_account_is_removed_and_signs_in_no_more(
    browser: Traveller, ada: SignedInPerson, database: Database, settings: Settings
) -> None:
    # given
    await browser.come_back(await browser.go(await begin_to_link(browser, ada), "eve"))
    (linked,) = (await browser.studio.get(LINKED, headers=ada.headers)).json()["items"]

    # when
    answer = await browser.studio.delete(f"{LINKED}/{linked['id']}", headers=ada.headers)

    # then
    assert answer.status_code == 204
    assert "no longer" in (await sent_mail(database, settings))[-1]["Subject"]
    await browser.sign_in("discord", "eve")
    assert (await browser.tokens())["user"]["id"] != ada.user["id"]


async def test_the_last_way_in_cannot_be_removed(
    app: Any, browser: Traveller, settings: Settings, database: Database
) -> None:
    # given somebody who has Discord alone
    await browser.sign_in("discord", "ada")
    headers = await browser.headers()
    (linked,) = (await browser.studio.get(LINKED, headers=headers)).json()["items"]

    # when, and when there is a password
    refused = await browser.studio.delete(f"{LINKED}/{linked['id']}", headers=headers)
    await browser.studio.post("/api/v1/me/password", json={"password": PASSWORD}, headers=headers)
    taken = await browser.studio.delete(f"{LINKED}/{linked['id']}", headers=headers)

    # then
    problem(refused, 409, "last_way_in")
    assert taken.status_code == 204


async def test_of_two_ways_removed_at_once_one_stays(
    browser: Traveller, discord: Discord, database: Database
) -> None:
    # given two linked accounts and nothing else
    await browser.sign_in("discord", "ada")
    headers = await browser.headers()
    person = SignedInPerson("", {}, headers["Authorization"].removeprefix("Bearer "), "")
    await browser.come_back(await browser.go(await begin_to_link(browser, person), "eve"))
    linked = (await browser.studio.get(LINKED, headers=headers)).json()["items"]
    assert len(linked) == 2

    # when
    answers = await asyncio.gather(
        *(browser.studio.delete(f"{LINKED}/{each['id']}", headers=headers) for each in linked)
    )

    # then
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert await count(database, OAuthAccount) == 1


async def test_an_account_of_a_provider_that_is_set_up_no_more_is_no_way_in(
    app: Any, browser: Traveller, settings: Settings, database: Database
) -> None:
    # given somebody with a linked account and a passkey, in a studio that has given Discord up
    await browser.sign_in("discord", "ada")
    headers = await browser.headers()
    async with database.transaction() as session:
        user_id = await session.scalar(select(User.id))
        key = Passkey(id=new_id(), user_id=user_id, credential_id=b"x", public_key=b"x", name="mine")
        session.add(key)
    app.state.settings = settings.model_copy(update={"discord_client_id": None})

    # when
    answer = await browser.studio.delete(f"/api/v1/me/passkeys/{key.id}", headers=headers)

    # then
    problem(answer, 409, "last_way_in")


async def test_what_is_linked_to_others_is_not_found(
    app: Any, browser: Traveller, ada: SignedInPerson
) -> None:
    await browser.come_back(await browser.go(await begin_to_link(browser, ada), "eve"))
    (linked,) = (await browser.studio.get(LINKED, headers=ada.headers)).json()["items"]

    async with traveller(app) as other:
        bob = await sign_up(other.studio)
        problem(await other.studio.delete(f"{LINKED}/{linked['id']}", headers=bob.headers), 404, "not_found")


async def test_an_account_has_so_many_linked_ones_at_most(database: Database) -> None:
    async with database.transaction() as session:
        user = User(id=new_id(), display_name="Somebody", role="user", status="active")
        session.add(user)
        await session.flush()
        for number in range(MAX_LINKED):
            await link(session, user, identity(str(number)))

    with pytest.raises(Exception, match="at most"):
        async with database.transaction() as session:
            await link(session, user, identity("one too many"))


async def test_a_linked_account_proves_who_is_there(
    browser: Traveller, ada: SignedInPerson, database: Database
) -> None:
    # given a device whose proof is old
    await browser.come_back(await browser.go(await begin_to_link(browser, ada), "eve"))
    async with database.transaction() as session:
        await session.execute(
            update(UserSession).values(proven_at=func.now() - func.make_interval(0, 0, 0, 1))
        )
    body = {"next": "/account/keys"}

    # when
    begun = await browser.studio.post("/api/v1/me/proof/oauth/discord", json=body, headers=ada.headers)
    answer = await browser.come_back(await browser.go(begun.json()["url"], "eve"))

    # then
    assert landed(answer) == ("/account/keys", {})
    link_more = await browser.studio.post(f"{LINKED}/discord", headers=ada.headers)
    assert link_more.status_code == 200


async def test_another_account_at_the_provider_proves_nothing(
    browser: Traveller, ada: SignedInPerson, database: Database
) -> None:
    async with database.transaction() as session:
        await session.execute(
            update(UserSession).values(proven_at=func.now() - func.make_interval(0, 0, 0, 1))
        )

    begun = await browser.studio.post("/api/v1/me/proof/oauth/discord", headers=ada.headers)
    answer = await browser.come_back(await browser.go(begun.json()["url"], "eve"))

    assert landed(answer) == ("/account/sign-in", {"problem": "not_linked"})
    problem(await browser.studio.post(f"{LINKED}/discord", headers=ada.headers), 403, "proof_needed")
