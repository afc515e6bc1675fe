"""Tags on images: put on, taken off, called something else. Names come in the one form that `tag_names` gives them.

Whoever changes tags locks in one order: the person (`lock_gallery`), the images by their ids, the tags by theirs, which
all people share. Tags are made when they are first used; a chore forgets those that nobody uses any more.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.accounts.tables import User
from pingvas.base.errors import Invalid, NotFound
from pingvas.base.ids import new_id
from pingvas.gallery.tables import ImageTag, StorageUse, Tag, UserTag
from pingvas.gallery.tag_names import MAX_TAGS

_PUT_ON = text("""
    INSERT INTO image_tags (image_id, tag_id, user_id)
    SELECT * FROM unnest(:image_ids, :tag_ids, :user_ids)
    ON CONFLICT DO NOTHING
""").bindparams(*(bindparam(name, type_=ARRAY(Uuid)) for name in ("image_ids", "tag_ids", "user_ids")))
_FORGET = text("""
    DELETE FROM tags WHERE usage_count = 0 AND id IN (
        SELECT id FROM tags WHERE usage_count = 0 ORDER BY id FOR UPDATE SKIP LOCKED)
""")


class TagNotFound(NotFound):
    """No such tag, or none that the person uses."""

    default_detail = "There is no such tag here."


class TooManyTags(Invalid):
    default_detail = f"An image has at most {MAX_TAGS} tags."

    def __init__(self) -> None:
        super().__init__(
            field="tags", reason=f"would leave an image with more than {MAX_TAGS} tags; take some off first"
        )


@dataclass(frozen=True)
class NewTags:
    """The tags that an image begins with."""

    image_id: UUID
    user_id: UUID
    names: Sequence[str]


@dataclass(frozen=True)
class Renamed:
    """A tag under its new name, `images` that had the old one, and whether another one of that name was there."""

    tag: UserTag
    name: str
    images: int
    merged: bool


async def lock_gallery(session: AsyncSession, user_id: UUID) -> None:
    """Let nobody else change this person's tags or delete their images until this transaction ends.

    Who deletes the account waits too, and what a worker keeps: it counts the storage that is used.
    """
    await session.execute(
        select(User.id).where(User.id == user_id).with_for_update(key_share=True, read=True)
    )
    mine = select(StorageUse.user_id).where(StorageUse.user_id == user_id)
    await session.execute(mine.with_for_update(key_share=True))


async def lock_tags_of(
    session: AsyncSession, *, image_ids: Collection[UUID] = (), user_id: UUID | None = None
) -> None:
    """Lock the tags of images or of a person at once, before rows are deleted one after the other."""
    on_them = select(ImageTag.tag_id).where(
        ImageTag.image_id.in_(image_ids) if user_id is None else ImageTag.user_id == user_id
    )
    tags = select(Tag.id).where(Tag.id.in_(on_them)).order_by(Tag.id)
    await session.execute(tags.with_for_update(key_share=True))


async def set_tags(session: AsyncSession, user_id: UUID, image_id: UUID, names: Sequence[str]) -> None:
    """Give an image these tags and no others. The person's gallery and the image are locked."""
    query = select(Tag.name, Tag.id).join(ImageTag, ImageTag.tag_id == Tag.id)
    before = {row.name: row.id for row in await session.execute(query.where(ImageTag.image_id == image_id))}
    off = [tag_id for name, tag_id in before.items() if name not in names]
    on = await _find_or_make(session, [name for name in names if name not in before], beside=off)
    if off:
        await session.execute(delete(ImageTag).where(ImageTag.image_id == image_id, ImageTag.tag_id.in_(off)))
    await _put_on(session, [(image_id, tag_id, user_id) for tag_id in on.values()])


async def add_tags(
    session: AsyncSession, user_id: UUID, image_ids: Collection[UUID], names: Sequence[str]
) -> None:
    """Put tags on images, which are locked as their owner's gallery is. Raises TooManyTags."""
    has: dict[UUID, set[str]] = {image_id: set() for image_id in image_ids}
    query = select(ImageTag.image_id, Tag.name).join(Tag, Tag.id == ImageTag.tag_id)
    for image_id, name in await session.execute(query.where(ImageTag.image_id.in_(image_ids))):
        has[image_id].add(name)
    if any(len(there.union(names)) > MAX_TAGS for there in has.values()):
        raise TooManyTags
    tags = await _find_or_make(session, names)
    missing = (
        (image_id, tags[name], user_id)
        for image_id, there in has.items()
        for name in names
        if name not in there
    )
    await _put_on(session, missing)


