"""A person's saved searches: kept, listed, changed, deleted, and what each finds now. Nobody sees another's.

What a search asks for is kept in the words of the API, which knows how to read them; here it is stored as it is.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.accounts.tables import User
from pingvas.base.errors import Conflict, NotFound
from pingvas.base.ids import new_id
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.base.visible_text import accept_name
from pingvas.gallery.library import ImageFilter, list_images
from pingvas.gallery.saved_searches.missing import is_collection_there
from pingvas.gallery.saved_searches.tables import SavedSearch
from pingvas.gallery.search import read_terms
from pingvas.gallery.tables import Image

MAX_NAME = 120
MAX_SEARCHES = 100


class SearchNotFound(NotFound):
    """No such saved search, or somebody else's."""

    default_detail = "There is no such saved search here."


class TooManySearches(Conflict):
    code = "too_many_searches"
    default_detail = f"You have {MAX_SEARCHES} saved searches, which is as many as there can be. Delete one that you do not need."


class SearchChanges(TypedDict, total=False):
    """What is to change; a key that is absent stays as it is. `sort` None: no order is asked for."""

    name: str
    filter: Mapping[str, Any]
    sort: str | None
    is_collection: bool


async def save_search(
    session: AsyncSession,
    actor: Actor,
    name: str,
    said: Mapping[str, Any],
    sort: str | None = None,
    *,
    is_collection: bool = False,
) -> SavedSearch:
    """Keep a filter under a name. Raises Invalid, TooManyWords and TooManySearches."""
    search = SavedSearch(
        id=new_id(),
        user_id=actor.user_id,
        name=accept_name(name, field="name", longest=MAX_NAME),
        filter=_accepted(said),
        sort=sort,
        is_collection=is_collection,
    )
    # Under the person's lock, so that two made at once count each other.
    await session.get_one(User, actor.user_id, with_for_update={"key_share": True})
    there = select(func.count()).where(SavedSearch.user_id == actor.user_id)
    if (await session.scalar(there) or 0) >= MAX_SEARCHES:
        raise TooManySearches
    session.add(search)
    await session.flush()
    await session.refresh(search)
    return search


async def list_searches(
    session: ReadSession, actor: Actor, asked: PageRequest, *, is_collection: bool | None = None
) -> Page[SavedSearch]:
    """A page of the actor's, the newest first; of those alone that are collections, or that are none. Raises BadCursor."""
    query = select(SavedSearch).where(SavedSearch.user_id == actor.user_id)
    if is_collection is not None:
        query = query.where(SavedSearch.is_collection.is_(is_collection))
    page = await read_page(
        session,
        query,
        asked,
        order=(SavedSearch.id,),
        belongs_to=("saved_searches", actor.user_id, is_collection),
    )
    return page.of(lambda row: row[0])


async def get_search(session: ReadSession, actor: Actor, search_id: UUID) -> SavedSearch:
    """One of the actor's. Raises SearchNotFound."""
    query = select(SavedSearch).where(SavedSearch.id == search_id, SavedSearch.user_id == actor.user_id)
    search: SavedSearch | None = await session.scalar(query.execution_options(populate_existing=True))
    if search is None:
        raise SearchNotFound
    return search


async def change_search(
    session: AsyncSession, actor: Actor, search_id: UUID, changes: SearchChanges
) -> SavedSearch:
    """Change some of a search. Raises Invalid, TooManyWords and SearchNotFound."""
    values: dict[str, Any] = dict(changes)
    if "name" in values:
        values["name"] = accept_name(values["name"], field="name", longest=MAX_NAME)
    if "filter" in values:
        values["filter"] = _accepted(values["filter"])
    if values:
        mine = (SavedSearch.id == search_id) & (SavedSearch.user_id == actor.user_id)
        await session.execute(update(SavedSearch).where(mine).values(**values))
    return await get_search(session, actor, search_id)


async def delete_search(session: AsyncSession, actor: Actor, search_id: UUID) -> None:
    """Forget a search; the images that it finds stay. Raises SearchNotFound."""
    mine = (SavedSearch.id == search_id) & (SavedSearch.user_id == actor.user_id)
    if await session.scalar(delete(SavedSearch).where(mine).returning(SavedSearch.id)) is None:
        raise SearchNotFound


async def list_found(
    session: ReadSession, actor: Actor, filter: ImageFilter, asked: PageRequest
) -> Page[Image]:
    """A page of what a search finds now: nothing where the collection that it asks for is gone. Raises BadCursor and TooManyWords."""
    if not await is_collection_there(session, actor.user_id, filter):
        return Page([], None)
    return await list_images(session, actor, filter, asked)


async def find_cover(session: ReadSession, actor: Actor, filter: ImageFilter) -> Image | None:
    """The newest image that a search finds."""
    # Nobody goes on to the next page.
    newest = await list_found(session, actor, replace(filter, sort="newest"), PageRequest(b"cover", 1))
    return newest.items[0] if newest.items else None


def _accepted(said: Mapping[str, Any]) -> dict[str, Any]:
    """What can be used later: as many words as a search may have. Raises TooManyWords."""
    read_terms(str(said.get("q", "")))
    return dict(said)
