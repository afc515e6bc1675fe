"""Saved searches: filters of my gallery under a name; some of them are collections that fill themselves."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import Storage
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, ReadSessionDep, SessionDep, StorageDep, within
from pingvas.api.http.stored import read_stored
from pingvas.api.http.wire import SHOWN_NAME, PageDep, left_out
from pingvas.api.routes.image_filter import FilterIn
from pingvas.api.routes.image_out import ImagePage, images_out, thumbnail_url
from pingvas.base.read_session import ReadSession
from pingvas.gallery.library import ImageFilter, Sort
from pingvas.gallery.saved_searches import searches
from pingvas.gallery.saved_searches.missing import find_missing
from pingvas.gallery.saved_searches.searches import MAX_NAME, MAX_SEARCHES, SearchChanges, TooManySearches
from pingvas.gallery.saved_searches.tables import SavedSearch
from pingvas.gallery.search import TooManyWords
from pingvas.gallery.tables import Image

router = APIRouter(prefix="/searches", tags=["gallery"])

_NAME = {**SHOWN_NAME, "maxLength": MAX_NAME}
_Name = Annotated[
    str, Field(max_length=400, description=f"1 to {MAX_NAME} characters", json_schema_extra=_NAME)
]
_FILTER = "What it asks for, in the words of `GET /images`"
_SORT = "null: the newest first, or the order of the collection that is asked for"
_IS_COLLECTION = (
    "Whether it is shown among my collections. Nobody else sees it, and nothing can be put into it"
)


class SearchOut(BaseModel):
    """A saved search of mine."""

    id: UUID
    name: str
    filter: dict[str, Any] = Field(description=f"{_FILTER}, as `FilterIn` has them; a seed as text")
    sort: Sort | None = Field(description=_SORT)
    is_collection: bool = Field(description=_IS_COLLECTION)
    cover_image_id: UUID | None = Field(
        description="The newest image that it finds; null: none, it is no collection, or it stands in a list that is not of collections alone"
    )
    cover_image_url: str | None = Field(description="Its thumbnail, at an address that expires")
    created_at: datetime


class MissingOut(BaseModel):
    """Something that a search asks for and that is not there any more."""

    field: str = Field(
        description="Of the filter: `tag`, `model`, `lora`, `collection`; or one that can no longer be asked for"
    )
    value: str = Field(description="As it is asked for")


class SearchDetailsOut(SearchOut):
    """A search by itself says what it misses, too."""

    missing: list[MissingOut]


class SearchPage(BaseModel):
    items: list[SearchOut]
    next_cursor: str | None


class SearchBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: _Name
    filter: FilterIn = Field(description=_FILTER)
    sort: Sort | None = Field(None, description=_SORT)
    is_collection: StrictBool = Field(False, description=_IS_COLLECTION)


class SearchPatch(BaseModel):
    """Only what is sent changes."""

    model_config = ConfigDict(extra="forbid")

    name: _Name = Field(default_factory=left_out)
    filter: FilterIn = Field(
        default_factory=left_out, description=f"{_FILTER}; in place of all that it asked for"
    )
    sort: Sort | None = Field(None, description=_SORT)
    is_collection: StrictBool = Field(default_factory=left_out, description=_IS_COLLECTION)


@router.get("", operation_id="list_searches", dependencies=[within("lists")])
async def list_my_searches(
    actor: ActorDep,
    session: ReadSessionDep,
    storage: StorageDep,
    asked: PageDep,
    is_collection: Annotated[
        bool | None, Query(description="Those that are collections, or those that are none; left out: both")
    ] = None,
) -> SearchPage:
    """My saved searches, the newest first."""
    page = await searches.list_searches(session, actor, asked, is_collection=is_collection)
    items = [
        await _out(session, actor, storage, search, with_cover=is_collection is True) for search in page.items
    ]
    return SearchPage(items=items, next_cursor=page.next_cursor)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="save_search",
    dependencies=[within("changes")],
    description=f"Keep a filter under a name. A person has {MAX_SEARCHES} at most.",
)
@raises(TooManySearches, TooManyWords)
async def save_search(
    body: SearchBody, actor: ActorDep, session: SessionDep, storage: StorageDep
) -> SearchDetailsOut:
    """Keep a filter under a name."""
    said = _said(body.filter)
    search = await searches.save_search(
        session, actor, body.name, said, body.sort, is_collection=body.is_collection
    )
    return await _details(session, actor, storage, search)


@router.get("/{search_id:uuid}", operation_id="get_search")
async def get_search(
    search_id: UUID, actor: ActorDep, session: ReadSessionDep, storage: StorageDep
) -> SearchDetailsOut:
    """One of my saved searches, and what it asks for that is not there any more."""
    return await _details(session, actor, storage, await searches.get_search(session, actor, search_id))


@router.patch("/{search_id:uuid}", operation_id="change_search", dependencies=[within("changes")])
@raises(TooManyWords)
async def change_search(
    search_id: UUID,
    body: SearchPatch,
    actor: ActorDep,
    session: SessionDep,
    storage: StorageDep,
) -> SearchDetailsOut:
    """Call one of my saved searches something else, or have it ask for something else."""
    changes: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    if "filter" in changes:
        changes["filter"] = _said(body.filter)
    search = await searches.change_search(session, actor, search_id, SearchChanges(**changes))  # type: ignore[typeddict-item]  # the same keys
    return await _details(session, actor, storage, search)


@router.delete(
    "/{search_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="delete_search",
    dependencies=[within("changes")],
)
async def delete_search(search_id: UUID, actor: ActorDep, session: SessionDep) -> None:
    """Forget one of my saved searches. The images that it finds stay."""
    await searches.delete_search(session, actor, search_id)


@router.get("/{search_id:uuid}/images", operation_id="list_search_images", dependencies=[within("lists")])
@raises(TooManyWords)
async def list_search_images(
    search_id: UUID, actor: ActorDep, session: ReadSessionDep, storage: StorageDep, asked: PageDep
) -> ImagePage:
    """What one of my saved searches finds now, in its order."""
    search = await searches.get_search(session, actor, search_id)
    filter, _ = _read(search)
    page = await searches.list_found(session, actor, filter, asked)
    return ImagePage(items=await images_out(session, page.items, storage), next_cursor=page.next_cursor)


def _said(filter: FilterIn) -> dict[str, Any]:
    said = filter.model_dump(mode="json", exclude_unset=True)
    # As text: numbers of a browser are not exact up to there.
    return said if "seed" not in said else said | {"seed": str(said["seed"])}


def _read(search: SavedSearch) -> tuple[ImageFilter, list[str]]:
    """What it asks for, and the names of what can no longer be asked for."""
    filter, bad = read_stored(FilterIn, search.filter)
    sort: Any = search.sort
    return replace(filter.filter(), sort=sort), bad


async def _details(
    session: ReadSession, actor: Actor, storage: Storage, search: SavedSearch
) -> SearchDetailsOut:
    filter, bad = _read(search)
    missing = [MissingOut(**vars(one)) for one in await find_missing(session, actor.user_id, filter)]
    missing += [MissingOut(field=name, value=str(search.filter[name])) for name in bad]
    shown = await _out(session, actor, storage, search, with_cover=search.is_collection)
    return SearchDetailsOut(**dict(shown), missing=missing)


async def _out(
    session: ReadSession, actor: Actor, storage: Storage, search: SavedSearch, *, with_cover: bool
) -> SearchOut:
    cover: Image | None = None
    if with_cover:
        cover = await searches.find_cover(session, actor, _read(search)[0])
    return SearchOut.model_validate(
        {
            "id": search.id,
            "name": search.name,
            "filter": _shown(search.filter),
            "sort": search.sort,
            "is_collection": search.is_collection,
            "cover_image_id": None if cover is None else cover.id,
            "cover_image_url": None if cover is None else await thumbnail_url(cover, storage),
            "created_at": search.created_at,
        }
    )


def _shown(said: Mapping[str, Any]) -> dict[str, Any]:
    """What of it can be asked for."""
    _, bad = read_stored(FilterIn, said)
    return {name: value for name, value in said.items() if name not in bad}
