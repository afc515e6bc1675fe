"""Many requests of one address: beyond a rate they wait for their turn, and nobody else's do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pingvas.api.http import pace
from pingvas.base.budgets import Rates
from tests.base.test_budgets import refusals


def client_at(app: Any, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://studio.test")


def allow(app: Any, at_once: float, seconds: float) -> None:
    """So many requests of an address, and then one every so many seconds."""
    figure = replace(app.state.budgets.requests.figure, at_once=at_once, seconds=seconds)
    app.state.budgets.requests = Rates("requests", figure, asyncio.get_running_loop().time)


async def test_beyond_a_burst_requests_wait_and_those_of_others_do_not(app: Any) -> None:
    # given
    allow(app, at_once=2, seconds=0.2)
    order: list[str] = []

    async def ask(name: str, address: str) -> None:
        async with client_at(app, address) as client:
            assert (await client.get("/healthz")).status_code == 200
        order.append(name)

    # when one asks five times at once, and then somebody else
    async with asyncio.TaskGroup() as tasks:
        for number in range(5):
            tasks.create_task(ask(f"flood {number}", "203.0.113.1"))
        tasks.create_task(ask("other", "203.0.113.2"))

    # then all are answered, in their order, the other one before those that wait
    assert sorted(order[:3]) == ["flood 0", "flood 1", "other"]
    assert order[3:] == ["flood 2", "flood 3", "flood 4"]


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
