"""Is the studio alive and ready: for whoever asks, and for probes that care about some of its parts."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from pingvas.base.db import Database
from pingvas.generation.tables import Worker


async def test_a_studio_without_a_worker_is_not_ready(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr("pingvas.api.routes.health.FRESH_SECONDS", 0.0)
    before = await client.get("/readyz")

    # when
    async with database.transaction() as session:
        session.add(Worker(id="a", host="here", device="cpu"))
    after = await client.get("/readyz")

    # then
    assert (before.status_code, before.json()["status"]) == (503, "unavailable")
    assert "no worker" in before.json()["parts"]["worker"]
    assert (after.status_code, after.json()["parts"]) == (
        200,
        {"database": "ok", "storage": "ok", "worker": "ok"},
    )


async def test_a_probe_may_name_the_parts_that_matter_to_it(client: httpx.AsyncClient) -> None:
    # given no worker, as in a studio that has scaled down to none

    # when
    answer = await client.get("/readyz?part=database&part=storage")

    # then
    assert (answer.status_code, answer.json()["parts"]) == (200, {"database": "ok", "storage": "ok"})


async def test_a_part_that_does_not_exist_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("/readyz?part=engine")).status_code == 422


async def test_however_many_ask_one_looks(
    client: httpx.AsyncClient, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a storage that counts how often it is looked at
    monkeypatch.setattr("pingvas.api.routes.health.FRESH_SECONDS", 3600.0)
    looked = 0
    check = app.state.storage.check

    async def counted() -> None:
        nonlocal looked
        looked += 1
        await check()

    monkeypatch.setattr(app.state.storage, "check", counted)

    # when
    answers = await asyncio.gather(*(client.get("/readyz?part=storage") for _ in range(20)))

    # then
    assert [answer.status_code for answer in answers] == [200] * 20
    assert looked == 1
