"""Stored objects that no row names any more: triggers write their keys down, this deletes them.

The object goes first, then the line about it, so a crash in between deletes something twice rather than never.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import delete, select

from pingvas.base.db import Database
from pingvas.base.tables import StorageDeletion

log = logging.getLogger(__name__)

BATCH = 500


async def drain_deletions(
    database: Database, delete_objects: Callable[[Sequence[str]], Awaitable[None]]
) -> int:
    """Delete every object that waits for it; how many went. Stops at the first error of `delete_objects`.

    Any number of processes may drain at once: deleting what is gone is no error.
    """
    gone = 0
    while True:
        async with database.read() as session:
            oldest_first = select(StorageDeletion.id, StorageDeletion.key).order_by(StorageDeletion.id)
            waiting = (await session.execute(oldest_first.limit(BATCH))).all()
        if not waiting:
            return gone
        await _delete(delete_objects, [row.key for row in waiting])
        async with database.transaction() as session:
            done = delete(StorageDeletion).where(StorageDeletion.id.in_([row.id for row in waiting]))
            await session.execute(done)
        gone += len(waiting)


async def _delete(delete_objects: Callable[[Sequence[str]], Awaitable[None]], keys: Sequence[str]) -> None:
    try:
        await delete_objects(keys)
    except ValueError:
        # One of them cannot be a key of ours. It must not keep the others waiting for ever.
        for key in keys:
            try:
                await delete_objects([key])
            except ValueError as error:
                log.error("not deleted, because it is no storage key: %s", error)
