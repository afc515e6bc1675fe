"""Messages between processes over NOTIFY: whole, coalesced, and again after the server was away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from pingvas.base.database_url import for_asyncpg
from pingvas.base.notify import Notice, Notifier, listen
from pingvas.base.notify_payloads import Assembly, pack, to_json
from pingvas.launch import embedded_postgres

CHANNEL = "pingvas_test"


class Heard:
    """What a listener has heard so far."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.changed = asyncio.Event()

    @property
    def messages(self) -> list[Any]:
        return [notice.message for notice in self.notices if not notice.missed]

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.notices) < count:
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def listening(url: str, *channels: str) -> AsyncIterator[Heard]:
    heard, ready = Heard(), asyncio.Event()

    async def hear() -> None:
        async for notice in listen(url, channels, ready=ready):
            heard.notices.append(notice)
            heard.changed.set()

    task = asyncio.create_task(hear())
    await asyncio.wait_for(ready.wait(), 5)
    yield heard
    task.cancel()
    await asyncio.wait({task})


@asynccontextmanager
async def notifying(url: str, **options: Any) -> AsyncIterator[Notifier]:
    notifier = Notifier(url, **options)
    await notifier.start()
    yield notifier
    await notifier.close()


async def test_messages_arrive_whole_and_in_order(database_url: str) -> None:
    async with listening(database_url, CHANNEL) as heard, notifying(database_url) as notifier:
        messages = [{"number": number, "text": "가" * number} for number in range(300)]

        for message in messages:
            notifier.send(CHANNEL, message)
        await heard.until(300)

        assert heard.messages == messages


async def test_a_message_longer_than_a_payload_arrives_whole(database_url: str) -> None:
    async with listening(database_url, CHANNEL) as heard, notifying(database_url) as notifier:
        long = {"prompt": "붉은 지붕의 집 🏠 \u0000\n" * 2_000}

        notifier.send(CHANNEL, {"before": 1})
        notifier.send(CHANNEL, long)
        notifier.send(CHANNEL, {"after": 1})
        await heard.until(3)

        assert heard.messages == [{"before": 1}, long, {"after": 1}]


async def test_equal_messages_are_not_merged(database_url: str) -> None:
    async with listening(database_url, CHANNEL) as heard, notifying(database_url) as notifier:
        for _ in range(5):
            notifier.send(CHANNEL, {"text": "가" * 2_500})
        await heard.until(5)

        assert len(heard.messages) == 5


async def test_many_messages_become_few_notifications(database_url: str) -> None:
    connection = await asyncpg.connect(for_asyncpg(database_url))
    payloads: list[str] = []
    await connection.add_listener(CHANNEL, lambda *arguments: payloads.append(arguments[3]))
    async with notifying(database_url) as notifier:
        for number in range(200):
            notifier.send(CHANNEL, {"number": number})
            notifier.wake("pingvas_test_wake")
    await connection.execute("SELECT 1")
    await connection.close()

    assert len(payloads) == 1


async def test_any_number_of_wake_ups_within_an_interval_is_one(database_url: str) -> None:
    async with listening(database_url, CHANNEL) as heard:
        async with notifying(database_url, interval=0.05) as notifier:
            for _ in range(100):
                notifier.wake(CHANNEL)
        await heard.until(1)
        await asyncio.sleep(0.1)

        assert heard.notices == [Notice(CHANNEL)]


async def test_closing_sends_what_still_waits(database_url: str) -> None:
    async with listening(database_url, CHANNEL) as heard:
        notifier = Notifier(database_url)
        await notifier.start()
        notifier.send(CHANNEL, "last words")

        await notifier.close()
        await heard.until(1)

        assert heard.messages == ["last words"]


async def test_payloads_of_others_on_the_channel_are_ignored(database_url: str) -> None:
    async with listening(database_url, CHANNEL) as heard, notifying(database_url) as notifier:
        connection = await asyncpg.connect(for_asyncpg(database_url))
        for payload in ("hello", '{"a": 1}', "1/2/3", "x/9/9:piece"):
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        await connection.close()

        notifier.send(CHANNEL, "ours")
        await heard.until(1)

        assert heard.messages == ["ours"]


async def test_a_listener_that_was_cut_off_says_so_and_hears_again(database_url: str) -> None:
    async with listening(database_url, CHANNEL) as heard, notifying(database_url) as notifier:
        notifier.send(CHANNEL, "before")
        await heard.until(1)
        connection = await asyncpg.connect(for_asyncpg(database_url))
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name IN ('pingvas listener', 'pingvas notifier')"
        )
        await connection.close()

        await heard.until(2)
        notifier.send(CHANNEL, "after")
        await heard.until(3)

        assert heard.notices[1] == Notice(CHANNEL, missed=True)
        assert heard.notices[2] == Notice(CHANNEL, "after")


async def test_both_ends_survive_a_restart_of_the_server(tmp_path: Path) -> None:
    server = await asyncio.to_thread(embedded_postgres.start, tmp_path)
    url = server.url("postgres")
    try:
        async with listening(url, CHANNEL) as heard, notifying(url) as notifier:
            await asyncio.to_thread(server.stop)
            notifier.send(CHANNEL, "sent while the server was down")
            server = await asyncio.to_thread(embedded_postgres.start, tmp_path)

            await heard.until(1)
            notifier.send(CHANNEL, "sent after")
            async with asyncio.timeout(10):
                while "sent after" not in heard.messages:
                    await heard.until(len(heard.notices) + 1)

            # What was sent meanwhile may come or be lost to a listener that was away; that it was away is told.
            assert heard.notices[0].missed or heard.notices[1].missed
    finally:
        await asyncio.to_thread(server.stop)


def test_pieces_are_cut_between_characters_and_fit_a_payload() -> None:
    text = "a" + "한글🏠" * 5_000

    payloads = pack("id.1", text)
    assembly = Assembly()
    whole = [assembly.add(7, payload) for payload in payloads]

    assert max(len(payload.encode()) for payload in payloads) < 8_000
    assert whole[:-1] == [None] * (len(payloads) - 1)
    assert whole[-1] == text


def test_a_message_whose_beginning_was_missed_is_left_out() -> None:
    assembly = Assembly()
    payloads = pack("id.1", "x" * 30_000)

    heard = [assembly.add(7, payload) for payload in payloads[1:]]

    assert heard == [None] * len(heard)
    assert assembly.add(7, pack("id.2", "next")[0]) == "next"


def test_json_for_the_wire_has_no_lone_surrogates() -> None:
    text = to_json({"prompt": "\ud83d and \u0000"})

    assert text.encode() == b'{"prompt":"? and \\u0000"}'
