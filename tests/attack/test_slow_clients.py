"""Clients that ask slowly or listen slowly, over real connections: each is hung up on, and others are answered."""

from __future__ import annotations

import asyncio
import re
import resource
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pingvas.api.http import bodies, connections
from pingvas.api.http.connections import GuardedProtocol, guard_of
from pingvas.base.budgets import Shares
from tests.make.accounts import sign_up


@dataclass(frozen=True)
class Served:
    """A running server and the port it has."""

    port: int
    server: uvicorn.Server

    async def shares(self) -> Shares:
        """Who holds how many of its connections; the first connection makes them."""
        async with httpx.AsyncClient(timeout=60) as client:
            await client.get(f"{self.url}/healthz")
        return guard_of(self.server.server_state).shares

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
async def served(app: Any, plans: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """The API behind real connections, with short patience and nobody trusted as a proxy."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(connections, "LEAVE_SECONDS", 0.5)
    monkeypatch.setattr(connections, "REFUSED_SECONDS", 0.5)
    monkeypatch.setattr(bodies, "MAX_PAUSE_SECONDS", 0.5)
    config = uvicorn.Config(
        app, http=GuardedProtocol, lifespan="off", log_config=None, ws="none", forwarded_allow_ips=""
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - another library's server, which tells nobody
            await asyncio.sleep(0.01)
        yield Served(listening.getsockname()[1], server)
        server.should_exit = True
        await running


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """Whatever comes until the other side hangs up."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_headers_that_do_not_end_are_not_waited_for(served: Served) -> None:
    # given many that begin to ask and one that asks
    slow = [await served.connect() for _ in range(50)]
    for number, (_, writer) in enumerate(slow):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" if number % 2 else b"")

    # when
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.get(f"{served.url}/healthz")
    said = await asyncio.gather(*(rest_of(reader) for reader, _ in slow))

    # then
    assert answer.status_code == 200
    assert said == [b""] * 50
    assert (await served.shares()).held_by("127.0.0.1") <= 1
    for _, writer in slow:
        writer.close()


async def test_headers_without_an_end_are_not_kept(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a client that is quick
    monkeypatch.setattr(connections, "HEAD_SECONDS", 3600)
    reader, writer = await served.connect()
    writer.write(b"GET /healthz HTTP/1.1\r\n")

    # when
    sent = 0
    try:
        while not reader.at_eof() and sent < 10_000_000:
            writer.write(b"X-Long: " + b"x" * 8000 + b"\r\n")
            await writer.drain()
            sent += 8010
            await asyncio.sleep(0)
    except ConnectionError:
        pass

    # then
    assert await rest_of(reader) == b""
    assert sent < 10_000_000
    writer.close()


async def test_a_body_that_stops_is_given_up(served: Served) -> None:
    # given
    async with httpx.AsyncClient(base_url=served.url, timeout=60) as client:
        person = await sign_up(client)
    reader, writer = await served.connect()
    token = person.headers["Authorization"]

    # when
    writer.write(
        f"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{".encode()
    )
    said = await rest_of(reader)

    # then
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"request_timeout"' in said
    writer.close()


async def test_a_body_that_nobody_reads_ends_the_connection(served: Served) -> None:
    # given a stranger that announces a picture
    reader, writer = await served.connect()
    writer.write(b"POST /api/v1/images HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nxxxx")

    # when
    said = await rest_of(reader)

    # then
    assert said.startswith(b"HTTP/1.1 401 ")
    writer.close()


async def test_an_address_has_so_many_connections_and_gets_them_back(served: Served) -> None:
    # given an address with as many as it may have
    shares = await served.shares()
    taken = shares.figure.each - shares.held_by("127.0.0.1")
    shares.take("127.0.0.1", taken)
    reader, writer = await served.connect()
    refused = await rest_of(reader)
    writer.close()

    # when
    shares.give_back("127.0.0.1", taken)
    async with httpx.AsyncClient(base_url=served.url, timeout=60) as client:
        answers = [await client.get("/healthz") for _ in range(3)]

    # then
    assert refused == b""
    assert [answer.status_code for answer in answers] == [200] * 3


async def test_a_connection_too_many_is_kept_waiting_but_not_more_than_so_many_of_them(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an address with as many as it may have, and two places where those too many wait
    monkeypatch.setattr(connections, "REFUSED_SECONDS", 3600)
    shares = await served.shares()
    while shares.held_by("127.0.0.1"):  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.01)
    shares.take("127.0.0.1", shares.figure.each)
    guard = guard_of(served.server.server_state)
    guard.most_refused = 2
    waiting = [await served.connect() for _ in range(2)]
    for _, writer in waiting:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    while len(guard.refused) < 2:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.01)

    # when one more comes, and asks
    reader, writer = await served.connect()
    last = await rest_of(reader)

    # then it is hung up on at once, the others are neither answered nor counted among those that are served
    assert last == b""
    assert len(guard.refused) == 2
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiting[0][0].read(1), 0.3)
    assert not any(reader.at_eof() for reader, _ in waiting)
    assert not served.server.server_state.connections
    for refused in list(guard.refused):
        refused.transport.abort()
    for each in (writer, *(writer for _, writer in waiting)):
        each.close()


