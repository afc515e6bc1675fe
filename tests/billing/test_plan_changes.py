"""Plans are rows that an admin changes: who is touched is told before, and what is changed holds from the next call on."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import text, update

from harness.catalog import CONFIG, make_model
from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.billing.packs import seed_packs
from pingvas.billing.plans import seed_plans
from tests.api.auth_calls import problem
from tests.make.accounts import SignedInPerson, sign_up

PLANS = "/api/v1/admin/plans"
WHY = {"reason": "As agreed in the meeting"}


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
        await seed_packs(session)
    made = await sign_up(client)
    async with database.transaction() as session:
        await session.execute(update(User).where(User.email == made.email).values(role="admin"))
    return made


async def _hold(database: Database, person: SignedInPerson, plan: str, **held: str) -> None:
    async with database.transaction() as session:
        facts = "".join(f", {name} = {value}" for name, value in held.items())
        await session.execute(
            text(f"""
                UPDATE subscriptions SET plan_id = (SELECT id FROM subscription_plans WHERE name = :plan) {facts}
                 WHERE user_id = :user_id
            """),
            {"plan": plan, "user_id": person.user["id"]},
        )


async def test_a_change_is_previewed_made_written_down_and_holds_at_once(
    client: httpx.AsyncClient, admin: SignedInPerson, database: Database
) -> None:
    # given two people on pro, one of whom has pictures
    one, other = await sign_up(client), await sign_up(client)
    for person in (one, other):
        await _hold(database, person, "pro")
    async with database.transaction() as session:
        await make_model(session, name="flux", config=CONFIG | {"family": "flux"})
        await session.execute(
            text("INSERT INTO storage_use (user_id, used_bytes) VALUES (:id, 5000)"), {"id": one.user["id"]}
        )
    body = {"job_type": "txt2img", "model": "flux", "prompt": "a river"}
    assert (await client.post("/api/v1/jobs", json=body, headers=one.headers)).status_code == 202
    changes = {"storage_bytes": 4000, "features": {"flux_models": False}, "monthly_price": "79.50"}

    # when somebody looks first
    preview = await client.post(f"{PLANS}/pro/preview", json=changes, headers=admin.headers)

    # then it is told whom it touches, and nothing has changed
    assert preview.json() == {"holders": 2, "over_storage": 1, "losing": ["flux_models"]}
    plans = (await client.get(PLANS, headers=admin.headers)).json()["items"]
    (pro,) = [plan for plan in plans if plan["name"] == "pro"]
    assert (pro["holders"], pro["monthly_price"], pro["storage_bytes"]) == (2, "75.00", 100 * 1024**3)

    # and when it is made, it holds from the next call on, and stands in the log
    changed = await client.patch(f"{PLANS}/pro", json=WHY | changes, headers=admin.headers)
    assert changed.status_code == 200, changed.text
    assert changed.json()["features"] == {"flux_models": False, "external_api": True, "lora_training": False}
    refused = problem(
        await client.post("/api/v1/jobs", json=body, headers=one.headers), 403, "feature_locked"
    )
    assert refused["feature"] == "flux_models"
    models = (await client.get("/api/v1/models", headers=one.headers)).json()["items"]
    assert [model["available"] for model in models] == [False]
    me = (await client.get("/api/v1/me", headers=one.headers)).json()
    assert (me["storage"]["quota_bytes"], me["features"]["flux_models"]) == (4000, False)
    (entry,) = (await client.get("/api/v1/admin/audit", headers=admin.headers)).json()["items"]
    assert (entry["action"], entry["target_id"], entry["reason"]) == ("plan.change", "pro", WHY["reason"])
    assert (entry["before"]["monthly_price"], entry["after"]["monthly_price"]) == ("75.00", "79.50")
    public = (await client.get("/api/v1/plans")).json()
    assert next(plan for plan in public["items"] if plan["name"] == "pro")["monthly_price"] == "79.50"
    assert [(pack["name"], pack["credits"], pack["price"]) for pack in public["packs"]] == [
        ("small", 1000, "7.00"),
        ("medium", 5000, "30.00"),
        ("large", 20000, "110.00"),
    ]


@pytest.mark.parametrize(
    ("plan", "changes", "status", "code"),
    [
        ("gold", {"is_active": False}, 404, "not_found"),
        ("free", {"is_active": False}, 409, "conflict"),
        ("free", {"monthly_price": "5"}, 409, "conflict"),
        ("pro", {"credits_per_month": -1}, 422, "validation_error"),
        ("pro", {"credits_per_month": 2**40}, 422, "validation_error"),
        ("pro", {"storage_bytes": 2**63}, 422, "validation_error"),
        ("pro", {"max_queues": None}, 422, "validation_error"),
        ("pro", {"monthly_price": "1.005"}, 422, "validation_error"),
        ("pro", {"monthly_price": "1e12"}, 422, "validation_error"),
        ("pro", {"features": {"free_beer": True}}, 422, "validation_error"),
        ("pro", {"display_name": " "}, 422, "validation_error"),
        ("pro", {"name": "gold"}, 422, "validation_error"),
    ],
)
async def test_what_a_plan_cannot_be_is_refused(
    client: httpx.AsyncClient,
    admin: SignedInPerson,
    plan: str,
    changes: dict[str, Any],
    status: int,
    code: str,
) -> None:
    problem(await client.patch(f"{PLANS}/{plan}", json=WHY | changes, headers=admin.headers), status, code)
    problem(await client.post(f"{PLANS}/{plan}/preview", json=changes, headers=admin.headers), status, code)


async def test_what_is_paid_late_counts_until_its_grace_is_over(
    client: httpx.AsyncClient, admin: SignedInPerson, database: Database
) -> None:
    async def quota() -> int:
        me = (await client.get("/api/v1/me", headers=admin.headers)).json()
        return int(me["storage"]["quota_bytes"])

    await _hold(database, admin, "studio", status="'past_due'", grace_ends_at="now() + interval '1 day'")
    assert await quota() == 200 * 1024**3

    await _hold(database, admin, "studio", status="'past_due'", grace_ends_at="now() - interval '1 second'")
    assert await quota() == 1024**3
