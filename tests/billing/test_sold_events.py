"""What the seller sends, from the inbox to the plan held: events come in any order or never, and the lists repair what they missed."""

import json
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from harness.clock import set_clock
from pingvas.adapters.sellers.seller import PackVariant, PlanVariant, Variant
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.inbox import keep_event
from pingvas.billing.ledger import find_disagreements
from pingvas.billing.sold.apply import LOOKS, apply_events
from pingvas.billing.sold.due import settle_due
from pingvas.billing.sold.reconcile import reconcile
from pingvas.billing.sold.take import take_word
from tests.make.billing import make_person
from tests.make.sandbox import RunningSandbox, running_sandbox
from tests.make.sold import add_checkout, begin, grants_of, held_by

PRO = PlanVariant("pro", "monthly")
START = datetime.fromtimestamp(1_800_000_000, UTC)


@pytest.fixture
async def sandbox(make_settings: Callable[..., Settings]) -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(make_settings()) as running:
        await running.control("clock", to=START.isoformat())
        yield running


async def _buy(sandbox: RunningSandbox, variant: Variant, token: str = "t") -> str:
    page = await sandbox.seller.checkout(
        variant, token=token, email=None, return_url="http://studio.test/", language="en"
    )
    assert (await sandbox.buy(page.url)).status_code == 303
    found = sandbox.sandbox.store.all("subscriptions")
    return found[0].id if found else ""


async def _keep(
    database: Database, sandbox: RunningSandbox, sent: Iterable[tuple[bytes, Any]] | None = None
) -> None:
    """Into the inbox, as the webhook's route puts it there."""
    if sent is None:
        before = len(sandbox.sent)
        await sandbox.deliver()
        sent = sandbox.sent[before:]
    for body, headers in sent:
        named = {name.lower(): value for name, value in headers.items()}
        async with database.transaction() as session:
            await keep_event(session, "sandbox", sandbox.seller.accept_event(named, body))


async def _statuses(database: Database) -> dict[str, int]:
    async with database.read() as session:
        rows = await session.execute(
            text("SELECT status, count(*) AS number FROM billing_events GROUP BY status")
        )
        return {row.status: row.number for row in rows}


async def test_events_are_applied_once_whatever_their_order(
    database: Database, sandbox: RunningSandbox
) -> None:
    # given a purchase whose events come backwards, and a pack
    user_id, _ = await begin(database, START)
    await _buy(sandbox, PRO)
    await _buy(sandbox, PackVariant("small"))
    await sandbox.deliver()
    await _keep(database, sandbox, sandbox.sent[::-1])

    # when they are applied; the invoice came before anybody knew whose it is, and is looked at again
    await apply_events(database, sandbox.seller)
    await set_clock(database, START + timedelta(seconds=5))
    await apply_events(database, sandbox.seller)

    # then
    async with database.read() as session:
        held = await held_by(session, user_id)
        assert (held.plan, held.status, held.credits) == ("pro", "active", 16_000)
    assert set(await _statuses(database)) <= {"applied", "ignored"}

    # when all of it comes again, and every event is replayed
    await _keep(database, sandbox, sandbox.sent)
    async with database.transaction() as session:
        await session.execute(text("UPDATE billing_events SET status = 'waiting', next_try_at = now()"))
    await apply_events(database, sandbox.seller)

    # then nothing came twice
    async with database.read() as session:
        assert (await held_by(session, user_id)).credits == 16_000
        assert await find_disagreements(session) == []


async def test_what_is_nobodys_is_kept_and_taken_when_an_admin_says_whose_it_is(
    database: Database, sandbox: RunningSandbox
) -> None:
    # given a checkout of an account that is gone
    user_id, _ = await begin(database, START)
    await _buy(sandbox, PRO, token="of an account that was deleted")
    await _keep(database, sandbox)

    # when
    for number in range(1, LOOKS + 1):
        await apply_events(database, sandbox.seller)
        await set_clock(database, START + timedelta(minutes=number))

    # then
    statuses = await _statuses(database)
    assert set(statuses) <= {"nobody", "ignored"}
    async with database.read() as session:
        assert (await held_by(session, user_id)).plan == "free"

    # when an admin says whose one of them is
    async with database.transaction() as session:
        await session.execute(
            text("""
                UPDATE billing_events SET user_id = :user_id, status = 'waiting', next_try_at = now()
                 WHERE event_name = 'subscription_created'
            """),
            {"user_id": user_id},
        )
    await apply_events(database, sandbox.seller)

    # then its invoice is theirs too
    async with database.read() as session:
        held = await held_by(session, user_id)
        assert (held.plan, held.credits) == ("pro", 15_000)


