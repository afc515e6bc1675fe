"""Settling whoever is due: a month of a year began, a period, a trial or a time of grace ended."""

import logging
from contextlib import suppress
from uuid import UUID

from sqlalchemy import text

from pingvas.base.db import Database
from pingvas.billing.sold.settle import settle
from pingvas.billing.subscriptions import NoSubscription

log = logging.getLogger(__name__)

_DUE = text("""
    SELECT user_id FROM subscriptions
     WHERE settle_at <= now() AND user_id IS NOT NULL AND status <> 'expired'
     ORDER BY settle_at LIMIT :most
""")
_AT_ONCE = 200


async def settle_due(database: Database) -> int:
    """Of how many people. One transaction each: nobody waits for the others."""
    settled = 0
    while True:
        async with database.read() as session:
            people: list[UUID] = list(await session.scalars(_DUE, {"most": _AT_ONCE}))
        for user_id in people:
            with suppress(NoSubscription):  # gone since
                async with database.transaction() as session:
                    await settle(session, user_id)
                settled += 1
        if len(people) < _AT_ONCE:
            return settled
