"""What one may do to the studio with sockets: be dropped, and cost nobody anything."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pingvas.base.budget_figures import FIGURES, Share
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.realtime import connections, outgoing
from pingvas.realtime.connections import DROPPED
from pingvas.realtime.messages import MAX_BYTES, BadMessage, Kind, TextPacket, kind_of
from pingvas.realtime.outgoing import OutgoingQueue
from pingvas.realtime.websocket_protocol import BoundedWebSocket
from tests.make.events import completed, credits_of
from tests.realtime.conftest import Ears, Person
from tests.realtime.test_sockets import tell

MakePerson = Callable[..., Awaitable[Person]]
Connect = Callable[..., Awaitable[Ears]]

HOSTILE = {
    "attachments that never come": '4599999999999-["job:cancel",{"_placeholder":true,"num":0}]',
    "an attachment": '451-["job:cancel",{"_placeholder":true,"num":0}]',
    "an answer with attachments": "461-1[]",
    "an answer to nothing": "431[]",
    "base64 bytes": "bAAAA",
    "a packet deep as a well": "4" + "[" * 10_000,
    "an event deep as a well": '42["job:cancel",' + "[" * 10_000,
    "an event of nothing": "42",
    "an event of an object": "42{}",
    "an event without a name": "42[]",
    "an event with a list for a name": "42[[]]",
    "an event that the library calls itself": '42["connect",{},{"token":"x"}]',
    "a farewell that the library calls itself": '42["disconnect","x"]',
    "too many arguments": '42["job:cancel",{},{},{}]',
    "a foreign namespace": "40/admin,{}",
    "an id of many digits": "42" + "7" * 99 + '["job:cancel"]',
    "an id of digits that are none": '42²["job:cancel"]',
    "a number without an end": '42["job:cancel",' + "9" * 5_000 + "]",
    "broken JSON": '42["job:cancel"',
    "a second sign-in": '40{"token":"x"}',
    "nothing": "",
    "an unknown packet": "9",
    "an unknown message": "49",
    "a message without a kind": "4",
}

HANDSHAKE = (
    b"GET /ws/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@asynccontextmanager
async def websocket(
    address: str, person: Person | None = None, **options: Any
) -> AsyncIterator[ClientConnection]:
    """A plain WebSocket that has shaken hands, signed in if somebody is named."""
    url = address.replace("http", "ws") + "/ws/?EIO=4&transport=websocket"
    async with open_websocket(url, compression=None, max_queue=1, ping_interval=None, **options) as client:
        assert str(await client.recv()).startswith("0{")
        if person is not None:
            await client.send("40" + json.dumps({"token": person.token}))
            assert str(await client.recv()).startswith("40{")
        yield client


async def until_closed(client: ClientConnection) -> None:
    """Raises TimeoutError when the studio leaves it open."""
    async with asyncio.timeout(30):
        while True:
            try:
                await client.recv()
            except ConnectionClosed:
                return


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_socket_that_says_what_no_client_says_is_closed_and_nothing_is_logged(
    address: str, make_person: MakePerson, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    caplog.set_level(logging.WARNING)
    async with websocket(address, await make_person()) as client:
        await client.send(text)

        await until_closed(client)

    assert [record.getMessage() for record in caplog.records] == []


async def test_bytes_long_messages_and_no_text_close_a_socket_and_others_stay(
    address: str,
    make_person: MakePerson,
    connect: Connect,
    worker_database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    attacker, owner = await make_person(), await make_person()
    ears = await connect(owner)

    async with websocket(address, attacker) as client:
        await client.send(b"x" * 100)
        await until_closed(client)
    async with websocket(address, attacker) as client:
        await client.send('42["job:cancel","' + "x" * MAX_BYTES + '"]')
        await until_closed(client)
    async with websocket(address, attacker) as client:
        await client.send(b"\xff\xfe", text=True)
        await until_closed(client)

    await tell(worker_database, owner, credits_of(owner.user_id, 1))
    await ears.until("credits:updated")
    assert [record.getMessage() for record in caplog.records] == []


async def test_a_person_who_says_too_much_is_dropped(address: str, make_person: MakePerson) -> None:
    async with websocket(address, await make_person()) as client:
        try:
            for _ in range(2_000):
                await client.send('42["nothing"]')
        except ConnectionClosed:
            pass
        await until_closed(client)


async def test_a_person_has_so_many_sockets_and_one_that_is_closed_makes_room(
    address: str, make_person: MakePerson
) -> None:
    figure = FIGURES["sockets"]
    assert isinstance(figure, Share)
    person, other = await make_person(), await make_person()
    connecting = "40" + json.dumps({"token": person.token})

    async with AsyncExitStack() as stack:
        mine = [await stack.enter_async_context(websocket(address, person)) for _ in range(figure.each)]
        one_more = await stack.enter_async_context(websocket(address))
        await one_more.send(connecting)
        assert "rate_limited" in str(await one_more.recv())
        await stack.enter_async_context(websocket(address, other))

        await mine[0].close()
        async with asyncio.timeout(30):
            while True:
                await one_more.send(connecting)
                if str(await one_more.recv()).startswith("40{"):
                    break


async def test_an_address_has_so_many_sockets(address: str) -> None:
    figure = FIGURES["sockets_of_address"]
    assert isinstance(figure, Share)
    async with AsyncExitStack() as stack:
        for _ in range(figure.each):
            await stack.enter_async_context(websocket(address))

        with pytest.raises(InvalidStatus) as refused:
            await stack.enter_async_context(websocket(address))
        async with httpx.AsyncClient(base_url=address) as client:
            polled = await client.get("/ws/?EIO=4&transport=polling")

    assert refused.value.response.status_code == 429
    assert int(refused.value.response.headers["Retry-After"]) >= 1
    assert polled.status_code == 429


@pytest.mark.parametrize("first", [None, '40{"token":"nobody"}', "40" + json.dumps({"token": "x" * 10_000})])
async def test_a_socket_that_signs_nobody_in_is_closed(
    address: str, monkeypatch: pytest.MonkeyPatch, first: str | None
) -> None:
    monkeypatch.setattr(connections, "CONNECT_SECONDS", 0.5)
    async with websocket(address) as client:
        if first is not None:
            await client.send(first)
            assert str(await client.recv()).startswith("44{")

        await until_closed(client)


async def test_a_polling_session_that_signs_nobody_in_or_says_what_no_client_says_is_forgotten(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CONNECT_SECONDS", 0.5)
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:

        async def opened() -> dict[str, Any]:
            answer = await client.get("/ws/?EIO=4&transport=polling")
            return {"EIO": "4", "transport": "polling", "sid": json.loads(answer.text[1:])["sid"]}

        silent = await opened()
        assert (await client.get("/ws/", params=silent)).status_code == 200  # ends with the session
        assert (await client.get("/ws/", params=silent)).status_code == 400
        for body in ("4" + "[" * 9_000, "\x1e".join(["3"] * 17), "x" * (MAX_BYTES + 1), "1\x1e40{}", "d=40"):
            session = await opened()
            assert (await client.post("/ws/", params=session, content=body)).status_code in (400, 413)
        assert (await client.get("/ws/?EIO=4&transport=polling&j=1")).status_code == 400


async def test_a_client_that_does_not_read_is_dropped_and_others_hear_all(
    address: str,
    make_person: MakePerson,
    connect: Connect,
    worker_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outgoing, "MAX_WAITING", 20)
    slow, owner = await make_person(), await make_person()
    ears = await connect(owner)
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        answer = await client.get("/ws/?EIO=4&transport=polling")
        session = {"EIO": "4", "transport": "polling", "sid": json.loads(answer.text[1:])["sid"]}
        await client.post("/ws/", params=session, content="40" + json.dumps({"token": slow.token}))

        await tell(worker_database, slow, *(credits_of(slow.user_id, number) for number in range(50)))
        await tell(worker_database, owner, credits_of(owner.user_id, 1))
        await ears.until("credits:updated")

        assert (await client.get("/ws/", params=session)).status_code == 400


async def test_a_websocket_that_does_not_read_is_dropped_and_others_hear_all(
    address: str,
    make_person: MakePerson,
    connect: Connect,
    worker_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given somebody whose system takes little, and who reads nothing after signing in
    monkeypatch.setattr(outgoing, "MAX_WAITING", 20)
    slow, owner = await make_person(), await make_person()
    ears = await connect(owner)
    before = DROPPED.labels("slow_reader")._value.get()
    taking_little = socket.socket()
    taking_little.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    taking_little.setblocking(False)
    host, port = address.removeprefix("http://").split(":")
    await asyncio.get_running_loop().sock_connect(taking_little, (host, int(port)))
    async with websocket(address, slow, sock=taking_little) as client:
        # when there is more for them than systems keep between the two
        for _ in range(100):
            told = (completed(new_id(), prompt="x" * 6_000) for _ in range(100))
            await tell(worker_database, slow, *told)
            if DROPPED.labels("slow_reader")._value.get() > before:
                break
        await tell(worker_database, owner, credits_of(owner.user_id, 1))

        # then
        await ears.until("credits:updated")
        assert DROPPED.labels("slow_reader")._value.get() == before + 1
        await until_closed(client)


@pytest.mark.parametrize("frame", [b"\xc1\x84\0\0\0\0bomb", b"\x80\x80\0\0\0\0", b"\x81\x04text"], ids=repr)
async def test_who_speaks_nonsense_before_being_let_in_is_cut_off_and_leaves_no_line(
    caplog: pytest.LogCaptureFixture, frame: bytes
) -> None:
    # given a server that has not made up its mind, and a compressed frame, one that continues nothing, one without a mask
    asked, left = asyncio.Event(), asyncio.Event()
    caplog.set_level(logging.WARNING)

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        asked.set()
        assert (await receive())["type"] == "websocket.disconnect"
        left.set()

    config = uvicorn.Config(app, log_config=None, lifespan="off", ws=BoundedWebSocket)
    config.load()

    # when
    state = uvicorn.server.ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedWebSocket(config, state, {}), "127.0.0.1", 0
    )
    async with server, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(HANDSHAKE)
        await asked.wait()
        writer.write(frame)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        await left.wait()
        await asyncio.gather(*state.tasks)

    # then
    assert [record.getMessage() for record in caplog.records if record.name != "uvicorn.sockets"] == []


async def test_a_handshake_that_is_refused_leaves_no_line(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for query in ("?EIO=4&transport=websocket&sid=nobody", "?EIO=4&transport=websocket&j=1"):
        with pytest.raises(InvalidStatus) as refused:
            async with open_websocket(address.replace("http", "ws") + "/ws/" + query):
                pass
        assert refused.value.response.status_code == 400

    assert [record.getMessage() for record in caplog.records] == []


def test_a_queue_is_too_long_by_packets_and_by_characters() -> None:
    class Sent:
        data = "x" * 1_024

    by_number, by_size = OutgoingQueue(), OutgoingQueue()
    for _ in range(outgoing.MAX_WAITING):
        assert not by_number.is_too_long
        by_number.put_nowait(None)
    for _ in range(outgoing.MAX_WAITING_BYTES // 1_024):
        if by_size.is_too_long:
            break
        by_size.put_nowait(Sent())

    assert by_number.is_too_long
    by_number.throw_away()
    assert (by_number.qsize(), by_number.get_nowait()) == (1, None)
    while not by_size.empty():
        by_size.get_nowait()
    assert by_size.size == 0


def test_what_clients_say_is_understood() -> None:
    said = {
        "40": Kind.CONNECT,
        '40{"token":"a.b.c"}': Kind.CONNECT,
        "41": Kind.DISCONNECT,
        '420["job:cancel",{"job_id":"x"}]': Kind.EVENT,
        '42["job:subscribe"]': Kind.EVENT,
        "3": Kind.PONG,
        "2probe": Kind.PROBE,
        "5": Kind.UPGRADE,
        "1": Kind.CLOSE,
    }

    assert {text: kind_of(text) for text in said} == said


@pytest.mark.parametrize("packet", ['51-["a"]', "61-1[]", "31[]", b"bytes"])
def test_a_packet_takes_no_attachments(packet: Any) -> None:
    with pytest.raises(BadMessage):
        TextPacket(encoded_packet=packet)
