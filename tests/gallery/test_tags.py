"""Tags on images: made when they are used, counted whoever writes at once, each person's their own."""

import asyncio
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.pages import PageRequest
from pingvas.base.read_session import ReadSession
from pingvas.gallery.bulk import change_all
from pingvas.gallery.changes import DeleteForGood, PutTags, SetFavorite, SetVisibility, TakeTags
from pingvas.gallery.library import (
    ImageChanges,
    ImageFilter,
    ImageNotFound,
    change_image,
    list_images,
    tags_of,
)
from pingvas.gallery.tables import Image, Tag, UserTag
from pingvas.gallery.tag_list import OwnTag, list_tags
from pingvas.gallery.tags import (
    TagNotFound,
    TooManyTags,
    delete_tag,
    forget_unused_tags,
    rename_tag,
)
from pingvas.gallery.trash import delete_for_good
from pingvas.generation.requests.retry import request_again
from pingvas.generation.tables import GenerationJob
from tests.make.accounts import make_user
from tests.make.billing import make_person
from tests.make.gallery import make_image
from tests.make.generation import claim_job, complete_job, submit_jobs

KEY = b"k" * 32
_WRONG = text("""
    SELECT name FROM tags
     WHERE usage_count <> (SELECT count(*) FROM image_tags WHERE tag_id = tags.id)
     UNION ALL
    SELECT CAST(kept.id AS text) FROM user_tags AS kept
      FULL JOIN (SELECT user_id, tag_id, count(*) AS uses FROM image_tags GROUP BY 1, 2) AS there
        ON there.user_id = kept.user_id AND there.tag_id = kept.tag_id
     WHERE kept.usage_count IS DISTINCT FROM there.uses
     UNION ALL
    SELECT 'of another' FROM image_tags JOIN images ON images.id = image_id WHERE images.user_id <> image_tags.user_id
""")


async def make_actor(session: AsyncSession) -> Actor:
    return Actor((await make_user(session)).id, "user", None)


async def tagged(session: AsyncSession, actor: Actor, *names: str) -> Image:
    """An image of theirs with these tags."""
    image = await make_image(session, actor.user_id)
    return await change_image(session, actor, image.id, ImageChanges(tags=names))


async def list_of(session: ReadSession, actor: Actor, typed: str = "") -> list[OwnTag]:
    return (await list_tags(session, actor, typed, PageRequest(KEY, 100))).items


async def counts(session: ReadSession, actor: Actor, typed: str = "") -> dict[str, int]:
    return {tag.name: tag.usage_count for tag in await list_of(session, actor, typed)}


async def test_an_image_gets_the_tags_that_are_said_instead_of_those_it_has(session: AsyncSession) -> None:
    # given
    actor = await make_actor(session)
    image = await tagged(session, actor, "sea", "night")

    # when
    await change_image(session, actor, image.id, ImageChanges(tags=("night", "고양이")))
    await change_image(session, actor, image.id, ImageChanges(is_favorite=True))

    # then
    assert await tags_of(session, [image.id]) == {image.id: ["night", "고양이"]}
    assert await counts(session, actor) == {"night": 1, "고양이": 1}
    await change_image(session, actor, image.id, ImageChanges(tags=()))
    assert await counts(session, actor) == {}
    assert (await session.scalars(_WRONG)).all() == []


async def test_tags_are_listed_most_used_first_and_page_by_page(session: AsyncSession) -> None:
    # given
    actor = await make_actor(session)
    for names in (("a", "b", "c"), ("b", "c"), ("c",)):
        await tagged(session, actor, *names)

    # when
    first = await list_tags(session, actor, "", PageRequest(KEY, 2))
    rest = await list_tags(session, actor, "", PageRequest(KEY, 2, first.next_cursor))

    # then
    assert [(tag.name, tag.usage_count) for tag in (*first.items, *rest.items)] == [
        ("c", 3),
        ("b", 2),
        ("a", 1),
    ]
    assert rest.next_cursor is None


async def test_tags_are_found_by_initial_consonants_and_in_the_middle_of_a_word(
    session: AsyncSession,
) -> None:
    # given
    actor = await make_actor(session)
    await tagged(session, actor, "고양이", "아기 고양이", "강아지", "night sky", "c++")

    # then
    assert set(await counts(session, actor, "ㄱㅇㅇ")) == {"고양이", "아기 고양이"}
    assert set(await counts(session, actor, "ㄱㅇㅈ")) == {"강아지"}
    assert set(await counts(session, actor, "공")) == {"고양이", "아기 고양이"}
    assert set(await counts(session, actor, "SKY")) == {"night sky"}
    assert set(await counts(session, actor, "+")) == {"c++"}
    assert await counts(session, actor, "%") == {}


