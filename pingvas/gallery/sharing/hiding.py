"""Hiding: an admin takes an image out of others' sight and shows it again. Each deed is in the audit log, and its owner is written to.

A hidden image is private, so that whatever shows images to others needs to know nothing of hiding; see `hidden.py` for what keeps it so.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.admin.audit import Doer, record
from pingvas.accounts.admin.people import accept_reason
from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.tables import User
from pingvas.base.errors import Conflict
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.gallery.library import ImageNotFound
from pingvas.gallery.sharing.reasons import Reason
from pingvas.gallery.sharing.reports import close_reports, kept_words
from pingvas.gallery.sharing.tables import HiddenImage
from pingvas.gallery.tables import Image


@dataclass(frozen=True)
class HiddenView:
    """A hidden image as admins see it."""

    hidden: HiddenImage
    image: Image
    owner: User


async def hide_image(
    session: AsyncSession, doer: Doer, image_id: UUID, reason: Reason, words: str | None
) -> HiddenView:
    """Let nobody but its owner see an image, and close its open reports; of one that is hidden already, say another reason.
    Raises ImageNotFound."""
    image = await _lock(session, image_id)
    before = await session.get(HiddenImage, image_id)
    words = kept_words(words)
    if before is None:
        hidden = HiddenImage(
            image_id=image_id, reason=reason, words=words, visibility_before=image.visibility
        )
        session.add(hidden)
        was = {"visibility": image.visibility}
        await session.execute(update(Image).where(Image.id == image_id).values(visibility="private"))
    else:
        hidden = before
        was = {"reason": before.reason}
        hidden.reason, hidden.words = reason, words
    await session.flush()
    closed = await close_reports(session, image_id, "hidden")
    after = {"reason": reason, "reports": closed}
    await record(session, doer, "image.hide", "image", image_id, before=was, after=after, reason=words)
    owner = await session.get_one(User, image.user_id)
    if before is None:
        told = {"image_id": str(image_id), "reason": reason, "words": words}
        await write_to(session, owner, "image_hidden", told)
    return await _view(session, image_id)


async def show_image(session: AsyncSession, doer: Doer, image_id: UUID, reason: str) -> None:
    """Let a hidden image be seen as it was before. Raises ImageNotFound, Invalid and Conflict."""
    reason = accept_reason(reason)
    image = await _lock(session, image_id)
    gone = delete(HiddenImage).where(HiddenImage.image_id == image_id).returning(HiddenImage)
    hidden = await session.scalar(gone)
    if hidden is None:
        raise Conflict("This image is not hidden.")
    again = hidden.visibility_before
    await session.execute(update(Image).where(Image.id == image_id).values(visibility=again))
    before, after = {"reason": hidden.reason}, {"visibility": again}
    await record(session, doer, "image.show", "image", image_id, before=before, after=after, reason=reason)
    owner = await session.get_one(User, image.user_id)
    await write_to(session, owner, "image_shown", {"image_id": str(image_id)})


async def list_hidden(session: ReadSession, asked: PageRequest) -> Page[HiddenView]:
    """For admins: what is hidden, the newest first. Raises BadCursor."""
    order = (HiddenImage.hidden_at, HiddenImage.image_id)
    page = await read_page(session, _views(), asked, order=order, belongs_to=("hidden",))
    return page.of(lambda row: HiddenView(*row))


def _views() -> Select[HiddenImage, Image, User]:
    return (
        select(HiddenImage, Image, User)
        .join(Image, Image.id == HiddenImage.image_id)
        .join(User, User.id == Image.user_id)
    )


async def _view(session: AsyncSession, image_id: UUID) -> HiddenView:
    query = _views().where(HiddenImage.image_id == image_id).execution_options(populate_existing=True)
    hidden, image, owner = (await session.execute(query)).one()
    return HiddenView(hidden, image, owner)


async def _lock(session: AsyncSession, image_id: UUID) -> Image:
    """From here on nobody else says who may see this image."""
    image = await session.scalar(select(Image).where(Image.id == image_id).with_for_update(key_share=True))
    if image is None:
        raise ImageNotFound
    return image
