"""Somebody's account goes: the seller is told to ask them for nothing more."""

import logging
from uuid import UUID

from sqlalchemy import text

from pingvas.adapters.sellers.seller import Seller, SellerRefused
from pingvas.base.db import Database
from pingvas.billing.sold.take import take_word

log = logging.getLogger(__name__)

_RENEWING = text("""
    SELECT provider_id FROM sold_subscriptions
     WHERE user_id = :user_id AND provider = :provider
       AND status IN ('trial', 'active', 'paused', 'paused_free', 'past_due', 'unpaid')
""")


async def cancel_renewals(database: Database, seller: Seller, user_id: UUID) -> None:
    """Cancel what they bought. Raises SellerUnavailable, and then the account had better wait: nobody who is gone is to be charged."""
    async with database.read() as session:
        bought = list(await session.scalars(_RENEWING, {"user_id": user_id, "provider": seller.name}))
    for provider_id in bought:
        try:
            word = await seller.cancel(provider_id)
        except SellerRefused:
            # Waiting changes nothing about that.
            log.exception(
                "of an account that goes, the seller does not cancel the subscription %s", provider_id
            )
            continue
        async with database.transaction() as session:
            await take_word(session, seller.name, word)
