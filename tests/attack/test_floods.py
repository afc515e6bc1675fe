"""Many requests of one address, or one person: beyond a rate they wait for their turn, and nobody else's do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pingvas.api.http import pace
from pingvas.base.budgets import Rates
from tests.base.test_budgets import refusals
from tests.make.accounts import SignedInPerson, sign_up


def client_at(app: Any, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://studio.test")


def allow(app: Any, at_once: float, seconds: float, budget: str = "requests") -> None:
    """So many requests of an address, or of a person, and then one every so many seconds."""
    figure = replace(getattr(app.state.budgets, budget).figure, at_once=at_once, seconds=seconds)
    setattr(app.state.budgets, budget, Rates(budget, figure, asyncio.get_running_loop().time))


class Waiting:
    """In place of the clock: who waits for a turn does so until `let_go`."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._came = asyncio.Semaphore(0)
        self._over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self._came.release()
        await self._over.wait()

    async def holds(self, many: int) -> None:
        for _ in range(many):
            await self._came.acquire()

    def let_go(self) -> None:
        self._over.set()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    waiting = Waiting()
    monkeypatch.setattr(pace, "sleep", waiting.sleep)
    monkeypatch.setattr(pace, "LONGEST_WAIT", float("inf"))
    return waiting


async def test_beyond_a_burst_requests_wait_and_those_of_others_do_not(app: Any, waiting: Waiting) -> None:
    # given
    allow(app, at_once=2, seconds=1000)

    async def ask(address: str) -> int:
        async with client_at(app, address) as client:
            return (await client.get("/healthz")).status_code

    # when one asks five times, and then somebody else
    async with asyncio.TaskGroup() as tasks:
        flood = [tasks.create_task(ask("203.0.113.1")) for _ in range(5)]
        await waiting.holds(3)
        other = await ask("203.0.113.2")

        # then the other one is answered while they wait, each longer than the one before
        assert other == 200
        assert [round(seconds, -3) for seconds in waiting.seconds] == [1000, 2000, 3000]
        waiting.let_go()

    # and all are answered in the end
    assert [task.result() for task in flood] == [200] * 5


async def test_who_would_wait_too_long_is_told_when_to_come_back(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    allow(app, at_once=1, seconds=3600)
    monkeypatch.setattr(pace, "LONGEST_WAIT", 10.0)
    before = refusals("requests")

    async with client_at(app, "203.0.113.1") as client:
        # when
        first, second = [await client.get("/healthz") for _ in range(2)]

    # then
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.json()["budget"] == "requests"
    assert 3590 <= int(second.headers["retry-after"]) <= 3600
    assert second.headers["x-request-id"]
    assert refusals("requests") == before + 1


async def test_a_person_is_paced_from_whatever_addresses_and_another_at_one_of_them_is_not(
    app: Any, client: httpx.AsyncClient, waiting: Waiting
) -> None:
    # given
    one, other = await sign_up(client), await sign_up(client)
    allow(app, at_once=2, seconds=1000, budget="requests_of_person")

    async def ask(person: SignedInPerson, address: str) -> int:
        async with client_at(app, address) as client:
            return (await client.get("/api/v1/me", headers=person.headers)).status_code

    # when
    async with asyncio.TaskGroup() as tasks:
        flood = [tasks.create_task(ask(one, f"203.0.113.{number}")) for number in range(4)]
        await waiting.holds(2)
        answer = await ask(other, "203.0.113.3")

        # then
        assert answer == 200
        assert [round(seconds, -3) for seconds in waiting.seconds] == [1000, 2000]
        waiting.let_go()
    assert [task.result() for task in flood] == [200] * 4


async def test_a_token_that_is_none_of_ours_counts_for_its_address_alone(app: Any) -> None:
    # given
    allow(app, at_once=1, seconds=3600, budget="requests_of_person")

    # when
    async with client_at(app, "203.0.113.1") as client:
        answers = [
            await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
            for token in ("a.b.c", "a.b.c", "x" * 5_000)
        ]

    # then
    assert [answer.status_code for answer in answers] == [401, 401, 401]
