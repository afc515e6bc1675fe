"""Carries deletions out whose time has come: jobs end, what a job's row says of its person goes, then the person's rows."""

from pingvas.accounts.actor import Actor
from pingvas.accounts.leaving.deletion import erase, find_due, lock_due
from pingvas.base.db import Database
from pingvas.generation.lifecycle.cancel import cancel_all
from pingvas.generation.steps.retention import forget_words

_BATCH = 50


async def erase_leaving(database: Database) -> int:
    """Delete the accounts whose owners had their days to change their mind; how many."""
    async with database.read() as reading:
        due = await find_due(reading, _BATCH)
    erased = 0
    for user_id in due:
        async with database.transaction() as session:
            # First whose subscription it is, then the person: the order in which jobs lock them.
            await cancel_all(session, Actor(user_id, "user", None))
            if not await lock_due(session, user_id):
                continue
            await forget_words(session, user_id)
            await erase(session, user_id)
        erased += 1
    return erased
