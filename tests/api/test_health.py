"""Is the studio alive and ready: for whoever asks, and for probes that care about some of its parts."""

from __future__ import annotations

import httpx

from pingvas.base.db import Database
from pingvas.generation.tables import Worker


async def test_a_studio_without_a_worker_is_not_ready(client: httpx.AsyncClient, database: Database) -> None:
    # given
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
