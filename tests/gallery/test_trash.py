"""The trash: what is in it is nowhere else, comes back as it was, and goes for good when its days are over."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from harness.catalog import make_model
from harness.clock import make_clock_movable, set_clock
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.base.pages import PageRequest
from pingvas.gallery import collections
from pingvas.gallery.bulk import change_all
from pingvas.gallery.changes import DeleteForGood, MoveToTrash, Restore, SetFavorite
from pingvas.gallery.library import (
    ImageChanges,
    ImageFilter,
    ImageNotFound,
    change_image,
    get_visible_image,
    list_images,
    tags_of,
)
from pingvas.gallery.storage_use import used_bytes
from pingvas.gallery.tables import Image, Tag
from pingvas.gallery.tag_list import list_tags
from pingvas.gallery.tags import delete_tag, forget_unused_tags, rename_tag
from pingvas.gallery.trash import (
    delete_for_good,
    empty_trash,
    move_to_trash,
    purge_trash,
    read_trash,
    restore_image,
)
from pingvas.generation.status.jobs import get_job
from tests.make.accounts import make_user
from tests.make.billing import make_person
from tests.make.gallery import make_collection, make_image
from tests.make.generation import claim_job, complete_job, submit_jobs

KEY = b"k" * 32
_WRONG = text("""
    SELECT name FROM tags
     WHERE usage_count <> (SELECT count(*) FROM image_tags WHERE tag_id = tags.id)
     UNION ALL
    SELECT CAST(kept.id AS text) FROM user_tags AS kept
      FULL JOIN (SELECT user_id, tag_id, count(*) AS uses FROM image_tags WHERE NOT is_trashed GROUP BY 1, 2) AS there
        ON there.user_id = kept.user_id AND there.tag_id = kept.tag_id
     WHERE kept.usage_count IS DISTINCT FROM there.uses
     UNION ALL
    SELECT 'marked wrongly' FROM image_tags JOIN images ON images.id = image_id
     WHERE is_trashed <> (trashed_at IS NOT NULL)
     UNION ALL
    SELECT 'in a collection' FROM collections_images JOIN images ON images.id = image_id WHERE trashed_at IS NOT NULL
     UNION ALL
    SELECT 'set aside' FROM trashed_places JOIN images ON images.id = image_id WHERE trashed_at IS NULL
