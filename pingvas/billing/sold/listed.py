"""What the seller lists and nobody's checkout is known of: an entry of the inbox, so that an admin sees it and can say whose it is."""

import json
from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.ids import new_id
from pingvas.base.statements import fetch_one
from pingvas.billing.sold.settle import settle

LISTED = "listed"

Kind = Literal["subscription", "invoice", "order"]

_KEEP = text("""
    INSERT INTO billing_events (id, provider, event_name, body_hash, body, status)
    VALUES (:id, :provider, :event_name, :body_hash, CAST(:body AS jsonb), 'nobody')
    ON CONFLICT (provider, body_hash) DO NOTHING
""")
_OWN_SOLD = text("""
    UPDATE sold_subscriptions SET user_id = COALESCE(user_id, CAST(:user_id AS uuid))
     WHERE provider = :provider AND provider_id = :provider_id RETURNING user_id
""")
_OWN_INVOICES = text("""
    UPDATE payments SET user_id = :user_id
     WHERE provider = :provider AND subscription_provider_id = :provider_id AND user_id IS NULL
""")
_OWN_ORDER = text("""
    UPDATE payments SET user_id = COALESCE(user_id, CAST(:user_id AS uuid))
     WHERE provider = :provider AND kind = 'order' AND provider_id = :provider_id RETURNING user_id
""")


async def keep_listed(session: AsyncSession, provider: str, kind: Kind, provider_id: str) -> None:
    """Note, once, that the seller has this and nobody here does."""
    body = {"listed": kind, "id": provider_id}
    row = {
        "id": new_id(),
        "provider": provider,
        "event_name": LISTED,
        "body_hash": f"{LISTED}:{kind}:{provider_id}",
        "body": json.dumps(body),
    }
    await session.execute(_KEEP, row)


async def own_listed(
    session: AsyncSession, provider: str, body: Mapping[str, Any], user_id: UUID | None
) -> UUID | None:
    """Give the copy that such an entry is about to the person an admin named, unless it is somebody's by now, and settle them; whose
    it is. Raises NoSubscription."""
    of = {"provider": provider, "provider_id": body["id"], "user_id": user_id}
    if body["listed"] == "order":
        row = await fetch_one(session, _OWN_ORDER, of)
        owner: UUID | None = None if row is None else row["user_id"]
    else:
        row = await fetch_one(session, _OWN_SOLD, of)
        owner = None if row is None else row["user_id"]
        if owner is not None:
            await fetch_one(session, _OWN_INVOICES, {**of, "user_id": owner})
    if owner is not None:
        await settle(session, owner)
    return owner