async def test_nobody_sees_or_changes_anothers_words(session: AsyncSession) -> None:
    # given two who use the same word
    owner, other = await make_actor(session), await make_actor(session)
    for actor in (owner, owner, other):
        await tagged(session, actor, "secret")
    (hers,), (his,) = await list_of(session, owner), await list_of(session, other)

    # then each has their own count, and an id that says nothing about the other
    assert (hers.usage_count, his.usage_count) == (2, 1)
    assert hers.id != his.id
    for tag_id in (his.id, await session.scalar(select(Tag.id).where(Tag.name == "secret"))):
        assert tag_id is not None
        with pytest.raises(TagNotFound):
            await rename_tag(session, owner, tag_id, "known")
        with pytest.raises(TagNotFound):
            await delete_tag(session, owner, tag_id)

    # when one renames theirs
    await rename_tag(session, owner, hers.id, "known")

    # then the other's stays
    assert await counts(session, owner) == {"known": 2}
    assert await counts(session, other) == {"secret": 1}
    assert (await session.scalars(_WRONG)).all() == []


async def test_a_tag_keeps_its_id_under_its_new_name(session: AsyncSession) -> None:
    # given
    actor = await make_actor(session)
    images = [await tagged(session, actor, "see", "night") for _ in range(2)]
    tag = next(tag for tag in await list_of(session, actor) if tag.name == "see")

    # when
    renamed = await rename_tag(session, actor, tag.id, "sea")
    again = await rename_tag(session, actor, tag.id, "sea")

    # then
    assert (renamed.tag.id, renamed.name, renamed.images, renamed.merged) == (tag.id, "sea", 2, False)
    assert (again.images, again.merged) == (2, False)
    assert await tags_of(session, [image.id for image in images]) == {
        image.id: ["night", "sea"] for image in images
    }
    assert (await session.scalars(_WRONG)).all() == []


async def test_renaming_onto_a_word_in_use_makes_two_tags_one(session: AsyncSession) -> None:
    # given
    actor = await make_actor(session)
    both = await tagged(session, actor, "see", "sea")
    old = await tagged(session, actor, "see")
    await tagged(session, actor, "sea")
    ids = {tag.name: tag.id for tag in await list_of(session, actor)}

    # when
    renamed = await rename_tag(session, actor, ids["see"], "sea")

    # then
    assert (renamed.tag.id, renamed.tag.usage_count) == (ids["sea"], 3)
    assert (renamed.images, renamed.merged) == (2, True)
    assert await tags_of(session, [both.id, old.id]) == {both.id: ["sea"], old.id: ["sea"]}
    assert await counts(session, actor) == {"sea": 3}
    assert (await session.scalars(_WRONG)).all() == []


async def test_deleting_a_tag_takes_it_off_ones_own_images_alone(session: AsyncSession) -> None:
    # given
    actor, other = await make_actor(session), await make_actor(session)
    mine, theirs = await tagged(session, actor, "sea", "sky"), await tagged(session, other, "sea")
    tag = next(tag for tag in await list_of(session, actor) if tag.name == "sea")

    # when
    await delete_tag(session, actor, tag.id)

    # then
    assert await tags_of(session, [mine.id, theirs.id]) == {mine.id: ["sky"], theirs.id: ["sea"]}
    with pytest.raises(TagNotFound):
        await delete_tag(session, actor, tag.id)


async def test_a_list_by_tags_holds_what_has_all_of_them(session: AsyncSession) -> None:
    # given
    actor, other = await make_actor(session), await make_actor(session)
    both = await tagged(session, actor, "sea", "night")
    sea = await tagged(session, actor, "sea")
    await tagged(session, actor, "night")
    await tagged(session, other, "sea", "night")

    async def listed(*names: str) -> set[UUID]:
        page = await list_images(session, actor, ImageFilter(tags=names), PageRequest(KEY, 100))
        return {image.id for image in page.items}

    # then
    assert await listed("sea") == {both.id, sea.id}
    assert await listed("sea", "night") == {both.id}
    assert await listed("sea", "unknown") == set()


async def test_words_that_nobody_uses_are_forgotten_with_whom_used_them(session: AsyncSession) -> None:
    # given
    actor, other = await make_actor(session), await make_actor(session)
    await tagged(session, actor, "mine alone", "shared")
    await tagged(session, other, "shared")

    # when
    await session.execute(delete(User).where(User.id == actor.user_id))
    await forget_unused_tags(session)

    # then
    assert (await session.scalars(select(Tag.name))).all() == ["shared"]
    assert (await session.scalars(select(UserTag.user_id))).all() == [other.user_id]
    assert (await session.scalars(_WRONG)).all() == []


