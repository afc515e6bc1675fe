"""People who buy from `harness.store.Store`, and what the studio makes of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from harness.clock import make_clock_movable, set_clock
from harness.store import Store, Told
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.billing.grants import expire_due
from pingvas.billing.sold.due import settle_due
from pingvas.billing.sold.take import take_word
from pingvas.billing.sold.tokens import hash_token
from tests.make.billing import make_person

SELLER = "sandbox"
_CHECKOUT = text("""
    INSERT INTO checkouts (id, user_id, token_hash, variant) VALUES (:id, :user_id, :token_hash, 'pro_monthly')
""")
_PACKS = text("""
    INSERT INTO credit_packs (id, name, credits, price)
    VALUES (gen_random_uuid(), 'small', 1000, 7), (gen_random_uuid(), 'medium', 5000, 30), (gen_random_uuid(), 'large', 20000, 110)
    ON CONFLICT DO NOTHING
""")
_HELD = text("""
    SELECT plan.name AS plan, held.status, held.billing_cycle, held.current_period_start, held.current_period_end,
           held.trial_ends_at, held.grace_ends_at, next.name AS next_plan, held.remaining_credits AS credits
      FROM subscriptions AS held JOIN subscription_plans AS plan ON plan.id = held.plan_id
      LEFT JOIN subscription_plans AS next ON next.id = held.next_plan_id
     WHERE held.user_id = :user_id
""")
_GRANTS = text("""
    SELECT source_key, amount, expires_at FROM credit_grants
     WHERE user_id = :user_id AND kind IN ('monthly', 'trial', 'pack') ORDER BY starts_at, id
""")


async def begin(database: Database, at: datetime, *, credits: int = 0) -> tuple[UUID, Store]:
    """Somebody with a wallet and a checkout (the token is `t`), and a seller, at a moment that the clock says too."""
    await make_clock_movable(database)
    await set_clock(database, at - timedelta(minutes=1))
    async with database.transaction() as session:
        actor = await make_person(session, credits=credits)
    await add_packs(database)
    await add_checkout(database, actor.user_id, "t")
    return actor.user_id, Store(at)


async def add_checkout(database: Database, user_id: UUID, token: str) -> None:
    async with database.transaction() as session:
        row = {"id": new_id(), "user_id": user_id, "token_hash": hash_token(token)}
        await session.execute(_CHECKOUT, row)


async def add_packs(database: Database) -> None:
    """Those that `harness.store` sells."""
    async with database.transaction() as session:
        await session.execute(_PACKS)


async def hear(database: Database, told: Iterable[Told], *, at: datetime | None = None) -> list[UUID | None]:
    """Take words one after another, each when it was said, or all `at` one time; whose they were."""
    owners = []
    for each in told:
        await set_clock(database, at or each.at)
        async with database.transaction() as session:
            owners.append(await take_word(session, SELLER, each.word, each.token))
    return owners


async def follow(database: Database, store: Store, until: datetime) -> None:
    """Let time pass: the seller's words arrive as they are said, and what is due here is done when it is."""
    before = len(store.told)
    store.go_to(until)
    for each in store.told[before:]:
        await _pass(database, each.at)
        await hear(database, [each])
    await _pass(database, until)


async def _pass(database: Database, until: datetime) -> None:
    while True:
        async with database.read() as session:
            due = await session.scalar(
                text("SELECT min(LEAST(settle_at, credits_expire_at)) FROM subscriptions")
            )
        if due is None or due > until:
            break
        await set_clock(database, due + timedelta(milliseconds=1))
        assert await settle_due(database) + await expire_due(database) > 0
    await set_clock(database, until)


async def held_by(session: ReadSession, user_id: UUID) -> Any:
    return (await session.execute(_HELD, {"user_id": user_id})).one()


async def grants_of(session: ReadSession, user_id: UUID) -> list[tuple[str, int, datetime]]:
    rows = await session.execute(_GRANTS, {"user_id": user_id})
    return [(row.source_key, row.amount, row.expires_at) for row in rows]