async def remove_tags(session: AsyncSession, image_ids: Collection[UUID], names: Sequence[str]) -> None:
    """Take tags off images, which are locked as their owner's gallery is. What they do not have is no matter."""
    named = select(Tag.id).where(Tag.name.in_(names))
    await session.execute(
        delete(ImageTag).where(ImageTag.image_id.in_(image_ids), ImageTag.tag_id.in_(named))
    )


async def tag_new_images(session: AsyncSession, images: Collection[NewTags]) -> None:
    """Put tags on images that this transaction has made; the last thing that it does."""
    tags = await _find_or_make(session, {name for image in images for name in image.names})
    await _put_on(
        session, [(image.image_id, tags[name], image.user_id) for image in images for name in image.names]
    )


async def rename_tag(session: AsyncSession, actor: Actor, tag_id: UUID, name: str) -> Renamed:
    """Call a tag of the actor's something else, on all of their images. Where they have one of that name, the two become
    one. Raises TagNotFound."""
    await lock_gallery(session, actor.user_id)
    tag = await _get_mine(session, actor, tag_id)
    tags = await _find_or_make(session, [name], beside=[tag.tag_id])
    old, new, images = tag.tag_id, tags[name], tag.usage_count
    if new == old:
        return Renamed(tag, name, images, merged=False)
    other = await session.scalar(
        select(UserTag).where(UserTag.user_id == actor.user_id, UserTag.tag_id == new)
    )
    mine = ImageTag.user_id == actor.user_id
    if other is None:
        # The row stays the person's tag; the trigger counts its uses again under the other name.
        await session.execute(update(UserTag).where(UserTag.id == tag.id).values(tag_id=new, usage_count=0))
    # Images in the trash may have both as well.
    twin = select(ImageTag.image_id).where(mine, ImageTag.tag_id == new)
    await session.execute(delete(ImageTag).where(mine, ImageTag.tag_id == old, ImageTag.image_id.in_(twin)))
    await session.execute(update(ImageTag).where(mine, ImageTag.tag_id == old).values(tag_id=new))
    kept = tag if other is None else other
    await session.refresh(kept)
    return Renamed(kept, name, images, merged=other is not None)


async def delete_tag(session: AsyncSession, actor: Actor, tag_id: UUID) -> None:
    """Take a tag off all of the actor's images. Raises TagNotFound."""
    await lock_gallery(session, actor.user_id)
    tag = await _get_mine(session, actor, tag_id)
    await session.execute(
        delete(ImageTag).where(ImageTag.user_id == actor.user_id, ImageTag.tag_id == tag.tag_id)
    )


async def forget_unused_tags(session: AsyncSession) -> None:
    """Forget words that are on nobody's images any more."""
    await session.execute(_FORGET)


async def _get_mine(session: AsyncSession, actor: Actor, tag_id: UUID) -> UserTag:
    query = select(UserTag).where(UserTag.id == tag_id, UserTag.user_id == actor.user_id)
    tag = await session.scalar(query.execution_options(populate_existing=True))
    if tag is None:
        raise TagNotFound
    return tag


async def _find_or_make(
    session: AsyncSession, names: Collection[str], beside: Collection[UUID] = ()
) -> dict[str, UUID]:
    """The ids of tags by their names, made where nobody has used them yet. They and those `beside` them are locked."""
    wanted = sorted(set(names))
    if not wanted and not beside:
        return {}
    while True:
        # In the order of their names, so that two who make the same words wait for each other in one direction.
        if wanted:
            rows = [{"id": new_id(), "name": name} for name in wanted]
            await session.execute(insert(Tag).values(rows).on_conflict_do_nothing(index_elements=[Tag.name]))
        here = select(Tag.name, Tag.id).where(or_(Tag.name.in_(wanted), Tag.id.in_(beside))).order_by(Tag.id)
        found = {row.name: row.id for row in await session.execute(here.with_for_update(key_share=True))}
        if found.keys() >= set(wanted):  # else one was forgotten meanwhile, as nobody used it
            return {name: found[name] for name in wanted}


async def _put_on(session: AsyncSession, rows: Iterable[tuple[UUID, UUID, UUID]]) -> None:
    """Rows of image, tag and owner; those that are there stay."""
    columns = list(zip(*rows, strict=True))
    if columns:
        image_ids, tag_ids, user_ids = map(list, columns)
        await session.execute(_PUT_ON, {"image_ids": image_ids, "tag_ids": tag_ids, "user_ids": user_ids})
