"""Whose an address is: HEAD wherever GET is, 404 where nothing is, 405 with what is allowed, and the page's own files alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from pingvas.api.http import errors
from pingvas.api.http.site import page_route
from tests.make.accounts import sign_up

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/readyz",
        "/api/v1/plans",
        "/api/v1/openapi.json",
        "/api/docs",
        "/",
        "/gallery",
    ],
)
async def test_head_is_get_without_the_body(client: httpx.AsyncClient, path: str) -> None:
    got, headed = await client.get(path), await client.head(path)

    assert headed.status_code == got.status_code
    assert headed.content == b""
    told = {"content-type", "cache-control", "content-length", "content-security-policy"}
    for name in told:
        assert headed.headers.get(name) == got.headers.get(name)


async def test_head_of_what_needs_a_sign_in_goes_by_the_same_rules(client: httpx.AsyncClient) -> None:
    person = await sign_up(client)

    assert (await client.head("/api/v1/me")).status_code == 401
    signed_in = await client.head("/api/v1/me", headers=person.headers)
    assert (signed_in.status_code, signed_in.content) == (200, b"")
    missing = await client.head("/api/v1/jobs/not-an-id", headers=person.headers)
    assert (missing.status_code, missing.content) == (404, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v1/jobs/",
        "/api/v1/plans/",
        "/api/v2/plans",
        "//api/v1/nothing",
        "/healthz/",
        "/healthz/more",
        "/readyz/",
        "/metrics",
        "/metrics/",
        "/ws",
        "/ws/nothing",
        "/files",
    ],
)
async def test_an_address_of_the_api_that_is_none_is_not_found_by_any_method(
    client: httpx.AsyncClient, path: str
) -> None:
    for method in METHODS:
        answer = await client.send(httpx.Request(method, f"http://studio.test{path}", content=b"{}"))

        assert answer.status_code == 404, method
        assert answer.headers["content-type"] == "application/problem+json"
        if method != "HEAD":
            assert answer.json()["code"] == "not_found"
            assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/jobs", {"GET", "HEAD", "POST"}),
        ("PUT", "/api/v1/me", {"GET", "HEAD", "PATCH", "DELETE"}),
        (
            "OPTIONS",
            "/api/v1/images/00000000-0000-7000-8000-000000000000",
            {"GET", "HEAD", "PATCH", "DELETE"},
        ),
        ("HEAD", "/api/v1/auth/login", {"POST"}),
        ("GET", "/api/v1/auth/login", {"POST"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("POST", "/api/docs", {"GET", "HEAD"}),
        ("POST", "/files/images/a.png", {"GET", "HEAD"}),
        ("PATCH", "/ws/", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("GET", "/api/v1/jobs/cancel", {"POST"}),
        ("DELETE", "/api/v1/jobs/estimate", {"POST"}),
        ("POST", "/", {"GET", "HEAD"}),
        ("DELETE", "/gallery", {"GET", "HEAD"}),
    ],
)
async def test_another_method_than_an_address_takes_is_told_which_ones_it_takes(
    client: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
    assert answer.headers["content-type"] == "application/problem+json"
    if method != "HEAD":
        assert answer.json()["code"] == "method_not_allowed"
        assert all(taken in answer.json()["detail"] for taken in allowed)


@pytest.mark.parametrize("method", ["TRACE", "QUERY", "CONNECT", "PROPFIND", "MADE-UP"])
async def test_a_method_that_nobody_knows_is_answered_405_where_something_is_and_else_404(
    client: httpx.AsyncClient, app: Any, method: str
) -> None:
    # given every address of the API, and those beside it
    some_id = "00000000-0000-7000-8000-000000000000"
    known = {
        re.sub(r"\{\w+_id\}", some_id, path.replace("{name}", "toy").replace("{provider}", "google"))
        for path in app.openapi()["paths"]
    }
    beside = {
        "/",
        "/gallery",
        "/assets/x.js",
        "/files/images/a.png",
        "/api/docs",
        "/api/v1/openapi.json",
        "/ws/",
    }
    nowhere = {
        "/api",
        "/api/v1",
        "/api/v1/nothing",
        "/ws",
        "/files",
        "/api/v1/jobs/no-id",
        "/api/v1/images/no-id",
    }

    # when each is asked
    answers = {path: await client.request(method, path) for path in known | beside | nowhere}

    # then none does anything, and where something is, what it takes is told
    assert {path for path, answer in answers.items() if answer.status_code == 404} == nowhere
    for path in known | beside:
        assert answers[path].status_code == 405, path
        assert answers[path].headers["allow"], path


async def test_every_get_of_the_api_takes_head_and_no_address_takes_a_slash_more(
    client: httpx.AsyncClient, app: Any
) -> None:
    for template, operations in app.openapi()["paths"].items():
        path = template.replace("{", "").replace("}", "")
        if "get" in operations:
            got, headed = await client.get(path), await client.head(path)
            assert (headed.status_code, headed.content) == (got.status_code, b""), path
        for method in METHODS:
            answer = await client.request(method, f"{path}/")
            assert answer.status_code == 404, (method, path)


# The page's own files.


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a page with a few files, and some beside it that are no part of it."""
    dist = tmp_path / "dist"
    for name in (
        "index.html",
        "mark.svg",
        "assets/app-1a2b.js",
        "api-docs/swagger-ui.css",
        ".inputs",
        ".git/config",
    ):
        (dist / name).parent.mkdir(parents=True, exist_ok=True)
        (dist / name).write_text(f"this is {name}")
    (tmp_path / "secret_key").write_text("a secret")
    (dist / "link").symlink_to(tmp_path / "secret_key")
    app = FastAPI()
    errors.install(app)
    app.router.routes.append(page_route(pictures_are_local=True, dist=dist))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as made:
        yield made


