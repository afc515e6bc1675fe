"""What a balance consists of; telling its owner before some of it expires, and taking that away when it has."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import TextClause, text

from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.billing.subscriptions import NoSubscription, lock_current_subscription

_OPEN = text("""
    SELECT g.id, g.kind, g.amount, g.remaining, g.starts_at, g.expires_at
      FROM credit_grants AS g JOIN subscriptions AS s ON s.id = g.subscription_id AND s.status <> 'expired'
     WHERE s.user_id = :user_id AND g.is_open AND (g.expires_at IS NULL OR g.expires_at > now())
     ORDER BY g.expires_at NULLS LAST, g.kind IN ('monthly', 'pack'), g.starts_at, g.id
""")
_DUE = text("""
    SELECT user_id FROM subscriptions
     WHERE credits_expire_at <= now() AND user_id IS NOT NULL AND status <> 'expired'
     ORDER BY credits_expire_at LIMIT :most
""")
# Days before credits expire that their owner is told; of those that live no longer they were told when they came.
TELL_DAYS = 7
_SOON = text(f"""
    SELECT DISTINCT user_id FROM credit_grants
     WHERE is_open AND told_at IS NULL AND user_id IS NOT NULL
       AND expires_at > now() AND expires_at <= now() + interval '{TELL_DAYS} days'
       AND expires_at > starts_at + interval '{TELL_DAYS} days'
     LIMIT :most
""")  # noqa: S608 - our own constants
_TELL = text(f"""
    UPDATE credit_grants SET told_at = now()
     WHERE user_id = :user_id AND is_open AND told_at IS NULL
       AND expires_at > now() AND expires_at <= now() + interval '{TELL_DAYS} days'
       AND expires_at > starts_at + interval '{TELL_DAYS} days'
    RETURNING remaining, expires_at
""")  # noqa: S608 - our own constants
_AT_ONCE = 200


@dataclass(frozen=True)
class OpenGrant:
    """Credits that were given and of which some are left."""

    id: UUID
    kind: str
    amount: int
    remaining: int
    starts_at: datetime
    expires_at: datetime | None


async def list_open_grants(session: ReadSession, user_id: UUID) -> list[OpenGrant]:
    """What is left of a person's credits, in the order in which they will be spent."""
    rows = await session.execute(_OPEN, {"user_id": user_id})
    return [OpenGrant(**row._mapping) for row in rows]


async def expire_due(database: Database) -> int:
    """Take away what has expired; of how many people."""
    expired = 0
    async for user_id in _each(database, _DUE):
        # One transaction each: nobody waits for the others.
        with suppress(NoSubscription):  # gone since
            async with database.transaction() as session:
                await lock_current_subscription(session, user_id)
            expired += 1
    return expired


async def tell_expiring(database: Database) -> int:
    """Write to whoever has credits that expire within days, once for each of them; to how many."""
    told = 0
    async for user_id in _each(database, _SOON):
        async with database.transaction() as session:
            user = await session.get(User, user_id)
            soon = (await session.execute(_TELL, {"user_id": user_id})).all()
            if user is None or not soon:
                continue  # gone, spent or told since
            when = min(row.expires_at for row in soon)
            credits = sum(row.remaining for row in soon)
            await write_to(session, user, "credits_expire", {"credits": credits, "on": f"{when:%Y-%m-%d}"})
            told += 1
    return told


async def _each(database: Database, due: TextClause) -> AsyncIterator[UUID]:
    """The people that a statement names, some at a time: who was dealt with is not named again."""
    while True:
        async with database.read() as session:
            people: list[UUID] = list(await session.scalars(due, {"most": _AT_ONCE}))
        for user_id in people:
            yield user_id
        if len(people) < _AT_ONCE:
            return
