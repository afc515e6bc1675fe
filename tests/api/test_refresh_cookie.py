"""The refresh token of web pages: a cookie that scripts cannot read and other sites cannot use."""

from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from pingvas.api.app import create_app
from pingvas.api.http.refresh_cookie import COOKIE_PREFIX, cookie_name
from pingvas.base.settings import Settings
from tests.lifespan import running_app
from tests.make.accounts import PASSWORD, fresh_email

AUTH = "/api/v1/auth"
WEB = {"X-Pingvas-Client": "web"}


async def _sign_up(client: httpx.AsyncClient) -> httpx.Response:
    answer = await client.post(
        f"{AUTH}/register",
        json={"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody"},
        headers=WEB,
    )
    assert answer.status_code == 201, answer.text
    return answer


def _cookie(answer: httpx.Response) -> Any:
    [header] = answer.headers.get_list("set-cookie")
    [(name, cookie)] = SimpleCookie(header).items()
    assert name.startswith(COOKIE_PREFIX)
    return cookie


async def test_a_web_page_gets_its_refresh_token_in_a_guarded_cookie_only(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    answer = await _sign_up(client)

    cookie = _cookie(answer)
    assert answer.json()["refresh_token"] is None
    assert cookie.value.startswith("pvr_")
    assert cookie.value not in answer.text
    assert (cookie["path"], cookie["samesite"].lower(), cookie["httponly"]) == (AUTH, "strict", True)
    assert int(cookie["max-age"]) == settings.refresh_token_days * 86_400
    assert not cookie["domain"]
    assert not cookie["secure"]  # served over http here


async def test_behind_https_the_cookie_is_secure(plans: Any, make_settings: Any, database_url: Any) -> None:
    settings = make_settings(database_url=database_url, public_url="https://studio.example.com")
    async with running_app(create_app(settings)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="https://studio.example.com") as client:
            cookie = _cookie(await _sign_up(client))

    assert cookie["secure"]


async def test_a_web_page_refreshes_by_its_cookie(client: httpx.AsyncClient) -> None:
    # given
    before = _cookie(await _sign_up(client)).value

    # when
    answer = await client.post(f"{AUTH}/refresh", headers={**WEB, "Sec-Fetch-Site": "same-origin"})

    # then
    assert answer.status_code == 200
    assert answer.json()["refresh_token"] is None
    assert _cookie(answer).value not in ("", before)
    assert (await client.post(f"{AUTH}/refresh", headers=WEB)).status_code == 200


ANOTHER_SITE = [
    {},
    {"X-Pingvas-Client": "cli"},
    {**WEB, "Sec-Fetch-Site": "cross-site"},
    {**WEB, "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("path", ["refresh", "logout"])
async def test_another_site_can_do_nothing_with_the_cookie(client: httpx.AsyncClient, path: str) -> None:
    # given
    await _sign_up(client)

    # when
    answers = [await client.post(f"{AUTH}/{path}", headers=headers) for headers in ANOTHER_SITE]

    # then: refused, and the session is as it was
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert "set-cookie" not in answer.headers
    assert (await client.post(f"{AUTH}/refresh", headers=WEB)).status_code == 200


async def test_signing_out_ends_the_session_and_takes_the_cookie_back(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    # given
    signed_up = await _sign_up(client)
    cookie = _cookie(signed_up).value

    # when
    answer = await client.post(f"{AUTH}/logout", headers=WEB)

    # then
    assert answer.status_code == 204
    taken_back = _cookie(answer)
    assert (taken_back.value, taken_back["max-age"], taken_back["path"]) == ("", "0", AUTH)
    assert not client.cookies
    again = await client.post(
        f"{AUTH}/refresh", headers={**WEB, "Cookie": f"{cookie_name(settings)}={cookie}"}
    )
    assert (again.status_code, again.json()["code"]) == (401, "invalid_token")
    bearer = {"Authorization": f"Bearer {signed_up.json()['access_token']}"}
    assert (await client.get("/api/v1/me", headers=bearer)).status_code == 401


async def test_a_client_that_is_no_web_page_never_gets_a_cookie(client: httpx.AsyncClient) -> None:
    wish = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody"}
    signed_up = await client.post(f"{AUTH}/register", json=wish)
    signed_in = await client.post(f"{AUTH}/login", json=wish)
    refreshed = await client.post(
        f"{AUTH}/refresh", json={"refresh_token": signed_in.json()["refresh_token"]}
    )

    for answer in (signed_up, signed_in, refreshed):
        assert "set-cookie" not in answer.headers
        assert answer.json()["refresh_token"].startswith("pvr_")


async def test_a_token_in_the_body_counts_more_than_the_cookie(client: httpx.AsyncClient) -> None:
    # given: a page's cookie of one person and another's token
    await _sign_up(client)
    wish = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody"}
    other = (await client.post(f"{AUTH}/register", json=wish)).json()

    # when
    answer = await client.post(f"{AUTH}/refresh", json={"refresh_token": other["refresh_token"]})

    # then
    assert answer.json()["user"]["id"] == other["user"]["id"]


async def test_the_cookie_opens_nothing_but_the_session_routes(client: httpx.AsyncClient) -> None:
    await _sign_up(client)

    answer = await client.get("/api/v1/me", headers=WEB)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_two_studios_on_one_machine_have_cookies_of_their_own(make_settings: Any) -> None:
    ours, theirs = make_settings(), make_settings(secret_key="the secret of the studio next door, as long")

    assert cookie_name(ours) == cookie_name(make_settings(port=8500))
    assert cookie_name(ours) != cookie_name(theirs)


@pytest.mark.parametrize("path", ["refresh", "logout"])
async def test_a_browser_that_tells_the_origin_alone_is_believed_in_that(
    client: httpx.AsyncClient, path: str
) -> None:
    # given a browser without Sec-Fetch-Site
    await _sign_up(client)

    # when pages elsewhere ask
    for origin in (
        "https://evil.example.org",
        "null",
        "http://studio.test.evil.example.org",
        "http://studio.test:81",
    ):
        refused = await client.post(f"{AUTH}/{path}", headers={**WEB, "Origin": origin})

        # then
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), origin

    # and our own does, behind a proxy that ends TLS too
    for origin in ("http://studio.test", "https://studio.test", "http://127.0.0.1:8400"):
        assert (await client.post(f"{AUTH}/refresh", headers={**WEB, "Origin": origin})).status_code == 200