async def test_what_events_missed_is_repaired_by_the_lists(
    database: Database, sandbox: RunningSandbox
) -> None:
    # given one event of a purchase, which names its owner, and none of what follows
    user_id, _ = await begin(database, START)
    number = await _buy(sandbox, PlanVariant("starter", "monthly"))
    await sandbox.deliver()
    await _keep(database, sandbox, [sent for sent in sandbox.sent if b"subscription_created" in sent[0]])
    await apply_events(database, sandbox.seller)
    await sandbox.control("clock", days=5)
    await sandbox.seller.change(number, PlanVariant("studio", "monthly"), at_once=True)
    now = START + timedelta(days=6)
    await set_clock(database, now)

    # when
    found = await reconcile(database, sandbox.seller)

    # then
    assert (found.nobody, len(found.differences)) == (0, found.changed)
    assert found.changed >= 2
    async with database.read() as session:
        held = await held_by(session, user_id)
        assert (held.plan, held.credits) == ("studio", 30_000)
    again = await reconcile(database, sandbox.seller)
    assert (again.seen, again.changed, again.nobody) == (found.seen, 0, 0)

    # when it is canceled and over
    await sandbox.seller.cancel(number)
    assert (await reconcile(database, sandbox.seller)).changed == 1
    await set_clock(database, now + timedelta(days=40))
    await settle_due(database)

    # then
    async with database.read() as session:
        held = await held_by(session, user_id)
        assert (held.plan, held.credits) == ("free", 0)
        assert [amount for _, amount, _ in await grants_of(session, user_id)] == [5_000, 25_000]
        assert await find_disagreements(session) == []


async def test_one_event_that_fails_keeps_no_other_waiting(
    database: Database, sandbox: RunningSandbox
) -> None:
    # given one that makes no sense, one that nobody knows, and one of somebody who cannot be settled
    user_id, _ = await begin(database, START)
    await _buy(sandbox, PRO)
    await _keep(database, sandbox)
    async with database.transaction() as session:
        await session.execute(
            text("""
                INSERT INTO billing_events (id, provider, event_name, body_hash, body, received_at) VALUES
                (gen_random_uuid(), 'sandbox', 'subscription_updated', 'a',
                 '{"meta": {"event_name": "subscription_updated"}, "data": {"type": "subscriptions", "id": "9", "attributes": {"store_id": 1}}}',
                 now() - interval '1 day'),
                (gen_random_uuid(), 'sandbox', 'affiliate_activated', 'b',
                 '{"meta": {"event_name": "affiliate_activated"}, "data": {"type": "affiliates", "id": "9", "attributes": {}}}',
                 now() - interval '1 day')
            """)
        )

    # when
    await apply_events(database, sandbox.seller)
    await set_clock(database, START + timedelta(seconds=5))
    await apply_events(database, sandbox.seller)

    # then
    async with database.read() as session:
        assert (await held_by(session, user_id)).plan == "pro"
        rows = await session.execute(
            text("SELECT body_hash, status FROM billing_events WHERE body_hash IN ('a', 'b')")
        )
        assert {row.body_hash: row.status for row in rows} == {"a": "failed", "b": "ignored"}


async def test_a_token_is_of_one_checkout_and_gives_nothing_of_others(
    database: Database, sandbox: RunningSandbox
) -> None:
    # given two people, one of whom has bought
    user_id, _ = await begin(database, START)
    await _buy(sandbox, PRO)
    await _keep(database, sandbox)
    for second in (1, 5):
        await apply_events(database, sandbox.seller)
        await set_clock(database, START + timedelta(seconds=second))
    async with database.transaction() as session:
        other = (await make_person(session, credits=0)).user_id
    await add_checkout(database, other, "u")

    # when an event about what the first has bought carries the token of the second
    await sandbox.deliver()
    body, _ = next(sent for sent in sandbox.sent if b"subscription_created" in sent[0])
    seller = sandbox.seller
    forged = seller.read_event(json.loads(body.replace(b'"t"', b'"u"')))
    assert forged.word is not None
    async with database.transaction() as session:
        owner = await take_word(session, "sandbox", forged.word, forged.token)

    # then it stays the first one's
    assert owner == user_id
    async with database.read() as session:
        assert (await held_by(session, other)).plan == "free"
