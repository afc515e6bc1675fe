"""There is always somebody who can run the studio."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import User
from pingvas.base.errors import Conflict


class LastAdmin(Conflict):
    code = "last_admin"
    default_detail = "This is the only admin left. Make somebody else one first."


async def refuse_if_last_admin(session: AsyncSession, user_id: UUID) -> None:
    """Before an admin is suspended, deleted or made a user. Raises LastAdmin.

    All admins' rows are locked, in one order: of two who take each other's role at once, the second finds one left.
    """
    admins = select(User.id).where(User.role == "admin", User.status == "active").order_by(User.id)
    found = (await session.scalars(admins.with_for_update())).all()
    if list(found) == [user_id]:
        raise LastAdmin
