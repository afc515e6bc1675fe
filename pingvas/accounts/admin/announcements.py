"""Words of the studio's to everybody, in both languages, shown in the page while they hold."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.admin.audit import Doer, record
from pingvas.accounts.events import AnnouncementsChanged
from pingvas.accounts.tables import Announcement
from pingvas.base.errors import Invalid, NotFound
from pingvas.base.events import publish_to_all_later
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.base.visible_text import shows_something

MAX_TEXT = 500
# What the page shows at once.
MOST_SHOWN = 5
_MOST_LISTED = 200


@dataclass(frozen=True)
class NewAnnouncement:
    """`starts_at` None: now; `ends_at` None: until it is removed."""

    level: str
    text_en: str
    text_ko: str
    starts_at: datetime | None
    ends_at: datetime | None


async def announce(session: AsyncSession, doer: Doer, new: NewAnnouncement) -> Announcement:
    """Tell everybody; pages that are open hear of it at once. Raises Invalid."""
    for field in ("text_en", "text_ko"):
        text = getattr(new, field)
        if not shows_something(text) or len(text) > MAX_TEXT or "\x00" in text:
            reason = f"must have 1 to {MAX_TEXT} characters"
            raise Invalid(f"The field {field} {reason}.", field=field, reason=reason)
    now = await session.scalar(select(func.now()))
    starts_at = new.starts_at or now
    if new.ends_at is not None and starts_at is not None and new.ends_at <= starts_at:
        raise Invalid("It would end before it begins.", field="ends_at", reason="is not after the beginning")
    made = Announcement(
        id=new_id(),
        level=new.level,
        text_en=new.text_en.strip(),
        text_ko=new.text_ko.strip(),
        starts_at=starts_at,
        ends_at=new.ends_at,
        created_by=doer.user_id,
    )
    session.add(made)
    await session.flush()
    await session.refresh(made)
    after = {"level": made.level, "text_en": made.text_en, "text_ko": made.text_ko}
    await record(session, doer, "announcement.create", "announcement", made.id, after=after)
    publish_to_all_later(session, AnnouncementsChanged())
    return made


async def withdraw(session: AsyncSession, doer: Doer, announcement_id: UUID) -> None:
    """Remove one; open pages hear of it. Raises NotFound."""
    gone = delete(Announcement).where(Announcement.id == announcement_id).returning(Announcement)
    removed = await session.scalar(gone)
    if removed is None:
        raise NotFound
    before = {"level": removed.level, "text_en": removed.text_en, "text_ko": removed.text_ko}
    await record(session, doer, "announcement.remove", "announcement", announcement_id, before=before)
    publish_to_all_later(session, AnnouncementsChanged())


async def current_announcements(session: ReadSession) -> list[Announcement]:
    """Those that hold now, newest first."""
    holds = (
        select(Announcement)
        .where(Announcement.starts_at <= func.now())
        .where(or_(Announcement.ends_at.is_(None), Announcement.ends_at > func.now()))
        .order_by(Announcement.starts_at.desc(), Announcement.id.desc())
        .limit(MOST_SHOWN)
    )
    return list((await session.scalars(holds)).all())


async def all_announcements(session: ReadSession) -> list[Announcement]:
    """For admins: also those of yesterday and tomorrow, the newest first."""
    listed = select(Announcement).order_by(Announcement.starts_at.desc(), Announcement.id.desc())
    return list((await session.scalars(listed.limit(_MOST_LISTED))).all())
