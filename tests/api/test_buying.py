"""Buying plans and credits and changing what was bought, over HTTP, with the sandbox as the seller."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from pingvas.adapters.sellers.lemon_squeezy.signatures import sign
from pingvas.adapters.sellers.seller import BadSignature, TestModeEvent
from pingvas.api.app import create_app
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.sold.apply import apply_events
from tests.api.auth_calls import problem
from tests.lifespan import running_app
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.billing import balance_of
from tests.make.sandbox import RunningSandbox, running_sandbox

API = "/api/v1"
WEBHOOK = f"{API}/webhooks/sandbox"
NEW, OLD = "the-new-secret", "the-old-secret"
PACKS = text(
    "INSERT INTO credit_packs (id, name, credits, price) VALUES (gen_random_uuid(), 'small', 1000, 7)"
)
EVENTS = text("SELECT event_name, status, body, user_id FROM billing_events ORDER BY received_at, id")


@pytest.fixture
async def sandbox(make_settings: Callable[..., Settings], database_url: str) -> AsyncIterator[RunningSandbox]:
    """The seller, in the middle of a change of its webhook's secret."""
    settings = make_settings(
        database_url=database_url, lemon_squeezy_webhook_secret=f"{NEW},{OLD}", rate_limits="on"
    )
    async with running_sandbox(settings) as running:
        yield running


@pytest.fixture
async def app(sandbox: RunningSandbox) -> AsyncIterator[Any]:
    async with running_app(create_app(sandbox.settings)) as started:
        yield started