async def test_a_connection_is_kept_for_the_next_request(served: Served) -> None:
    # given
    reader, writer = await served.connect()
    ask = b"POST /api/v1/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"

    for _ in range(3):
        # when
        writer.write(ask)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        await asyncio.sleep(0.3)  # longer in all than a head may take

        # then
        assert b"connection: close" not in head
    writer.close()


async def test_requests_sent_ahead_are_answered_in_turn(served: Served) -> None:
    # given
    reader, writer = await served.connect()

    # when the second has a body that comes after the first was answered
    writer.write(
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        b"POST /api/v1/auth/logout HTTP/1.1\r\nHost: x\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    )
    first = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"{}GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    said = first + await rest_of(reader)

    # then
    assert re.findall(rb"HTTP/1\.1 (\d+) ", said) == [b"200", b"401", b"200"]
    writer.close()


async def test_requests_sent_far_ahead_end_the_connection_and_their_answers(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    reader, writer = await served.connect()
    ahead = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 10_000

    # when
    writer.write(ahead)
    said = await rest_of(reader)

    # then nothing failed for want of somebody to tell
    assert said.count(b"HTTP/1.1 200") <= connections.MAX_AHEAD + 1
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.get(f"{served.url}/healthz")).status_code == 200
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    writer.close()


async def test_a_client_that_leaves_ends_the_request_that_is_under_way_whatever_it_sent_ahead(
    served: Served, app: Any
) -> None:
    # given a request that waits for its client to leave
    waiting, left = asyncio.Event(), asyncio.Event()

    async def wait(request: Request) -> Response:
        waiting.set()
        while (await request.receive())["type"] != "http.disconnect":
            pass
        left.set()
        return Response()

    app.router.routes.insert(0, Route("/waits", wait))
    _, writer = await served.connect()
    writer.write(b"GET /waits HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    async with asyncio.timeout(60):
        await waiting.wait()

        # when
        writer.transport.abort()

        # then
        await left.wait()


def test_a_process_opens_as_many_descriptors_as_it_may() -> None:
    # given
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))

    # when
    try:
        raised = connections.raise_descriptors()
        now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    # then
    assert raised == now == min(65_536, hard)
    assert connections.most_connections(400) < connections.most_open(1024) <= 1024


def test_a_quick_beginning_buys_no_slow_end() -> None:
    # given twenty megabytes in a second
    pace = bodies.Pace()
    pace.note(1, 20_000_000)

    # when: then a byte every ten seconds
    drips = 0
    while pace.patience > 0:
        pace.note(10, 1)
        drips += 1

    # then
    assert drips == 4


def test_a_slow_line_is_waited_for_to_the_end() -> None:
    pace = bodies.Pace()

    for _ in range(10_000):
        pace.note(1, bodies.LEAST_BYTES_A_SECOND)
        assert pace.patience == bodies.MAX_PAUSE_SECONDS
