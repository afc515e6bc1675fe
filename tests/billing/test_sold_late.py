"""Payments that are heard of after later ones: what each has brought, and what a refund takes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.billing.ledger import find_disagreements
from tests.make.billing import balance_of
from tests.make.sold import begin, hear

START = datetime(2027, 1, 31, 10, tzinfo=UTC)


async def test_a_payment_that_is_heard_of_last_is_noted_with_what_it_brought(database: Database) -> None:
    # given two upgrades, of which the first is not heard of: the second brings everything
    user_id, store = await begin(database, START)
    number = store.buy("starter", "monthly", "t")
    store.go_to(START + timedelta(days=3))
    store.change(number, "pro", "monthly", at_once=True)
    store.go_to(START + timedelta(days=5))
    store.change(number, "studio", "monthly", at_once=True)
    bought, first, second = store.told[:2], store.told[2:4], store.told[4:]
    await hear(database, [*bought, *second])
    async with database.read() as session:
        assert await _brought(session, user_id) == [5_000, 25_000]

    # when
    await hear(database, first, at=store.now)

    # then nothing more is given, and each of the two stands with its own
    async with database.read() as session:
        assert await balance_of(session, user_id) == 30_000
        assert await _brought(session, user_id) == [5_000, 10_000, 15_000]


@pytest.mark.parametrize("both", [False, True])
async def test_what_a_refund_took_of_another_payments_credits_comes_again(
    database: Database, both: bool
) -> None:
    # given the second of two upgrades, refunded with all that it seemed to have brought
    user_id, store = await begin(database, START)
    number = store.buy("starter", "monthly", "t")
    store.go_to(START + timedelta(days=3))
    store.change(number, "pro", "monthly", at_once=True)
    store.go_to(START + timedelta(days=5))
    store.change(number, "studio", "monthly", at_once=True)
    bought, first, second = store.told[:2], store.told[2:4], store.told[4:]
    latest = max(store.invoices)
    store.refund(latest)
    refund = store.told[6:]
    await hear(database, [*bought, *second, *refund], at=store.now)
    async with database.read() as session:
        assert await balance_of(session, user_id) == 5_000

    # when the first is heard of, which had brought a part of it, and may have been refunded too
    if both:
        store.refund(sorted(store.invoices)[-2])
    await hear(database, [*first, *store.told[6 + len(refund) :]], at=store.now)
    await hear(database, [], at=store.now)

    # then
    async with database.read() as session:
        assert await balance_of(session, user_id) == (5_000 if both else 15_000)
        kept = text(
            "SELECT credits_given - taken_back - not_taken_back FROM payments WHERE user_id = :id ORDER BY paid_at"
        )
        expected = [5_000, 0, 0] if both else [5_000, 10_000, 0]
        assert list(await session.scalars(kept, {"id": user_id})) == expected
        assert await find_disagreements(session) == []


async def _brought(session: ReadSession, user_id: UUID) -> list[int]:
    """What each payment has brought, in the order of the payments."""
    asked = text("SELECT credits_given FROM payments WHERE user_id = :user_id ORDER BY paid_at")
    return list(await session.scalars(asked, {"user_id": user_id}))
