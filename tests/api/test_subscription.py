"""The plan one holds over the API, and what admins do about it: agreements, the inbox, comparing with the seller."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text, update

from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.billing.ledger import find_disagreements
from pingvas.billing.sold.due import settle_due
from tests.api.auth_calls import problem
from tests.make.accounts import SignedInPerson, sign_up

ADMIN, HELD = "/api/v1/admin", "/api/v1/subscription"


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    made = await sign_up(client)
    async with database.transaction() as session:
        await session.execute(update(User).where(User.email == made.email).values(role="admin"))
    return made


async def _get(client: httpx.AsyncClient, person: SignedInPerson, path: str, **params: Any) -> Any:
    answer = await client.get(path, headers=person.headers, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_plan_that_is_agreed_holds_until_its_end_and_is_on_record(
    client: httpx.AsyncClient, admin: SignedInPerson, database: Database
) -> None:
    # given somebody whose plan is free
    person = await sign_up(client)
    held = await _get(client, person, HELD)
    assert (held["plan"]["name"], held["status"], held["is_sold"], held["can"]) == (
        "free",
        "active",
        False,
        ["checkout"],
    )
    options = (await _get(client, person, f"{HELD}/options"))["items"]
    assert {
        (each["plan"], each["billing_cycle"], each["action"], each["credits_now"]) for each in options
    } == {
        (plan, cycle, "checkout", credits)
        for plan, credits in (("starter", 5_000), ("pro", 15_000), ("studio", 30_000))
        for cycle in ("monthly", "yearly")
    }

    # when an admin agrees on a plan with its credits, twice by mistake
    url = f"{ADMIN}/users/{person.user['id']}/plan"
    body = {"plan": "pro", "gives_credits": True, "reason": "A partner", "ends_at": "2999-01-01T00:00:00Z"}
    for _ in range(2):
        answer = await client.post(url, headers=admin.headers, json=body)
        assert answer.status_code == 200, answer.text

    # then the month came once, and what costs more can still be bought
    assert answer.json()["ends_at"] == "2999-01-01T00:00:00Z"
    me = await _get(client, person, "/api/v1/me")
    assert (me["plan"]["name"], me["credits"]["balance"]) == ("pro", 15_500)
    options = (await _get(client, person, f"{HELD}/options"))["items"]
    assert {each["plan"] for each in options if each["action"] == "checkout"} == {"studio"}
    (row,) = (await _get(client, admin, f"{ADMIN}/subscriptions", plan="pro"))["items"]
    assert (row["provider"], row["email"], row["balance"]) == ("studio", person.email, 15_500)

    # when it ends
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE sold_subscriptions SET ends_at = now(), began_at = now() - interval '1 hour'")
        )
        await session.execute(text("UPDATE subscriptions SET settle_at = now()"))
    assert await settle_due(database) >= 1

    # then the plan is free again; the page and the row say so
    assert (await _get(client, person, HELD))["plan"]["name"] == "free"
    assert (await _get(client, person, "/api/v1/me"))["plan"]["name"] == "free"
    audit = (await _get(client, admin, f"{ADMIN}/audit"))["items"]
    assert [entry["action"] for entry in audit] == ["user.agree_plan", "user.agree_plan"]
    async with database.read() as session:
        assert await find_disagreements(session) == []


async def test_an_agreement_is_taken_back_and_bad_ones_are_refused(
    client: httpx.AsyncClient, admin: SignedInPerson
) -> None:
    # given
    person = await sign_up(client)
    url = f"{ADMIN}/users/{person.user['id']}/plan"

    # when, then
    for bad in ({"plan": "platinum"}, {"plan": "free"}, {"plan": "pro", "ends_at": "2001-01-01T00:00:00Z"}):
        answer = await client.post(url, headers=admin.headers, json={"reason": "why", **bad})
        problem(answer, 422, "validation_error")
    problem(await client.delete(url, headers=admin.headers), 404, "not_found")
    problem(
        await client.post(url, headers=person.headers, json={"plan": "pro", "reason": "me"}), 403, "forbidden"
    )
    await client.post(url, headers=admin.headers, json={"plan": "studio", "reason": "why"})
    assert (await _get(client, person, HELD))["plan"]["name"] == "studio"
    assert (await client.delete(url, headers=admin.headers)).json()["plan"]["name"] == "free"


async def test_the_inbox_is_shown_replayed_and_assigned(
    client: httpx.AsyncClient, admin: SignedInPerson, database: Database
) -> None:
    # given an event of nobody's and one that was applied
    person = await sign_up(client)
    async with database.transaction() as session:
        await session.execute(
            text("""
                INSERT INTO billing_events (id, provider, event_name, body_hash, body, status, user_id) VALUES
                (gen_random_uuid(), 'sandbox', 'subscription_created', 'a', '{}', 'nobody', NULL),
                (gen_random_uuid(), 'sandbox', 'subscription_updated', 'b', '{}', 'applied', :user_id)
            """),
            {"user_id": admin.user["id"]},
        )
    url = f"{ADMIN}/billing/events"
    (nobodys,) = (await _get(client, admin, url, status="nobody"))["items"]
    (applied,) = (await _get(client, admin, url, status="applied"))["items"]

    # when
    body = {"user_id": person.user["id"]}
    assigned = await client.post(f"{url}/{nobodys['id']}/assign", headers=admin.headers, json=body)
    refused = await client.post(f"{url}/{applied['id']}/assign", headers=admin.headers, json=body)
    replayed = await client.post(f"{url}/{applied['id']}/replay", headers=admin.headers)

    # then
    assert (assigned.json()["status"], assigned.json()["user_id"]) == ("waiting", person.user["id"])
    problem(refused, 409, "event_has_owner")
    assert replayed.json()["status"] == "waiting"
    audit = (await _get(client, admin, f"{ADMIN}/audit"))["items"]
    assert {entry["action"] for entry in audit} == {"billing.assign", "billing.replay"}
    problem(await client.get(url, headers=person.headers), 403, "forbidden")
    missing = f"{url}/{person.user['id']}/replay"
    problem(await client.post(missing, headers=admin.headers), 404, "not_found")
