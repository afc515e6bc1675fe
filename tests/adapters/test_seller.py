"""The client of the payment service, against the sandbox over real HTTP: what is asked, what comes back, and what gets lost."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pingvas.adapters.sellers.chosen import SellerNotSetUp, open_seller
from pingvas.adapters.sellers.lemon_squeezy.pace import OF_ALL, OF_LISTS, Pace
from pingvas.adapters.sellers.lemon_squeezy.seller import LemonSqueezy
from pingvas.adapters.sellers.lemon_squeezy.statuses import SUBSCRIPTION
from pingvas.adapters.sellers.seller import (
    InvoiceWord,
    OrderWord,
    PackVariant,
    SellerUnavailable,
    SoldWord,
    TestModeEvent,
)
from pingvas.adapters.sellers.variants import Variants
from pingvas.base.settings import REPOSITORY, Settings
from tests.make.sandbox import BACK, PRO, STUDIO, RunningSandbox, bought, running_sandbox, words


@pytest.fixture
async def sandbox(make_settings: Callable[..., Settings]) -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(make_settings()) as running:
        yield running


async def test_a_plan_is_bought_changed_canceled_and_resumed(sandbox: RunningSandbox) -> None:
    # given the page of a checkout, in Korean, which says what it is
    seller = sandbox.seller
    page = await seller.checkout(PRO, token="t0", email="kim@example.com", return_url=BACK, language="ko")
    shown = await sandbox.browser.get(page.url)
    declined = await sandbox.buy(page.url, how="decline")

    # when somebody pays after a card was declined
    paid = await sandbox.buy(page.url)
    again = await sandbox.buy(page.url)

    # then that happened once
    assert "샌드박스입니다" in shown.text
    assert "$75.00" in shown.text
    assert "kim@example.com" in shown.text
    assert "거절되었습니다" in declined.text
    assert declined.status_code == 200
    assert paid.headers["location"] == BACK
    assert again.status_code == 200
    assert await sandbox.deliver() == [
        "order_created",
        "subscription_created",
        "subscription_payment_success",
        "subscription_updated",
    ]
    order, created, invoice, _ = (word for _, word in words(sandbox))
    assert isinstance(order, OrderWord)
    assert order.variant is None
    assert isinstance(created, SoldWord)
    assert (created.variant, created.status, created.card, created.test_mode) == (
        PRO,
        "active",
        "visa 4242",
        True,
    )
    assert isinstance(invoice, InvoiceWord)
    assert (invoice.reason, invoice.status, invoice.total_usd) == ("initial", "paid", 7_500)
    assert invoice.subscription_id == created.provider_id

    # when it is changed for a better plan at once, canceled and resumed
    upgraded = await seller.change(created.provider_id, STUDIO, at_once=True)
    canceled = await seller.cancel(created.provider_id)
    resumed = await seller.resume(created.provider_id)
    lowered = await seller.change(created.provider_id, PRO, at_once=False)

    # then each says how it stands, and only the better plan costs something now
    assert upgraded.variant == STUDIO
    assert lowered.variant == PRO
    assert (canceled.status, canceled.ends_at) == ("canceled", canceled.renews_at)
    assert (resumed.status, resumed.ends_at) == ("active", None)
    assert await seller.find_subscription(created.provider_id) == lowered
    assert [(each.reason, each.total) async for each in seller.list_invoices()] == [
        ("updated", 7_500),
        ("initial", 7_500),
    ]
    await sandbox.deliver()
    assert [name for name, _ in words(sandbox, since=4)] == [
        "subscription_plan_changed",
        "subscription_updated",
        "subscription_payment_success",
        "subscription_cancelled",
        "subscription_updated",
        "subscription_resumed",
        "subscription_updated",
        "subscription_plan_changed",
        "subscription_updated",
    ]
    pages = await seller.pages(created.provider_id)
    assert (await sandbox.browser.get(pages.portal)).status_code == 200
    assert (await sandbox.browser.get(pages.portal[:-1] + "0")).status_code in (200, 403)
    assert (
        await sandbox.browser.get(pages.portal.replace(f"/{created.provider_id}", "/7"))
    ).status_code == 403


async def test_a_lost_answer_is_no_second_deed(sandbox: RunningSandbox) -> None:
    # given a subscription, and a network that loses answers, and a list past one page
    subscription_id = await bought(sandbox)
    for _ in range(120):
        sandbox.sandbox.store.add("subscriptions", sandbox.sandbox.store.all("subscriptions")[-1].attributes)
    path = f"/v1/subscriptions/{subscription_id}"
    sandbox.lost += [f"PATCH {path}", f"DELETE {path}", f"GET {path}", f"GET {path}", "GET /v1/subscriptions"]
    seller = LemonSqueezy(
        replace(sandbox.calls, sleep=no_sleep),
        sandbox.seller._variants,
        name="sandbox",
        store_id="1",
        secrets=sandbox.seller._secrets,
        test_mode=True,
    )

    # when the plan is changed, and everything is listed
    upgraded = await seller.change(subscription_id, STUDIO, at_once=True)
    canceled = await seller.cancel(subscription_id)
    listed = [each.provider_id async for each in seller.list_subscriptions()]

    # then it was done, once
    assert (upgraded.variant, canceled.status) == (STUDIO, "canceled")
    assert [each.reason async for each in seller.list_invoices()] == ["updated", "initial"]
    assert len(set(listed)) == len(listed) == 121
    assert sandbox.lost == []

    # when nothing comes back at all
    sandbox.lost += [f"GET {path}"] * 3

    # then that is said
    with pytest.raises(SellerUnavailable):
        await seller.find_subscription(subscription_id)


async def test_lists_leave_calls_for_people() -> None:
    # given a clock that is moved by waiting
    seconds, waits = [0.0], list[float]()

    async def sleep(wait: float) -> None:
        waits.append(wait)
        seconds[0] += wait

    pace = Pace(clock=lambda: seconds[0], sleep=sleep)

    # when a list takes all that is a list's
    for _ in range(OF_LISTS):
        await pace.turn(in_a_list=True)
    await pace.turn(in_a_list=False)
    unasked = list(waits)
    await pace.turn(in_a_list=True)

    # then somebody who waits for an answer goes on, and the list waits for its minute
    assert unasked == []
    assert sum(waits) == pytest.approx(60)

    # when the seller says that few are left
    seconds[0] += 1000
    pace.note({"x-ratelimit-remaining": "12"})
    await pace.turn(in_a_list=False)
    await pace.turn(in_a_list=True)

    # then a list pauses
    assert waits[-1] == pytest.approx(5)

    # when people ask for more than there is
    for _ in range(OF_ALL - 2):
        await pace.turn(in_a_list=False)

    # then they are told when to come back
    with pytest.raises(SellerUnavailable) as full:
        await pace.turn(in_a_list=False)
    assert full.value.retry_after == 55


async def test_the_settings_choose_the_seller(make_settings: Callable[..., Settings]) -> None:
    # given
    here, elsewhere = make_settings(), make_settings(public_url="https://studio.example.org")
    whole = {
        "billing_provider": "lemon_squeezy",
        "lemon_squeezy_api_key": "k",
        "lemon_squeezy_store_id": "7",
        "lemon_squeezy_webhook_secret": "first-secret, second-secret",
        "lemon_squeezy_variants": '{"pro_monthly": 12, "pack_small": "13"}',
    }

    # when, then
    assert (here.seller, elsewhere.seller) == ("sandbox", "none")
    assert open_seller(elsewhere) is None
    assert make_settings(public_url="http://localhost:1/studio").seller == "sandbox"
    assert make_settings(host="0.0.0.0").seller == "none"  # noqa: S104
    with pytest.raises(SellerNotSetUp, match="PINGVAS_LEMON_SQUEEZY_STORE_ID"):
        open_seller(make_settings(billing_provider="lemon_squeezy", lemon_squeezy_api_key="k"))
    for wrong in ("[]", '{"pro": 1}', '{"pro_monthly": "x"}', '{"pro_monthly": 1, "pack_small": 1}'):
        with pytest.raises(ValueError, match="lemon_squeezy_variants"):
            make_settings(lemon_squeezy_variants=wrong)
    for wrong in ("short", "first-secret,", "first-secret,second-secret,third-secret"):
        with pytest.raises(ValueError, match="lemon_squeezy_webhook_secret"):
            make_settings(lemon_squeezy_webhook_secret=wrong)
    real = open_seller(make_settings(**whole))
    assert real is not None
    assert (real.name, real.test_mode) == ("lemon-squeezy", False)
    assert real.sells(PRO)
    assert real.sells(PackVariant("small"))
    assert not real.sells(STUDIO)
    with pytest.raises(TestModeEvent):
        real.read_event({"meta": {"event_name": "order_created", "test_mode": True}})


def test_a_word_of_the_seller_that_makes_no_sense_is_refused() -> None:
    from pingvas.adapters.sellers.lemon_squeezy.resources import NoSense, read_resource

    # given an invoice
    variants = Variants({"pro_monthly": "12"})
    good: dict[str, Any] = {
        "store_id": 7,
        "subscription_id": 5,
        "billing_reason": "renewal",
        "status": "paid",
        "subtotal": 100,
        "total": 100,
        "total_usd": 100,
        "currency": "USD",
        "created_at": "2026-11-30T00:00:00.000000Z",
        "updated_at": "2026-11-30T00:00:00.000000Z",
    }

    def read(**changes: Any) -> Any:
        resource = {"type": "subscription-invoices", "id": "9", "attributes": good | changes}
        return read_resource(resource, variants, store_id="7")

    # when, then
    assert read().paid_at == datetime(2026, 11, 30, tzinfo=UTC)
    assert read(store_id=8) is None
    assert read(status="refunded").refunded == 100
    wrong: list[dict[str, Any]] = [
        {"total": 10**40},
        {"total": -1},
        {"total": "100"},
        {"total": True},
        {"status": "lost"},
        {"status": None},
        {"billing_reason": "gift"},
        {"subscription_id": None},
        {"updated_at": None},
        {"created_at": "yesterday"},
        {"created_at": "2026-11-30T00:00:00"},
    ]
    for each in wrong:
        with pytest.raises(NoSense):
            read(**each)


def test_the_table_of_statuses_is_that_of_the_page() -> None:
    # given
    page = (REPOSITORY / "docs" / "operating.md").read_text()

    # when
    told = dict(re.findall(r"^\| `([a-z_:]+)` \| `([a-z_]+)` \|$", page, re.MULTILINE))

    # then
    assert told.items() >= SUBSCRIPTION.items()


async def no_sleep(seconds: float) -> None:
    """No test waits."""
