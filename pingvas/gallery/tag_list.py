"""The words that a person uses, most used first. Nobody sees another's."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Select, select

from pingvas.accounts.actor import Actor
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.gallery.tables import Tag, UserTag
from pingvas.gallery.tag_names import fold, pattern_for


@dataclass(frozen=True)
class OwnTag:
    """A tag of a person's, and on how many of their images it is."""

    id: UUID
    name: str
    usage_count: int
    created_at: datetime


async def list_tags(session: ReadSession, actor: Actor, typed: str, asked: PageRequest) -> Page[OwnTag]:
    """A page of the actor's tags that hold what is typed; all of them where nothing is. Raises BadCursor."""
    page = await read_page(
        session,
        own_tags(actor.user_id, typed),
        asked,
        order=(UserTag.usage_count, UserTag.created_at, UserTag.id),
        belongs_to=("tags", actor.user_id, fold(typed)),
    )
    return page.of(_own_tag)


def own_tags(user_id: UUID, typed: str) -> Select[*tuple[UserTag, str]]:
    """A person's tags that hold what is typed, with their names."""
    query = select(UserTag, Tag.name).join(Tag, Tag.id == UserTag.tag_id).where(UserTag.user_id == user_id)
    pattern = pattern_for(typed)
    return query.where(Tag.name.regexp_match(pattern)) if pattern else query


def _own_tag(row: Row[*tuple[UserTag, str]]) -> OwnTag:
    tag, name = row
    return OwnTag(tag.id, name, tag.usage_count, tag.created_at)
