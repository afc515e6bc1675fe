"""A request whose commit was cut is told that nobody knows, and its Idempotency-Key tells the truth afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from harness.catalog import make_model
from pingvas.api.app import create_app
from pingvas.base.db import Database
from pingvas.billing.plans import seed_plans
from pingvas.billing.tables import Subscription
from pingvas.generation.tables import GenerationJob
from tests.lifespan import running_app
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.cut_at_commit import CommitCutter, Cut, cutting_commits

BODY = {"job_type": "txt2img", "model": "toy", "prompt": "a red house"}


@pytest.fixture
async def cutter(database_url: str) -> AsyncIterator[CommitCutter]:
    async with cutting_commits(database_url) as made:
        yield made


@pytest.fixture
async def cut_client(
    cutter: CommitCutter, database: Database, make_settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a studio whose way to the database leads through the cutter."""
    async with database.transaction() as session:
        await seed_plans(session)
        await make_model(session)
    app = create_app(make_settings(database_url=cutter.url))
    async with running_app(app) as started:
        transport = httpx.ASGITransport(app=started, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as made:
            yield made


async def _ask(client: httpx.AsyncClient, person: SignedInPerson) -> httpx.Response:
    headers = person.headers | {"Idempotency-Key": "one press of the button"}
    return await client.post("/api/v1/jobs", json=BODY, headers=headers)


async def _jobs_and_credits(database: Database) -> tuple[int, int]:
    async with database.read() as session:
        jobs = await session.scalar(select(func.count()).select_from(GenerationJob))
        left = await session.scalar(select(Subscription.remaining_credits))
    return int(jobs or 0), int(left or 0)


@pytest.mark.parametrize(("cut", "was_kept"), [("unheard", False), ("unanswered", True)])
async def test_the_same_key_tells_what_became_of_a_request_whose_commit_was_cut(
    cut: Cut, was_kept: bool, cutter: CommitCutter, cut_client: httpx.AsyncClient, database: Database
) -> None:
    # given
    person = await sign_up(cut_client)
    _, before = await _jobs_and_credits(database)

    # when
    cutter.cut_next = cut
    first = await _ask(cut_client, person)
    jobs, _ = await _jobs_and_credits(database)
    second = await _ask(cut_client, person)

    # then
    assert cutter.cuts == 1
    assert (first.status_code, first.json()["code"]) == (503, "outcome_unknown")
    assert "Nothing was changed" not in first.json()["detail"]
    assert "Retry-After" in first.headers
    assert jobs == int(was_kept)
    assert second.status_code == 202
    assert second.headers.get("Idempotent-Replayed") == ("true" if was_kept else None)
    price = second.json()["estimated_credits"]
    assert await _jobs_and_credits(database) == (1, before - price)


async def test_a_request_that_only_reads_is_never_in_doubt(
    cutter: CommitCutter, cut_client: httpx.AsyncClient
) -> None:
    person = await sign_up(cut_client)
    cutter.cut_next = "unanswered"

    answer = await cut_client.get("/api/v1/me", headers=person.headers)

    assert answer.status_code == 200
    assert cutter.cuts == 0
