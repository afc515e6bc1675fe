"""The statement and the usage of one's credits, as JSON and as CSV; and what admins see of everybody's."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update

from harness.catalog import make_model
from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.generation.usage.roll_up import roll_up
from tests.api.auth_calls import ME, problem
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.api_keys import make_api_key
from tests.make.generation import claim_job, complete_job

BODY: dict[str, Any] = {"job_type": "txt2img", "model": "toy", "prompt": "a river"}
CSV = {"Accept": "text/csv"}
TODAY = datetime.now(UTC).date()


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    """Somebody with a job of their own and one that a key asked for."""
    async with database.transaction() as session:
        await make_model(session)
    made = await sign_up(client)
    key = await make_api_key(client, made, name="nightly")
    for headers in (made.headers, key.headers):
        assert (await client.post("/api/v1/jobs", json=BODY, headers=headers)).status_code == 202
        await complete_job(database, await claim_job(database), gpu_seconds=1.4)
    return made


def _rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_the_statement_is_narrowed_by_kind_and_days_and_comes_as_csv(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    async def statement(**params: Any) -> list[str]:
        told = (await client.get(f"{ME}/credits", headers=person.headers, params=params)).json()
        return [item["transaction_type"] for item in told["items"]]

    tomorrow = TODAY + timedelta(days=1)
    yesterday = TODAY - timedelta(days=1)
    assert {"consume", "bonus"} <= set(await statement())
    assert await statement(type="bonus") == ["bonus"]
    assert len(await statement(**{"from": yesterday, "to": tomorrow})) == len(await statement())
    assert await statement(**{"from": tomorrow}) == []
    assert await statement(to=yesterday) == []

    rows = _rows(await client.get(f"{ME}/credits", headers=person.headers | CSV, params={"type": "consume"}))
    assert {row["transaction_type"] for row in rows} == {"consume"}
    assert all(int(row["amount"]) < 0 for row in rows)
    for params in (
        {"from": "yesterday"},
        {"to": "2026-02-30"},
        {"from": str(tomorrow), "to": str(yesterday)},
    ):
        refused = problem(
            await client.get(f"{ME}/credits", headers=person.headers, params=params), 422, "validation_error"
        )
        assert refused["errors"][0]["loc"] == ["query", next(iter(params))]


async def test_usage_is_told_by_day_model_kind_and_key(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given one job that is counted, and one that is not yet
    usage = (await client.get(f"{ME}/usage", headers=person.headers)).json()
    await roll_up(database)

    # then
    assert (await client.get(f"{ME}/usage", headers=person.headers)).json() == usage
    figures = {"completed": 2, "failed": 0, "canceled": 0, "credits": 4, "gpu_seconds": 2.8}
    assert usage["totals"] == figures
    assert (usage["from"], usage["to"]) == (str(TODAY - timedelta(days=29)), str(TODAY))
    assert usage["days"][-1] == figures | {"day": str(TODAY)}
    assert usage["models"] == [figures | {"model": "toy"}]
    assert usage["kinds"] == [figures | {"job_type": "txt2img"}]
    assert {key["name"]: key["credits"] for key in usage["keys"]} == {None: 2, "nightly": 2}
    rows = _rows(await client.get(f"{ME}/usage", headers=person.headers | CSV))
    assert [(row["key"], row["credits"]) for row in rows] == [("", "2"), ("nightly", "2")]
    long = {"from": str(TODAY - timedelta(days=400))}
    problem(await client.get(f"{ME}/usage", headers=person.headers, params=long), 422, "validation_error")


async def test_admins_see_what_came_in_what_was_given_and_what_is_owed(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given a payment of this month, of which a half was refunded
    problem(await client.get("/api/v1/admin/revenue", headers=person.headers), 403, "forbidden")
    async with database.transaction() as session:
        await session.execute(update(User).where(User.email == person.email).values(role="admin"))
        await session.execute(
            text("""
                INSERT INTO payments (id, provider, kind, provider_id, user_id, reason, status, subtotal, total, total_usd,
                                      refunded, currency, paid_at, test_mode, seller_updated_at)
                VALUES (gen_random_uuid(), 'sandbox', 'order', '1', :user_id, 'pack', 'partial_refund', 1000, 2000, 1500,
                        1000, 'EUR', now(), true, now())
            """),
            {"user_id": person.user["id"]},
        )

    # when
    told = (await client.get("/api/v1/admin/revenue", headers=person.headers)).json()

    # then
    assert len(told["months"]) == 12
    assert told["months"][-1] == {
        "month": str(TODAY.replace(day=1)),
        "revenue_usd": "15.00",
        "refunded_usd": "7.50",
        "granted": 500,
        "spent": 4,
        "expired": 0,
        "gpu_seconds": 2.8,
        "gpu_cost_usd": None,
    }
    assert told["outstanding"] == 496
    assert _rows(await client.get("/api/v1/admin/revenue", headers=person.headers | CSV))[-1]["spent"] == "4"
    usage = (await client.get("/api/v1/admin/usage", headers=person.headers)).json()
    assert (usage["totals"]["completed"], usage["keys"], usage["gpu_cost_usd"]) == (2, [], None)
