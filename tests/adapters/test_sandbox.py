"""The sandbox over real HTTP: its time, its events, what it gives back and what it refuses, as the real one would."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from pingvas.adapters.sellers.sandbox import json_api
from pingvas.adapters.sellers.sandbox.catalogue import OFFERS
from pingvas.adapters.sellers.seller import (
    NotSold,
    PackVariant,
    PlanVariant,
    SellerRefused,
)
from pingvas.adapters.sellers.variants import name_of, variant_named
from pingvas.base.settings import Settings
from pingvas.billing.plans import PLANS
from tests.make.sandbox import BACK, STUDIO, RunningSandbox, bought, running_sandbox, words


@pytest.fixture
async def sandbox(make_settings: Callable[..., Settings]) -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(make_settings()) as running:
        yield running


async def test_time_passes_at_the_sandbox(sandbox: RunningSandbox) -> None:
    # given a trial, bought on its page
    subscription_id = await bought(sandbox, how="trial")
    trial = await sandbox.seller.find_subscription(subscription_id)
    assert trial is not None
    assert trial.status == "trial"
    assert trial.trial_ends_at == trial.renews_at

    # when it ends, is renewed once, and from then on the card fails, until there is another
    await sandbox.control("clock", days=8)
    await sandbox.control("clock", days=31)
    await sandbox.control(f"subscriptions/{subscription_id}/card", works=False)
    await sandbox.control("clock", days=31)
    late = await sandbox.seller.find_subscription(subscription_id)
    await sandbox.control(f"subscriptions/{subscription_id}/card", works=True)
    well = await sandbox.seller.find_subscription(subscription_id)

    # then each came as its events say
    assert late is not None
    assert late.status == "past_due"
    assert well is not None
    assert well.status == "active"
    invoices = [each async for each in sandbox.seller.list_invoices()]
    assert [(each.reason, each.status) for each in invoices] == [
        ("renewal", "paid"),
        ("renewal", "paid"),
        ("initial", "paid"),
    ]
    days = sorted(each.paid_at for each in invoices)
    assert (days[1] - days[0]).days in (28, 29, 30, 31)
    await sandbox.deliver()
    names = [name for name, _ in words(sandbox)]
    assert "subscription_payment_failed" in names
    recovered = names.index("subscription_payment_recovered")
    assert names[recovered : recovered + 3] == [
        "subscription_payment_recovered",
        "subscription_payment_success",
        "subscription_updated",
    ]

    # when a card fails for good, and another subscription is canceled to its end
    await sandbox.control(f"subscriptions/{subscription_id}/card", works=False)
    other = await bought(sandbox, STUDIO)
    await sandbox.seller.cancel(other)
    await sandbox.control("clock", days=60)

    # then both are over
    found = {each.provider_id: each.status async for each in sandbox.seller.list_subscriptions()}
    assert found == {subscription_id: "unpaid", other: "expired"}
    with pytest.raises(SellerRefused):
        await sandbox.seller.resume(other)


async def test_what_was_paid_goes_back(sandbox: RunningSandbox) -> None:
    # given a pack and a plan
    await bought(sandbox, PackVariant("small"))
    await bought(sandbox)
    calls = sandbox.calls
    pack, plan = [each async for each in sandbox.seller.list_orders()][::-1]
    (invoice,) = [each async for each in sandbox.seller.list_invoices()]
    assert (pack.variant, plan.variant) == (PackVariant("small"), None)

    # when one is given back in part and whole, and for the other a bank calls fraud
    refund = {
        "data": {"type": "subscription-invoices", "id": invoice.provider_id, "attributes": {"amount": 2_500}}
    }
    await calls.send("POST", f"/subscription-invoices/{invoice.provider_id}/refund", refund)
    (part,) = [each async for each in sandbox.seller.list_invoices()]
    await calls.send("POST", f"/subscription-invoices/{invoice.provider_id}/refund")
    with pytest.raises(SellerRefused):
        await calls.send("POST", f"/subscription-invoices/{invoice.provider_id}/refund")
    await sandbox.control(f"orders/{pack.provider_id}/fraud")

    # then the words say how much of each
    (whole,) = [each async for each in sandbox.seller.list_invoices()]
    fraud = [each async for each in sandbox.seller.list_orders()][-1]
    assert (part.status, part.refunded) == ("partial_refund", 2_500)
    assert (whole.status, whole.refunded) == ("refunded", 7_500)
    assert (fraud.status, fraud.refunded) == ("refunded", 700)


async def test_events_are_sent_until_they_are_taken(sandbox: RunningSandbox) -> None:
    # given a studio that is down
    async def down(url: str, body: bytes, headers: Any) -> int:
        return 0

    taking, sandbox.answer = sandbox.answer, down
    await bought(sandbox, PackVariant("small"))

    # when time passes
    tries = []
    for seconds in (0, 4, 1, 25, 125, 1000):
        sandbox.seconds += seconds
        tries.append(len(await sandbox.deliver()))
    sandbox.answer = taking
    told = (await sandbox.browser.get(f"{sandbox.url}/sandbox/deliveries", headers=key_of(sandbox))).json()
    await sandbox.control(f"deliveries/{told['items'][0]['id']}/resend")

    # then it was tried four times, and once more by hand, with the same body
    assert tries == [1, 0, 1, 1, 1, 0]
    assert await sandbox.deliver() == ["order_created"]
    assert len({body for body, _ in sandbox.sent}) == 1


async def test_the_sandbox_refuses_what_the_real_one_would(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given calls without a key, of nonsense, and too many
    url, key = f"{sandbox.url}/v1", key_of(sandbox)
    browser = sandbox.browser

    # when, then
    assert (await browser.get(f"{url}/subscriptions")).status_code == 401
    assert (await browser.get(f"{url}/subscriptions/1", headers=key)).status_code == 404
    assert (await browser.post(f"{url}/checkouts", headers=key, content=b"{")).status_code == 400
    refused = await browser.post(
        f"{url}/checkouts", headers=key, json={"data": {"type": "checkouts", "relationships": {}}}
    )
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["source"]["pointer"]
    assert (await browser.post(f"{sandbox.url}/sandbox/clock", json={"days": 1})).status_code == 401
    for wrong in ({"days": -1}, {"days": 1e9}, {"to": "yesterday"}, {"days": "1"}):
        moved = await browser.post(f"{sandbox.url}/sandbox/clock", json=wrong, headers=key)
        assert moved.status_code == 422
    assert (await browser.get(f"{sandbox.url}/checkout/none")).status_code == 404
    listed = await browser.get(f"{url}/variants", headers=key)
    assert (listed.status_code, listed.headers["x-ratelimit-limit"]) == (200, "300")
    monkeypatch.setattr(json_api, "CALLS_A_MINUTE", 4)
    over = await browser.get(f"{url}/variants", headers=key)
    assert over.status_code == 429
    assert int(over.headers["retry-after"]) > 0
    with pytest.raises(NotSold):
        await sandbox.seller.checkout(
            PlanVariant("enterprise", "monthly"), token="t", email=None, return_url=BACK, language="en"
        )


def test_the_sandbox_sells_what_ships_at_its_price() -> None:
    # given
    prices = {f"{plan.name}_monthly": plan.monthly_price for plan in PLANS if plan.monthly_price}
    prices |= {f"{plan.name}_yearly": plan.yearly_price for plan in PLANS if plan.yearly_price}

    # when
    sold = {offer.name: offer.price for offer in OFFERS if offer.interval is not None}

    # then
    assert sold == {name: int((price or 0) * 100) for name, price in prices.items()}
    assert all(name_of(variant_named(offer.name)) == offer.name for offer in OFFERS)


def key_of(sandbox: RunningSandbox) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox.calls.key()}"}
