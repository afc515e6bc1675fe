"""What a seller tells, in whatever order: the plan held and the credits that come of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from harness.clock import set_clock
from harness.store import Store, Told
from pingvas.adapters.sellers.seller import Cycle, InvoiceWord
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.billing.credits import draw
from pingvas.billing.ledger import find_disagreements
from pingvas.billing.sold.due import settle_due
from pingvas.billing.sold.view import get_option, list_options, view_subscription
from pingvas.billing.subscriptions import lock_current_subscription
from tests.make.billing import balance_of, make_person
from tests.make.sold import add_checkout, begin, follow, grants_of, hear, held_by

START = datetime(2027, 1, 31, 10, tzinfo=UTC)


def _day(month: int, day: int, *, year: int = 2027) -> datetime:
    return datetime(year, month, day, 10, tzinfo=UTC)


async def test_a_monthly_plan_from_its_purchase_to_its_end(database: Database) -> None:
    # given somebody who buys on the last day of a month
    user_id, store = await begin(database, START)
    first = store.buy("starter", "monthly", "t")
    await hear(database, store.told)

    # then
    async with database.read() as session:
        held = await held_by(session, user_id)
        assert (held.plan, held.status, held.credits) == ("starter", "active", 5_000)
        assert (f"{held.current_period_start}", f"{held.current_period_end}") == ("2027-01-31", "2027-02-28")
        assert await grants_of(session, user_id) == [("invoice:sandbox:2:0", 5_000, _day(2, 28))]
        assert await _options(session, user_id) == {
            ("starter", "monthly"): ("current", None, 0, False),
            ("starter", "yearly"): ("upgrade", None, 0, True),
            ("pro", "monthly"): ("upgrade", None, 10_000, True),
            ("pro", "yearly"): ("upgrade", None, 10_000, True),
            ("studio", "monthly"): ("upgrade", None, 25_000, True),
            ("studio", "yearly"): ("upgrade", None, 25_000, True),
        }

    # when it is renewed on the 28th, upgraded at once, and lowered again for the time after this period
    await follow(database, store, _day(3, 10))
    store.change(first, "pro", "monthly", at_once=True)
    store.change(first, "starter", "monthly", at_once=False)
    await hear(database, store.told[-4:])

    # then the better plan stays until the period ends, which is the 31st again
    async with database.read() as session:
        held = await held_by(session, user_id)
        assert (held.plan, held.status, held.next_plan, held.credits) == ("pro", "active", "starter", 15_000)
        assert f"{held.current_period_end}" == "2027-03-31"
        assert [(key, amount) for key, amount, _ in await grants_of(session, user_id)] == [
            ("invoice:sandbox:2:0", 5_000),
            ("invoice:sandbox:3:0", 5_000),
            ("upgrade:sandbox:3:0:pro:by:4", 10_000),
        ]
        options = await _options(session, user_id)
        assert options["starter", "monthly"][0] == "current"
        # Back to what is paid costs nothing; what is better is chosen after that.
        assert options["pro", "monthly"] == ("upgrade", _day(3, 31), 0, False)
        assert options["studio", "monthly"][0] == "none"
        assert (await view_subscription(session, user_id)).can == ("change", "cancel", "portal")

    # when it is canceled after the next period has begun, and that ends
    await follow(database, store, _day(4, 10))
    store.cancel(first)
    await hear(database, store.told[-1:])
    async with database.read() as session:
        held = await held_by(session, user_id)
        assert (held.plan, held.status, held.next_plan, held.credits) == ("starter", "canceled", None, 5_000)
        shown = await view_subscription(session, user_id)
        assert (shown.status, shown.ends_at, shown.can) == ("canceled", _day(4, 30), ("resume", "portal"))
        assert {action for action, *_ in (await _options(session, user_id)).values()} == {"current", "none"}
    await follow(database, store, _day(5, 2))

    # then
    async with database.read() as session:
        held = await held_by(session, user_id)
        assert (held.plan, held.status, held.current_period_end, held.credits) == ("free", "active", None, 0)
        assert await find_disagreements(session) == []


async def test_a_year_brings_its_credits_month_by_month(database: Database) -> None:
    # given
    user_id, store = await begin(database, START)
    number = store.buy("pro", "yearly", "t")
    await hear(database, store.told)

    # when it is upgraded in the third month
    await follow(database, store, _day(4, 10))
    store.change(number, "studio", "yearly", at_once=True)
    await hear(database, store.told[-2:])
    await follow(database, store, _day(1, 30, year=2028))

    # then twelve months came, each until the next, and the better plan counts from its own on
    async with database.read() as session:
        grants = await grants_of(session, user_id)
    assert [amount for key, amount, _ in grants if key.startswith("invoice")] == [15_000] * 12
    assert [amount for key, amount, _ in grants if key.startswith("upgrade")] == [15_000] * 10
    assert [f"{at:%m-%d}" for key, _, at in grants if key.startswith("invoice")][:4] == [
        "02-28",
        "03-31",
        "04-30",
        "05-31",
    ]
    async with database.read() as session:
        assert (await held_by(session, user_id)).credits == 30_000


async def test_from_months_to_a_year_no_month_comes_twice(database: Database) -> None:
    # given
    user_id, store = await begin(database, START)
    number = store.buy("pro", "monthly", "t")
    await hear(database, store.told)
    await follow(database, store, _day(2, 20))

    # when
    store.change(number, "pro", "yearly", at_once=True)
    await hear(database, store.told[-2:])
    await follow(database, store, _day(2, 19, year=2028))

    # then the month that was paid, and twelve of the year in step with it
    async with database.read() as session:
        grants = await grants_of(session, user_id)
        held = await held_by(session, user_id)
    assert [amount for _, amount, _ in grants] == [15_000] * 13
    assert (held.plan, held.billing_cycle, held.credits) == ("pro", "yearly", 15_000)
    assert f"{held.current_period_end}" == "2028-02-20"


async def test_the_order_of_words_and_how_often_they_come_change_nothing(database: Database) -> None:
    # given a history that is heard as it happens, and others of the same
    user_id, store = await begin(database, START)
    number = store.buy("starter", "monthly", "t")
    store.go_to(START + timedelta(days=3))
    store.change(number, "pro", "monthly", at_once=True)
    store.go_to(START + timedelta(days=5))
    store.change(number, "studio", "monthly", at_once=True)
    store.go_to(START + timedelta(days=9))
    store.change(number, "starter", "monthly", at_once=False)
    at = START + timedelta(days=10)

    # when
    others = []
    for name, words in {
        "backwards": store.told[::-1],
        "twice": [*store.told, *store.told],
        "all but the first and the last": [store.told[0], store.told[-1], *store.told[1::2]],
    }.items():
        async with database.transaction() as session:
            other = (await make_person(session, credits=0)).user_id
        await add_checkout(database, other, name)
        again = Store(at, prefix=f"{name}-")
        again.told = [_of(told, name) for told in words]
        # An invoice that comes before its subscription is known waits for that, as its event does.
        await hear(database, again.told, at=at)
        await hear(database, again.told, at=at)
        others.append(other)
    await hear(database, store.told)
    await set_clock(database, at)

    # then
    async with database.read() as session:
        mine = await held_by(session, user_id)
        assert (mine.plan, mine.next_plan, mine.credits) == ("studio", "starter", 30_000)
        for other in others:
            assert await held_by(session, other) == mine
        assert await find_disagreements(session) == []


async def test_what_a_better_plan_costs_now_is_what_the_seller_then_charges(database: Database) -> None:
    # given
    user_id, store = await begin(database, START)
    number = store.buy("starter", "monthly", "t")
    await hear(database, store.told)

    changes: tuple[tuple[int, str, Cycle], ...] = (
        (8, "pro", "monthly"),
        (17, "studio", "monthly"),
        (20, "studio", "yearly"),
    )
    for day, plan, cycle in changes:
        # when
        await follow(database, store, _day(2, day))
        async with database.read() as session:
            option = await get_option(session, user_id, plan, cycle)
        store.change(number, plan, cycle, at_once=True)
        await hear(database, store.told[-2:])

        # then
        charged = list(store.invoices.values())[-1].subtotal
        assert option.due_now is not None
        assert abs(option.due_now - charged) <= 1, plan


async def test_what_is_due_is_not_made_up_where_todays_price_is_not_what_was_paid(database: Database) -> None:
    # given somebody who pays what the plan cost before
    user_id, store = await begin(database, START)
    store.buy("starter", "monthly", "t")
    async with database.transaction() as session:
        await session.execute(text("UPDATE subscription_plans SET monthly_price = 30 WHERE name = 'starter'"))
    await hear(database, store.told)

    # when
    async with database.read() as session:
        option = await get_option(session, user_id, "pro", "monthly")

    # then
    assert (option.action, option.at_once, option.due_now) == ("upgrade", True, None)


async def test_a_refund_takes_back_what_it_paid_for_down_to_zero(database: Database) -> None:
    # given a month and a pack, of which most is spent
    user_id, store = await begin(database, START)
    store.buy("starter", "monthly", "t")
    pack = store.buy_pack("small", "t")
    await hear(database, store.told)
    async with database.read() as session:
        assert await balance_of(session, user_id) == 6_000

    # when half of the pack is refunded, then all of it and the month
    store.go_to(START + timedelta(days=1))
    store.refund(pack, Decimal("0.5"))
    await hear(database, store.told[-1:])
    async with database.read() as session:
        assert await balance_of(session, user_id) == 5_500
    store.refund(pack)
    store.refund("2")
    await hear(database, store.told[-2:])

    # then the plan is gone with its money
    async with database.read() as session:
        held = await held_by(session, user_id)
        assert (held.plan, held.credits) == ("free", 0)
        assert await find_disagreements(session) == []


async def test_a_payment_that_fails_leaves_a_week_of_grace(database: Database) -> None:
    # given
    user_id, store = await begin(database, START)
    number = store.buy("pro", "monthly", "t")
    await hear(database, store.told)
    store.card_works(number, False)
    await follow(database, store, _day(3, 2))

    # then the plan stays, without credits
    async with database.read() as session:
        held = await held_by(session, user_id)
        assert (held.plan, held.status, held.credits) == ("pro", "past_due", 0)
        assert held.grace_ends_at == _day(3, 7)

    # when the grace is over, and when the card works again
    await follow(database, store, _day(3, 8))
    async with database.read() as session:
        assert (await held_by(session, user_id)).plan == "free"
    store.card_works(number, True)
    await follow(database, store, _day(3, 10))

    # then the month that was paid late has its credits
    async with database.read() as session:
        held = await held_by(session, user_id)
        assert (held.plan, held.status, held.grace_ends_at, held.credits) == ("pro", "active", None, 15_000)


async def test_a_seller_that_is_never_heard_of_again_brings_no_plan_for_ever(database: Database) -> None:
    # given a month that should have been renewed, and a yearly one that is paid for
    user_id, store = await begin(database, START)
    store.buy("pro", "monthly", "t")
    store.buy("starter", "yearly", "t")
    await hear(database, store.told)

    # when nothing comes any more
    for until, plan in ((_day(3, 29), "pro"), (_day(3, 31), "starter")):
        await set_clock(database, until)
        await settle_due(database)

        # then
        async with database.read() as session:
            assert (await held_by(session, user_id)).plan == plan


async def test_nobody_gets_what_was_bought_without_their_checkout(database: Database) -> None:
    # given
    user_id, store = await begin(database, START)
    store.buy("pro", "monthly", "somebody else's")

    # when
    owners = await hear(database, store.told)

    # then
    assert owners == [None, None]
    async with database.read() as session:
        assert (await held_by(session, user_id)).plan == "free"


async def _options(session: ReadSession, user_id: UUID) -> dict[tuple[str, str], tuple[Any, ...]]:
    found = await list_options(session, user_id)
    return {
        (each.plan.name, each.cycle): (each.action, each.starts_at, each.credits_now, each.at_once)
        for each in found
    }


def _of(told: Told, token: str) -> Told:
    """The same word about another person's subscription."""
    word = replace(told.word, provider_id=f"{token}-{told.word.provider_id}")
    if isinstance(word, InvoiceWord):
        word = replace(word, subscription_id=f"{token}-{word.subscription_id}")
    return replace(told, word=word, token=told.token and token)


async def test_a_plan_may_keep_some_credits_of_a_month_for_one_month_more(database: Database) -> None:
    # given a plan that keeps 2,000, of whose first month 4,000 are left, by two grants
    user_id, store = await begin(database, START)
    number = store.buy("starter", "monthly", "t")
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE subscription_plans SET rollover_credits = 2000 WHERE name = 'pro'")
        )
    await hear(database, store.told)
    store.go_to(START + timedelta(days=2))
    store.change(number, "pro", "monthly", at_once=True)
    await hear(database, store.told[-2:])
    async with database.transaction() as session:
        held = await lock_current_subscription(session, user_id)
        await draw(session, user_id, held.id, 11_000, "spent")

    # when that month ends, and when the next one does
    await follow(database, store, _day(3, 1))
    async with database.read() as session:
        assert await balance_of(session, user_id) == 15_000 + 2_000
    await follow(database, store, _day(4, 1))

    # then what was kept once is not kept again
    async with database.read() as session:
        assert await balance_of(session, user_id) == 15_000 + 2_000
        kept = [amount for key, amount, _ in await grants_of(session, user_id) if key.startswith("rollover")]
        assert kept == [2_000, 2_000]
        assert await find_disagreements(session) == []
