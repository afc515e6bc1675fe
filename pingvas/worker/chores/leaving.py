"""Carries deletions out whose time has come: jobs end, what a job's row says of its person goes, then the person's rows."""

import logging
from uuid import UUID

from pingvas.accounts.actor import Actor
from pingvas.accounts.leaving.deletion import erase, find_due, lock_due
from pingvas.adapters.sellers.seller import Seller, SellerUnavailable
from pingvas.base.db import Database
from pingvas.billing.sold.leaving import cancel_renewals
from pingvas.gallery.tags import lock_tags_of
from pingvas.generation.lifecycle.cancel import cancel_all
from pingvas.generation.steps.retention import forget_words

log = logging.getLogger(__name__)

_BATCH = 50


async def erase_leaving(database: Database, seller: Seller | None = None) -> int:
    """Delete the accounts whose owners had their days to change their mind; how many. Whoever has bought something stays until the
    seller has heard that it is over."""
    async with database.read() as reading:
        due = await find_due(reading, _BATCH)
    erased = 0
    for user_id in due:
        if seller is not None and not await _is_canceled(database, seller, user_id):
            continue
        async with database.transaction() as session:
            # First whose subscription it is, then the person: the order in which jobs lock them.
            await cancel_all(session, Actor(user_id, "user", None))
            if not await lock_due(session, user_id):
                continue
            await forget_words(session, user_id)
            await lock_tags_of(session, user_id=user_id)
            await erase(session, user_id)
        erased += 1
    return erased


async def _is_canceled(database: Database, seller: Seller, user_id: UUID) -> bool:
    try:
        await cancel_renewals(database, seller, user_id)
    except SellerUnavailable:
        log.warning("an account that goes waits for the seller: %s", user_id)
        return False
    return True
