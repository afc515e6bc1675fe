"""Signing in with Discord, against a stand-in that speaks its protocol; and what is told of a provider in trouble."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from sqlalchemy import func, select

from pingvas.accounts.tables import OAuthAccount, User
from pingvas.adapters.oauth import exchange
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from tests.fakes.discord import Discord, running_discord
from tests.make.mail import sent_mail
from tests.make.trips_to_providers import AUTH, CALLBACK, STUDIO, Traveller, landed, problem_of, traveller

TOKEN, ME = "/api/oauth2/token", "/api/v10/users/@me"


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    async with running_discord(CALLBACK.format("discord")) as provider:
        provider.has_account("ada", global_name="Ada 러브레이스", avatar="a_1269e74af4df7417b13759eae50c83dc")
        yield provider


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str, discord: Discord) -> Settings:
    return make_settings(database_url=database_url, public_url=STUDIO, **discord.settings)


@pytest.fixture
async def browser(app: Any, plans: None) -> AsyncIterator[Traveller]:
    async with traveller(app) as made:
        yield made


async def me(browser: Traveller) -> dict[str, Any]:
    told: dict[str, Any] = (await browser.studio.get("/api/v1/me", headers=await browser.headers())).json()
    return told


async def count_people(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(User)) or 0)


async def test_somebody_new_gets_an_account_with_what_discord_tells(
    browser: Traveller, database: Database
) -> None:
    # when
    answer = await browser.sign_in("discord", "ada", next="/create")

    # then
    assert landed(answer) == ("/sign-in/done", {"next": "/create"})
    told = await me(browser)
    assert told["user"]["display_name"] == "Ada 러브레이스"
    assert told["user"]["email"] == "ada@example.com"
    assert told["user"]["email_verified_at"] is not None
    picture = "https://cdn.discordapp.com/avatars/80351110224678912/a_1269e74af4df7417b13759eae50c83dc.png"
    assert told["profile"]["avatar_url"] == picture
    async with database.read() as session:
        kept = await session.scalar(select(OAuthAccount))
    assert kept is not None
    assert kept.provider_user_id == "80351110224678912"
    assert kept.provider_data == {"email": "ada@example.com", "verified": True, "username": "ada"}


@pytest.mark.parametrize("email", [None, "", "no address", "ada@localhost"])
async def test_who_has_told_no_address_gets_an_account_without_one(
    browser: Traveller, discord: Discord, email: str | None
) -> None:
    discord.has_account("ada", email=email, verified=False)

    await browser.sign_in("discord", "ada")

    told = await me(browser)
    assert told["user"]["email"] is None
    assert told["user"]["display_name"] == "ada"
    assert told["credits"]["balance"] == 500


async def test_who_has_no_address_may_add_one_which_is_proven_by_a_mail(
    browser: Traveller, discord: Discord, database: Database, settings: Settings
) -> None:
    discord.has_account("ada", email=None)
    await browser.sign_in("discord", "ada")

    body = {"email": "ada@example.com"}
    answer = await browser.studio.post("/api/v1/me/email", json=body, headers=await browser.headers())

    assert answer.status_code == 202, answer.text
    (letter,) = await sent_mail(database, settings)
    assert letter["To"] == "ada@example.com"


async def test_an_address_that_discord_does_not_vouch_for_has_to_be_proven(
    browser: Traveller, discord: Discord, app: Any, database: Database, settings: Settings
) -> None:
    # given a studio that gives the bonus to proven addresses
    app.state.settings = settings.model_copy(update={"bonus_after_verification": True})
    discord.has_account("ada", verified=False)

    # when
    await browser.sign_in("discord", "ada")

    # then
    told = await me(browser)
    assert told["user"]["email"] == "ada@example.com"
    assert told["user"]["email_verified_at"] is None
    assert (told["credits"]["balance"], told["bonus_due"]) == (0, 500)
    (letter,) = await sent_mail(database, settings)
    assert "/verify-email#token=" in letter.as_string()


@pytest.mark.parametrize("name", ["\u202e\u202e", "", " ", "x" * 500, "a\nb"])
async def test_a_name_that_cannot_be_shown_is_no_reason_to_refuse(
    browser: Traveller, discord: Discord, name: str
) -> None:
    discord.has_account("ada", global_name=name, username="\u200b")

    answer = await browser.sign_in("discord", "ada")

    assert problem_of(answer) is None
    assert (await me(browser))["user"]["display_name"] in ("Discord user", "x" * 80, "a b")


async def test_a_code_of_discord_works_once_and_only_with_its_proof_key(
    browser: Traveller, discord: Discord
) -> None:
    # given a code that belongs to another sign-in
    other = await browser.go(await browser.leave("discord"), "ada")
    mine = await browser.go(await browser.leave("discord"), "ada")
    code, stolen = (parse_qs(urlsplit(address).query)["code"][0] for address in (mine, other))

    # when
    answer = await browser.come_back(mine.replace(code, stolen))

    # then
    assert problem_of(answer) == "provider_refused"


@pytest.mark.parametrize("path", [TOKEN, ME])
@pytest.mark.parametrize(
    "broken",
    [
        None,
        {"text": "<html>Bad gateway</html>", "status": 502, "content_type": "text/html"},
        {"text": "<html>Hello</html>", "status": 200, "content_type": "text/html"},
        {"text": "", "status": 200},
        {"text": "[]", "status": 200},
        {"text": "null", "status": 200},
        {"text": '"ada"', "status": 200},
        {"text": "{}", "status": 200},
        {"text": '{"id": 7, "access_token": 7}', "status": 200},
        {"text": '{"id": "../admin", "access_token": ""}', "status": 200},
        {"text": '{"error": "invalid_client"}', "status": 401},
        {"text": '{"error": ["x"]}', "status": 400},
        {"text": '{"message": "You are being rate limited."}', "status": 429},
        {"text": '{"a": "' + "x" * 1_100_000 + '"}', "status": 200},
        {"body": b'{"id": "\xff"}', "status": 200},
        {"status": 302, "headers": {"Location": "https://evil.example/"}},
    ],
    ids=lambda broken: "dead" if broken is None else f"{broken['status']}-{str(broken.get('text', ''))[:12]}",
)
async def test_nonsense_leads_to_the_page_and_makes_nothing(
    browser: Traveller, discord: Discord, database: Database, path: str, broken: Any
) -> None:
    # given
    defaults = {} if broken is None or "headers" in broken else {"content_type": "application/json"}
    discord.breaks[path] = None if broken is None else web.Response(**(defaults | broken))

    # when
    answer = await browser.sign_in("discord", "ada")

    # then
    assert landed(answer) == ("/sign-in", {"problem": "provider_unavailable"})
    assert not browser.is_signed_in
    assert await count_people(database) == 0


@pytest.mark.parametrize("path", [TOKEN, ME])
async def test_a_provider_that_is_too_slow_is_not_waited_for(
    browser: Traveller, discord: Discord, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(exchange, "SECONDS", 0.2)
    discord.silent_at.add(path)

    assert problem_of(await browser.sign_in("discord", "ada")) == "provider_unavailable"


async def test_a_provider_that_is_down_leads_to_the_page(browser: Traveller, app: Any) -> None:
    back = await browser.go(await browser.leave("discord"), "ada")
    app.state.providers["discord"]._url = "http://127.0.0.1:9"

    assert problem_of(await browser.come_back(back)) == "provider_unavailable"


@pytest.mark.parametrize(
    "query",
    [
        {"error": "access_denied"},
        {"error": "server_error", "error_description": "<script>"},
        {"error": "x" * 4000},
        {},
        {"code": ""},
    ],
)
async def test_what_discord_says_in_place_of_a_code_is_told_as_a_code_of_ours(
    browser: Traveller, query: dict[str, str]
) -> None:
    state = parse_qs(urlsplit(await browser.leave("discord")).query)["state"][0]

    answer = await browser.studio.get(f"{AUTH}/oauth/discord/callback", params={"state": state, **query})

    expected = "canceled" if query.get("error") == "access_denied" else "provider_refused"
    assert landed(answer) == ("/sign-in", {"problem": expected})


async def test_a_state_of_one_provider_is_none_of_another(
    app: Any, browser: Traveller, settings: Settings
) -> None:
    """Whoever runs one provider cannot have another's answer taken for its own."""
    from pingvas.adapters.oauth.google import Google

    # given
    app.state.providers["google"] = Google(settings)
    back = await browser.go(await browser.leave("discord"), "ada")

    # when
    answer = await browser.come_back(back.replace("/oauth/discord/", "/oauth/google/"))

    # then
    assert problem_of(answer) == "state_lost"
