"""Rows that one person could make for ever: asking for jobs and taking them back, sending in the smallest pictures."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.base.budgets import Budgets, Rates
from pingvas.base.db import Database
from tests.make.accounts import SignedInPerson, sign_up

BODY: dict[str, Any] = {"job_type": "txt2img", "model": "toy", "prompt": "a house"}


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await make_model(session)
    return await sign_up(client)


def who(person: SignedInPerson) -> UUID:
    return UUID(person.user["id"])


def leave(rates: Rates, person: SignedInPerson, left: int) -> None:
    """Use up all of a budget but so much."""
    rates.add(who(person), rates.figure.at_once - left)


async def _count(database: Database, table: str) -> int:
    async with database.read() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def test_hundreds_of_jobs_may_be_asked_for_and_not_without_an_end(
    client: httpx.AsyncClient, person: SignedInPerson, app: Any, database: Database
) -> None:
    # given somebody who has nearly used up what a script may ask for at once
    budgets: Budgets = app.state.budgets
    assert budgets.submits.figure.at_once >= 1000
    leave(budgets.submits, person, 2)

    # when they ask for two more, and for another
    taken = await client.post("/api/v1/jobs", json=BODY | {"count": 2}, headers=person.headers)
    refused = await client.post("/api/v1/jobs", json=BODY, headers=person.headers)
    again = await client.post(f"/api/v1/jobs/{taken.json()['jobs'][0]['id']}/retry", headers=person.headers)

    # then the last is told to come back, and nothing of it is kept
    assert taken.status_code == 202, taken.text
    for answer in (refused, again):
        assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
        assert answer.json()["budget"] == "submits"
        assert int(answer.headers["retry-after"]) >= 1
    assert await _count(database, "generation_jobs") == 2


async def test_long_prompts_count_more(
    client: httpx.AsyncClient, person: SignedInPerson, app: Any, database: Database
) -> None:
    # given
    budgets: Budgets = app.state.budgets
    long = {"prompt": "a house, " * 300, "negative_prompt": "a car, " * 200}
    refine = {"model": "toy", "prompt": "a house, " * 600}

    for body, cost in (
        (BODY, 1),
        (BODY | long, 5),
        (BODY | long | {"count": 2}, 10),
        ({"job_type": "upscale", "source_image": str(who(person)), "refine": refine}, 6),
        ({"job_type": "upscale", "source_image": str(who(person))}, 1),
    ):
        used = budgets.submits.used_by(who(person))

        # when
        await client.post("/api/v1/jobs", json=body, headers=person.headers)

        # then, but for what has come back meanwhile
        assert round(budgets.submits.used_by(who(person)) - used) in (cost - 1, cost)


async def test_the_smallest_pictures_are_not_taken_without_an_end(
    client: httpx.AsyncClient, person: SignedInPerson, app: Any, database: Database
) -> None:
    # given
    leave(app.state.budgets.sent_images, person, 1)
    file = BytesIO()
    Image.new("RGB", (1, 1)).save(file, "PNG")

    # when
    first = await client.post("/api/v1/images", files={"file": file.getvalue()}, headers=person.headers)
    second = await client.post("/api/v1/images", files={"file": file.getvalue()}, headers=person.headers)

    # then
    assert first.status_code == 201, first.text
    assert (second.status_code, second.json()["budget"]) == (429, "sent_images")
    assert await _count(database, "images") == 1
