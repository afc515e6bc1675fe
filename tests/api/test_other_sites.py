"""Pages of other sites: none may call the API, until the operator names them; and then without the page's cookie."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from pingvas.api.app import create_app
from pingvas.base.settings import Settings
from tests.lifespan import running_app
from tests.make.accounts import sign_up

THERE = "https://app.example.org"
ASK = {"Origin": THERE, "Access-Control-Request-Method": "POST"}
JOBS = "/api/v1/jobs"


@asynccontextmanager
async def opened_to(settings: Settings, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with running_app(create_app(settings)) as app:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test", **options) as client:
            yield client


def _permissions(answer: httpx.Response) -> list[str]:
    return sorted(name for name in answer.headers if name.startswith("access-control-"))


async def test_out_of_the_box_no_other_site_may_call(client: httpx.AsyncClient) -> None:
    asked = await client.options(JOBS, headers=ASK)
    called = await client.get("/api/v1/plans", headers={"Origin": THERE})

    assert asked.status_code == 405
    assert _permissions(asked) == _permissions(called) == []


async def test_a_site_that_is_named_may_call_with_a_token_of_its_own(
    plans: None, make_settings: Any, database_url: str
) -> None:
    # given
    settings: Settings = make_settings(
        database_url=database_url, cors_origins=[THERE, "http://localhost:3000"]
    )
    async with opened_to(settings) as client:
        person = await sign_up(client)

        # when
        wanted = {"Access-Control-Request-Headers": "authorization, content-type, idempotency-key, prefer"}
        asked = await client.options(JOBS, headers=ASK | wanted)
        called = await client.get("/api/v1/me", headers=person.headers | {"Origin": THERE})
        refused = await client.get("/api/v1/me", headers={"Origin": THERE})
        elsewhere = await client.options(JOBS, headers=ASK | {"Origin": "https://evil.example.org"})

    # then
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == THERE
    assert "Origin" in asked.headers["vary"]
    assert called.status_code == 200
    for answer in (called, refused):  # a refusal can be read as well
        assert answer.headers["access-control-allow-origin"] == THERE
        assert "RateLimit" in answer.headers["access-control-expose-headers"]
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in elsewhere.headers


async def test_it_may_neither_bring_the_cookie_nor_say_it_is_the_page(
    plans: None, make_settings: Any, database_url: str
) -> None:
    for origins in ([THERE], ["*"]):
        settings: Settings = make_settings(database_url=database_url, cors_origins=origins)
        async with opened_to(settings) as client:
            # when
            named = {"Access-Control-Request-Headers": "x-pingvas-client"}
            asked = await client.options("/api/v1/auth/refresh", headers=ASK | named)
            called = await client.get("/api/v1/plans", headers={"Origin": THERE})
            socket = await client.get("/ws/?EIO=4&transport=polling", headers={"Origin": THERE})

        # then
        assert asked.status_code == 400
        for answer in (asked, called, socket):
            assert "access-control-allow-credentials" not in answer.headers
        assert called.headers["access-control-allow-origin"] in (THERE, "*")
        assert len(socket.headers.get_list("access-control-allow-origin")) == 1


async def test_a_socket_may_be_opened_from_there(plans: None, make_settings: Any, database_url: str) -> None:
    closed: Settings = make_settings(database_url=database_url)
    opened: Settings = make_settings(database_url=database_url, cors_origins=[THERE])
    statuses = []
    for settings in (closed, opened):
        async with opened_to(settings) as client:
            answer = await client.get("/ws/?EIO=4&transport=polling", headers={"Origin": THERE})
            statuses.append(answer.status_code)

    assert statuses == [400, 200]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://a.example.org, http://localhost:3000", ("https://a.example.org", "http://localhost:3000")),
        ("https://A.example.org/", ("https://a.example.org",)),
        ("*", ("*",)),
    ],
)
def test_they_are_named_in_one_variable(
    monkeypatch: pytest.MonkeyPatch, written: str, read: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PINGVAS_CORS_ORIGINS", written)

    assert Settings(_env_file=None).cors_origins == read


@pytest.mark.parametrize(
    "wrong", ["example.org", "https://example.org/app", "null", "https://a.org,,b", "ftp://x.org"]
)
def test_what_is_no_origin_is_refused(make_settings: Any, wrong: str) -> None:
    with pytest.raises(ValidationError, match="is no origin"):
        make_settings(cors_origins=wrong)
