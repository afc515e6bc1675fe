"""The list of devices a person is signed in on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import UserSession
from pingvas.base.pages import Page, decode_cursor, encode_cursor


async def list_sessions(
    session: AsyncSession, user_id: UUID, *, limit: int, cursor: str | None, cursor_key: bytes
) -> Page[UserSession]:
    """A person's signed-in devices, the latest sign-in first. Raises Invalid for a bad cursor."""
    query = select(UserSession).where(UserSession.user_id == user_id, UserSession.expires_at > func.now())
    if cursor is not None:
        at, last = decode_cursor(cursor, cursor_key, length=2)
        query = query.where(
            tuple_(UserSession.created_at, UserSession.id) < (datetime.fromisoformat(at), UUID(last))
        )
    latest_first = query.order_by(UserSession.created_at.desc(), UserSession.id.desc())
    rows = list(await session.scalars(latest_first.limit(limit + 1)))
    if len(rows) <= limit:
        return Page(rows, None)
    last_row = rows[limit - 1]
    return Page(rows[:limit], encode_cursor([last_row.created_at.isoformat(), str(last_row.id)], cursor_key))