async def test_a_change_of_many_is_of_all_or_of_none(session: AsyncSession) -> None:
    # given
    actor, other = await make_actor(session), await make_actor(session)
    mine = [await tagged(session, actor, "sea") for _ in range(3)]
    ids = [image.id for image in mine]
    theirs = await tagged(session, other, "sea")

    # when one of them is somebody else's
    for change in (
        PutTags(["night"]),
        TakeTags(["sea"]),
        SetFavorite(True),
        SetVisibility("public"),
        DeleteForGood(),
    ):
        with pytest.raises(ImageNotFound):
            await change_all(session, actor, [*ids, theirs.id], change)

    # then nothing has changed
    assert await counts(session, actor) == {"sea": 3}
    assert await counts(session, other) == {"sea": 1}

    # when all are the actor's, one of them named twice
    changed, _ = await change_all(session, actor, [*ids, ids[0]], PutTags(["night", "sea"]))
    assert changed == sorted(ids)
    await change_all(session, actor, ids[:1], TakeTags(["sea", "unknown"]))
    await change_all(session, actor, ids, SetFavorite(True))
    await change_all(session, actor, ids, SetVisibility("unlisted"))

    # then
    assert await counts(session, actor) == {"night": 3, "sea": 2}
    rows = select(Image.is_favorite, Image.visibility).where(Image.id.in_(ids)).distinct()
    assert [tuple(row) for row in await session.execute(rows)] == [(True, "unlisted")]

    # when
    await change_all(session, actor, ids[1:], DeleteForGood())

    # then
    assert await counts(session, actor) == {"night": 1}
    assert (await session.scalars(_WRONG)).all() == []


async def test_no_image_gets_more_tags_than_it_may_have(session: AsyncSession) -> None:
    # given
    actor = await make_actor(session)
    full = await tagged(session, actor, *(f"tag {n}" for n in range(63)))
    empty = await tagged(session, actor)

    # when
    with pytest.raises(TooManyTags):
        await change_all(session, actor, [full.id, empty.id], PutTags(["one", "two"]))
    await change_all(session, actor, [full.id, empty.id], PutTags(["one", "tag 1"]))

    # then
    names = await tags_of(session, [full.id, empty.id])
    assert (len(names[full.id]), names[empty.id]) == (64, ["one", "tag 1"])


async def test_a_jobs_tags_are_on_its_image_and_in_no_recipe(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    (job_id,) = (await submit_jobs(database, actor, tags=("  Night ", "고양이", "night"))).job_ids

    # when
    await complete_job(database, await claim_job(database))

    # then
    async with database.read() as reading:
        image = await reading.scalar(select(Image).where(Image.job_id == job_id))
        job = await reading.scalar(select(GenerationJob).where(GenerationJob.id == job_id))
        assert image is not None
        assert job is not None
        assert await tags_of(reading, [image.id]) == {image.id: ["night", "고양이"]}
        assert await counts(reading, actor) == {"night": 1, "고양이": 1}
        assert request_again(job).tags == ("night", "고양이")
        assert "tags" not in image.generation_params


async def test_counts_hold_when_twenty_write_at_once(database: Database) -> None:
    # given people with images, and jobs that end meanwhile
    async with database.transaction() as session:
        await make_model(session)
        people = [await make_person(session, plan="studio") for _ in range(4)]
        images = {
            actor: [(await make_image(session, actor.user_id)).id for _ in range(6)] for actor in people
        }
    for actor in people:
        await submit_jobs(database, actor, count=3, tags=("w1", "w5", "w3"))
    jobs = [await claim_job(database) for _ in range(12)]

    async def write(place: int) -> None:
        actor = people[place % 4]
        mine, words = images[actor], [f"w{n}" for n in range(6)]
        words = words if place % 2 else words[::-1]
        for turn in range(4):
            image_id = mine[(place + turn) % 5]
            async with database.transaction() as session:
                await change_image(session, actor, image_id, ImageChanges(tags=words[turn : turn + 3]))
            async with database.transaction() as session:
                await change_all(session, actor, mine[:5][:: 1 if place % 3 else -1], PutTags(words[turn:]))
            async with database.transaction() as session:
                await change_all(session, actor, mine[:3], TakeTags(words[turn : turn + 2]))
            async with database.read() as reading:
                found = await list_of(reading, actor)
            with suppress(TagNotFound):  # somebody else has taken it off meanwhile
                async with database.transaction() as session:
                    await rename_tag(session, actor, found[-1].id, words[turn])
            async with database.transaction() as session:
                await forget_unused_tags(session)
        if place < 4:
            async with database.transaction() as session:
                await delete_for_good(session, actor, mine[5])

    # when
    ends = (complete_job(database, job) for job in jobs)
    await asyncio.gather(*map(write, range(20)), *ends)

    # then
    async with database.read() as reading:
        assert (await reading.scalars(_WRONG)).all() == []
        assert set(await reading.scalars(select(Tag.name))) <= {f"w{n}" for n in range(6)}
