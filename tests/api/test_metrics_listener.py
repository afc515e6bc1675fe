"""The port of metrics: the page and nothing else, bounded, and not on the public address."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from harness.running_studio import free_port
from pingvas.api.http import metrics_listener as listener
from pingvas.api.http.metrics_listener import metrics_listener
from pingvas.base.settings import METRICS_PORT, Settings

PAGE = b"# a page of metrics\n"


async def page() -> bytes:
    return PAGE


async def broken_page() -> bytes:
    raise RuntimeError("a bug that was put here")


@asynccontextmanager
async def listening(make_settings: Any, show: listener.Page = page) -> AsyncIterator[str]:
    settings = make_settings(metrics_port=free_port())
    async with metrics_listener(settings, show):
        yield f"http://127.0.0.1:{settings.metrics_port}"


async def ask(url: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.request(method, url)


async def say(url: str, *parts: bytes) -> bytes:
    """What is answered to some bytes, until the end of the connection; nothing when it was cut off."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for part in parts:
            writer.write(part)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_it_shows_the_page_and_nothing_else(make_settings: Any) -> None:
    async with listening(make_settings) as url:
        shown, other, posted = (
            await ask(f"{url}/metrics?x=1"),
            await ask(f"{url}/healthz"),
            await ask(f"{url}/metrics", "POST"),
        )
        headed = await ask(f"{url}/metrics", "HEAD")

    assert (shown.status_code, shown.content) == (200, PAGE)
    assert shown.headers["content-type"].startswith("text/plain")
    assert other.status_code == 404
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == str(len(PAGE))


async def test_the_port_is_closed_when_the_api_ends(make_settings: Any) -> None:
    async with listening(make_settings) as url:
        pass

    with pytest.raises(httpx.ConnectError):
        await ask(f"{url}/metrics")


@pytest.mark.parametrize("head", [b"nonsense\r\n\r\n", b"\r\n\r\n", b"GET /metrics SMTP/1.0\r\n\r\n"])
async def test_what_is_no_http_is_told_so(make_settings: Any, head: bytes) -> None:
    async with listening(make_settings) as url:
        assert (await say(url, head)).startswith(b"HTTP/1.1 400 ")


async def test_a_head_without_an_end_is_cut_off(make_settings: Any) -> None:
    async with listening(make_settings) as url:
        too_long = await say(url, b"GET /metrics HTTP/1.1\r\nX: ", b"a" * (4 * listener.HEAD_BYTES))
        shown = await ask(f"{url}/metrics")

    assert too_long == b""
    assert shown.content == PAGE


async def test_who_says_nothing_is_hung_up_on(make_settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "HEAD_SECONDS", 0.05)

    async with listening(make_settings) as url:
        assert await say(url, b"GET /metrics HTTP/1.1\r\n") == b""


async def test_only_so_many_are_answered_at_once_and_their_places_are_free_again(make_settings: Any) -> None:
    async with listening(make_settings) as url:
        port = int(url.rpartition(":")[2])
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(listener.MAX_CONNECTIONS)]

        refused = await say(url)
        for _, writer in held:
            writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
        answers = [await reader.read() for reader, _ in held]
        for _, writer in held:
            writer.close()

        assert refused == b""
        assert all(answer.endswith(PAGE) for answer in answers)
        assert (await ask(f"{url}/metrics")).content == PAGE


async def test_a_page_that_cannot_be_made_is_an_error_and_not_the_end(
    make_settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(make_settings, broken_page) as url:
        answers = [await ask(f"{url}/metrics") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [500, 500]
    assert "a bug that was put here" in caplog.text


async def test_a_port_that_is_taken_is_told_and_stops_nobody(
    make_settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = make_settings(metrics_port=taken.getsockname()[1])

        async with metrics_listener(settings, page):
            pass

    assert f"port {settings.metrics_port} on 127.0.0.1" in caplog.text
    assert "PINGVAS_METRICS_PORT" in caplog.text


async def test_processes_of_one_api_share_the_port(make_settings: Any) -> None:
    settings = make_settings(metrics_port=free_port(), api_processes=2)
    url = f"http://127.0.0.1:{settings.metrics_port}/metrics"

    async with metrics_listener(settings, page):
        async with metrics_listener(settings, page):
            pass
        shown = await ask(url)  # by the one that is left

    assert shown.content == PAGE


async def test_with_0_there_is_no_port(make_settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a port was opened")

    monkeypatch.setattr(asyncio, "start_server", refuse)

    async with metrics_listener(make_settings(metrics_port=0), page):
        pass


def test_it_is_on_by_default_for_this_machine_alone(make_settings: Any) -> None:
    settings: Settings = make_settings()

    assert (settings.metrics_host, settings.api_metrics_port) == ("127.0.0.1", METRICS_PORT)


async def test_the_public_address_shows_no_metrics(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
