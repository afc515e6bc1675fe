"""`tags.usage_count` is what `image_tags` holds, whatever happened to it."""

import asyncio

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.gallery.tables import Image, ImageTag, Tag
from tests.make.accounts import make_user
from tests.make.gallery import make_image, make_tag, tag_image

_WRONG = text("""
    SELECT name FROM tags
     WHERE usage_count <> (SELECT count(*) FROM image_tags WHERE tag_id = tags.id)
""")


async def _counts(session: ReadSession, *tags: Tag) -> list[int]:
    rows = await session.execute(select(Tag.id, Tag.usage_count))
    counts = {row.id: row.usage_count for row in rows}
    return [counts[tag.id] for tag in tags]


async def test_tagging_and_untagging_are_counted(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    first, second = await make_image(session, user.id), await make_image(session, user.id)
    sea, night = await make_tag(session), await make_tag(session)

    # when
    await tag_image(session, first, sea, night)
    await tag_image(session, second, sea)
    await session.execute(delete(ImageTag).where(ImageTag.image_id == first.id, ImageTag.tag_id == night.id))

    # then
    assert await _counts(session, sea, night) == [2, 0]


async def test_merging_a_tag_into_another_moves_its_uses(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    sea, ocean = await make_tag(session), await make_tag(session)
    for _ in range(2):
        await tag_image(session, await make_image(session, user.id), ocean)

    # when
    await session.execute(update(ImageTag).where(ImageTag.tag_id == ocean.id).values(tag_id=sea.id))

    # then
    assert await _counts(session, sea, ocean) == [2, 0]


async def test_deleting_an_image_or_its_owner_takes_their_uses_away(session: AsyncSession) -> None:
    # given
    user, other = await make_user(session), await make_user(session)
    sea, night = await make_tag(session), await make_tag(session)
    mine = [await make_image(session, user.id) for _ in range(3)]
    for image in (*mine, await make_image(session, other.id)):
        await tag_image(session, image, sea, night)

    # when
    await session.execute(delete(Image).where(Image.id == mine[0].id))
    after_the_image = await _counts(session, sea, night)
    await session.execute(delete(User).where(User.id == user.id))

    # then
    assert after_the_image == [3, 3]
    assert await _counts(session, sea, night) == [1, 1]


async def test_deleting_a_tag_takes_it_off_its_images(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    sea = await make_tag(session)
    await tag_image(session, await make_image(session, user.id), sea)

    # when
    await session.execute(delete(Tag).where(Tag.id == sea.id))

    # then
    assert (await session.scalars(select(ImageTag).where(ImageTag.tag_id == sea.id))).all() == []


async def test_emptying_the_table_sets_the_counts_to_nothing(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    sea = await make_tag(session)
    await tag_image(session, await make_image(session, user.id), sea)

    # when
    await session.execute(text("TRUNCATE image_tags"))

    # then
    assert await _counts(session, sea) == [0]


async def test_counts_hold_when_many_tag_and_untag_at_once_in_any_order(database: Database) -> None:
    # given
    async with database.transaction() as session:
        user = await make_user(session)
        tags = [await make_tag(session) for _ in range(4)]
        images = [await make_image(session, user.id) for _ in range(8)]

    async def tag_and_think_again(place: int, image: Image) -> None:
        """Half of them in the opposite order, so that whoever locks tags as they come would deadlock."""
        words = tags if place % 2 else tags[::-1]
        for _ in range(5):
            async with database.transaction() as session:
                await tag_image(session, image, *words)
            async with database.transaction() as session:
                await session.execute(delete(ImageTag).where(ImageTag.image_id == image.id))
        async with database.transaction() as session:
            await tag_image(session, image, *words[: place % 4 + 1])

    # when
    await asyncio.gather(*(tag_and_think_again(place, image) for place, image in enumerate(images)))

    # then
    async with database.read() as reading:
        assert (await reading.scalars(_WRONG)).all() == []
        assert sum(await _counts(reading, *tags)) == sum(place % 4 + 1 for place in range(8))