""")


async def make_actor(session: AsyncSession) -> Actor:
    return Actor((await make_user(session)).id, "user", None)


async def ids(session: AsyncSession, actor: Actor, **asked: object) -> list[UUID]:
    filter = ImageFilter(**asked)  # type: ignore[arg-type]
    return [image.id for image in (await list_images(session, actor, filter, PageRequest(KEY, 100))).items]


async def counts(session: AsyncSession, actor: Actor) -> dict[str, int]:
    page = await list_tags(session, actor, "", PageRequest(KEY, 100))
    return {tag.name: tag.usage_count for tag in page.items}


async def test_what_is_in_the_trash_is_in_no_list_no_collection_and_no_count(session: AsyncSession) -> None:
    # given three images of a collection, the middle one its cover
    actor = await make_actor(session)
    images = [await make_image(session, actor.user_id, visibility="public") for _ in range(3)]
    kept, gone, other = images
    for image in images:
        await change_image(session, actor, image.id, ImageChanges(tags=("sea",)))
    await change_image(session, actor, gone.id, ImageChanges(tags=("sea", "night")))
    collection = await make_collection(session, actor.user_id, *images, cover_image_url=gone.s3_key)

    # when
    await move_to_trash(session, actor, gone.id)

    # then
    assert await ids(session, actor) == [other.id, kept.id]
    assert await ids(session, actor, tags=("sea",)) == [other.id, kept.id]
    assert await ids(session, actor, collection=collection.id) == [kept.id, other.id]
    assert await ids(session, actor, trashed=True) == [gone.id]
    assert await counts(session, actor) == {"sea": 2}
    view = await collections.get_collection(session, actor, collection.id)
    assert (view.image_count, view.cover and view.cover.id) == (2, kept.id)
    assert (await session.scalars(_WRONG)).all() == []
    # and its bytes still count
    assert await used_bytes(session, actor.user_id) == 3000
    trash = await read_trash(session, actor)
    assert (trash.count, trash.size) == (1, 1000)


async def test_what_comes_back_has_its_tags_its_places_and_is_the_cover_again(session: AsyncSession) -> None:
    # given
    actor = await make_actor(session)
    images = [await make_image(session, actor.user_id) for _ in range(3)]
    await change_image(session, actor, images[1].id, ImageChanges(tags=("sea", "night"), is_favorite=True))
    collection = await make_collection(session, actor.user_id, *images, cover_image_url=images[1].s3_key)
    await move_to_trash(session, actor, images[1].id)

    # when
    restored = await restore_image(session, actor, images[1].id)

    # then
    assert (restored.trashed_at, restored.is_favorite) == (None, True)
    assert await ids(session, actor, collection=collection.id) == [image.id for image in images]
    assert await tags_of(session, [restored.id]) == {restored.id: ["night", "sea"]}
    assert await counts(session, actor) == {"sea": 1, "night": 1}
    view = await collections.get_collection(session, actor, collection.id)
    assert (view.image_count, view.cover and view.cover.id) == (3, restored.id)
    assert (await session.scalars(_WRONG)).all() == []


async def test_deleting_and_restoring_twice_is_as_once(session: AsyncSession) -> None:
    # given
    actor = await make_actor(session)
    image = await make_image(session, actor.user_id)
    await change_image(session, actor, image.id, ImageChanges(tags=("sea",)))

    # when
    await move_to_trash(session, actor, image.id)
    since = await session.scalar(select(Image.trashed_at).where(Image.id == image.id))
    await move_to_trash(session, actor, image.id)

    # then
    assert since == await session.scalar(select(Image.trashed_at).where(Image.id == image.id))
    for _ in range(2):
        await restore_image(session, actor, image.id)
        assert await counts(session, actor) == {"sea": 1}
    assert (await session.scalars(_WRONG)).all() == []


async def test_a_collection_that_was_filled_or_deleted_meanwhile_gets_nothing_back(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given room for two, and two collections with an image in the trash
    monkeypatch.setattr("pingvas.gallery.trash.MAX_IMAGES", 2)
    actor = await make_actor(session)
    images = [await make_image(session, actor.user_id) for _ in range(4)]
    filled = await make_collection(session, actor.user_id, *images[:2])
    deleted = await make_collection(session, actor.user_id, *images[:2])
    await change_all(session, actor, [image.id for image in images[:2]], MoveToTrash())
    await collections.add_images(session, actor, filled.id, [images[2].id])
    await collections.delete_collection(session, actor, deleted.id)

    # when
    both = [images[0].id, images[1].id]
    await change_all(session, actor, both, Restore())

    # then one place was left
    assert set(await ids(session, actor, collection=filled.id)) == {images[0].id, images[2].id}
    assert len(await ids(session, actor)) == 4
    assert (await session.scalars(_WRONG)).all() == []


async def test_nobody_else_sees_it_and_nothing_else_is_done_to_it(session: AsyncSession) -> None:
    # given a public one in the trash
    actor, stranger = await make_actor(session), await make_actor(session)
    image = await make_image(session, actor.user_id, visibility="public")
    collection = await make_collection(session, actor.user_id)
    await move_to_trash(session, actor, image.id)
    await session.refresh(image)

    # then its owner sees it, and nobody else does
    assert (await get_visible_image(session, actor, image.id)).id == image.id
    for who in (stranger, None):
        with pytest.raises(ImageNotFound):
            await get_visible_image(session, who, image.id)
    with pytest.raises(ImageNotFound):
        await restore_image(session, stranger, image.id)
    with pytest.raises(ImageNotFound):
        await delete_for_good(session, stranger, image.id)

    # and it is neither changed nor put anywhere
    with pytest.raises(ImageNotFound):
        await change_image(session, actor, image.id, ImageChanges(is_favorite=True))
    with pytest.raises(ImageNotFound):
        await change_all(session, actor, [image.id], SetFavorite(True))
    with pytest.raises(Invalid):
        await collections.add_images(session, actor, collection.id, [image.id])


async def test_tags_that_are_renamed_or_deleted_meanwhile_are_so_on_what_comes_back(
    session: AsyncSession,
) -> None:
    # given two words on an image in the trash, one of them on another image too
    actor = await make_actor(session)
    image, other = [await make_image(session, actor.user_id) for _ in range(2)]
    await change_image(session, actor, image.id, ImageChanges(tags=("sea", "ocean", "blurred")))
    await change_image(session, actor, other.id, ImageChanges(tags=("sea", "blurred")))
    await move_to_trash(session, actor, image.id)
    by_name = {tag.name: tag.id for tag in (await list_tags(session, actor, "", PageRequest(KEY, 9))).items}

    # when
    await rename_tag(session, actor, by_name["sea"], "ocean")
    await delete_tag(session, actor, by_name["blurred"])
    await forget_unused_tags(session)
    await restore_image(session, actor, image.id)

    # then
    assert await tags_of(session, [image.id]) == {image.id: ["ocean"]}
    assert await counts(session, actor) == {"ocean": 2}
    assert (await session.scalars(_WRONG)).all() == []


async def test_a_word_that_is_only_in_the_trash_is_not_forgotten(session: AsyncSession) -> None:
    # given
    actor = await make_actor(session)
    image = await make_image(session, actor.user_id)
    await change_image(session, actor, image.id, ImageChanges(tags=("rare",)))
    await move_to_trash(session, actor, image.id)

    # when
    await forget_unused_tags(session)

    # then
    assert await counts(session, actor) == {}
    await restore_image(session, actor, image.id)
    assert await counts(session, actor) == {"rare": 1}
    # and once it is gone for good, it is
    await delete_for_good(session, actor, image.id)
    await forget_unused_tags(session)
    assert (await session.scalars(select(Tag.name))).all() == []


async def test_the_trash_is_emptied_a_piece_at_a_time_and_leaves_the_rest(session: AsyncSession) -> None:
    # given
    actor, other = await make_actor(session), await make_actor(session)
    trashed = [await make_image(session, actor.user_id) for _ in range(5)]
    kept = await make_image(session, actor.user_id)
    theirs = await make_image(session, other.user_id)
    await change_all(session, actor, [image.id for image in trashed], MoveToTrash())
    await move_to_trash(session, other, theirs.id)

    # when
    told = [await empty_trash(session, actor, at_once=2) for _ in range(4)]

    # then
    assert [(one.count, one.more) for one in told] == [(2, True), (2, True), (1, False), (0, False)]
    assert set(await session.scalars(select(Image.id))) == {kept.id, theirs.id}
    deletions = await session.scalar(text("SELECT count(*) FROM storage_deletions"))
    assert deletions == 10  # the bytes and the thumbnail of each
    assert await used_bytes(session, actor.user_id) == 1000


async def test_a_job_whose_picture_is_in_the_trash_shows_none_until_it_is_back(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        person = await make_person(session)
    actor = Actor(person.user_id, "user", None)
    submitted = await submit_jobs(database, actor)
    job_id = submitted.jobs[0].job.id
    await complete_job(database, await claim_job(database))
    async with database.transaction() as session:
        (image_id,) = await ids(session, actor)

    # when
    async with database.transaction() as session:
        await move_to_trash(session, actor, image_id)
    async with database.read() as reading:
        hidden = await get_job(reading, actor, job_id)
    async with database.transaction() as session:
        await restore_image(session, actor, image_id)
    async with database.read() as reading:
        back = await get_job(reading, actor, job_id)

    # then
    assert hidden.image is None
    assert back.image is not None
    assert back.image.id == image_id


async def test_after_thirty_days_and_no_sooner_it_is_deleted_for_good(database: Database) -> None:
    # given one that goes into the trash now, one two days later, and one that is restored
    await make_clock_movable(database)
    began = datetime.now(UTC)
    async with database.transaction() as session:
        actor = await make_actor(session)
        first, second, restored, kept = [await make_image(session, actor.user_id) for _ in range(4)]
        await change_all(session, actor, [first.id, restored.id], MoveToTrash())
    await set_clock(database, began + timedelta(days=2))
    async with database.transaction() as session:
        await move_to_trash(session, actor, second.id)
        await restore_image(session, actor, restored.id)

    # when the days pass
    left: list[set[UUID]] = []
    for days in (29, 31, 33):
        await set_clock(database, began + timedelta(days=days))
        await purge_trash(database, timedelta(days=30), at_once=1)
        async with database.read() as reading:
            left.append(set(await reading.scalars(select(Image.id))))

    # then
    always = {restored.id, kept.id}
    assert left == [always | {first.id, second.id}, always | {second.id}, always]


async def test_twenty_who_delete_and_restore_at_once_leave_every_count_right(database: Database) -> None:
    # given two people with the same words, and collections of all their images
    words = ("sea", "night", "고양이", "red")
    people: list[tuple[Actor, list[UUID], list[UUID]]] = []
    async with database.transaction() as session:
        for _ in range(2):
            actor = await make_actor(session)
            images = [await make_image(session, actor.user_id) for _ in range(12)]
            for n, image in enumerate(images):
                await change_image(session, actor, image.id, ImageChanges(tags=words[: 1 + n % 4]))
            albums = [await make_collection(session, actor.user_id, *images) for _ in range(3)]
            people.append((actor, [image.id for image in images], [album.id for album in albums]))

    # when twenty writers at once trash, restore, tag, arrange and delete
    async def write(seed: int) -> None:
        chance = random.Random(seed)
        actor, images, albums = people[seed % 2]
        for _ in range(12):
            some = chance.sample(images[2:], 3)
            async with database.transaction() as session:
                match chance.randrange(5):
                    case 0 | 1:
                        await change_all(session, actor, some, MoveToTrash())
                    case 2:
                        await change_all(session, actor, some, Restore())
                    case 3:
                        await change_image(
                            session, actor, images[0], ImageChanges(tags=chance.sample(words, 2))
                        )
                    case _:
                        album = chance.choice(albums)
                        await collections.move_images(session, actor, album, [images[0]], after=images[1])

    await asyncio.gather(*(write(seed) for seed in range(20)))
    async with database.transaction() as session:
        actor, first_ones, _ = people[0]
        await change_all(session, actor, first_ones[6:], DeleteForGood())

    # then
    async with database.transaction() as session:
        assert (await session.scalars(_WRONG)).all() == []
        for actor, _, own_albums in people:
            await change_all(session, actor, await ids(session, actor, trashed=True), Restore())
            left = set(await ids(session, actor))
            for album in own_albums:
                assert set(await ids(session, actor, collection=album)) == left
            assert await used_bytes(session, actor.user_id) == 1000 * len(left)
        assert (await session.scalars(_WRONG)).all() == []
