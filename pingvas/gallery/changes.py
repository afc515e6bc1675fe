"""What may be done to many images at once, and how each is taken back exactly.

A change tells what every image that it touched had before, as plain values; an image that had it already is not among them. Taking it
back leaves alone what somebody has changed since. Images are locked, as their owner's gallery is.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.read_session import ReadSession
from pingvas.gallery.collection_order import append, ids_in
from pingvas.gallery.collections import lock_collection, require_own, take_out_images
from pingvas.gallery.library import SHARED, in_trash, not_in_trash
from pingvas.gallery.sharing.hidden import hidden_among
from pingvas.gallery.tables import Image, ImageTag, Tag
from pingvas.gallery.tag_names import MAX_TAGS
from pingvas.gallery.tags import add_tags, lock_tags_of, remove_tags
from pingvas.gallery.trash import delete_them_for_good, restore_them, trash_them

# What images had before, by their ids.
Before = Mapping[UUID, Any]


class Change(Protocol):
    """Something that is done to images. `also_trashed`: to those in the trash too, which nothing else is done to."""

    also_trashed: ClassVar[bool]

    async def check(self, session: ReadSession, actor: Actor) -> None:
        """Raises what would be raised for any image."""

    async def do(self, session: AsyncSession, actor: Actor, image_ids: Sequence[UUID]) -> Before:
        """Do it; what those that it touched had before."""


class LastingChange(Change, Protocol):
    """A change that can be written down, done later and taken back."""

    name: ClassVar[str]

    async def undo(self, session: AsyncSession, actor: Actor, before: Before) -> None:
        """Give images what they had."""


@dataclass(frozen=True)
class _OfAll:
    also_trashed: ClassVar[bool] = False

    async def check(self, session: ReadSession, actor: Actor) -> None:
        return None


@dataclass(frozen=True)
class SetFavorite(_OfAll):
    """Make images favorites, or favorites no more."""

    name: ClassVar[str] = "favorite"
    is_favorite: bool

    async def do(self, session: AsyncSession, _: Actor, image_ids: Sequence[UUID]) -> Before:
        return await _set(session, image_ids, "is_favorite", self.is_favorite)

    async def undo(self, session: AsyncSession, _: Actor, before: Before) -> None:
        await _set_back(session, before, "is_favorite", self.is_favorite)


@dataclass(frozen=True)
class SetRating(_OfAll):
    """Say what their owner thinks of images."""

    name: ClassVar[str] = "rate"
    rating: int

    async def do(self, session: AsyncSession, _: Actor, image_ids: Sequence[UUID]) -> Before:
        return await _set(session, image_ids, "rating", self.rating)

    async def undo(self, session: AsyncSession, _: Actor, before: Before) -> None:
        await _set_back(session, before, "rating", self.rating)


@dataclass(frozen=True)
class SetVisibility(_OfAll):
    """Say who may see images. Those that an admin hides stay as they are."""

    name: ClassVar[str] = "visibility"
    visibility: str

    async def do(self, session: AsyncSession, _: Actor, image_ids: Sequence[UUID]) -> Before:
        if self.visibility in SHARED:
            hidden = await hidden_among(session, image_ids)
            image_ids = [id for id in image_ids if id not in hidden]
        return await _set(session, image_ids, "visibility", self.visibility)

    async def undo(self, session: AsyncSession, _: Actor, before: Before) -> None:
        hidden = await hidden_among(session, list(before))
        others = {id: had for id, had in before.items() if id not in hidden}
        await _set_back(session, others, "visibility", self.visibility)


@dataclass(frozen=True)
class PutTags(_OfAll):
    """Put tags on images. Raises TooManyTags."""

    name: ClassVar[str] = "tag"
    tags: Sequence[str]

    async def do(self, session: AsyncSession, actor: Actor, image_ids: Sequence[UUID]) -> Before:
        has = await _which_of(session, image_ids, self.tags)
        await add_tags(session, actor.user_id, image_ids, self.tags)
        return {id: sorted(has[id]) for id in image_ids if len(has[id]) < len(self.tags)}

    async def undo(self, session: AsyncSession, _: Actor, before: Before) -> None:
        await lock_tags_of(session, image_ids=before)
        for name in self.tags:
            new = [id for id, had in before.items() if name not in had]
            await remove_tags(session, new, [name])


@dataclass(frozen=True)
class TakeTags(_OfAll):
    """Take tags off images."""

    name: ClassVar[str] = "untag"
    tags: Sequence[str]

    async def do(self, session: AsyncSession, _: Actor, image_ids: Sequence[UUID]) -> Before:
        has = await _which_of(session, image_ids, self.tags)
        await lock_tags_of(session, image_ids=image_ids)
        await remove_tags(session, image_ids, self.tags)
        return {id: sorted(names) for id, names in has.items() if names}

    async def undo(self, session: AsyncSession, actor: Actor, before: Before) -> None:
        alike: dict[tuple[str, ...], list[UUID]] = {}
        for id, names in before.items():
            alike.setdefault(tuple(names), []).append(id)
        has = await _tags_on(session, before)
        # All words are locked together, in one order.
        await add_tags(session, actor.user_id, (), sorted({name for names in alike for name in names}))
        for names, ids in sorted(alike.items()):
            # One that got others since has no room for these.
            roomy = [id for id in ids if len(has[id].union(names)) <= MAX_TAGS]
            if roomy:
                await add_tags(session, actor.user_id, roomy, names)


@dataclass(frozen=True)
class PutIntoCollection:
    """Put images at the end of a collection. Raises CollectionNotFound and CollectionFull."""

    name: ClassVar[str] = "add_to_collection"
    also_trashed: ClassVar[bool] = False
    collection_id: UUID

    async def check(self, session: ReadSession, actor: Actor) -> None:
        await require_own(session, actor.user_id, self.collection_id)

    async def do(self, session: AsyncSession, actor: Actor, image_ids: Sequence[UUID]) -> Before:
        await lock_collection(session, actor, self.collection_id)
        there = await ids_in(session, self.collection_id, image_ids)
        await append(session, self.collection_id, image_ids)
        return {id: [] for id in image_ids if id not in there}

    async def undo(self, session: AsyncSession, actor: Actor, before: Before) -> None:
        await take_out_images(session, actor, self.collection_id, list(before))


@dataclass(frozen=True)
class MoveToTrash(_OfAll):
    """Delete images, so that they can come back."""

    name: ClassVar[str] = "trash"
    also_trashed: ClassVar[bool] = True

    async def do(self, session: AsyncSession, actor: Actor, image_ids: Sequence[UUID]) -> Before:
        moving = await _ids_where(session, image_ids, not_in_trash())
        await trash_them(session, actor, moving)
        return {id: [] for id in moving}

    async def undo(self, session: AsyncSession, actor: Actor, before: Before) -> None:
        await restore_them(session, actor, list(before))


@dataclass(frozen=True)
class Restore(_OfAll):
    """Bring images back from the trash."""

    name: ClassVar[str] = "restore"
    also_trashed: ClassVar[bool] = True

    async def do(self, session: AsyncSession, actor: Actor, image_ids: Sequence[UUID]) -> Before:
        coming = await _ids_where(session, image_ids, in_trash())
        await restore_them(session, actor, coming)
        return {id: [] for id in coming}

    async def undo(self, session: AsyncSession, actor: Actor, before: Before) -> None:
        await trash_them(session, actor, list(before))


@dataclass(frozen=True)
class DeleteForGood(_OfAll):
    """Delete images; their bytes follow by the outbox."""

    also_trashed: ClassVar[bool] = True

    async def do(self, session: AsyncSession, actor: Actor, image_ids: Sequence[UUID]) -> Before:
        await delete_them_for_good(session, actor, image_ids)
        return {}


_LASTING: Mapping[str, Callable[..., LastingChange]] = {
    "favorite": SetFavorite,
    "rate": SetRating,
    "visibility": SetVisibility,
    "tag": PutTags,
    "untag": TakeTags,
    "add_to_collection": PutIntoCollection,
    "trash": MoveToTrash,
    "restore": Restore,
}


def written(change: LastingChange) -> dict[str, Any]:
    """A change as JSON."""
    return {"change": change.name, **{key: _plain(value) for key, value in vars(change).items()}}


def read(said: Mapping[str, Any]) -> LastingChange:
    """The change that was written."""
    values = dict(said)
    make = _LASTING[values.pop("change")]
    if "collection_id" in values:
        values["collection_id"] = UUID(values["collection_id"])
    return make(**values)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else list(value) if isinstance(value, tuple) else value


async def _ids_where(
    session: AsyncSession, image_ids: Sequence[UUID], condition: ColumnElement[bool]
) -> list[UUID]:
    query = select(Image.id).where(Image.id.in_(image_ids), condition).order_by(Image.id)
    return list(await session.scalars(query))


async def _set(session: AsyncSession, image_ids: Sequence[UUID], name: str, value: object) -> Before:
    column = getattr(Image, name)
    others = select(Image.id, column).where(Image.id.in_(image_ids), column != value)
    before = {row[0]: row[1] for row in await session.execute(others)}
    await session.execute(update(Image).where(Image.id.in_(before)).values({name: value}))
    return before


async def _set_back(session: AsyncSession, before: Before, name: str, given: object) -> None:
    column = getattr(Image, name)
    for value in sorted(set(before.values())):
        ids = [id for id, had in before.items() if had == value]
        ours = update(Image).where(Image.id.in_(ids), column == given)
        await session.execute(ours.values({name: value}))


async def _tags_on(session: ReadSession, image_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    has: dict[UUID, set[str]] = {id: set() for id in image_ids}
    query = select(ImageTag.image_id, Tag.name).join(Tag, Tag.id == ImageTag.tag_id)
    for id, name in await session.execute(query.where(ImageTag.image_id.in_(image_ids))):
        has[id].add(name)
    return has


async def _which_of(
    session: ReadSession, image_ids: Collection[UUID], names: Sequence[str]
) -> dict[UUID, set[str]]:
    return {id: has.intersection(names) for id, has in (await _tags_on(session, image_ids)).items()}
