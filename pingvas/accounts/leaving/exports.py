"""Everything about a person as one file: asking for it, and where it stands. `worker/chores/export` makes it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.tables import DataExport, User
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings

PREFIX = "exports/"
# One that nobody has ended for so long is begun anew, by whoever looks next.
_LEASE = timedelta(hours=2)
_MAX_ATTEMPTS = 3


@dataclass(frozen=True)
class ExportToMake:
    """One that this process makes now."""

    id: UUID
    user_id: UUID

    @property
    def storage_key(self) -> str:
        return f"{PREFIX}{self.user_id}/{self.id}.zip"


async def ask_for_export(session: AsyncSession, user_id: UUID) -> tuple[DataExport, bool]:
    """Ask for a fresh one, and whether it is one; while one waits, that is it."""
    ask = insert(DataExport).values(id=new_id(), user_id=user_id)
    unless_waiting = ask.on_conflict_do_nothing(
        # Not as a parameter: a statement prepared for any value would find no index that is for this one.
        index_elements=[DataExport.user_id],
        index_where=text("status = 'waiting'"),
    )
    is_fresh = await session.scalar(unless_waiting.returning(DataExport.id)) is not None
    found = await find_export(session, user_id)
    assert found is not None  # noqa: S101 - it was put there above
    return found, is_fresh


async def find_export(session: ReadSession, user_id: UUID) -> DataExport | None:
    """The latest one."""
    latest = select(DataExport).where(DataExport.user_id == user_id).order_by(DataExport.id.desc()).limit(1)
    found: DataExport | None = await session.scalar(latest)
    return found


async def take_export(session: AsyncSession) -> ExportToMake | None:
    """One that waits, for this process to make; what was begun too often is given up on the way."""
    free = or_(DataExport.leased_until.is_(None), DataExport.leased_until <= func.now())
    given_up = update(DataExport).where(
        DataExport.status == "waiting", free, DataExport.attempts >= _MAX_ATTEMPTS
    )
    await session.execute(given_up.values(status="failed", error="It could not be made."))
    waiting = (
        select(DataExport.id)
        .where(DataExport.status == "waiting", free)
        .order_by(DataExport.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    take = (
        update(DataExport)
        .where(DataExport.id == waiting)
        .values(attempts=DataExport.attempts + 1, leased_until=func.now() + literal(_LEASE))
        .returning(DataExport.id, DataExport.user_id)
    )
    taken = (await session.execute(take)).one_or_none()
    return None if taken is None else ExportToMake(taken.id, taken.user_id)


async def finish_export(
    session: AsyncSession, settings: Settings, made: ExportToMake, *, file_size: int
) -> None:
    """The file is in storage: its person may fetch it, and is written to. Nothing happens when they are gone meanwhile: then no
    row names the file, and it is swept up."""
    done = (
        update(DataExport)
        .where(DataExport.id == made.id)
        .values(
            status="ready",
            storage_key=made.storage_key,
            file_size=file_size,
            leased_until=None,
            ready_at=func.now(),
            expires_at=func.now() + timedelta(days=settings.export_keep_days),
        )
        .returning(DataExport.expires_at)
    )
    until: datetime | None = await session.scalar(done)
    if until is None:
        return
    # Earlier files go: one is what there is.
    earlier = delete(DataExport).where(DataExport.user_id == made.user_id, DataExport.id != made.id)
    await session.execute(earlier.where(DataExport.status != "waiting"))
    told = {"size": _size_in_words(file_size), "until": f"{until:%Y-%m-%d %H:%M} UTC"}
    await write_to(session, await session.get_one(User, made.user_id), "export_ready", told)


async def forget_exports(session: AsyncSession) -> int:
    """Remove those whose time is over, and what failed a week ago; the database notes the files."""
    over = or_(
        DataExport.expires_at <= func.now(),
        (DataExport.status == "failed") & (DataExport.created_at < func.now() - literal(timedelta(days=7))),
    )
    return len((await session.scalars(delete(DataExport).where(over).returning(DataExport.id))).all())


def _size_in_words(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size < 1_000_000_000 else f"{size / 1_000_000_000:.1f} GB"
