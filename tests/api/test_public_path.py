"""A studio below a path, `https://example.org/studio`, behind a proxy that takes the path off or leaves it."""

from collections.abc import AsyncIterator, Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette

from pingvas.adapters.storage import open_storage
from pingvas.api.app import create_app
from pingvas.api.http.public_path import PublicPath
from pingvas.api.http.site import page_route
from pingvas.base.settings import Settings
from tests.lifespan import running_app
from tests.make.accounts import PASSWORD, fresh_email, sign_up
from tests.make.mail import sent_mail, text_of

BELOW = "https://example.org/studio"


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    return make_settings(database_url=database_url, public_url=BELOW)


@pytest.fixture(params=["the proxy takes the path off", "the proxy leaves the path"])
async def client(
    request: pytest.FixtureRequest, plans: None, settings: Settings
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody at the address that people type; what reaches the studio is the proxy's doing."""
    takes_off = "takes" in request.param
    async with running_app(create_app(settings)) as app:
        proxy: Any = PublicPath(app, "/studio") if takes_off else app
        transport = httpx.ASGITransport(app=proxy, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BELOW) as made:
            yield made


async def test_the_api_is_there_and_its_document_says_where(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/v1/openapi.json")).json()
    plans = await client.get("/api/v1/plans")

    assert document["servers"] == [{"url": "/studio"}]
    assert plans.status_code == 200


async def test_the_api_s_page_finds_its_parts(client: httpx.AsyncClient) -> None:
    page = (await client.get("/api/docs")).text

    assert '"/studio/api-docs/swagger-ui.css"' in page
    assert "'/studio/api/v1/openapi.json'" in page


async def test_the_refresh_cookie_lives_below_the_path(client: httpx.AsyncClient) -> None:
    # when
    body = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody"}
    web = {"X-Pingvas-Client": "web"}
    answer = await client.post("/api/v1/auth/register", json=body, headers=web)

    # then
    [(_, cookie)] = SimpleCookie(answer.headers["set-cookie"]).items()
    assert (cookie["path"], cookie["secure"]) == ("/studio/api/v1/auth", True)
    assert (await client.post("/api/v1/auth/refresh", headers=web)).status_code == 200


async def test_pictures_are_reached_below_the_path(client: httpx.AsyncClient, settings: Settings) -> None:
    # given
    storage = open_storage(settings)
    await storage.put("images/a.png", b"a picture", "image/png")

    # when
    address = await storage.sign("images/a.png")
    answer = await client.get(f"https://example.org{address}")

    # then
    assert address.startswith("/studio/files/images/a.png?")
    assert (answer.status_code, answer.content) == (200, b"a picture")


async def test_links_in_mails_lead_below_the_path(
    client: httpx.AsyncClient, settings: Settings, database: Any
) -> None:
    await sign_up(client)

    (letter,) = await sent_mail(database, settings)

    assert f"{BELOW}/verify-email#token=" in text_of(letter)


async def test_sockets_open_from_the_studio_s_own_pages(client: httpx.AsyncClient) -> None:
    ours = await client.get("/ws/?EIO=4&transport=polling", headers={"Origin": "https://example.org"})
    theirs = await client.get("/ws/?EIO=4&transport=polling", headers={"Origin": "https://evil.example.org"})

    assert (ours.status_code, theirs.status_code) == (200, 400)


async def test_what_is_not_below_the_path_is_not_rewritten(settings: Settings, plans: None) -> None:
    async with running_app(create_app(settings)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="https://example.org") as client:
            statuses = [
                (await client.get(path)).status_code
                for path in ("/studio/healthz", "/healthz", "/studios/api/v1/plans", "/studio")
            ]

    assert statuses == [200, 200, 200, 200]  # an address of the page, the last two


INDEX = b"""<!doctype html><html><head>
    <meta name="base-path" content="" />
    <script type="module" src="/assets/main-1.js"></script>
    <link rel="icon" href="/mark.svg" /><a href="//elsewhere.example.org/x">x</a><a href="#main">y</a>
</head></html>"""


async def _page(dist: Path, public_path: str, path: str = "/", **headers: str) -> httpx.Response:
    app = Starlette(routes=[page_route(pictures_are_local=True, dist=dist, public_path=public_path)])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://studio.test"
    ) as client:
        return await client.get(path, headers=headers)


async def test_the_page_is_told_the_path_and_finds_its_files_there(tmp_path: Path) -> None:
    # given
    (tmp_path / "index.html").write_bytes(INDEX)
    (tmp_path / "index.html.gz").write_bytes(b"a compressed copy that knows nothing of the path")

    # when
    below = await _page(tmp_path, "/studio", "/gallery", **{"Accept-Encoding": "gzip"})
    at_root = await _page(tmp_path, "", **{"Accept-Encoding": "identity"})

    # then
    assert b'<meta name="base-path" content="/studio" />' in below.content
    assert b'src="/studio/assets/main-1.js"' in below.content
    assert b'href="/studio/mark.svg"' in below.content
    assert b'href="//elsewhere.example.org/x"' in below.content
    assert b'href="#main"' in below.content
    assert at_root.content == INDEX
    again = await _page(tmp_path, "/studio", **{"If-None-Match": below.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == below.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("url", "path", "origin"),
    [
        ("https://example.org/studio/", "/studio", "https://example.org"),
        ("https://Example.org:8443/a/b", "/a/b", "https://example.org:8443"),
        ("http://studio.local", "", "http://studio.local"),
    ],
)
def test_an_address_has_a_path_and_an_origin(make_settings: Any, url: str, path: str, origin: str) -> None:
    settings: Settings = make_settings(public_url=url)

    assert (settings.public_path, settings.origin) == (path, origin)
    assert settings.base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "example.org",
        "ftp://example.org",
        "https://",
        "https://me:secret@example.org",
        "https://example.org/?a=b",
        "https://example.org/#there",
        "https://example.org/a//b",
        "https://example.org/a/../b",
        "https://example.org/a%20b",
        'https://example.org/"><script>',
        "https://example.org/api",
        "https://example.org/files/studio",
        "https://example.org/ws",
    ],
)
def test_an_address_that_cannot_be_one_is_refused(make_settings: Any, url: str) -> None:
    with pytest.raises(ValidationError, match="public_url"):
        make_settings(public_url=url)
