"""Collections: what is in them, in which order, who sees what, and many who change one at once."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Select, func, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.base.ids import new_id
from pingvas.base.pages import BadCursor, Page, PageRequest
from pingvas.gallery import collection_order, collections
from pingvas.gallery.collection_order import GAP, CollectionFull, OrderOutdated
from pingvas.gallery.collections import (
    CollectionChanges,
    CollectionNotFound,
    NotInCollection,
    TooManyCollections,
    add_images,
    change_collection,
    create_collection,
    delete_collection,
    get_collection,
    list_collections,
    list_images_of,
    move_images,
    put_in_order,
    remove_image,
)
from pingvas.gallery.library import ImageFilter, delete_image, list_images
from pingvas.gallery.tables import Collection, CollectionImage, Image
from pingvas.generation.lifecycle import cancel
from pingvas.generation.requests.job_request import ImageRequest
from pingvas.generation.requests.retry import request_again
from pingvas.generation.requests.submit import submit
from pingvas.generation.tables import GenerationJob
from tests.make.accounts import make_user
from tests.make.billing import make_person
from tests.make.gallery import make_collection, make_image
from tests.make.generation import claim_job, complete_job

KEY = b"k" * 32


async def make_actor(session: AsyncSession) -> Actor:
    return Actor((await make_user(session)).id, "user", None)


async def make_images(
    session: AsyncSession, actor: Actor, count: int, visibility: str = "private"
) -> list[UUID]:
    return [(await make_image(session, actor.user_id, visibility=visibility)).id for _ in range(count)]


async def make_filled(session: AsyncSession, actor: Actor, count: int) -> tuple[UUID, list[UUID]]:
    """A collection with so many images, put into it as a person does."""
    images = await make_images(session, actor, count)
    made = await create_collection(session, actor, "Lighthouses")
    await add_images(session, actor, made.collection.id, images)
    return made.collection.id, images


async def order_of(
    session: AsyncSession, actor: Actor | None, collection_id: UUID, limit: int = 100
) -> list[UUID]:
    page, _ = await list_images_of(session, actor, collection_id, PageRequest(KEY, limit))
    return [image.id for image in page.items]


async def numbers_of(session: AsyncSession, collection_id: UUID) -> dict[UUID, int]:
    rows = await session.execute(
        select(CollectionImage.image_id, CollectionImage.sort_order).where(
            CollectionImage.collection_id == collection_id
        )
    )
    return {row.image_id: row.sort_order for row in rows}


async def plan_of(session: AsyncSession, query: Select[Any]) -> str:
    """How the database would run a query with these values."""
    sql = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
    driver = await session.connection()
    rows = await driver.exec_driver_sql(f"EXPLAIN (COSTS OFF) {sql}".replace("%%", "%"))
    return "\n".join(row[0] for row in rows)


async def test_a_collection_is_made_with_a_name_that_shows(session: AsyncSession) -> None:
    actor = await make_actor(session)

    view = await create_collection(session, actor, "  Harbors \n at  night ", "  With boats ", "public")

    assert (view.collection.name, view.collection.description) == ("Harbors at night", "With boats")
    assert (view.collection.visibility, view.image_count, view.cover) == ("public", 0, None)
    for name in ("", " ", "x" * 121, "a\u200bb"):
        with pytest.raises(Invalid) as refused:
            await create_collection(session, actor, name)
        assert refused.value.errors[0].name == "name"
    with pytest.raises(Invalid):
        await create_collection(session, actor, "Long", "x" * 1001)


async def test_there_is_an_end_to_collections_and_to_what_one_holds(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "MAX_COLLECTIONS", 2)
    monkeypatch.setattr(collection_order, "MAX_IMAGES", 3)
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 3)
    await create_collection(session, actor, "Second")

    with pytest.raises(TooManyCollections):
        await create_collection(session, actor, "Third")
    more = await make_images(session, actor, 1)
    with pytest.raises(CollectionFull):
        await add_images(session, actor, id, more)
    # what is in it already takes no room
    assert (await add_images(session, actor, id, images)).image_count == 3


async def test_images_go_to_the_end_in_the_order_they_are_named_and_stay_where_they_are_the_second_time(
    session: AsyncSession,
) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 3)
    new = await make_images(session, actor, 2)

    view = await add_images(session, actor, id, [new[1], images[0], new[0], new[1]])

    assert await order_of(session, actor, id) == [*images, new[1], new[0]]
    assert view.image_count == 5


async def test_images_of_somebody_else_are_not_put_into_a_collection_and_then_none_is(
    session: AsyncSession,
) -> None:
    actor, other = await make_actor(session), await make_actor(session)
    id, images = await make_filled(session, actor, 1)
    (mine,), (theirs,) = await make_images(session, actor, 1), await make_images(session, other, 1, "public")

    for named in ([mine, theirs], [mine, new_id()]):
        with pytest.raises(Invalid) as refused:
            await add_images(session, actor, id, named)
        assert [error.name for error in refused.value.errors] == ["image_ids.1"]

    assert await order_of(session, actor, id) == images


@pytest.mark.parametrize(
    ("moved", "beside", "before", "expected"),
    [
        ([3], 0, True, [3, 0, 1, 2, 4]),
        ([0], 4, False, [1, 2, 3, 4, 0]),
        ([1], 3, True, [0, 2, 1, 3, 4]),
        ([1], 3, False, [0, 2, 3, 1, 4]),
        ([4, 0], 2, True, [1, 4, 0, 2, 3]),
        ([3, 1, 4], 0, False, [0, 3, 1, 4, 2]),
        ([0, 1, 2, 3], 4, False, [4, 0, 1, 2, 3]),
        ([2], 1, False, [0, 1, 2, 3, 4]),
    ],
)
async def test_images_move_beside_another_and_nothing_else_is_written(
    session: AsyncSession, moved: list[int], beside: int, before: bool, expected: list[int]
) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 5)
    numbers = await numbers_of(session, id)

    where = {"before" if before else "after": images[beside]}
    await move_images(session, actor, id, [images[n] for n in moved], **where)

    assert await order_of(session, actor, id) == [images[n] for n in expected]
    kept = await numbers_of(session, id)
    assert all(kept[images[n]] == numbers[images[n]] for n in range(5) if n not in moved)


async def test_a_gap_that_is_used_up_is_made_anew(session: AsyncSession) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 4)
    expected = list(images)

    # each time the last one goes directly behind the first, which halves the gap there
    for _ in range(60):
        last = expected.pop()
        await move_images(session, actor, id, [last], after=expected[0])
        expected.insert(1, last)

    assert await order_of(session, actor, id) == expected
    assert len(set((await numbers_of(session, id)).values())) == 4


@pytest.mark.parametrize("edge", [2**31 - 1, -(2**31)])
async def test_numbers_at_the_edge_of_what_an_integer_holds_are_made_anew(
    session: AsyncSession, edge: int
) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 3)
    at_the_edge = images[2] if edge > 0 else images[0]
    await session.execute(
        update(CollectionImage).where(CollectionImage.image_id == at_the_edge).values(sort_order=edge)
    )

    if edge > 0:
        new = await make_images(session, actor, 1)
        await add_images(session, actor, id, new)
        expected = [*images, *new]
    else:
        await move_images(session, actor, id, [images[1]], before=images[0])
        expected = [images[1], images[0], images[2]]

    assert await order_of(session, actor, id) == expected
    assert max(map(abs, (await numbers_of(session, id)).values())) <= 4 * GAP


async def test_moving_what_is_not_there_is_refused_by_the_field_that_names_it(session: AsyncSession) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 2)
    outside = new_id()

    for moved, where, field in (
        ([outside], {"before": images[0]}, "move.0"),
        ([images[0]], {"after": outside}, "after"),
        ([images[0]], {"after": images[0]}, "after"),
        ([images[0]], {}, "before"),
    ):
        with pytest.raises(Invalid) as refused:
            await move_images(session, actor, id, moved, **where)
        assert [error.name for error in refused.value.errors] == [field]


async def test_a_whole_order_names_every_image_once(session: AsyncSession) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 4)

    await put_in_order(session, actor, id, images[::-1])

    assert await order_of(session, actor, id) == images[::-1]
    for wrong in (images[:3], [*images, new_id()], [*images[:3], images[0]], [*images, images[0]]):
        with pytest.raises(OrderOutdated):
            await put_in_order(session, actor, id, wrong)


async def test_the_cover_is_the_chosen_image_while_it_is_there_and_the_first_one_otherwise(
    session: AsyncSession,
) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 4)
    (outside,) = await make_images(session, actor, 1)

    async def cover() -> UUID | None:
        found = (await get_collection(session, actor, id)).cover
        return None if found is None else found.id

    async def choose(image_id: UUID | None) -> None:
        await change_collection(session, actor, id, CollectionChanges(cover_image_id=image_id))

    assert await cover() == images[0]
    await choose(images[2])
    assert await cover() == images[2]
    with pytest.raises(Invalid):
        await choose(outside)

    # taken out and put back it is an image like any other
    await remove_image(session, actor, id, images[2])
    assert await cover() == images[0]
    await add_images(session, actor, id, [images[2]])
    assert await cover() == images[0]

    await choose(images[3])
    await delete_image(session, actor, images[3])
    assert await cover() == images[0]
    await choose(images[1])
    await choose(None)
    assert await cover() == images[0]


async def test_an_image_in_several_collections_leaves_all_of_them_when_it_is_deleted(
    session: AsyncSession,
) -> None:
    actor = await make_actor(session)
    first, images = await make_filled(session, actor, 2)
    second = (await create_collection(session, actor, "Also")).collection.id
    await add_images(session, actor, second, images)

    holding = await list_collections(session, actor, PageRequest(KEY), holding=images[0])
    assert {view.collection.id for view in holding.items} == {first, second}

    await delete_image(session, actor, images[0])

    for id in (first, second):
        assert await order_of(session, actor, id) == [images[1]]
        assert (await get_collection(session, actor, id)).image_count == 1


async def test_deleting_a_collection_deletes_no_image(session: AsyncSession) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 2)

    await delete_collection(session, actor, id)

    page = await list_images(session, actor, ImageFilter(), PageRequest(KEY))
    assert {image.id for image in page.items} == set(images)
    with pytest.raises(CollectionNotFound):
        await get_collection(session, actor, id)
    with pytest.raises(CollectionNotFound):
        await delete_collection(session, actor, id)


async def test_a_private_collection_does_not_exist_for_anybody_else(session: AsyncSession) -> None:
    actor, stranger = await make_actor(session), await make_actor(session)
    id, images = await make_filled(session, actor, 1)

    for who in (stranger, None):
        with pytest.raises(CollectionNotFound):
            await get_collection(session, who, id)
        with pytest.raises(CollectionNotFound):
            await list_images_of(session, who, id, PageRequest(KEY))
    for deed in (
        change_collection(session, stranger, id, CollectionChanges(name="Mine now")),
        delete_collection(session, stranger, id),
        add_images(session, stranger, id, images),
        remove_image(session, stranger, id, images[0]),
        move_images(session, stranger, id, images, after=images[0]),
        put_in_order(session, stranger, id, images),
        list_images(session, stranger, ImageFilter(collection=id), PageRequest(KEY)),
    ):
        with pytest.raises(CollectionNotFound):
            await deed
    assert (await list_collections(session, stranger, PageRequest(KEY))).items == []


async def test_others_see_of_a_public_collection_the_public_images_alone(session: AsyncSession) -> None:
    actor, stranger = await make_actor(session), await make_actor(session)
    private = await make_images(session, actor, 1)
    unlisted = await make_images(session, actor, 1, "unlisted")
    public = await make_images(session, actor, 2, "public")
    id = (await create_collection(session, actor, "Shown", None, "public")).collection.id
    await add_images(session, actor, id, [*private, *unlisted, *public])
    await change_collection(session, actor, id, CollectionChanges(cover_image_id=private[0]))

    for who in (stranger, None):
        view = await get_collection(session, who, id)
        assert (view.image_count, view.cover and view.cover.id, view.is_mine) == (2, public[0], False)
        assert await order_of(session, who, id) == public
        # and it stays its owner's to change
        with pytest.raises(CollectionNotFound):
            await remove_image(session, stranger, id, public[0])

    mine = await get_collection(session, actor, id)
    assert (mine.image_count, mine.cover and mine.cover.id) == (4, private[0])
    await change_collection(session, actor, id, CollectionChanges(cover_image_id=public[1]))
    shown = (await get_collection(session, None, id)).cover
    assert shown is not None
    assert shown.id == public[1]


async def test_an_image_whose_file_names_others_is_not_shown_to_others_yet(session: AsyncSession) -> None:
    actor = await make_actor(session)
    old = await make_image(
        session,
        actor.user_id,
        visibility="public",
        s3_key=f"images/{new_id()}.png",
        generation_params={"source_image": str(new_id())},
    )
    id = (await create_collection(session, actor, "Shown", None, "public")).collection.id
    await add_images(session, actor, id, [old.id])

    assert await order_of(session, None, id) == []
    assert (await get_collection(session, None, id)).cover is None
    assert await order_of(session, actor, id) == [old.id]


async def test_what_was_changed_last_is_listed_first(session: AsyncSession) -> None:
    actor = await make_actor(session)
    made = [(await create_collection(session, actor, f"No. {n}")).collection.id for n in range(3)]
    # the moments of one transaction are one; a later one is told apart by hand
    await session.execute(text("ALTER TABLE collections DISABLE TRIGGER touch_updated_at"))
    for n, id in enumerate((made[1], made[0], made[2])):
        moment = func.now() + func.make_interval(0, 0, 0, 0, n)
        await session.execute(update(Collection).where(Collection.id == id).values(updated_at=moment))

    seen: list[UUID] = []
    cursor = None
    while True:
        page = await list_collections(session, actor, PageRequest(KEY, 2, cursor))
        seen += [view.collection.id for view in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == [made[2], made[0], made[1]]


async def test_a_list_of_a_collection_follows_its_order_and_keeps_its_cursors_to_itself(
    session: AsyncSession,
) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 5)
    other, _ = await make_filled(session, actor, 2)
    await move_images(session, actor, id, [images[4]], before=images[0])
    await session.execute(update(Image).where(Image.id == images[1]).values(is_favorite=True))

    async def asked(filter: ImageFilter, cursor: str | None = None) -> Page[Image]:
        return await list_images(session, actor, filter, PageRequest(KEY, 2, cursor))

    seen: list[UUID] = []
    cursor = None
    while True:
        page = await asked(ImageFilter(collection=id), cursor)
        seen += [image.id for image in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        for elsewhere in (
            ImageFilter(collection=other),
            ImageFilter(),
            ImageFilter(collection=id, favorite=True),
            ImageFilter(collection=id, sort="newest"),
        ):
            with pytest.raises(BadCursor):
                await asked(elsewhere, cursor)

    assert seen == [images[4], *images[:4]]
    assert [image.id for image in (await asked(ImageFilter(collection=id, favorite=True))).items] == [
        images[1]
    ]
    newest = await asked(ImageFilter(collection=id, sort="newest"))
    assert {image.id for image in newest.items} <= set(images)


async def test_pages_of_a_large_collection_read_no_table_from_end_to_end(database: Database) -> None:
    # given a person with many images, half of them in a collection
    async with database.transaction() as session:
        actor = await make_actor(session)
        collection = await make_collection(session, actor.user_id)
        await session.execute(
            text("""
                WITH made AS (
                    INSERT INTO images (id, user_id, s3_key, width, height, format, file_size, visibility)
                    SELECT gen_random_uuid(), :user_id, 'images/' || n || '.v2.png', 1, 1, 'png', 1,
                           CASE WHEN n % 2 = 0 THEN 'public' ELSE 'private' END
                      FROM generate_series(1, 10000) AS n RETURNING id
                )
                INSERT INTO collections_images (collection_id, image_id, sort_order)
                SELECT :collection_id, id, row_number() OVER () * 65536 FROM made LIMIT 5000
            """),
            {"user_id": actor.user_id, "collection_id": collection.id},
        )
        for _ in range(100):
            other = await make_collection(session, actor.user_id)
            await session.execute(
                text("""
                    INSERT INTO collections_images (collection_id, image_id, sort_order)
                    SELECT :collection_id, id, row_number() OVER () FROM images LIMIT 200
                """),
                {"collection_id": other.id},
            )
        for table in ("images", "collections", "collections_images"):
            await session.execute(text(f"ANALYZE {table}"))

    # when each way of reading it is explained
    plans: list[str] = []
    async with database.transaction() as session:
        for asked in (
            collections.placed_images(collection.id).where(Image.user_id == actor.user_id),
            collections.placed_images(collection.id).where(*collections._MAY_BE_SHOWN),
        ):
            query = asked.order_by(CollectionImage.sort_order, CollectionImage.image_id).limit(51)
            plans.append(await plan_of(session, query))
        views = collections._views(shown_to_all=False).where(Collection.user_id == actor.user_id)
        plans.append(
            await plan_of(
                session, views.order_by(Collection.updated_at.desc(), Collection.id.desc()).limit(51)
            )
        )

    # then
    for plan in plans:
        assert "Seq Scan on images" not in plan, plan
        assert "Seq Scan on collections_images" not in plan, plan
        assert "ix_collections_images_order" in plan, plan
    assert "Sort" not in plans[0], plans[0]


async def test_twenty_who_change_a_collection_at_once_leave_every_image_in_its_own_place(
    database: Database,
) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_actor(session)
        id, images = await make_filled(session, actor, 10)
        new = await make_images(session, actor, 20)
        doomed = await make_images(session, actor, 4)
        await add_images(session, actor, id, doomed)

    async def add(image_id: UUID) -> None:
        async with database.transaction() as session:
            await add_images(session, actor, id, [image_id])

    async def to_the_front(image_id: UUID) -> None:
        async with database.transaction() as session:
            await move_images(session, actor, id, [image_id], after=images[0])

    async def remove(image_id: UUID) -> None:
        async with database.transaction() as session:
            await remove_image(session, actor, id, image_id)

    async def forget(image_id: UUID) -> None:
        async with database.transaction() as session:
            await delete_image(session, actor, image_id)

    # when
    deeds = [add(image_id) for image_id in new]
    deeds += [to_the_front(images[1 + n % 4]) for n in range(20)]
    deeds += [remove(image_id) for image_id in images[5:8]] + [forget(image_id) for image_id in doomed]
    deeds += [add(image_id) for image_id in new]
    await asyncio.gather(*deeds)

    # then
    async with database.transaction() as session:
        kept = await order_of(session, actor, id)
        numbers = await numbers_of(session, id)
    assert sorted(kept) == sorted([*images[:5], *images[8:], *new])
    assert len(set(numbers.values())) == len(numbers)
    assert kept[0] == images[0]
    assert set(kept[1:5]) == set(images[1:5])


async def test_two_that_make_the_last_collection_at_once_make_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "MAX_COLLECTIONS", 3)
    async with database.transaction() as session:
        actor = await make_actor(session)

    async def make(n: int) -> None:
        async with database.transaction() as session:
            await create_collection(session, actor, f"No. {n}")

    made = await asyncio.gather(*(make(n) for n in range(8)), return_exceptions=True)

    assert sum(isinstance(each, TooManyCollections) for each in made) == 5
    assert made.count(None) == 3


async def test_an_image_that_is_not_in_a_collection_is_not_taken_out_of_it(session: AsyncSession) -> None:
    actor = await make_actor(session)
    id, _ = await make_filled(session, actor, 1)

    with pytest.raises(NotInCollection):
        await remove_image(session, actor, id, new_id())


async def test_the_images_of_jobs_go_into_the_collection_that_was_asked_for(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
        id, images = await make_filled(session, actor, 1)
        asked = ImageRequest(model="toy", prompt="a boat", count=2, collection_id=id)
        await submit(session, actor, asked)

    # when
    made = []
    for _ in range(2):
        made.append(await claim_job(database))
        assert await complete_job(database, made[-1])

    # then behind what was there, the first one first
    async with database.transaction() as session:
        order = await order_of(session, actor, id)
        of_jobs = [await session.scalar(select(Image.id).where(Image.job_id == job.id)) for job in made]
    assert order == [*images, *of_jobs]


async def test_an_image_is_kept_without_its_collection_when_that_is_gone_or_full(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(collection_order, "MAX_IMAGES", 1)
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
        full, images = await make_filled(session, actor, 1)
        gone = (await create_collection(session, actor, "Gone")).collection.id
        for id in (full, gone):
            await submit(session, actor, ImageRequest(model="toy", prompt="a boat", collection_id=id))
    async with database.transaction() as session:
        await delete_collection(session, actor, gone)

    # when
    for _ in range(2):
        assert await complete_job(database, await claim_job(database))

    # then
    async with database.transaction() as session:
        assert await order_of(session, actor, full) == images
        assert len((await list_images(session, actor, ImageFilter(), PageRequest(KEY))).items) == 3


async def test_a_job_that_ends_while_its_collection_is_deleted_does_not_wait_for_that(
    database: Database,
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
        id = (await create_collection(session, actor, "Going")).collection.id
        await submit(session, actor, ImageRequest(model="toy", prompt="a boat", collection_id=id))
    job = await claim_job(database)

    # when the collection goes, and the job ends before that is over
    async with database.transaction() as session:
        await delete_collection(session, actor, id)
        ended = await complete_job(database, job)

    # then
    assert ended
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Image)) == 1


async def test_a_collection_of_somebody_else_is_refused_when_a_job_is_asked_for(database: Database) -> None:
    async with database.transaction() as session:
        await make_model(session)
        actor, other = await make_person(session, credits=500), await make_person(session, credits=500)
        theirs = (await create_collection(session, other, "Theirs", None, "public")).collection.id

    for id in (theirs, new_id()):
        with pytest.raises(Invalid) as refused:
            async with database.transaction() as session:
                await submit(session, actor, ImageRequest(model="toy", prompt="a boat", collection_id=id))
        assert [error.name for error in refused.value.errors] == ["collection_id"]


async def test_a_job_that_is_tried_again_goes_where_it_was_to_go_or_without_that(database: Database) -> None:
    # given a canceled job for each of two collections, one of which goes
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
        kept = (await create_collection(session, actor, "Kept")).collection.id
        gone = (await create_collection(session, actor, "Gone")).collection.id
        for id in (kept, gone):
            await submit(session, actor, ImageRequest(model="toy", prompt="a boat", collection_id=id))
        await cancel.cancel_all(session, actor)
        await delete_collection(session, actor, gone)

    # when
    async with database.transaction() as session:
        jobs = (await session.scalars(select(GenerationJob).order_by(GenerationJob.id))).all()
        again = [await submit(session, actor, request_again(job), retry_of=job.id) for job in jobs]

    # then
    assert [one.jobs[0].job.collection_id for one in again] == [kept, None]