@pytest.mark.parametrize(
    ("path", "file", "cache"),
    [
        ("/", "index.html", "no-cache"),
        ("/gallery", "index.html", "no-cache"),
        ("/sign-in/link", "index.html", "no-cache"),
        ("/wsfoo", "index.html", "no-cache"),
        ("/apis", "index.html", "no-cache"),
        ("/mark.svg", "mark.svg", "no-cache"),
        ("/assets/app-1a2b.js", "assets/app-1a2b.js", "public, max-age=31536000, immutable"),
        ("/api-docs/swagger-ui.css", "api-docs/swagger-ui.css", "no-cache"),
    ],
)
async def test_the_page_is_served_with_its_files(
    page: httpx.AsyncClient, path: str, file: str, cache: str
) -> None:
    got, headed = await page.get(path), await page.head(path)

    assert (got.status_code, got.text) == (200, f"this is {file}")
    assert got.headers["cache-control"] == cache
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == str(len(got.content))


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, br", "br"),
        ("gzip;q=1.0, BR;q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("gzip, deflate", "gzip"),
        ("brotli", None),
        ("identity", None),
    ],
)
async def test_a_compressed_copy_is_sent_to_those_who_take_it(
    page: httpx.AsyncClient, tmp_path: Path, accepted: str, coding: str | None
) -> None:
    copies = {"br": b"smallest", "gzip": b"small", None: b"this is assets/app-1a2b.js"}
    (tmp_path / "dist/assets/app-1a2b.js.br").write_bytes(copies["br"])
    (tmp_path / "dist/assets/app-1a2b.js.gz").write_bytes(copies["gzip"])

    async with page.stream("GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": accepted}) as answer:
        sent = b"".join([part async for part in answer.aiter_raw()])

    assert sent == copies[coding]
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")


async def test_each_copy_of_a_file_is_known_by_its_own_tag(page: httpx.AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "dist/assets/app-1a2b.js.br").write_bytes(b"small")
    plain, small = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "br"}
    tag = (await page.head("/assets/app-1a2b.js", headers=small)).headers["etag"]

    again = await page.head("/assets/app-1a2b.js", headers={**small, "If-None-Match": tag})
    other = await page.head("/assets/app-1a2b.js", headers={**plain, "If-None-Match": tag})

    assert (again.status_code, other.status_code) == (304, 200)
    assert again.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/.inputs",
        "/.env",
        "/.git/config",
        "/assets/.hidden",
        "/gallery/.htaccess",
        "/assets/gone-3c4d.js",
        "/api-docs/",
        "/api-docs/nothing.js",
        "/%2e%2e/secret_key",
        "/..%2fsecret_key",
        "/assets/%2e%2e/%2e%2e/secret_key",
        "/a%00b",
        "/%0aindex.html",
        "/" + "a" * 5000,
    ],
)
async def test_what_is_no_part_of_the_page_is_not_served(page: httpx.AsyncClient, path: str) -> None:
    answer = await page.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_link_out_of_the_page_leads_to_the_page(page: httpx.AsyncClient) -> None:
    assert (await page.get("/link")).text == "this is index.html"


async def test_a_copy_that_is_still_right_is_not_sent_again(page: httpx.AsyncClient) -> None:
    first = await page.get("/gallery")
    again = await page.get("/gallery", headers={"If-None-Match": first.headers["etag"]})
    other = await page.get("/gallery", headers={"If-None-Match": '"another"'})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"
    assert "content-security-policy" in again.headers
    assert other.status_code == 200
