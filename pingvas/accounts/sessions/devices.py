"""The list of devices a person is signed in on."""

from uuid import UUID

from sqlalchemy import func, select

from pingvas.accounts.tables import UserSession
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession


async def list_sessions(session: ReadSession, user_id: UUID, asked: PageRequest) -> Page[UserSession]:
    """A person's signed-in devices, the latest sign-in first. Raises BadCursor."""
    query = select(UserSession).where(
        UserSession.user_id == user_id, UserSession.expires_at > func.now(), UserSession.viewer_id.is_(None)
    )
    order = (UserSession.created_at, UserSession.id)
    page = await read_page(session, query, asked, order=order, belongs_to=("sessions", user_id))
    return page.of(lambda row: row[0])
