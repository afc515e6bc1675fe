"""How much of a person's storage their pictures fill, and whether more fits.

The sum is a row of its own, which triggers on `images` keep. Nobody adds up pictures but who checks it, and who puts right what
somebody made wrong by hand.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.errors import PaymentRequired
from pingvas.base.read_session import ReadSession
from pingvas.gallery.tables import StorageUse

# For statements of others: the bytes that `:user_id` fills.
USED_BYTES = "COALESCE((SELECT used_bytes FROM storage_use WHERE user_id = :user_id), 0)"
_DISAGREEING = text("""
    SELECT COALESCE(kept.user_id, there.user_id) AS user_id, COALESCE(kept.used_bytes, 0) AS counted,
           COALESCE(there.bytes, 0) AS stored
      FROM storage_use AS kept
      FULL JOIN (SELECT user_id, SUM(file_size) AS bytes FROM images GROUP BY user_id) AS there
        ON there.user_id = kept.user_id
     WHERE COALESCE(kept.used_bytes, 0) <> COALESCE(there.bytes, 0)
     ORDER BY 1
""")


# What others have not committed yet they add to the sum themselves, behind the lock.
_LOCK = text("""
    INSERT INTO storage_use (user_id) VALUES (:user_id)
    ON CONFLICT (user_id) DO UPDATE SET used_bytes = storage_use.used_bytes
""")
_PUT_RIGHT = text("""
    UPDATE storage_use SET used_bytes = (SELECT COALESCE(SUM(file_size), 0) FROM images WHERE user_id = :user_id)
     WHERE user_id = :user_id
""")


class StorageExceeded(PaymentRequired):
    code = "storage_exceeded"
    default_detail = "There is no room left in your storage. Delete pictures, or take a larger plan."


@dataclass(frozen=True)
class Miscount:
    """A person whose sum is not what their pictures take, in bytes."""

    user_id: UUID
    counted: int
    stored: int


async def used_bytes(session: ReadSession, user_id: UUID) -> int:
    """The bytes of the pictures themselves; thumbnails and previews are on the house."""
    query = select(StorageUse.used_bytes).where(StorageUse.user_id == user_id)
    return int(await session.scalar(query) or 0)


async def require_room(session: ReadSession, user_id: UUID, bytes_more: int, quota_bytes: int) -> None:
    """Raises StorageExceeded when so many more bytes would not fit."""
    used = await used_bytes(session, user_id)
    if used + bytes_more > quota_bytes:
        raise StorageExceeded(
            extra={"required_bytes": bytes_more, "used_bytes": used, "quota_bytes": quota_bytes}
        )


async def put_sum_right(session: AsyncSession, user_id: UUID) -> None:
    """Set somebody's sum to what their pictures take."""
    await session.execute(_LOCK, {"user_id": user_id})
    await session.execute(_PUT_RIGHT, {"user_id": user_id})


async def find_miscounts(session: ReadSession) -> list[Miscount]:
    """Everybody whose sum is wrong; an empty list is what must be."""
    return [
        Miscount(row.user_id, row.counted, int(row.stored)) for row in await session.execute(_DISAGREEING)
    ]
