"""What everybody finds: public pictures of people who are here. Whoever is suspended or leaves is not shown, nor what is in the trash;
an unlisted picture is for whoever has its id, and no list shows it."""

from typing import Any

from sqlalchemy import Select, bindparam, select, text

from pingvas.accounts.tables import User
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.gallery.library import not_in_trash
from pingvas.gallery.tables import NAMES_IMAGES_IN_ITS_FILE, Image, ImageTag, Tag


async def list_public_images(session: ReadSession, tag: str | None, asked: PageRequest) -> Page[Image]:
    """A page of them, the newest first; of those with a tag, where one is named. Raises BadCursor."""
    page = await read_page(
        session,
        public_images(tag),
        asked,
        order=(Image.created_at, Image.id),
        belongs_to=("explore", tag),
    )
    return page.of(lambda row: row[0])


def public_images(tag: str | None) -> Select[*tuple[Any, ...]]:
    """All of them, in no order."""
    # In the statement itself, for the index holds the public ones alone.
    is_public = Image.visibility == bindparam(None, "public", literal_execute=True)
    query = (
        select(Image)
        .where(is_public, not_in_trash(), text(f"NOT ({NAMES_IMAGES_IN_ITS_FILE})"))
        .where(select(User.id).where(User.id == Image.user_id, User.status == "active").exists())
    )
    if tag is None:
        return query
    named = select(Tag.id).where(Tag.name == tag).scalar_subquery()
    return query.where(Image.id.in_(select(ImageTag.image_id).where(ImageTag.tag_id == named)))
