"""A new secret: what the one before has signed is good as long as that is named, and nobody is signed out."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie

import httpx
import jwt
import pytest
from sqlalchemy import select

from harness.catalog import make_model
from pingvas.accounts.refusals import InvalidToken
from pingvas.accounts.sessions import access_tokens, refresh_tokens
from pingvas.accounts.sign_in import app_codes
from pingvas.accounts.tables import SecondFactor
from pingvas.adapters.storage import open_storage
from pingvas.api.app import create_app
from pingvas.api.http.refresh_cookie import cookie_name
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.secret_keys import id_of_key
from pingvas.base.settings import Settings
from pingvas.launch.reseal import reseal
from tests.api.second_factor_calls import set_up
from tests.lifespan import running_app
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.api_keys import make_api_key

OLD = "the secret that the studio began with, long ago"
NEW = "the secret that took its place this morning, as long"
ME = "/api/v1/me"
REFRESH = "/api/v1/auth/refresh"
WEB = {"X-Pingvas-Client": "web"}


@pytest.fixture
def before(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    return make_settings(database_url=database_url, secret_key=OLD)


@pytest.fixture
def during(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    return make_settings(database_url=database_url, secret_key=NEW, previous_secret_key=OLD)


@pytest.fixture
def after(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    return make_settings(database_url=database_url, secret_key=NEW)


@asynccontextmanager
async def studio(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with running_app(create_app(settings)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
            yield client


async def _refreshed(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post(REFRESH, json={"refresh_token": token})


async def test_nobody_is_signed_out(plans: None, before: Settings, during: Settings, after: Settings) -> None:
    # given
    async with studio(before) as client:
        person = await sign_up(client)
        asleep = await sign_up(client)

    # when the secret is another one
    async with studio(during) as client:
        me = await client.get(ME, headers=person.headers)
        refreshed = await _refreshed(client, person.refresh_token)
        told = refreshed.json()
        # a second tab, or an answer that was lost, is told the same
        again = await _refreshed(client, person.refresh_token)

    # then
    assert (me.status_code, refreshed.status_code) == (200, 200)
    assert again.json()["refresh_token"] == told["refresh_token"]
    kid = jwt.get_unverified_header(told["access_token"])["kid"]
    assert kid == id_of_key(during.key_for("access-token"))

    # when the one before is forgotten
    async with studio(after) as client:
        fresh = {"Authorization": f"Bearer {told['access_token']}"}
        assert (await client.get(ME, headers=fresh)).status_code == 200
        assert (await _refreshed(client, told["refresh_token"])).status_code == 200
        # who did not come meanwhile signs in anew
        for answer in (
            await client.get(ME, headers=asleep.headers),
            await _refreshed(client, asleep.refresh_token),
        ):
            assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


async def test_an_old_token_that_is_used_again_still_ends_the_session(
    plans: None, before: Settings, during: Settings
) -> None:
    # given a token of the secret before, which was used long ago
    async with studio(before) as client:
        person = await sign_up(client)
        second = (await _refreshed(client, person.refresh_token)).json()["refresh_token"]
        third = (await _refreshed(client, second)).json()["refresh_token"]

    # when
    async with studio(during) as client:
        reused = await _refreshed(client, person.refresh_token)
        afterwards = await _refreshed(client, third)

    # then
    assert (reused.json()["code"], afterwards.json()["code"]) == ("invalid_token", "invalid_token")


async def test_a_browser_keeps_its_session_and_gets_the_cookie_s_new_name(
    plans: None, before: Settings, during: Settings
) -> None:
    # given a page's cookie
    async with studio(before) as client:
        body = {"email": "ada@example.org", "password": "a long and quiet river", "display_name": "Ada"}
        await client.post("/api/v1/auth/register", json=body, headers=WEB)
        held = client.cookies[cookie_name(before)]
    assert cookie_name(before) != cookie_name(during)

    # when
    async with studio(during) as client:
        old = {"Cookie": f"{cookie_name(before)}={held}"}
        answer = await client.post(REFRESH, headers=WEB | old)

        # then the one is set and the other taken back
        cookies = {
            name: cookie
            for header in answer.headers.get_list("set-cookie")
            for name, cookie in SimpleCookie(header).items()
        }
        assert answer.status_code == 200
        assert cookies[cookie_name(during)].value.startswith("pvr_")
        assert (cookies[cookie_name(before)].value, cookies[cookie_name(before)]["max-age"]) == ("", "0")
        out = await client.post("/api/v1/auth/logout", headers=WEB)
        assert out.status_code == 204


async def test_addresses_of_pictures_and_cursors_of_lists_stay_good(
    plans: None, before: Settings, during: Settings, after: Settings, database: Database
) -> None:
    # given a signed address, and a list that somebody is in the middle of
    async with database.transaction() as session:
        await make_model(session)
    storage = open_storage(before)
    await storage.put("images/a.png", b"a picture", "image/png")
    address = await storage.sign("images/a.png")
    async with studio(before) as client:
        person = await sign_up(client)
        body = {"job_type": "txt2img", "model": "toy", "prompt": "a house", "count": 3}
        await client.post("/api/v1/jobs", json=body, headers=person.headers)
        page = (await client.get("/api/v1/jobs?limit=2", headers=person.headers)).json()

    async def look(settings: Settings, holder: SignedInPerson) -> tuple[int, int]:
        async with studio(settings) as client:
            token = holder.access_token
            if settings is after:
                claims = access_tokens.verify(before, token)
                token = access_tokens.issue(after, user_id=claims.user_id, session_id=claims.session_id)
            picture = await client.get(address)
            rest = await client.get(
                "/api/v1/jobs",
                params={"limit": 2, "cursor": page["next_cursor"]},
                headers={"Authorization": f"Bearer {token}"},
            )
            return picture.status_code, rest.status_code

    # then they are good while the secret before is named, and no longer
    assert await look(during, person) == (200, 200)
    assert await look(after, person) == (403, 422)


async def test_api_keys_have_nothing_to_do_with_the_secret(
    plans: None, before: Settings, after: Settings
) -> None:
    async with studio(before) as client:
        key = await make_api_key(client, await sign_up(client))

    async with studio(after) as client:
        assert (await client.get(ME, headers=key.headers)).status_code == 200


def test_a_token_names_its_key_and_another_s_name_opens_nothing(during: Settings, after: Settings) -> None:
    # given a token of ours whose header names a key that there is not, and one signed with the wrong one
    user_id = new_id()
    good = access_tokens.issue(during, user_id=user_id, session_id=new_id())
    claims = jwt.decode(good, options={"verify_signature": False})
    new, old = during.keys_for("access-token")

    def forged(key: bytes, kid: str | None) -> str:
        headers = {"typ": access_tokens.TYPE} | ({} if kid is None else {"kid": kid})
        return jwt.encode(claims, key, algorithm="HS256", headers=headers)

    # then
    for token in (good, forged(new, None), forged(old, id_of_key(old))):
        assert access_tokens.verify(during, token).user_id == user_id
    for token in (
        forged(new, id_of_key(old)),
        forged(old, id_of_key(new)),
        forged(new, "../../etc/passwd"),
        forged(new, ""),
        forged(old, None),
    ):
        with pytest.raises(InvalidToken):
            access_tokens.verify(during, token)
    with pytest.raises(InvalidToken):
        access_tokens.verify(after, forged(old, id_of_key(old)))


def test_both_secrets_are_tried_for_a_refresh_token(
    before: Settings, during: Settings, after: Settings
) -> None:
    token = refresh_tokens.make(before, new_id(), 3)

    assert refresh_tokens.read(during, token).rotation == 3
    with pytest.raises(InvalidToken):
        refresh_tokens.read(after, token)


def test_a_worker_has_neither(during: Settings) -> None:
    worker = during.without_secret()

    assert (worker.secret_key, worker.previous_secret_key) == (None, None)
    assert worker.keys_for("file-url") == (during.key_for("file-url"),)
    with pytest.raises(LookupError):
        worker.keys_for("access-token")


async def test_what_is_sealed_is_sealed_anew_for_everybody(
    plans: None, before: Settings, during: Settings, after: Settings, database: Database
) -> None:
    # given two people with an app, who do not come by while both secrets are good
    async with studio(before) as client:
        secrets = [(await set_up(client, database, await sign_up(client)))[0] for _ in range(2)]

    # when
    said = [await reseal(during) for _ in range(2)]

    # then
    assert said == ["The second factors of 2 accounts are sealed with the present secret."] * 2
    async with database.read() as session:
        factors = list(await session.scalars(select(SecondFactor).order_by(SecondFactor.created_at)))
    assert [app_codes.unseal(after, factor.user_id, factor.secret) for factor in factors] == secrets
