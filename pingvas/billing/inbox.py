"""The inbox of what sellers send by themselves: kept at once as it came, and dealt with later by a chore."""

import json

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.adapters.sellers.seller import SentEvent
from pingvas.base.ids import new_id

_KEEP = text("""
    INSERT INTO billing_events (id, provider, event_name, body_hash, body)
    VALUES (:id, :provider, :event_name, :body_hash, CAST(:body AS jsonb))
    ON CONFLICT (provider, body_hash) DO NOTHING
""")


async def keep_event(session: AsyncSession, provider: str, event: SentEvent) -> None:
    """Keep an event whose signature was checked. One that is there already, in the same bytes, is the same event."""
    await session.execute(
        _KEEP,
        {
            "id": new_id(),
            "provider": provider,
            "event_name": event.name,
            "body_hash": event.body_hash,
            "body": json.dumps(event.body),
        },
    )
