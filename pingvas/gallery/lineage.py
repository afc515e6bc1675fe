"""Where an image comes from and what became of it: the images it was made from and those made of it, some generations each way, and others
of the same words. All of it is its owner's, and told to nobody else.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.gallery.library import ImageNotFound, not_in_trash
from pingvas.gallery.tables import Image, ImageSource
from pingvas.gallery.tags import lock_gallery

MAX_DEPTH = 5
# Of each way; a picture that was used a thousand times shows the newest of what was made of it.
MAX_IMAGES = 60
MAX_OF_PROMPT = 24
NO_WORDS = UUID(int=0)
TRACED_AT_ONCE = 1000

_SOMEBODY = text("SELECT user_id FROM images WHERE prompt_key IS NULL LIMIT 1")
_UNTRACED = text("SELECT id FROM images WHERE prompt_key IS NULL AND user_id = :user_id LIMIT :most")
_TRACE = text("""
    WITH traced AS (
        UPDATE images SET prompt_key = key_of_prompt(generation_params) WHERE id = ANY(:ids) AND prompt_key IS NULL
        RETURNING id, user_id, generation_params
    )
    INSERT INTO image_sources (image_id, source_id, role)
    SELECT traced.id, source.id, named.role
      FROM traced CROSS JOIN LATERAL sources_named(traced.generation_params) AS named
      JOIN images AS source
        ON source.id = named.source_id AND source.user_id = traced.user_id AND source.id <> traced.id
    ON CONFLICT DO NOTHING
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


@dataclass(frozen=True)
class Link:
    """That an image was made from another, and as what: `source`, `mask`, `control` or `reference`."""

    image_id: UUID
    source_id: UUID
    role: str


@dataclass(frozen=True)
class Relative:
    """An image so many generations back (below 0) or on."""

    image: Image
    generation: int


@dataclass(frozen=True)
class Lineage:
    """The nearest first. `more`: there are images beyond these."""

    ancestors: list[Relative]
    descendants: list[Relative]
    links: list[Link]
    of_prompt: list[Image]
    more: bool


@dataclass
class _Way:
    """One of the two ways through the images: what was found, and whether something was left out."""

    seen: set[UUID]
    found: list[Relative]
    links: set[Link]
    more: bool = False


async def read_lineage(session: ReadSession, actor: Actor, image_id: UUID, depth: int = 3) -> Lineage:
    """Of one of the actor's images, so many generations each way. What is in the trash is left out, and what only leads on by it.
    Raises ImageNotFound."""
    image = await session.scalar(select(Image).where(Image.id == image_id, Image.user_id == actor.user_id))
    if image is None:
        raise ImageNotFound
    depth = min(depth, MAX_DEPTH)
    back = await _walk(session, image, depth, back=True)
    on = await _walk(session, image, depth, back=False)
    links = sorted(back.links | on.links, key=lambda link: (link.image_id, link.source_id, link.role))
    others = await _others_of_prompt(session, image)
    return Lineage(back.found, on.found, links, others, back.more or on.more)


async def trace_old_images(database: Database, at_once: int = TRACED_AT_ONCE) -> int:
    """Look what images of earlier versions were made from; how many there were. May be cut off at any moment."""
    traced = 0
    while True:
        async with database.transaction() as session:
            user_id = await session.scalar(_SOMEBODY)
            if user_id is None:
                return traced
            traced += await _trace(session, user_id, at_once)


async def _trace(session: AsyncSession, user_id: UUID, at_once: int) -> int:
    await lock_gallery(session, user_id)  # nothing of theirs is deleted meanwhile
    ids = list(await session.scalars(_UNTRACED, {"user_id": user_id, "most": at_once}))
    await session.execute(_TRACE, {"ids": ids})
    return len(ids)


async def _walk(session: ReadSession, image: Image, depth: int, *, back: bool) -> _Way:
    way = _Way({image.id}, [], set())
    frontier: Collection[UUID] = [image.id]
    for step in range(1, depth + 2):
        if not frontier:
            break
        frontier = await _step(session, way, frontier, step, depth, back=back)
    return way


async def _step(
    session: ReadSession, way: _Way, frontier: Collection[UUID], step: int, depth: int, *, back: bool
) -> list[UUID]:
    """One generation further; the ids of those that are new. One step beyond the depth only tells whether there is more."""
    here, there = ImageSource.image_id, ImageSource.source_id
    if not back:
        here, there = there, here
    query = (
        select(ImageSource, Image)
        .join(Image, Image.id == there)
        .where(here.in_(frontier), not_in_trash())
        .order_by(there.desc())
        .limit(MAX_IMAGES + 1)
    )
    if step > depth:
        way.more = way.more or (await session.execute(query.limit(1))).first() is not None
        return []
    rows = (await session.execute(query)).all()
    new: list[UUID] = []
    for source, image in rows[:MAX_IMAGES]:
        if image.id not in way.seen:
            if len(way.found) >= MAX_IMAGES:
                way.more = True
                continue
            way.seen.add(image.id)
            way.found.append(Relative(image, -step if back else step))
            new.append(image.id)
        way.links.add(Link(source.image_id, source.source_id, source.role))
    way.more = way.more or len(rows) > MAX_IMAGES
    return new


async def _others_of_prompt(session: ReadSession, image: Image) -> list[Image]:
    """The newest first."""
    if image.prompt_key in (None, NO_WORDS):
        return []
    same = (Image.user_id == image.user_id) & (Image.prompt_key == image.prompt_key)
    query = select(Image).where(same, Image.id != image.id, not_in_trash())
    return list(await session.scalars(query.order_by(Image.id.desc()).limit(MAX_OF_PROMPT)))
