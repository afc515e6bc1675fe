"""Signing in with Google, against a real OpenID provider in its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import func, select, text, update

from pingvas.accounts.tables import Challenge, OAuthAccount, User, UserSession
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from tests.api.auth_calls import problem
from tests.fakes.openid_provider import OpenIdProvider, running_provider
from tests.make.accounts import PASSWORD, sign_up
from tests.make.mail import sent_mail
from tests.make.trips_to_providers import AUTH, CALLBACK, STUDIO, Traveller, landed, problem_of, traveller


@pytest.fixture(scope="session")
def google() -> Iterator[OpenIdProvider]:
    with running_provider(CALLBACK.format("google")) as provider:
        yield provider


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str, google: OpenIdProvider) -> Settings:
    return make_settings(database_url=database_url, public_url=STUDIO, **google.settings)


@pytest.fixture
async def browser(app: Any, plans: None) -> AsyncIterator[Traveller]:
    async with traveller(app) as made:
        yield made


@pytest.fixture
async def ada(google: OpenIdProvider) -> str:
    """Somebody at Google whose address Google vouches for."""
    name = new_id().hex
    picture = "https://lh3.example.com/ada.png"
    await google.has_account(
        name, email=f"{name}@gmail.com", email_verified=True, name="Ada Lovelace", picture=picture
    )
    return name


async def people(database: Database) -> list[User]:
    async with database.read() as session:
        return list((await session.scalars(select(User).order_by(User.created_at))).all())


async def count(database: Database, table: Any) -> int:
    async with database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def test_the_browser_is_sent_away_with_state_nonce_and_a_proof_key(
    browser: Traveller, google: OpenIdProvider
) -> None:
    # when
    parts = urlsplit(await browser.leave("google"))
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}

    # then
    assert f"{parts.scheme}://{parts.netloc}" == google.issuer
    assert asked["redirect_uri"] == CALLBACK.format("google")
    assert asked["response_type"] == "code"
    assert set(asked["scope"].split()) == {"openid", "email", "profile"}
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked["state"]), len(asked["nonce"]), len(asked["code_challenge"])) >= 43
    (mark,) = [cookie for cookie in browser.studio.cookies.jar if cookie.name.startswith("pingvas_leaving_")]
    assert mark.has_nonstandard_attr("HttpOnly")
    assert mark.get_nonstandard_attr("SameSite") == "lax"
    assert mark.path == "/api/v1"


async def test_somebody_new_gets_an_account_with_name_picture_and_bonus(
    browser: Traveller, ada: str, database: Database
) -> None:
    # when
    answer = await browser.sign_in("google", ada, next="/gallery?tag=a%20b")

    # then
    assert landed(answer) == ("/sign-in/done", {"next": "/gallery?tag=a%20b"})
    assert answer.headers["cache-control"] == "no-store"
    me = (await browser.studio.get("/api/v1/me", headers=await browser.headers())).json()
    assert me["user"]["email"] == f"{ada}@gmail.com"
    assert me["user"]["email_verified_at"] is not None
    assert me["user"]["display_name"] == "Ada Lovelace"
    assert me["profile"]["avatar_url"] == "https://lh3.example.com/ada.png"
    assert me["has_password"] is False
    assert me["credits"]["balance"] == 500
    assert me["plan"]["name"] == "free"
    (devices,) = (await browser.studio.get("/api/v1/me/sessions", headers=await browser.headers())).json()[
        "items"
    ]
    assert devices["method"] == "google"


async def test_the_cookie_of_the_sign_in_is_as_for_web_pages(browser: Traveller, ada: str) -> None:
    answer = await browser.sign_in("google", ada)

    cookies = [value for name, value in answer.headers.multi_items() if name == "set-cookie"]
    (refresh,) = [cookie for cookie in cookies if cookie.startswith("pingvas_refresh_")]
    assert {"HttpOnly", "SameSite=strict", "Path=/api/v1/auth"} <= set(refresh.split("; "))
    assert "token" not in answer.headers["location"]


async def test_who_comes_again_is_the_same_person_and_keeps_their_name(
    app: Any, browser: Traveller, ada: str, google: OpenIdProvider, database: Database
) -> None:
    # given somebody who changed their name here, and their address there
    await browser.sign_in("google", ada)
    headers = await browser.headers()
    await browser.studio.patch("/api/v1/me", json={"display_name": "A. L."}, headers=headers)
    await google.has_account(ada, email="another@gmail.com", email_verified=True, name="Someone", picture="x")

    # when
    async with traveller(app) as elsewhere:
        await elsewhere.sign_in("google", ada)
        again = (await elsewhere.tokens())["user"]

    # then
    (person,) = await people(database)
    assert (again["id"], again["display_name"]) == (str(person.id), "A. L.")
    assert again["email"] == f"{ada}@gmail.com"


async def test_two_tabs_that_sign_in_at_once_both_arrive_and_make_one_account(
    browser: Traveller, ada: str, database: Database
) -> None:
    # given two tabs that have left, and were told different things
    first, second = await browser.leave("google", next="/a"), await browser.leave("google", next="/b")
    back = [await browser.go(address, ada) for address in (first, second)]

    # when both come back at once
    answers = await asyncio.gather(*(browser.come_back(address) for address in back))

    # then
    assert [landed(answer) for answer in answers] == [
        ("/sign-in/done", {"next": "/a"}),
        ("/sign-in/done", {"next": "/b"}),
    ]
    assert len(await people(database)) == 1
    assert await count(database, OAuthAccount) == 1
    assert await count(database, UserSession) == 2
    assert await count(database, Challenge) == 0


async def test_a_state_works_once_also_for_two_at_once(
    browser: Traveller, ada: str, database: Database
) -> None:
    back = await browser.go(await browser.leave("google"), ada)

    answers = await asyncio.gather(*(browser.come_back(back) for _ in range(3)))
    later = await browser.come_back(back)

    assert sorted(str(problem_of(answer)) for answer in answers) == ["None", "state_lost", "state_lost"]
    assert (landed(later)[0], problem_of(later)) == ("/sign-in", "state_lost")
    assert await count(database, UserSession) == 1


async def test_a_state_of_another_browser_signs_nobody_in(
    app: Any, browser: Traveller, ada: str, database: Database
) -> None:
    # given somebody who sends another person the address at which their own sign-in would end
    back = await browser.go(await browser.leave("google"), ada)

    # when that person, who has begun a sign-in as well, opens it
    async with traveller(app) as other:
        await other.leave("google")
        answer = await other.come_back(back)
        signed_in = other.is_signed_in

    # then
    assert problem_of(answer) == "state_lost"
    assert not signed_in
    assert await people(database) == []


@pytest.mark.parametrize("state", ["", "x", "A" * 64, "=" * 64, "한" * 64])
async def test_what_is_no_state_leads_to_the_page(browser: Traveller, state: str) -> None:
    await browser.leave("google")

    answer = await browser.studio.get(f"{AUTH}/oauth/google/callback", params={"state": state, "code": "x"})

    assert (answer.status_code, problem_of(answer)) == (302, "state_lost")


async def test_a_state_is_over_after_a_while(browser: Traveller, ada: str, database: Database) -> None:
    back = await browser.go(await browser.leave("google"), ada)
    async with database.transaction() as session:
        await session.execute(update(Challenge).values(expires_at=func.now() - text("interval '1 second'")))

    assert problem_of(await browser.come_back(back)) == "state_lost"


async def test_a_code_that_google_does_not_know_leads_to_the_page(
    browser: Traveller, ada: str, database: Database
) -> None:
    back = await browser.go(await browser.leave("google"), ada)
    code = parse_qs(urlsplit(back).query)["code"][0]

    answer = await browser.come_back(back.replace(code, "another"))

    assert (landed(answer)[0], problem_of(answer)) == ("/sign-in", "provider_refused")
    assert await people(database) == []


async def test_who_says_no_at_google_lands_on_the_page_without_an_account(
    browser: Traveller, database: Database
) -> None:
    answer = await browser.sign_in("google", "nobody")

    assert landed(answer) == ("/sign-in", {"problem": "canceled"})
    assert not browser.is_signed_in
    assert await people(database) == []


@pytest.mark.parametrize(
    "next_page",
    [
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "evil",
        "/\t/evil.example",
        "/a\nb",
        "/%20 ",
        "",
        "/" + "a" * 500,
    ],
)
async def test_one_comes_back_to_paths_of_the_studio_alone(browser: Traveller, next_page: str) -> None:
    answer = await browser.studio.get(f"{AUTH}/oauth/google", params={"next": next_page})

    problem(answer, 422, "validation_error")


@pytest.mark.parametrize("provider", ["discord", "github", "Google", "google%2f"])
async def test_a_provider_that_is_not_set_up_does_not_exist(browser: Traveller, provider: str) -> None:
    for path in (f"{AUTH}/oauth/{provider}", f"{AUTH}/oauth/{provider}/callback"):
        problem(await browser.studio.get(path), 404, "not_found")
    answer = await browser.studio.get(f"{AUTH}/providers")
    assert answer.json() == {"items": [{"provider": "google"}], "passkeys": False}


async def test_where_registration_is_closed_only_those_who_are_linked_come_in(
    make_settings: Any, settings: Settings, ada: str, plans: None, app: Any, browser: Traveller, google: Any
) -> None:
    # given
    await browser.sign_in("google", ada)
    app.state.settings = settings.model_copy(update={"open_registration": False})
    await google.has_account("stranger", email="stranger@gmail.com", email_verified=True, name="S")

    # when
    async with traveller(app) as again, traveller(app) as stranger:
        known, unknown = await again.sign_in("google", ada), await stranger.sign_in("google", "stranger")

    # then
    assert problem_of(known) is None
    assert problem_of(unknown) == "registration_closed"


async def test_a_suspended_person_is_told_so_on_the_page(
    app: Any, browser: Traveller, ada: str, database: Database
) -> None:
    await browser.sign_in("google", ada)
    async with database.transaction() as session:
        await session.execute(update(User).values(status="suspended"))

    async with traveller(app) as again:
        answer = await again.sign_in("google", ada)

    assert problem_of(answer) == "account_suspended"


async def test_an_account_that_wants_a_code_is_not_signed_in_without_one(
    app: Any, browser: Traveller, ada: str
) -> None:
    # given
    import pyotp

    await browser.sign_in("google", ada)
    headers = await browser.headers()
    secret = (await browser.studio.post("/api/v1/me/second-factor", headers=headers)).json()["secret"]
    now = pyotp.TOTP(secret).now()
    confirmed = await browser.studio.post(
        "/api/v1/me/second-factor/confirm", json={"code": now}, headers=headers
    )
    code = confirmed.json()["recovery_codes"][0]

    # when
    async with traveller(app) as again:
        answer = await again.sign_in("google", ada, next="/gallery")
        assert not again.is_signed_in
        path, query = landed(answer)
        fragment = urlsplit(answer.headers["location"]).fragment
        challenge = fragment.removeprefix("challenge=")
        body = {"challenge_token": challenge, "code": code}
        ended = await again.studio.post(f"{AUTH}/second-factor", json=body)

    # then
    assert (path, query) == ("/sign-in/second-factor", {"next": "/gallery"})
    assert ended.status_code == 200, ended.text


async def test_the_bonus_is_withheld_from_many_accounts_of_an_address(
    app: Any, browser: Traveller, google: OpenIdProvider, database: Database
) -> None:
    # given an address that has used its bonuses up
    app.state.budgets.sign_up_bonuses.add("127.0.0.1", 100)
    await google.has_account("late", email="late@gmail.com", email_verified=True, name="Late")

    # when
    await browser.sign_in("google", "late")

    # then
    me = (await browser.studio.get("/api/v1/me", headers=await browser.headers())).json()
    assert me["credits"]["balance"] == 0


async def test_an_address_that_begins_too_often_is_told_on_the_page(app: Any, browser: Traveller) -> None:
    app.state.budgets.challenges.add("127.0.0.1", 1000)

    answer = await browser.studio.get(f"{AUTH}/oauth/google")

    assert (answer.status_code, problem_of(answer)) == (302, "rate_limited")


async def test_a_sign_in_is_not_written_about_unless_it_links_an_account(
    browser: Traveller, ada: str, database: Database, settings: Settings
) -> None:
    await browser.sign_in("google", ada)

    assert await sent_mail(database, settings) == []


async def test_at_this_machine_one_comes_back_by_the_name_one_left_by(
    app: Any, make_settings: Any, settings: Settings, google: OpenIdProvider
) -> None:
    # given a studio at the address it has out of the box
    app.state.settings = settings.model_copy(update={"public_url": None, "host": "127.0.0.1", "port": 8400})
    transport = httpx.ASGITransport(app=app)

    # when it is asked by several names
    told = {}
    for host in ("127.0.0.1:8400", "localhost:8400", "[::1]:8400", "evil.example", "localhost.evil.example"):
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
            answer = await client.get(f"{AUTH}/oauth/google", headers={"Host": host})
            told[host] = parse_qs(urlsplit(answer.headers["location"]).query)["redirect_uri"][0]

    # then
    path = "/api/v1/auth/oauth/google/callback"
    assert told == {
        "127.0.0.1:8400": f"http://127.0.0.1:8400{path}",
        "localhost:8400": f"http://localhost:8400{path}",
        "[::1]:8400": f"http://[::1]:8400{path}",
        "evil.example": f"http://127.0.0.1:8400{path}",
        "localhost.evil.example": f"http://127.0.0.1:8400{path}",
    }


async def test_a_password_account_and_google_do_not_meet_at_registration(
    browser: Traveller, ada: str, client: httpx.AsyncClient
) -> None:
    """Who came by Google has the address; nobody signs up with it again."""
    await browser.sign_in("google", ada)

    body = {"email": f"{ada}@GMAIL.com", "password": PASSWORD, "display_name": "Somebody"}
    answer = await client.post(f"{AUTH}/register", json=body)

    problem(answer, 409, "email_exists")
    assert (await sign_up(client)).access_token
