"""A person by their address or id, for commands."""

from uuid import UUID

from sqlalchemy import func, select

from pingvas.accounts.tables import User
from pingvas.base.errors import NotFound
from pingvas.base.read_session import ReadSession


async def find_person(session: ReadSession, who: str) -> User:
    """Raises NotFound."""
    try:
        condition = User.id == UUID(who)
    except ValueError:
        condition = func.lower(User.email) == who.strip().lower()
    user: User | None = await session.scalar(select(User).where(condition))
    if user is None:
        raise NotFound(f"Nobody here has the address {who}.")
    return user
