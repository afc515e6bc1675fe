"""The order of a collection: what moves, what stays, what is read, and many who change it at once."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Select, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.base.ids import new_id
from pingvas.base.pages import BadCursor, Page, PageRequest
from pingvas.gallery import collections
from pingvas.gallery.collection_order import GAP, OrderOutdated
from pingvas.gallery.collections import (
    add_images,
    move_images,
    put_in_order,
    remove_image,
)
from pingvas.gallery.library import ImageFilter, list_images
from pingvas.gallery.tables import Collection, CollectionImage, Image
from pingvas.gallery.trash import delete_for_good
from tests.make.collections import KEY, make_actor, make_filled, make_images, order_of
from tests.make.gallery import make_collection


async def plan_of(session: AsyncSession, query: Select[*tuple[Any, ...]]) -> str:
    """How the database would run a query with these values."""
    sql = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
    driver = await session.connection()
    rows = await driver.exec_driver_sql(f"EXPLAIN (COSTS OFF) {sql}".replace("%%", "%"))
    return "\n".join(row[0] for row in rows)


async def numbers_of(session: AsyncSession, collection_id: UUID) -> dict[UUID, int]:
    rows = await session.execute(
        select(CollectionImage.image_id, CollectionImage.sort_order).where(
            CollectionImage.collection_id == collection_id
        )
    )
    return {row.image_id: row.sort_order for row in rows}


async def test_images_go_to_the_end_in_the_order_they_are_named_and_stay_where_they_are_the_second_time(
    session: AsyncSession,
) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 3)
    new = await make_images(session, actor, 2)

    view = await add_images(session, actor, id, [new[1], images[0], new[0], new[1]])

    assert await order_of(session, actor, id) == [*images, new[1], new[0]]
    assert view.image_count == 5


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
            collections.placed_images(collection.id, Image.user_id == actor.user_id),
            collections.placed_images(collection.id, *collections._MAY_BE_SHOWN),
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
            await delete_for_good(session, actor, image_id)

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