class Buyer:
    """Somebody at the studio, and the seller that tells the studio of them."""

    def __init__(
        self, client: httpx.AsyncClient, database: Database, sandbox: RunningSandbox, person: SignedInPerson
    ):
        self.client, self.database, self.sandbox, self.person = client, database, sandbox, person
        self.id = UUID(person.user["id"])
        sandbox.answer = self._take

    async def _take(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return (await self.client.post(url, content=body, headers=dict(headers))).status_code

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.post(f"{API}/{path}", json=body, headers=self.person.headers)

    async def get(self, path: str) -> Any:
        answer = await self.client.get(f"{API}/{path}", headers=self.person.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def hear(self) -> None:
        """All that the seller has to tell comes in, and is dealt with."""
        await self.sandbox.deliver()
        await apply_events(self.database, self.sandbox.seller)

    async def stands(self) -> tuple[str, str, int]:
        """The plan, how it stands, and the credits."""
        told = await self.get("subscription")
        async with self.database.read() as session:
            return told["plan"]["name"], told["status"], await balance_of(session, self.id)


@pytest.fixture
async def buyer(client: httpx.AsyncClient, database: Database, sandbox: RunningSandbox) -> Buyer:
    async with database.transaction() as session:
        await session.execute(PACKS)
    return Buyer(client, database, sandbox, await sign_up(client))


async def test_a_plan_and_credits_are_bought_and_changed(buyer: Buyer) -> None:
    # given a page where a plan is bought
    asked = await buyer.post("subscription/checkout", plan="pro", billing_cycle="monthly")
    assert asked.status_code == 201, asked.text
    checkout = asked.json()
    waiting = await buyer.get(f"checkouts/{checkout['id']}")

    # when it is paid, and the studio hears of it
    paid = await buyer.sandbox.buy(checkout["checkout_url"])
    unheard = await buyer.stands()
    await buyer.hear()

    # then the plan and its credits are there, once
    assert (waiting["variant"], waiting["status"]) == ("pro_monthly", "waiting")
    assert paid.headers["location"].endswith(f"/billing/return?checkout={checkout['id']}")
    assert unheard == ("free", "active", 500)
    assert (await buyer.get(f"checkouts/{checkout['id']}"))["status"] == "paid"
    assert await buyer.stands() == ("pro", "active", 15_500)

    # when another is bought on top, which cannot be, and a better plan is chosen
    twice = await buyer.post("subscription/checkout", plan="studio", billing_cycle="monthly")
    better = await buyer.post("subscription/change", plan="studio", billing_cycle="monthly")
    at_once = await buyer.stands()
    await buyer.hear()

    # then it is there at once, and with the invoice the difference in credits
    problem(twice, 409, "already_subscribed")
    assert better.status_code == 200, better.text
    assert (better.json()["plan"]["name"], at_once[0]) == ("studio", "studio")
    assert await buyer.stands() == ("studio", "active", 30_500)

    # when the next period is to be a lower plan, and that is thought better of
    lower = (await buyer.post("subscription/change", plan="pro", billing_cycle="monthly")).json()
    back = (await buyer.post("subscription/change", plan="studio", billing_cycle="monthly")).json()
    await buyer.hear()

    # then it stays as it is meanwhile, and nobody pays or gets anything twice
    assert (lower["plan"]["name"], lower["next_plan"]) == ("studio", "pro")
    assert (back["plan"]["name"], back["next_plan"]) == ("studio", None)
    assert await buyer.stands() == ("studio", "active", 30_500)
    assert [each.reason async for each in buyer.sandbox.seller.list_invoices()] == ["updated", "initial"]

    # when a pack is bought, and the subscription canceled and resumed
    pack = (await buyer.post("credits/checkout", pack="small")).json()
    await buyer.sandbox.buy(pack["checkout_url"])
    canceled = (await buyer.post("subscription/cancel")).json()
    again = await buyer.post("subscription/cancel")
    unchangeable = await buyer.post("subscription/change", plan="pro", billing_cycle="monthly")
    resumed = (await buyer.post("subscription/resume")).json()
    await buyer.hear()

    # then each is so
    assert (canceled["status"], canceled["ends_at"] is not None, canceled["can"]) == (
        "canceled",
        True,
        ["resume", "portal"],
    )
    assert again.status_code == 200
    problem(unchangeable, 409, "cannot_change_now")
    assert (resumed["status"], resumed["ends_at"]) == ("active", None)
    assert await buyer.stands() == ("studio", "active", 31_500)
    pages = await buyer.get("subscription/portal")
    assert (await buyer.sandbox.browser.get(pages["portal"])).status_code == 200
    async with buyer.database.read() as session:
        rows = (await session.execute(EVENTS)).all()
    assert {row.status for row in rows} <= {"applied", "ignored"}
    assert {row.user_id for row in rows if row.status == "applied"} == {buyer.id}


async def test_what_was_bought_in_two_tabs_can_be_canceled_in_both(buyer: Buyer) -> None:
    # given two pages, opened before either was paid
    pages = [
        (await buyer.post("subscription/checkout", plan="pro", billing_cycle="monthly")).json()
        for _ in range(2)
    ]
    for page in pages:
        await buyer.sandbox.buy(page["checkout_url"])
    await buyer.hear()
    paid_twice = await buyer.stands()

    # when the person cancels, and again because it goes on
    once = (await buyer.post("subscription/cancel")).json()
    twice = (await buyer.post("subscription/cancel")).json()

    # then nobody is charged any more, and what was paid for is there
    assert paid_twice == ("pro", "active", 30_500)
    assert (once["status"], twice["status"]) == ("active", "canceled")
    assert {each.status async for each in buyer.sandbox.seller.list_subscriptions()} == {"canceled"}
    await buyer.hear()
    assert await buyer.stands() == ("pro", "canceled", 30_500)


async def test_what_cannot_be_bought_is_refused(buyer: Buyer) -> None:
    # given somebody with nothing, and another person's checkout
    other = await sign_up(buyer.client)
    theirs = (
        await buyer.client.post(f"{API}/credits/checkout", json={"pack": "small"}, headers=other.headers)
    ).json()

    # when, then
    problem(
        await buyer.post("subscription/checkout", plan="gold", billing_cycle="monthly"),
        422,
        "validation_error",
    )
    problem(
        await buyer.post("subscription/checkout", plan="pro", billing_cycle="weekly"), 422, "validation_error"
    )
    problem(await buyer.post("subscription/checkout", plan="free", billing_cycle="monthly"), 409, "not_sold")
    problem(
        await buyer.post("subscription/checkout", plan="enterprise", billing_cycle="yearly"), 409, "not_sold"
    )
    problem(await buyer.post("credits/checkout", pack="huge"), 422, "validation_error")
    problem(await buyer.post("subscription/change", plan="pro", billing_cycle="monthly"), 409, "nothing_sold")
    for path in ("subscription/cancel", "subscription/resume"):
        problem(await buyer.post(path), 409, "nothing_sold")
    hidden = await buyer.client.get(f"{API}/checkouts/{theirs['id']}", headers=buyer.person.headers)
    problem(hidden, 404, "not_found")

    # when somebody asks again and again
    answers = [await buyer.post("credits/checkout", pack="huge") for _ in range(20)]

    # then the seller is spared
    assert problem(answers[-1], 429, "rate_limited")["budget"] == "payment_calls"


async def test_only_what_the_seller_has_signed_comes_in(
    buyer: Buyer, sandbox: RunningSandbox, make_settings: Callable[..., Settings]
) -> None:
    # given an event that names somebody, and no checkout of theirs
    client, victim = buyer.client, str(buyer.id)
    event: dict[str, Any] = {
        "meta": {"event_name": "order_created", "custom_data": {"user_id": victim, "token": "guessed"}},
        "data": {
            "type": "orders",
            "id": "77",
            "attributes": {
                "store_id": 1,
                "first_order_item": {"variant_id": 201},
                "status": "paid",
                "total": 700,
                "user_name": "half \ud800 and \0 none",
                "created_at": "2026-11-01T00:00:00.000000Z",
                "updated_at": "2026-11-01T00:00:00.000000Z",
            },
        },
    }
    body = json.dumps(event).encode()

    async def send(body: bytes, signature: str | None, path: str = WEBHOOK) -> httpx.Response:
        headers = [] if signature is None else [(b"X-Signature", signature.encode("latin-1"))]
        return await client.post(path, content=body, headers=headers)

    # when it comes signed by either secret, again, and by nobody
    taken = [await send(body, sign(secret, body)) for secret in (NEW, OLD, NEW)]
    wrong = [
        await send(body, signature)
        for signature in (None, "", "sha256=" + sign(NEW, body), sign("no", body), "é" * 64)
    ]
    changed = await send(body.replace(b"700", b"1"), sign(NEW, body))
    elsewhere = await send(body, sign(NEW, body), f"{API}/webhooks/lemon-squeezy")
    nonsense = [
        await send(each, sign(NEW, each))
        for each in (b"", b"[]", b"{}", b"\xff", b'{"meta": NaN}', b"[" * 9999)
    ]
    large = await send(b" " * 70_000, sign(NEW, b" " * 70_000))
    unknown = b'{"meta": {"event_name": "affiliate_activated"}, "data": {"type": "affiliates", "id": "1"}}'
    kept = await send(unknown, sign(NEW, unknown))
    overflow = body.replace(b"700", b"9" * 5000).replace(b'"77"', b'"78"')
    huge = await send(overflow, sign(NEW, overflow))
    for _ in range(3):
        async with buyer.database.transaction() as writing:
            await writing.execute(text("UPDATE billing_events SET next_try_at = now()"))
        await apply_events(buyer.database, sandbox.seller)

    # then it is kept once, and given to nobody
    assert [(answer.status_code, answer.json()) for answer in taken] == [(200, {})] * 3
    for answer in [*wrong, changed]:
        problem(answer, 401, "bad_signature")
    problem(elsewhere, 404, "not_found")
    for answer in nonsense:
        problem(answer, 422, "validation_error")
    problem(large, 413, "payload_too_large")
    assert (kept.status_code, huge.status_code) == (200, 200)
    async with buyer.database.read() as session:
        rows = {(row.event_name, row.status): row for row in await session.execute(EVENTS)}
        assert await balance_of(session, buyer.id) == 500
    assert set(rows) == {
        ("order_created", "waiting"),
        ("affiliate_activated", "ignored"),
        ("order_created", "failed"),
    }
    assert (
        rows["order_created", "waiting"].body["data"]["attributes"]["user_name"] == "half ? and \ufffd none"
    )
    assert all(row.user_id is None for row in rows.values())

    # when wrong ones come on and on
    answers = [await send(body, "0" * 64) for _ in range(30)]

    # then they are refused as too many, and a right one is not
    assert problem(answers[-1], 429, "rate_limited")["budget"] == "wrong_signatures"
    assert (await send(body, sign(NEW, body))).status_code == 200

    # when one of test mode comes where people pay
    from pingvas.adapters.sellers.chosen import open_seller

    real = open_seller(
        make_settings(
            billing_provider="lemon_squeezy",
            lemon_squeezy_api_key="k",
            lemon_squeezy_store_id="1",
            lemon_squeezy_webhook_secret=NEW,
            lemon_squeezy_variants='{"pack_small": 201}',
        )
    )
    tried = b'{"meta": {"event_name": "order_created", "test_mode": true}}'

    # then it is refused
    assert real is not None
    with pytest.raises(TestModeEvent):
        real.accept_event({"x-signature": sign(NEW, tried)}, tried)
    with pytest.raises(BadSignature):
        real.accept_event({"x-signature": sign(OLD, tried)}, tried)
