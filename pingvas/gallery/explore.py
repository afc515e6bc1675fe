"""What everybody finds: public pictures of people who are here. Whoever is suspended or leaves is not shown, nor what is in the trash;
an unlisted picture is for whoever has its id, and no list shows it."""

from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, bindparam, select, text

from pingvas.accounts.people.presence import is_here
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.gallery.library import not_in_trash
from pingvas.gallery.sharing.tables import ImageLikeCount
from pingvas.gallery.tables import NAMES_IMAGES_IN_ITS_FILE, Image, ImageTag, Tag

ExploreSort = Literal["newest", "most_liked"]


async def list_public_images(
    session: ReadSession, tag: str | None, sort: ExploreSort, asked: PageRequest
) -> Page[Image]:
    """A page of them, the newest first, or of those that somebody likes what is liked most; of those with a tag, where one is named.
    Raises BadCursor."""
    belongs_to = ("explore", tag, sort)
    if sort == "newest":
        order = (Image.created_at, Image.id)
        page = await read_page(session, public_images(tag), asked, order=order, belongs_to=belongs_to)
        return page.of(lambda row: row[0])
    by_likes = (ImageLikeCount.likes, ImageLikeCount.image_id)
    page = await read_page(session, liked_images(tag), asked, order=by_likes, belongs_to=belongs_to)
    return page.of(lambda row: row[1])


def public_images(tag: str | None) -> Select[*tuple[Any, ...]]:
    """All of them, in no order."""
    return select(Image).where(*_shown(tag))


def liked_images(tag: str | None) -> Select[*tuple[Any, ...]]:
    """Those that somebody likes, with how many do, in no order."""
    query = select(ImageLikeCount, Image).join(Image, Image.id == ImageLikeCount.image_id)
    return query.where(ImageLikeCount.likes > 0, *_shown(tag))


def _shown(tag: str | None) -> list[ColumnElement[bool]]:
    # In the statement itself, for the index holds the public ones alone.
    is_public = Image.visibility == bindparam(None, "public", literal_execute=True)
    conditions = [
        is_public,
        not_in_trash(),
        text(f"NOT ({NAMES_IMAGES_IN_ITS_FILE})"),
        is_here(Image.user_id),
    ]
    if tag is not None:
        named = select(Tag.id).where(Tag.name == tag).scalar_subquery()
        conditions.append(Image.id.in_(select(ImageTag.image_id).where(ImageTag.tag_id == named)))
    return conditions  # type: ignore[return-value]  # a text is a condition too
