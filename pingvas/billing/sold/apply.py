"""Applying what the seller sent: each event of the inbox in a transaction of its own, as often as it takes.

An event whose owner is not known yet waits a little: the one that names them may still be on its way. After that it is `nobody`'s,
and shown to admins. Of one that fails, the next are not kept waiting.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.adapters.sellers.seller import Event, OrderWord, Seller, TestModeEvent
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.errors import Invalid
from pingvas.base.statements import Row, fetch_one
from pingvas.billing.sold.listed import LISTED, own_listed
from pingvas.billing.sold.take import take_word

log = logging.getLogger(__name__)

# How often an event is looked at before it is nobody's: about a minute.
LOOKS = 6
# And how often one that fails is tried, which takes some hours.
TRIES = 12
_LONGEST_WAIT = 3600
# More than these are for the next turn.
_AT_ONCE = 500

_DUE = text("""
    SELECT id, provider, event_name, body, attempts, user_id FROM billing_events
     WHERE status = 'waiting' AND next_try_at <= now() AND provider = :provider
     ORDER BY next_try_at, received_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
""")
_DONE = text("""
    UPDATE billing_events
       SET status = :status, user_id = :user_id, error = :error, attempts = attempts + 1,
           applied_at = CASE WHEN CAST(:status AS text) IN ('applied', 'ignored') THEN now() END
     WHERE id = :id
""")
_LATER = text("""
    UPDATE billing_events
       SET attempts = attempts + 1, error = :error,
           status = CASE WHEN attempts + 1 >= CAST(:most AS integer) THEN CAST(:at_last AS text) ELSE 'waiting' END,
           next_try_at = now() + make_interval(secs => LEAST(power(2, LEAST(attempts, 20)), :longest))
     WHERE id = :id AND status = 'waiting'
""")
NOBODY = "nobody_known"


@dataclass(frozen=True)
class Applied:
    """What became of the events of one turn."""

    applied: int = 0
    ignored: int = 0
    nobody: int = 0
    failed: int = 0


async def apply_events(database: Database, seller: Seller) -> Applied:
    """Apply what waits, oldest first. Raises DatabaseUnavailable."""
    done = Applied()
    for _ in range(_AT_ONCE):
        outcome = await _apply_next(database, seller.name, seller.read_event)
        if outcome is None:
            break
        done = replace(done, **{outcome: getattr(done, outcome) + 1})
    return done


async def _apply_next(
    database: Database, provider: str, read: Callable[[Mapping[str, Any]], Event]
) -> str | None:
    event_id: UUID | None = None
    try:
        async with database.transaction() as session:
            row = await fetch_one(session, _DUE, {"provider": provider})
            if row is None:
                return None
            event_id = row.id
            return await _apply(session, row, read)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        assert event_id is not None  # noqa: S101 - reading the row raises DatabaseUnavailable alone
        log.exception("an event of the seller could not be applied: %s", event_id)
        await _later(database, event_id, type(error).__name__)
        return "failed"


async def _apply(session: AsyncSession, row: Row, read: Callable[[Mapping[str, Any]], Event]) -> str:
    if row.event_name == LISTED:
        owner = await own_listed(session, row.provider, row.body, row.user_id)
        status = "nobody" if owner is None else "applied"
        return await _done(session, row.id, status, owner, None)
    try:
        event = read(row.body)
    except TestModeEvent as error:
        return await _done(session, row.id, "ignored", None, error.code)
    except Invalid as error:
        # It will make no more sense later.
        return await _done(session, row.id, "failed", None, error.detail)
    word = event.word
    if word is None or (isinstance(word, OrderWord) and word.variant is None):
        return await _done(session, row.id, "ignored", None, None)
    owner = await take_word(session, row.provider, word, event.token, row.user_id)
    if owner is not None:
        return await _done(session, row.id, "applied", owner, None)
    later = {"id": row.id, "error": NOBODY, "most": LOOKS, "at_last": "nobody", "longest": _LONGEST_WAIT}
    await session.execute(_LATER, later)
    return "nobody"


async def _done(
    session: AsyncSession, event_id: UUID, status: str, user_id: UUID | None, error: str | None
) -> str:
    await session.execute(_DONE, {"id": event_id, "status": status, "user_id": user_id, "error": error})
    return status


async def _later(database: Database, event_id: UUID, error: str) -> None:
    async with database.transaction() as session:
        later = {
            "id": event_id,
            "error": error,
            "most": TRIES,
            "at_last": "failed",
            "longest": _LONGEST_WAIT,
        }
        await session.execute(_LATER, later)
