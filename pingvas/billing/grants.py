"""What a balance consists of, and taking away what has expired."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

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
    """Take away what has expired, of some hundreds of people; of how many."""
    async with database.read() as session:
        people: list[Any] = list(await session.scalars(_DUE, {"most": _AT_ONCE}))
    for user_id in people:
        try:
            # One transaction each: nobody waits for the others.
            async with database.transaction() as session:
                await lock_current_subscription(session, user_id)
        except NoSubscription:
            continue  # gone since
    return len(people)
