"""Reports: whoever is signed in says what is wrong with an image that they see. A person has one open report of an image: said again, it
is changed. Admins read the open ones by image, those with the most reports first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.accounts.admin.audit import Doer, record
from pingvas.accounts.tables import User
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.base.visible_text import shows_something
from pingvas.gallery.library import SHARED, ImageNotFound, get_visible_image, not_in_trash
from pingvas.gallery.sharing.likes import ImageNotPublic
from pingvas.gallery.sharing.reasons import Reason
from pingvas.gallery.sharing.tables import ImageReport
from pingvas.gallery.tables import Image

# Images are listed up to here; those that are dealt with make room for others.
MOST_LISTED = 50
# Of what is said of one image.
MOST_TOLD = 20

_IS_OPEN = ImageReport.closed_at.is_(None)


@dataclass(frozen=True)
class ReportedImage:
    """An image with its open reports: how many for each reason, and the newest of them with who wrote them."""

    image: Image
    owner: User
    counts: Mapping[str, int]
    reports: Sequence[tuple[ImageReport, User]]


@dataclass(frozen=True)
class Reported:
    """Of images with open reports those with the most, and how many there are in all."""

    items: list[ReportedImage]
    total: int


async def report_image(
    session: AsyncSession, actor: Actor, image_id: UUID, reason: Reason, words: str | None
) -> None:
    """Report an image that others see, or change what one has said of it. Raises ImageNotFound, and ImageNotPublic for a private one of
    the actor's own."""
    await get_visible_image(session, actor, image_id)
    # Locked against being deleted meanwhile.
    seen = (
        select(Image.id)
        .where(Image.id == image_id, Image.visibility.in_(SHARED), not_in_trash())
        .with_for_update(read=True, key_share=True)
    )
    if await session.scalar(seen) is None:
        raise ImageNotPublic
    said = {"reason": reason, "words": kept_words(words)}
    row = {"id": new_id(), "image_id": image_id, "user_id": actor.user_id, **said}
    open_one = [ImageReport.image_id, ImageReport.user_id]
    await session.execute(
        insert(ImageReport)
        .values(row)
        .on_conflict_do_update(index_elements=open_one, index_where=_IS_OPEN, set_=said)
    )


async def list_reported(session: ReadSession) -> Reported:
    """For admins: images with open reports, those with the most first, and of as many what was reported first."""
    count = func.count()
    groups = select(ImageReport.image_id).where(_IS_OPEN).group_by(ImageReport.image_id)
    first = groups.order_by(count.desc(), func.min(ImageReport.created_at), ImageReport.image_id)
    ids = list(await session.scalars(first.limit(MOST_LISTED)))
    total = await session.scalar(select(func.count()).select_from(groups.subquery()))
    owned = select(Image, User).join(User, User.id == Image.user_id).where(Image.id.in_(ids))
    images = {row[0].id: (row[0], row[1]) for row in await session.execute(owned)}
    counts = await _counts(session, ids)
    told = await _newest(session, ids)
    items = [ReportedImage(*images[id], counts[id], told[id]) for id in ids]
    return Reported(items, total or 0)


async def dismiss_reports(session: AsyncSession, doer: Doer, image_id: UUID, words: str | None) -> int:
    """Close the open reports of an image, which stays as it is; how many they were. Raises ImageNotFound."""
    if await session.scalar(select(Image.id).where(Image.id == image_id)) is None:
        raise ImageNotFound
    closed = await close_reports(session, image_id, "dismissed")
    if closed:
        after = {"reports": closed}
        reason = kept_words(words)
        await record(session, doer, "image.dismiss_reports", "image", image_id, after=after, reason=reason)
    return closed


async def close_reports(session: AsyncSession, image_id: UUID, outcome: str) -> int:
    """Close the open reports of an image; how many they were."""
    open_ones = update(ImageReport).where(ImageReport.image_id == image_id, _IS_OPEN)
    closed = await session.scalars(
        open_ones.values(closed_at=func.now(), outcome=outcome).returning(ImageReport.id)
    )
    return len(closed.all())


def kept_words(words: str | None) -> str | None:
    """What was said beside a reason; None: nothing that shows."""
    return words.strip() if words is not None and shows_something(words) else None


async def _counts(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    query = (
        select(ImageReport.image_id, ImageReport.reason, func.count())
        .where(ImageReport.image_id.in_(ids), _IS_OPEN)
        .group_by(ImageReport.image_id, ImageReport.reason)
        .order_by(func.count().desc(), ImageReport.reason)
    )
    counts: dict[UUID, dict[str, int]] = {id: {} for id in ids}
    for image_id, reason, count in await session.execute(query):
        counts[image_id][reason] = count
    return counts


async def _newest(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, list[tuple[ImageReport, User]]]:
    newest = ImageReport.created_at.desc(), ImageReport.id.desc()
    place = func.row_number().over(partition_by=ImageReport.image_id, order_by=newest)
    placed = select(ImageReport.id, place.label("place")).where(ImageReport.image_id.in_(ids), _IS_OPEN)
    inner = placed.subquery()
    query = (
        select(ImageReport, User)
        .join(inner, inner.c.id == ImageReport.id)
        .join(User, User.id == ImageReport.user_id)
        .where(inner.c.place <= MOST_TOLD)
        .order_by(*newest)
    )
    told: dict[UUID, list[tuple[ImageReport, User]]] = {id: [] for id in ids}
    for report, reporter in await session.execute(query):
        told[report.image_id].append((report, reporter))
    return told
